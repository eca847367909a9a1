import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testCallCases } from "../support/call_cases.ts";
import { callByHand, layerOf } from "../support/hand_calls.ts";

testCallCases("attention", /^(MultiHead|Group)/);

const ONE = { "num_heads": 1, "key_dim": 1, "use_bias": false };
const WEIGHTS = {
  "query_dense/kernel": [[[0]]],
  "key_dense/kernel": [[[1]]],
  "value_dense/kernel": [[[1]]],
  "output_dense/kernel": [[[1]]],
};
const SEQUENCE = [[[1], [3], [8]]];

Deno.test("multiHeadAttention() gives all values alike when none is allowed", async () => {
  const made = await callByHand(layerOf("MultiHeadAttention", ONE), {
    weights: WEIGHTS,
    inputs: [SEQUENCE, SEQUENCE],
    masks: [[[true, true, false]], [[true, true, false]]],
  });
  assertEquals(made.values, [[[[2], [2], [4]]]]);
  assertEquals(made.masks, [[[1, 1, 0]]]);
});

Deno.test("multiHeadAttention() refuses what it would misread", async () => {
  const layer = layerOf("MultiHeadAttention", ONE);
  const call = (inputs: readonly number[][][][], args = {}) =>
    callByHand(layer, { weights: WEIGHTS, inputs, args });
  await assertRejects(() => call([SEQUENCE]), TypeError, "1 inputs");
  await assertRejects(
    () => call([SEQUENCE, [SEQUENCE]] as number[][][][]),
    TypeError,
    "must have as many axes",
  );
  await assertRejects(
    () => call([SEQUENCE, SEQUENCE], { "use_causal_mask": 1 }),
    TypeError,
    '"use_causal_mask" must be true or false',
  );
  assertThrows(
    () => layerOf("MultiHeadAttention", { ...ONE, "attention_axes": [-2] }, 2),
    TypeError,
    '"attention_axes" must hold no negative numbers',
  );
});
