import { assertEquals, assertRejects } from "@std/assert";
import { callByHand, layerOf } from "../support/hand_calls.ts";

// The cases of real Keras are those of merging_test.ts.

const X = [[[2], [3], [5]]];
const Y = [[[7], [1], [9]]];
const FIRST = [[true, true, false]];
const SECOND = [[true, false, false]];

Deno.test("maskedProduct() leaves out what does not count, in Keras 3 alone", async () => {
  const masks = [FIRST, SECOND];
  const call = { inputs: [X, Y], masks };
  const three = await callByHand(layerOf("Multiply", {}), call);
  assertEquals(three.values, [[[[14], [3], [0]]]]);
  assertEquals(three.masks, [[[1, 1, 0]]]);
  const two = await callByHand(layerOf("Multiply", {}, 2), call);
  assertEquals(two.values, [[[[14], [3], [45]]]]);
  const one = await callByHand(layerOf("Multiply", {}), {
    inputs: [X, Y],
    masks: [undefined, SECOND],
  });
  assertEquals(one.values, [[[[14], [3], [5]]]]);
});

Deno.test("maskedFold() compares what counts with itself", async () => {
  const call = { inputs: [X, Y], masks: [FIRST, SECOND] };
  const larger = await callByHand(layerOf("Maximum", {}), call);
  assertEquals(larger.values, [[[[7], [3], [5]]]]);
  const smaller = await callByHand(layerOf("Minimum", {}), call);
  assertEquals(smaller.values, [[[[2], [3], [5]]]]);
});

Deno.test("maskedProduct() refuses a mask that does not go with its input", async () => {
  await assertRejects(
    () =>
      callByHand(layerOf("Multiply", {}), {
        inputs: [[X], [Y]],
        masks: [FIRST, undefined],
      }),
    TypeError,
    "must have one axis less than it",
  );
});
