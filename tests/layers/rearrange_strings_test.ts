// Models of Keras that move strings: `tests/data/make_moved_strings.py`.
import { assertEquals } from "@std/assert";
import type { Layer } from "../../lib/layers/layer.ts";
import {
  rearrange,
  rearrangementOf,
} from "../../lib/layers/rearrange_strings.ts";

/** A layer of one computation. */
function layer(call: (ops: never, x: never) => unknown): Layer {
  return {
    weights: [],
    call: (ops, [x]) => [call(ops as never, x as never)].flat() as never,
  };
}

type Any = {
  readonly [name: string]: (x: unknown, ...args: unknown[]) => unknown;
};

function moved(
  sizes: readonly number[],
  call: (ops: Any, x: unknown) => unknown,
) {
  const found = rearrangementOf(layer(call as never), sizes);
  return found?.map(({ shape, indices }) => [shape, [...indices]]);
}

Deno.test("rearrangementOf() follows values through what moves them", () => {
  const cases: [(ops: Any, x: unknown) => unknown, unknown[]][] = [
    [(_, x) => x, [[2, 3], [0, 1, 2, 3, 4, 5]]],
    [(ops, x) => ops.merge!(x, 1, 2), [[6], [0, 1, 2, 3, 4, 5]]],
    [(ops, x) => ops.unmerge!(ops.merge!(x, 1, 2), 1, [3, -1]), [
      [3, 2],
      [0, 1, 2, 3, 4, 5],
    ]],
    [(ops, x) => ops.transpose!(x, [0, 2, 1]), [[3, 2], [0, 3, 1, 4, 2, 5]]],
    [(ops, x) => ops.flip!(x, [2]), [[2, 3], [2, 1, 0, 5, 4, 3]]],
    [
      (ops, x) => ops.slice!(x, [{ axis: 2, start: -2 }, { axis: 1, stop: 1 }]),
      [[1, 2], [1, 2]],
    ],
    [(ops, x) => ops.slice!(x, [{ axis: 2, step: 2 }]), [
      [2, 2],
      [0, 2, 3, 5],
    ]],
    [(ops, x) => ops.squeeze!(ops.expandDims!(x, 1), 1), [
      [2, 3],
      [0, 1, 2, 3, 4, 5],
    ]],
  ];
  for (const [call, expected] of cases) {
    assertEquals(moved([2, 3], call), [expected]);
  }
  const two = moved([2], (ops, x) => [
    ops.slice!(x, [{ axis: 1, stop: 1 }]),
    ops.slice!(x, [{ axis: 1, start: 1 }]),
  ]);
  assertEquals(two, [[[1], [0]], [[1], [1]]]);
});

Deno.test("rearrangementOf() knows nothing of what computes, or mixes samples", () => {
  const refused: ((ops: Any, x: unknown) => unknown)[] = [
    (ops, x) => ops.exp!(x),
    (ops, x) => ops.flip!(x, [0]),
    (ops, x) => ops.merge!(x, 0, 1),
    (ops, x) => ops.transpose!(x, [1, 0, 2]),
    (ops, x) => ops.slice!(x, [{ axis: 0, stop: 1 }]),
    (ops, x) => ops.reshape!(x, [-1, 4]),
    () => {
      throw new RangeError("too large");
    },
  ];
  for (const call of refused) assertEquals(moved([2, 3], call), undefined);
});

Deno.test("rearrange() moves the strings of each sample", () => {
  const values = { data: [..."abcdef"], shape: [2, 3] };
  const indices = Int32Array.of(2, 0);
  assertEquals(rearrange(values, { shape: [2, 1], indices }), {
    data: [..."cafd"],
    shape: [2, 2, 1],
  });
});
