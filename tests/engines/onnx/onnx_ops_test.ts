import { assertEquals } from "@std/assert";
import { OnnxOps } from "../../../lib/engines/onnx/onnx_ops.ts";
import { assertAllClose } from "../../support/all_close.ts";
import {
  anyRows,
  anySizes,
  booleans,
  type Build,
  floats,
  integers,
  Recorded,
  rowsOf,
  runOnce,
  type Values,
  waves,
} from "./_recorded.ts";

/** One operation, on inputs of 7 rows, against numbers found otherwise. */
interface Case {
  /** The operations that it shows. */
  readonly shows: string;
  readonly inputs: readonly Values[];
  readonly build: Build;
  readonly expected: Values;
  /** Inputs that do not have the batch as their first axis. */
  readonly fixed?: readonly number[];
  readonly atol?: number;
}

const X = floats([7, 3], [
  ...[-2.5, -1.5, -1, -0.5, -0.25, 0, 0.25],
  ...[0.5, 1, 1.5, 2.5, 3, 1e-3, -1e-3],
  ...[1e-8, -1e-8, 20, -20, 3.7, -3.7, 0.1],
]);
const Y = floats([7, 3], X.data.map((_, i) => [0.5, -2, 3, -0.7][i % 4]!));
const I = integers([7, 3], X.data.map((_, i) => i * 5 % 13 - 6));
const J = integers([7, 3], X.data.map((_, i) => [2, -3, 5, -7][i % 4]!));
const P = booleans([7, 3], X.data.map((_, i) => i * 7 % 3 === 0 ? 1 : 0));
const Q = booleans([7, 3], X.data.map((_, i) => i * 5 % 4 < 2 ? 1 : 0));
const WITH_NAN = floats([7, 3], X.data.map((x, i) => i % 5 === 1 ? NaN : x));
const MAP = waves([7, 4, 3, 2]);

const like = ({ shape }: Values, data: Iterable<number>) => floats(shape, data);
const mapped = (x: Values, f: (v: number, i: number) => number) =>
  like(x, x.data.map(f));
const truth = (x: Values, f: (v: number, i: number) => boolean) =>
  booleans(x.shape, x.data.map((v, i) => f(v, i) ? 1 : 0));
const floorMod = (a: number, b: number) => a - b * Math.floor(a / b);
const toEven = (v: number) =>
  Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v);
/** Abramowitz and Stegun's series 7.1.5. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [sum, term] = [0, x];
  for (let n = 0; n < 300; n++) {
    sum += term / (2 * n + 1);
    term *= -x * x / (n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

const unary = (
  shows: string,
  build: Build,
  f: (v: number) => number,
  x: Values = X,
): Case => ({ shows, inputs: [x], build, expected: mapped(x, f), atol: 3e-7 });

const CASES: readonly Case[] = [
  unary("shape constant add", (ops, x) => {
    assertEquals(ops.shape(x!).length, 2);
    return ops.add(x!, ops.constant(1));
  }, (v) => v + 1),
  {
    shows: "constant subtract",
    inputs: [X],
    build: (ops, x) => {
      const data = Float32Array.of(1, 2, 3);
      return ops.subtract(
        x!,
        ops.constant({ data, shape: [3], dtype: "float32" }),
      );
    },
    expected: mapped(X, (v, i) => v - (i % 3 + 1)),
  },
  {
    shows: "multiply",
    inputs: [X, Y],
    build: (ops, x, y) => ops.multiply(x!, y!),
    expected: mapped(X, (v, i) => v * Y.data[i]!),
  },
  {
    shows: "divide",
    inputs: [X, Y],
    build: (ops, x, y) => ops.divide(x!, y!),
    expected: mapped(X, (v, i) => v / Y.data[i]!),
  },
  {
    shows: "add dtype",
    inputs: [I, J],
    build: (ops, i, j) => {
      const sum = ops.add(i!, j!);
      assertEquals(ops.dtype(sum), "int32");
      return sum;
    },
    expected: integers([7, 3], I.data.map((v, i) => v + J.data[i]!)),
  },
  {
    shows: "multiply cast",
    inputs: [X, P],
    build: (ops, x, p) => ops.multiply(x!, ops.cast(p!, "float32")),
    expected: mapped(X, (v, i) => v * P.data[i]!),
  },
  {
    shows: "floorDivide",
    inputs: [X, Y],
    build: (ops, x, y) => ops.floorDivide(x!, y!),
    expected: mapped(X, (v, i) => Math.floor(v / Y.data[i]!)),
  },
  {
    shows: "floorDivide",
    inputs: [I, J],
    build: (ops, x, y) => ops.floorDivide(x!, y!),
    expected: integers(
      [7, 3],
      I.data.map((v, i) => Math.floor(v / J.data[i]!)),
    ),
  },
  {
    shows: "mod",
    inputs: [X, Y],
    build: (ops, x, y) => ops.mod(x!, y!),
    expected: mapped(X, (v, i) => floorMod(v, Y.data[i]!)),
    atol: 2e-6,
  },
  {
    shows: "mod",
    inputs: [I, J],
    build: (ops, x, y) => ops.mod(x!, y!),
    expected: integers([7, 3], I.data.map((v, i) => floorMod(v, J.data[i]!))),
  },
  {
    shows: "power",
    inputs: [X, Y],
    build: (ops, x, y) => ops.power(ops.abs(x!), y!),
    expected: mapped(X, (v, i) => Math.abs(v) ** Y.data[i]!),
  },
  {
    shows: "maximum",
    inputs: [WITH_NAN, Y],
    build: (ops, x, y) => [ops.maximum(x!, y!), ops.maximum(y!, x!)],
    expected: mapped(WITH_NAN, (v, i) => Math.max(v, Y.data[i]!)),
  },
  unary(
    "maximum",
    (ops, x) => ops.maximum(x!, ops.constant(0)),
    (v) => Math.max(v, 0),
    WITH_NAN,
  ),
  unary(
    "maximum minimum",
    (ops, x) =>
      ops.minimum(ops.maximum(x!, ops.constant(-1)), ops.constant(1.5)),
    (v) => Math.min(Math.max(v, -1), 1.5),
    WITH_NAN,
  ),
  unary(
    "maximum",
    (ops, x) => ops.maximum(ops.constant(0.25), x!),
    (v) => Math.max(v, 0.25),
    WITH_NAN,
  ),
  {
    shows: "minimum",
    inputs: [WITH_NAN, Y],
    build: (ops, x, y) => [ops.minimum(x!, y!), ops.minimum(y!, x!)],
    expected: mapped(WITH_NAN, (v, i) => Math.min(v, Y.data[i]!)),
  },
  {
    shows: "greater",
    inputs: [WITH_NAN],
    build: (ops, x) => ops.greater(x!, ops.constant(0)),
    expected: truth(WITH_NAN, (v) => v > 0),
  },
  {
    shows: "greaterEqual",
    inputs: [I],
    build: (ops, x) => ops.greaterEqual(x!, ops.constant(1)),
    expected: truth(I, (v) => v >= 1),
  },
  {
    shows: "equal",
    inputs: [WITH_NAN],
    build: (ops, x) => ops.equal(x!, x!),
    expected: truth(WITH_NAN, (v) => v === v),
  },
  {
    shows: "equal",
    inputs: [P, Q],
    build: (ops, p, q) => ops.equal(p!, q!),
    expected: truth(P, (v, i) => v === Q.data[i]),
  },
  {
    shows: "logicalAnd logicalOr logicalNot",
    inputs: [P, Q],
    build: (ops, p, q) =>
      ops.logicalOr(
        ops.logicalAnd(p!, q!),
        ops.logicalNot(ops.logicalOr(p!, q!)),
      ),
    expected: truth(P, (v, i) => v === Q.data[i]),
  },
  {
    shows: "where",
    inputs: [P, X, Y],
    build: (ops, p, x, y) => ops.where(p!, x!, y!),
    expected: mapped(X, (v, i) => P.data[i] ? v : Y.data[i]!),
  },
  {
    shows: "where",
    inputs: [P, Q],
    build: (ops, p, q) => ops.where(p!, ops.logicalNot(q!), q!),
    expected: truth(P, (v, i) => v ? !Q.data[i] : Q.data[i] === 1),
  },
  unary("exp", (ops, x) => ops.exp(x!), Math.exp),
  unary(
    "log abs",
    (ops, x) => ops.log(ops.abs(x!)),
    (v) => Math.log(Math.abs(v)),
  ),
  unary(
    "sqrt",
    (ops, x) => ops.sqrt(ops.abs(x!)),
    (v) => Math.sqrt(Math.abs(v)),
  ),
  unary("sign", (ops, x) => ops.sign(x!), Math.sign, WITH_NAN),
  unary("negative", (ops, x) => ops.negative(x!), (v) => -v),
  unary("floor", (ops, x) => ops.floor(x!), Math.floor),
  unary("ceil", (ops, x) => ops.ceil(x!), Math.ceil),
  unary("round", (ops, x) => ops.round(x!), toEven),
  unary("sin", (ops, x) => ops.sin(x!), Math.sin),
  unary("cos", (ops, x) => ops.cos(x!), Math.cos),
  unary("tanh", (ops, x) => ops.tanh(x!), Math.tanh),
  unary("sigmoid", (ops, x) => ops.sigmoid(x!), (v) => 1 / (1 + Math.exp(-v))),
  unary("erf", (ops, x) => ops.erf(x!), erf),
  {
    shows: "negative abs sign",
    inputs: [I],
    build: (ops, x) => ops.negative(ops.multiply(ops.abs(x!), ops.sign(x!))),
    expected: integers([7, 3], I.data.map((v) => -v || 0)),
  },
  {
    shows: "isNaN",
    inputs: [WITH_NAN],
    build: (ops, x) => ops.isNaN(x!),
    expected: truth(WITH_NAN, Number.isNaN),
  },
  {
    shows: "float",
    inputs: [I],
    build: (ops, x) => ops.float(x!),
    expected: mapped(I, (v) => v),
  },
  {
    shows: "cast",
    inputs: [X],
    build: (ops, x) => ops.cast(x!, "int32"),
    expected: integers([7, 3], X.data.map((v) => Math.trunc(v) || 0)),
  },
  {
    shows: "cast",
    inputs: [X],
    build: (ops, x) => ops.cast(x!, "bool"),
    expected: truth(X, (v) => v !== 0),
  },
  {
    shows: "softmax",
    inputs: [MAP],
    build: (ops, x) => ops.softmax(x!, 1),
    expected: mapped(MAP, (v, i) => {
      const [row, rest] = [Math.floor(i / 24), i % 6];
      const column = [0, 1, 2, 3].map((h) =>
        MAP.data[row * 24 + h * 6 + rest]!
      );
      return Math.exp(v) / column.reduce((sum, u) => sum + Math.exp(u), 0);
    }),
  },
  reduced("sum", "sum", [1, 3], (all) => all.reduce((a, b) => a + b)),
  reduced(
    "mean",
    "mean",
    [2],
    (all) => all.reduce((a, b) => a + b) / all.length,
  ),
  reduced("max", "max", [1, 2], (all) => Math.max(...all)),
  reduced("min", "min", [3], (all) => Math.min(...all)),
  reduced("prod", "prod", [1], (all) => all.reduce((a, b) => a * b)),
  {
    shows: "max min",
    inputs: [WITH_NAN],
    build: (ops, x) => [
      ops.max(x!, { axis: -1, keepdims: true }),
      ops.negative(ops.min(ops.negative(x!), { axis: [1], keepdims: true })),
    ],
    expected: floats(
      [7, 1],
      [0, 1, 2, 3, 4, 5, 6].map((row) =>
        Math.max(...WITH_NAN.data.slice(3 * row, 3 * row + 3))
      ),
    ),
  },
  {
    shows: "sum",
    inputs: [P],
    build: (ops, x) => ops.sum(ops.cast(x!, "int32"), { axis: 1 }),
    expected: integers(
      [7],
      rowsOf3(P).map((row) => row.reduce((a, b) => a + b)),
    ),
  },
  {
    shows: "mean",
    inputs: [I],
    build: (ops, x) => ops.mean(x!, { axis: 1 }),
    expected: floats(
      [7],
      rowsOf3(I).map((row) => row.reduce((a, b) => a + b) / 3),
    ),
  },
  {
    shows: "any",
    inputs: [P],
    build: (ops, x) => ops.any(x!, { axis: 1 }),
    expected: booleans([7], rowsOf3(P).map((row) => Math.max(...row))),
  },
  {
    shows: "all",
    inputs: [Q],
    build: (ops, x) => ops.all(x!, { axis: -1, keepdims: true }),
    expected: booleans([7, 1], rowsOf3(Q).map((row) => Math.min(...row))),
  },
  {
    shows: "argmax",
    inputs: [I],
    build: (ops, x) => ops.argmax(x!, -1),
    expected: integers(
      [7],
      rowsOf3(I).map((row) => row.indexOf(Math.max(...row))),
    ),
  },
  {
    shows: "cumsum",
    inputs: [X],
    build: (ops, x) => ops.cumsum(x!, -1),
    expected: floats(
      [7, 3],
      rowsOf3(X).flatMap(([a, b, c]) => [a!, a! + b!, a! + b! + c!]),
    ),
    atol: 1e-6,
  },
  {
    shows: "reshape",
    inputs: [MAP],
    build: (ops, x) => ops.reshape(x!, [-1, 6, 4]),
    expected: floats([7, 6, 4], MAP.data),
  },
  {
    shows: "merge unmerge",
    inputs: [MAP],
    build: (ops, x) => ops.unmerge(ops.merge(x!, 1, 3), 1, [2, -1, 3]),
    expected: floats([7, 2, 4, 3], MAP.data),
  },
  {
    shows: "expandDims squeeze",
    inputs: [X],
    build: (ops, x) =>
      ops.squeeze(ops.expandDims(ops.expandDims(x!, 1), -1), 1),
    expected: floats([7, 3, 1], X.data),
  },
  {
    shows: "transpose",
    inputs: [X],
    build: (ops, x) => ops.transpose(ops.expandDims(x!, 1), [0, 2, 1]),
    expected: floats([7, 3, 1], X.data),
  },
  {
    shows: "concatenate",
    inputs: [X, I],
    build: (ops, x, i) => ops.concatenate([x!, ops.float(i!)], -1),
    expected: floats(
      [7, 6],
      rowsOf3(X).flatMap((row, n) => [...row, ...rowsOf3(I)[n]!]),
    ),
  },
  {
    shows: "stack",
    inputs: [P, Q],
    build: (ops, p, q) => ops.stack([p!, q!], 1),
    expected: booleans(
      [7, 2, 3],
      rowsOf3(P).flatMap((row, n) => [...row, ...rowsOf3(Q)[n]!]),
    ),
  },
  {
    shows: "slice",
    inputs: [MAP],
    build: (ops, x) =>
      ops.slice(x!, [{ axis: 1, start: 1, step: 2 }, {
        axis: -2,
        start: -2,
        stop: -1,
      }]),
    expected: floats(
      [7, 2, 1, 2],
      Array.from(
        { length: 7 },
        (_, n) =>
          [1, 3].flatMap((h) =>
            [0, 1].map((d) => MAP.data[n * 24 + h * 6 + 2 + d]!)
          ),
      ).flat(),
    ),
  },
  {
    shows: "pad",
    inputs: [I],
    build: (ops, x) => ops.pad(x!, [[0, 0], [1, 2]], 9),
    expected: integers([7, 6], rowsOf3(I).flatMap((row) => [9, ...row, 9, 9])),
  },
  {
    shows: "pad",
    inputs: [P],
    build: (ops, x) => ops.pad(x!, [[0, 0], [1, 0]], 1),
    expected: booleans([7, 4], rowsOf3(P).flatMap((row) => [1, ...row])),
  },
  {
    shows: "flip",
    inputs: [X],
    build: (ops, x) => ops.flip(x!, [-1]),
    expected: floats([7, 3], rowsOf3(X).flatMap((row) => row.toReversed())),
  },
  {
    shows: "repeat",
    inputs: [X],
    build: (ops, x) => ops.repeat(x!, 3, -1),
    expected: floats([7, 9], X.data.flatMap((v) => [v, v, v])),
  },
  {
    shows: "broadcastLike",
    inputs: [X, MAP],
    build: (ops, x, map) => {
      const first = ops.slice(x!, [{ axis: 1, start: 0, stop: 1 }]);
      return ops.broadcastLike(ops.unmerge(first, 1, [1, 1, 1]), map!);
    },
    expected: mapped(MAP, (_, i) => X.data[3 * Math.floor(i / 24)]!),
  },
  {
    shows: "take",
    inputs: [
      integers([7, 2], [0, 3, 1, 1, 2, 3, 3, 0, 2, 2, 1, 0, 0, 0]),
      floats([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
    fixed: [1],
    build: (ops, places, table) => ops.take(table!, places!, 0),
    expected: floats(
      [7, 2, 2],
      [0, 3, 1, 1, 2, 3, 3, 0, 2, 2, 1, 0, 0, 0].flatMap((
        i,
      ) => [2 * i + 1, 2 * i + 2]),
    ),
  },
  {
    shows: "oneHot",
    inputs: [integers([7], [0, 2, 1, -1, 3, 4, 2])],
    build: (ops, x) => ops.oneHot(x!, 4),
    expected: floats(
      [7, 4],
      [0, 2, 1, -1, 3, 4, 2].flatMap((i) =>
        [0, 1, 2, 3].map((j) => i === j ? 1 : 0)
      ),
    ),
  },
  {
    shows: "topK takeLast",
    inputs: [X],
    build: (ops, x) => ops.takeLast(ops.topK(x!, 2), 1),
    expected: floats(
      [7],
      rowsOf3(X).map((row) => row.toSorted((a, b) => b - a)[1]!),
    ),
  },
  {
    shows: "matmul",
    inputs: [MAP, waves([2, 5], 1)],
    fixed: [1],
    build: (ops, x, y) => ops.matmul(x!, y!),
    expected: floats(
      [7, 4, 3, 5],
      Array.from(
        { length: 84 },
        (_, r) =>
          [0, 1, 2, 3, 4].map((c) =>
            [0, 1].reduce(
              (sum, d) =>
                sum + MAP.data[2 * r + d]! * waves([2, 5], 1).data[5 * d + c]!,
              0,
            )
          ),
      ).flat(),
    ),
    atol: 1e-6,
  },
  {
    shows: "einsum",
    inputs: [waves([7, 3, 2]), waves([7, 4, 2], 1)],
    build: (ops, x, y) => ops.einsum("bqd,bkd->bkq", x!, y!),
    expected: floats(
      [7, 4, 3],
      Array.from({ length: 84 }, (_, at) => {
        const [n, k, q] = [Math.floor(at / 12), Math.floor(at / 3) % 4, at % 3];
        return [0, 1].reduce((sum, d) =>
          sum +
          waves([7, 3, 2]).data[n * 6 + q * 2 + d]! *
            waves([7, 4, 2], 1).data[n * 8 + k * 2 + d]!, 0);
      }),
    ),
    atol: 1e-6,
  },
  {
    shows: "einsum",
    inputs: [MAP, waves([2, 3], 1)],
    fixed: [1],
    build: (ops, x, y) => ops.einsum("...D,De->...e", x!, y!),
    expected: floats(
      [7, 4, 3, 3],
      Array.from(
        { length: 252 },
        (_, at) =>
          [0, 1].reduce(
            (sum, d) =>
              sum + MAP.data[2 * Math.floor(at / 3) + d]! *
                waves([2, 3], 1).data[3 * d + at % 3]!,
            0,
          ),
      ),
    ),
    atol: 1e-6,
  },
];

function rowsOf3({ data }: Values): number[][] {
  return Array.from({ length: 7 }, (_, n) => data.slice(3 * n, 3 * n + 3));
}

function reduced(
  shows: string,
  name: "sum" | "mean" | "max" | "min" | "prod",
  axis: readonly number[],
  f: (all: number[]) => number,
): Case {
  const sizes = MAP.shape;
  const groups = new Map<string, number[]>();
  MAP.data.forEach((v, i) => {
    const at = [
      Math.floor(i / 24),
      Math.floor(i / 6) % 4,
      Math.floor(i / 2) % 3,
      i % 2,
    ];
    const key = at.filter((_, a) => !axis.includes(a)).join();
    groups.set(key, [...groups.get(key) ?? [], v]);
  });
  return {
    shows,
    inputs: [MAP],
    build: (ops, x) => ops[name](x!, { axis }),
    expected: floats(
      sizes.filter((_, a) => !axis.includes(a)),
      [...groups.values()].map(f),
    ),
    atol: 1e-6,
  };
}

for (const [number, test] of CASES.entries()) {
  const { shows, inputs, build, expected, fixed = [], atol = 1e-7 } = test;

  Deno.test(`${shows}() of OnnxOps gives the numbers of case ${number}`, async () => {
    const known = inputs.map((x, i) => fixed.includes(i) ? x : anyRows(x));
    await using recorded = await Recorded.open(known, build);
    const whole = await recorded.run(...inputs);
    for (const output of whole) {
      assertEquals(output.dtype, expected.dtype);
      assertAllClose(output, expected, { rtol: 1e-6, atol });
    }
    for (const rows of [[3], [6, 0]]) { // batches of 1 and 2 too
      const fed = inputs.map((x, i) => fixed.includes(i) ? x : rowsOf(x, rows));
      const some = await recorded.run(...fed);
      some.forEach((output, i) =>
        assertAllClose(output, rowsOf(whole[i]!, rows), { atol: 1e-7 })
      );
    }
  });

  Deno.test(`${shows}() of OnnxOps needs no size to be known in case ${number}`, async () => {
    const output = await runOnce(inputs, (ops, ...xs) => {
      const made = build(ops, ...xs);
      return [made].flat()[0]!;
    }, anySizes);
    assertAllClose(output, expected, { rtol: 1e-6, atol });
  });
}

Deno.test("log1p() and expm1() of OnnxOps keep what is small", async () => {
  const x = floats([1, 6], [1e-10, -1e-10, 1e-4, 2, Infinity, NaN]);
  const build: Build = (ops, v) => [ops.log1p(v!), ops.expm1(v!)];
  await using recorded = await Recorded.open([anyRows(x)], build);
  const [logs, powers] = await recorded.run(x);
  assertAllClose(logs!.data, x.data.map(Math.log1p), { rtol: 2e-7, atol: 0 });
  assertAllClose(powers!.data, x.data.map(Math.expm1), { rtol: 2e-7, atol: 0 });
});

Deno.test("OnnxOps has a case for every operation", () => {
  const elsewhere = [
    ...["log1p", "expm1", "conv", "convTranspose"],
    ...["maxPool", "averagePool", "resize", "scan"],
  ];
  const shown = new Set([
    ...CASES.flatMap(({ shows }) => shows.split(" ")),
    ...elsewhere,
  ]);
  const recording = [
    "node",
    "unary",
    "binary",
    "compare",
    "rounded",
    "reduce",
    "as",
  ];
  const parent = Object.getPrototypeOf(OnnxOps.prototype);
  const names = [OnnxOps.prototype, parent].flatMap((p) =>
    Object.getOwnPropertyNames(p)
  )
    .filter((name) => name !== "constructor" && !recording.includes(name));
  assertEquals(names.filter((name) => !shown.has(name)), []);
});
