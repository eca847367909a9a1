import {
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
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

Deno.test("multiHeadAttention() of Keras 2 lowers what is not allowed by 1e9", async () => {
  const weights = Object.fromEntries(
    Object.entries(WEIGHTS).map(([name, value]) => [`_${name}`, value]),
  );
  const call = {
    // Scores of 0, 0 and 1e4: beside 1e9 float32 still tells them apart.
    weights: { ...weights, "_query_dense/kernel": [[[1000]]] },
    inputs: [[[[1]]], [[[0], [0], [10]]]],
    args: { "attention_mask": [[[false, false, false]]] },
  };
  const made = await callByHand(layerOf("MultiHeadAttention", ONE, 2), call);
  assertEquals(made.values, [[[[10]]]]);
  const options = { ...ONE, "softmax_robust_masking": true };
  const robust = await callByHand(
    layerOf("MultiHeadAttention", options, 2),
    call,
  );
  const third = (robust.values as number[][][][])[0]![0]![0]![0]!;
  assertAlmostEquals(third, 10 / 3, 1e-6);
});

Deno.test("multiHeadAttention() refuses what it would misread", async () => {
  const layer = layerOf("MultiHeadAttention", ONE);
  const call = (inputs: readonly number[][][][], args = {}) =>
    callByHand(layer, { weights: WEIGHTS, inputs, args });
  await assertRejects(() => call([SEQUENCE]), TypeError, '"1 input"');
  await assertRejects(
    () => call([SEQUENCE, [SEQUENCE]] as number[][][][]),
    TypeError,
    "must have equal numbers of axes",
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
