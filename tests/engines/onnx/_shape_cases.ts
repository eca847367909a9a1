/**
 * Cases of the operations over axes, on shapes, of choosing, and of products.
 *
 * @module
 */
import {
  type Case,
  I,
  MAP,
  mapped,
  P,
  Q,
  rowsOf3,
  WITH_NAN,
  X,
} from "./_cases.ts";
import { booleans, floats, integers, waves } from "./_recorded.ts";

/** The cases. */
export const SHAPE_CASES: readonly Case[] = [
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
    shows: "sum prod any all mean max min",
    inputs: [X],
    build: (ops, x) => {
      const none = ops.slice(x!, [{ axis: -1, stop: 0 }]);
      const one = ops.constant(1);
      return [
        ops.sum(none, { axis: -1 }),
        ops.subtract(ops.prod(none, { axis: -1 }), one),
        ops.float(ops.any(none, { axis: -1 })),
        ops.subtract(ops.float(ops.all(none, { axis: -1 })), one),
        ops.subtract(ops.float(ops.isNaN(ops.mean(none, { axis: 1 }))), one),
        ops.exp(ops.max(none, { axis: -1 })),
        ops.exp(ops.negative(ops.min(none, { axis: -1 }))),
      ];
    },
    expected: floats([7], Array(7).fill(0)),
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
    build: (ops, positions, table) => ops.take(table!, positions!, 0),
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
    shows: "topKIndices takeAlongAxis",
    inputs: [X],
    build: (ops, x) => ops.takeAlongAxis(x!, ops.topKIndices(x!, 2), 1),
    expected: floats(
      [7, 2],
      rowsOf3(X).flatMap((row) => row.toSorted((a, b) => b - a).slice(0, 2)),
    ),
  },
  {
    shows: "sizes",
    inputs: [X],
    build: (ops, x) => {
      const one = {
        data: Int32Array.of(1),
        shape: [],
        dtype: "int32",
      } as const;
      const size = ops.take(ops.sizes(x!), ops.constant(one), 0);
      return ops.add(ops.multiply(x!, ops.constant(0)), ops.float(size));
    },
    expected: floats([7, 3], Array(21).fill(3)),
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
