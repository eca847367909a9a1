import { assertEquals } from "@std/assert";
import {
  batched,
  type BatchTensor,
  broadcastRows,
  concatenated,
  each,
  expanded,
  gathered,
  innerAxes,
  reduced,
  same,
  spatial,
} from "../../lib/engines/row_rules.ts";

const shared = (...shape: number[]): BatchTensor => ({
  isBatch: false,
  rank: shape.length,
  shape,
});

Deno.test("same() and spatial() keep a batch beside shared values", () => {
  const [x, y] = [batched(2), batched(4)];
  const of = (...inputs: (BatchTensor | undefined)[]) => ({ inputs, batch: 2 });
  assertEquals(same(of(x, shared(3), undefined)), x);
  assertEquals(same(of(x, x)), undefined);
  assertEquals(spatial(of(x)), undefined);
  assertEquals(spatial(of(y, shared(3, 3, 1, 1))), y);
});

Deno.test("broadcastRows() aligns axis 0 of a batch with no other axis", () => {
  const of = (...inputs: BatchTensor[]) => broadcastRows({ inputs, batch: 2 });
  const x = batched(3);
  assertEquals(of(x, x), x);
  assertEquals(of(shared(4), x), x);
  assertEquals(of(x, shared(1, 3, 4)), x);
  assertEquals(of(x, shared(2, 3, 4)), undefined);
  assertEquals(of(x, batched(2)), undefined);
  assertEquals(of(x, shared(1, 2, 3, 4)), undefined);
});

Deno.test("concatenated(), reduced() and expanded() leave the axis of the batch", () => {
  const x = batched(3);
  assertEquals(concatenated([x, x], [-1]), x);
  assertEquals(concatenated([x, x], [0]), undefined);
  assertEquals(concatenated([x, shared(2, 3, 4)], [1]), undefined);
  assertEquals(reduced(x, [1, 2]), batched(1));
  assertEquals(reduced(x, [1, 2], true), x);
  assertEquals(reduced(x, [-3]), undefined);
  assertEquals(reduced(x, undefined), undefined);
  assertEquals(expanded(x, [-1]), batched(4));
  assertEquals(expanded(x, [0]), undefined);
  assertEquals(expanded(x, undefined), undefined);
});

Deno.test("gathered() takes rows of a table by the indices of a sample, or elements of each", () => {
  const [x, table] = [batched(3), shared(6, 2)];
  assertEquals(gathered(x, shared(5), [-1]), x);
  assertEquals(gathered(x, shared(5), [0]), undefined);
  assertEquals(gathered(x, shared(5), undefined), undefined);
  assertEquals(gathered(x, batched(1), [1]), undefined);
  assertEquals(gathered(table, batched(2), [0]), x);
  assertEquals(gathered(table, batched(2), [-2]), x);
  assertEquals(gathered(table, batched(2), [1]), undefined);
});

Deno.test("innerAxes() refuses axis 0, axes that are not there, and none", () => {
  assertEquals(innerAxes([1, -1], 3), [1, -1]);
  for (const axes of [[0], [3], [-3], [NaN], []]) {
    assertEquals(innerAxes(axes, 3), undefined);
  }
});

Deno.test("each() gives several operations one rule", () => {
  assertEquals(each("Abs Neg", same), { Abs: same, Neg: same });
});
