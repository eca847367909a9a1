import { tf } from "../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { TfjsOps } from "../../lib/engines/tfjs/tfjs_ops.ts";
import {
  allOf,
  causalMask,
  windowMask,
} from "../../lib/layers/_attention_masks.ts";
import { withUnknownSizes } from "../support/unknown_sizes.ts";

await tf.setBackend("cpu");

// Two queries, three keys.
const CAUSAL = [[1, 0, 0], [1, 1, 0]];
const NEAR = [[1, 1, 0], [1, 1, 1]];

/** A mask over tensors of zeros, as lists. */
function onCpu(
  shapes: readonly (readonly number[])[],
  compute: (ops: TfjsOps, values: readonly tf.Tensor[]) => tf.Tensor,
): unknown {
  let list: unknown;
  tf.tidy(() => {
    const made = compute(
      new TfjsOps(),
      shapes.map((shape) => tf.zeros([...shape])),
    );
    assertEquals(made.dtype, "bool");
    list = made.arraySync();
  });
  return list;
}

Deno.test("causalMask() hides the keys after each query", () => {
  const mask = onCpu(
    [[4, 2, 5], [4, 3, 5]],
    (ops, [query, value]) => causalMask<tf.Tensor>(ops, query!, value!),
  );
  assertEquals(mask, [CAUSAL]);
});

Deno.test("windowMask() hides keys from its width on, on both sides", () => {
  const square = [[1, 4, 5], [1, 4, 5]];
  const made = (width: number) =>
    onCpu(
      square,
      (ops, [query, value]) =>
        windowMask<tf.Tensor>(ops, query!, value!, width),
    );
  assertEquals(made(1), [[
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ]]);
  assertEquals(made(3), [[
    [1, 1, 1, 0],
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [0, 1, 1, 1],
  ]]);
});

Deno.test("causalMask() and windowMask() count positions when lengths are unknown", async () => {
  // Values that are no numbers must not matter: only the places count.
  const query = { data: [NaN, 0, Infinity, -1], shape: [1, 2, 2] };
  const value = { data: [5, NaN, 0, 0, 7, 7], shape: [1, 3, 2] };
  const made = await withUnknownSizes([query, value], (ops, [q, v]) => [
    causalMask(ops, q!, v!),
    windowMask(ops, q!, v!, 2),
  ]);
  assertEquals(made, [
    { data: CAUSAL.flat(), shape: [1, 2, 3] },
    { data: NEAR.flat(), shape: [1, 2, 3] },
  ]);
});

Deno.test("allOf() allows what all masks allow, and all when there is none", () => {
  const rows = [[1, 1, 0, 1], [1, 0, 1, 1], [0, 1, 1, 1]];
  tf.tidy(() => {
    const ops = new TfjsOps();
    const [a, b, c] = rows.map((row) =>
      tf.tensor([row], undefined, "bool") as tf.Tensor
    );
    assertEquals(
      allOf<tf.Tensor>(ops, [a, undefined, b, c])!.arraySync(),
      [[0, 0, 0, 1]],
    );
    assertEquals(allOf<tf.Tensor>(ops, [undefined, a]) === a, true);
  });
  assertEquals(allOf<tf.Tensor>(new TfjsOps(), [undefined]), undefined);
});
