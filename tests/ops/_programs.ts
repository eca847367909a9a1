/**
 * One small program for each operation, to compare implementations of `Ops`.
 *
 * @module
 */
import type { Ops, OpsType } from "../../lib/ops/ops.ts";

/** An operation called once, or a few times. */
export interface OpsProgram {
  /** The operation. */
  readonly name: string;
  /** Shapes and types of what it gets; `[3, 4]` is float32. */
  readonly inputs: readonly (readonly number[] | OpsInput)[];
  /** Calls it. */
  run<T>(ops: Ops<T>, inputs: readonly T[]): readonly T[];
}

/** An input of another type. */
export interface OpsInput {
  readonly shape: readonly number[];
  readonly dtype: OpsType;
}

const INTS: OpsInput = { shape: [3, 4], dtype: "int32" };
const BOOLS: OpsInput = { shape: [3, 4], dtype: "bool" };
const MAP = [2, 5, 6, 4];

const BINARY = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "floorDivide",
  "mod",
  "power",
  "maximum",
  "minimum",
  "greater",
  "greaterEqual",
  "equal",
] as const;
const LOGICAL = ["logicalAnd", "logicalOr"] as const;
const UNARY = [
  "logicalNot",
  "exp",
  "log",
  "log1p",
  "expm1",
  "sqrt",
  "abs",
  "sign",
  "negative",
  "floor",
  "ceil",
  "round",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "silu",
  "erf",
  "atan",
  "isNaN",
  "float",
] as const;
const REDUCTIONS = [
  "sum",
  "mean",
  "max",
  "min",
  "prod",
  "any",
  "all",
] as const;

/** The programs; every operation has one or more. */
export const PROGRAMS: readonly OpsProgram[] = [
  ...[...BINARY, ...LOGICAL].flatMap((name): OpsProgram[] =>
    [
      [[3, 4], [3, 4]],
      [[3, 4], [4]],
      [[1, 4], [2, 3, 1]],
      [INTS, [3, 4]],
      [INTS, INTS],
      [BOOLS, BOOLS],
      [BOOLS, INTS],
    ].map((inputs) => ({
      name,
      inputs,
      run: (ops, [a, b]) => [ops[name](a!, b!)],
    }))
  ),
  ...UNARY.flatMap((name): OpsProgram[] =>
    [[3, 4], INTS, BOOLS].map((input) => ({
      name,
      inputs: [input],
      run: (ops, [x]) => [ops[name](x!)],
    }))
  ),
  ...REDUCTIONS.flatMap((name): OpsProgram[] =>
    [[3, 4], [2, 3, 4], INTS, BOOLS].map((input) => ({
      name,
      inputs: [input],
      run: (ops, [x]) => [
        ops[name](x!),
        ops[name](x!, { axis: -1 }),
        ops[name](x!, { axis: [0, 1], keepdims: true }),
        ops[name](x!, { axis: 0, keepdims: true }),
      ],
    }))
  ),
  one("constant", [], (ops) => [
    ops.constant(1),
    ops.constant(numbers(Int32Array.of(1, 2), "int32")),
    ops.constant(numbers(Int32Array.of(1, 0), "bool")),
    ops.constant(numbers(Float32Array.of(1, 2), "float32")),
  ]),
  ...[[3, 4], INTS, BOOLS].map((input) =>
    one("cast", [input], (ops, [x]) => [
      ops.cast(x!, "float32"),
      ops.cast(x!, "int32"),
      ops.cast(x!, "bool"),
    ])
  ),
  one("where", [BOOLS, [4], INTS], (ops, [c, a, b]) => [
    ops.where(c!, a!, b!),
    ops.where(c!, b!, b!),
    ops.where(c!, c!, c!),
    ops.where(c!, ops.constant(0), b!),
  ]),
  one("softmax", [[2, 3, 4], INTS], (ops, [x, y]) => [
    ops.softmax(x!, -1),
    ops.softmax(x!, 1),
    ops.softmax(y!, 0),
  ]),
  one("argmax", [[2, 3, 4], INTS], (ops, [x, y]) => [
    ops.argmax(x!, -1),
    ops.argmax(x!, 1),
    ops.argmax(y!, 0),
  ]),
  one("cumsum", [[2, 3, 4], INTS, BOOLS], (ops, [x, y, z]) => [
    ops.cumsum(x!, -1),
    ops.cumsum(y!, 0),
    ops.cumsum(z!, 1),
  ]),
  one("reshape", [[2, 3, 4]], (ops, [x]) => [
    ops.reshape(x!, [-1, 12]),
    ops.reshape(x!, [4, 6]),
  ]),
  one("merge", [[2, 3, 4]], (ops, [x]) => [
    ops.merge(x!, 0, 1),
    ops.merge(x!, 1, 2),
    ops.merge(x!, -3, -1),
    ops.merge(x!, 1, 1),
  ]),
  one("unmerge", [[2, 12]], (ops, [x]) => [
    ops.unmerge(x!, 1, [3, -1]),
    ops.unmerge(x!, -1, [2, 2, 3]),
    ops.unmerge(x!, 0, [-1, 1]),
  ]),
  one("expandDims", [[2, 3]], (ops, [x]) => [
    ops.expandDims(x!, 0),
    ops.expandDims(x!, -1),
    ops.expandDims(x!, 1),
  ]),
  one("squeeze", [[2, 1, 3]], (ops, [x]) => [
    ops.squeeze(x!, 1),
    ops.squeeze(x!, -2),
  ]),
  one("transpose", [[2, 3, 4], BOOLS], (ops, [x, y]) => [
    ops.transpose(x!, [0, 2, 1]),
    ops.transpose(x!, [-1, 0, 1]),
    ops.transpose(y!, [1, 0]),
  ]),
  one("concatenate", [[3, 4], INTS, BOOLS], (ops, [x, y, z]) => [
    ops.concatenate([x!, y!], 0),
    ops.concatenate([y!, z!], -1),
    ops.concatenate([z!, z!], 1),
  ]),
  one("stack", [[3, 4], INTS, BOOLS], (ops, [x, y, z]) => [
    ops.stack([x!, y!], 0),
    ops.stack([y!, z!], -1),
    ops.stack([z!, z!, z!], 1),
  ]),
  one("slice", [[3, 7]], (ops, [x]) => [
    ops.slice(x!, [{ axis: 1, start: -3 }]),
    ops.slice(x!, [{ axis: 1, start: 1, stop: -1, step: 2 }]),
    ops.slice(x!, [{ axis: 0, stop: 2 }, { axis: -1, start: 5, stop: 99 }]),
  ]),
  one("pad", [[3, 4], INTS, BOOLS], (ops, [x, y, z]) => [
    ops.pad(x!, [[0, 0], [1, 2]], -1),
    ops.pad(y!, [[1, 0], [0, 0]]),
    ops.pad(z!, [[1, 0], [0, 2]]),
  ]),
  one("flip", [[3, 4], INTS, BOOLS], (ops, [x, y, z]) => [
    ops.flip(x!, [0, 1]),
    ops.flip(y!, [-1]),
    ops.flip(z!, [0]),
  ]),
  one("repeat", [[3, 4], INTS, BOOLS], (ops, [x, y, z]) => [
    ops.repeat(x!, 2, 0),
    ops.repeat(y!, 3, -1),
    ops.repeat(z!, 1, 1),
  ]),
  one("broadcastLike", [[1, 4], [2, 3, 4], BOOLS], (ops, [x, y, z]) => [
    ops.broadcastLike(x!, y!),
    ops.broadcastLike(z!, y!),
  ]),
  one("take", [
    [3, 4],
    { shape: [2, 2], dtype: "int32" },
    BOOLS,
  ], (ops, [x, indices, y]) => [
    ops.take(x!, indices!, 0),
    ops.take(x!, indices!, -1),
    ops.take(y!, indices!, 1),
  ]),
  one("oneHot", [INTS], (ops, [x]) => [ops.oneHot(x!, 5)]),
  one("topK", [[3, 4], INTS], (ops, [x, y]) => [
    ops.topK(x!, 2),
    ops.topK(y!, 4),
  ]),
  one("topKIndices", [[3, 4], INTS], (ops, [x, y]) => [
    ops.topKIndices(x!, 2),
    ops.topKIndices(y!, 4),
  ]),
  one("takeAlongAxis", [[3, 4], INTS], (ops, [x, y]) => [
    ops.takeAlongAxis(x!, ops.topKIndices(y!, 3), 1),
    ops.takeAlongAxis(y!, ops.topKIndices(x!, 2), -1),
  ]),
  one("sizes", [[3, 4], MAP], (ops, [x, y]) => [ops.sizes(x!), ops.sizes(y!)]),
  one("takeLast", [[3, 4], BOOLS], (ops, [x, y]) => [
    ops.takeLast(x!, 0),
    ops.takeLast(y!, -1),
  ]),
  one("matmul", [[2, 3, 4], [4, 5], [2, 4, 6], [1, 4, 2], INTS], (
    ops,
    [a, b, c, d, e],
  ) => [
    ops.matmul(a!, b!),
    ops.matmul(a!, c!),
    ops.matmul(a!, d!),
    ops.matmul(e!, b!),
    ops.matmul(e!, ops.transpose(e!, [1, 0])),
  ]),
  one("einsum", [[2, 3, 4], [4, 5], [2, 6, 4], INTS], (ops, [a, b, c, d]) => [
    ops.einsum("abc,cd->abd", a!, b!),
    ops.einsum("...c,cd->...d", a!, b!),
    ops.einsum("bqd,bkd->bkq", a!, c!),
    ops.einsum("ab,ab->a", d!, d!),
  ]),
  ...(["same", "valid"] as const).flatMap((padding) => [
    one("conv", [[2, 7, 3], [3, 3, 4]], (ops, [x, kernel]) => [
      ops.conv(x!, kernel!, { strides: [2], padding, dilation: [1] }),
      ops.conv(x!, kernel!, { strides: [1], padding, dilation: [2] }),
    ]),
    one("conv", [MAP, [2, 3, 2, 6], [2, 3, 1, 8]], (ops, [x, two, four]) => [
      ops.conv(x!, two!, {
        strides: [1, 2],
        padding,
        dilation: [1, 1],
        groups: 2,
      }),
      ops.conv(x!, four!, {
        strides: [2, 2],
        padding,
        dilation: [2, 1],
        groups: 4,
      }),
    ]),
    one("conv", [[1, 3, 4, 5, 2], [2, 2, 3, 2, 3]], (ops, [x, kernel]) => [
      ops.conv(x!, kernel!, {
        strides: [1, 2, 1],
        padding,
        dilation: [1, 1, 1],
      }),
    ]),
    one("convTranspose", [MAP, [3, 2, 5, 4]], (ops, [x, kernel]) => [
      ops.convTranspose(x!, kernel!, {
        strides: [2, 3],
        padding,
        dilation: [1, 1],
      }),
      ops.convTranspose(x!, kernel!, {
        strides: [2, 2],
        padding,
        dilation: [1, 1],
        outputPadding: [1, 0],
      }),
    ]),
    one("maxPool", [MAP, [2, 7, 3], [1, 4, 5, 6, 2]], (ops, [x, y, z]) => [
      ops.maxPool(x!, { size: [2, 3], strides: [2, 1], padding }),
      ops.maxPool(y!, { size: [3], strides: [2], padding }),
      ops.maxPool(z!, { size: [2, 3, 2], strides: [1, 2, 3], padding }),
    ]),
    one("maxPool", [{ shape: MAP, dtype: "int32" }], (ops, [x]) => [
      ops.maxPool(x!, { size: [2, 3], strides: [2, 1], padding }),
    ]),
    one("averagePool", [MAP, [2, 7, 3], [1, 4, 5, 6, 2]], (ops, [x, y, z]) => [
      ops.averagePool(x!, { size: [2, 3], strides: [2, 1], padding }),
      ops.averagePool(y!, { size: [3], strides: [2], padding }),
      ops.averagePool(z!, { size: [2, 3, 2], strides: [1, 2, 3], padding }),
    ]),
  ]),
  one("resize", [MAP, { shape: MAP, dtype: "int32" }], (ops, [x, y]) => [
    ops.resize(x!, [3, 8], "nearest"),
    ops.resize(x!, [10, 3], "bilinear"),
    ops.resize(x!, [10, 12], "bicubic"),
    ops.resize(y!, [3, 8], "nearest"),
    ops.resize(y!, [3, 8], "bilinear"),
  ]),
  one("scan", [[2, 3], [2, 4, 3]], (ops, [initial, x]) => {
    const { state, outputs } = ops.scan(
      ([sum], [position]) => {
        const next = ops.add(sum!, position!);
        return { state: [next], outputs: [ops.sum(next, { axis: 1 })] };
      },
      [initial!],
      [x!],
    );
    return [...state, ...outputs];
  }),
];

function one(
  name: string,
  inputs: OpsProgram["inputs"],
  run: OpsProgram["run"],
): OpsProgram {
  return { name, inputs, run };
}

function numbers<A extends Float32Array | Int32Array>(
  data: A,
  dtype: OpsType,
) {
  return { data, shape: [data.length], dtype };
}
