import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testCallCases } from "../support/call_cases.ts";
import { callByHand, layerOf } from "../support/hand_calls.ts";

testCallCases("wrappers");

const SUM = { units: 1, activation: "linear", "use_bias": false };
const RNN = (options = {}) => ({
  "class_name": "SimpleRNN",
  config: { ...SUM, ...options },
});
const BOTH = {
  "forward_layer/cell/kernel": [[1]],
  "forward_layer/cell/recurrent_kernel": [[1]],
  "backward_layer/cell/kernel": [[1]],
  "backward_layer/cell/recurrent_kernel": [[1]],
};

Deno.test("bidirectional() turns its layer round when there is no other", async () => {
  const layer = layerOf("Bidirectional", {
    layer: RNN({ "return_sequences": true }),
    "merge_mode": null,
  }, 2);
  const made = await callByHand(layer, {
    weights: BOTH,
    inputs: [[[[1], [2], [4]]]],
    masks: [[[true, false, true]]],
  });
  // Where places do not count it gives 0.
  assertEquals(made.values, [[[[1], [0], [5]]], [[[5], [0], [4]]]]);
  assertEquals(made.masks, [[[1, 0, 1]], [[1, 0, 1]]]);
});

Deno.test("bidirectional() refuses layers that are no pair", () => {
  assertThrows(
    () =>
      layerOf("Bidirectional", {
        layer: { "class_name": "Dense", config: { units: 1 } },
      }),
    TypeError,
    '"layer" must be a recurrent layer: current value is "Dense"',
  );
  assertThrows(
    () => layerOf("Bidirectional", { layer: RNN(), "backward_layer": RNN() }),
    TypeError,
    "must have opposite directions",
  );
  assertThrows(
    () => layerOf("Bidirectional", { layer: RNN(), "merge_mode": "max" }),
    RangeError,
    "merge_mode",
  );
});

Deno.test("timeDistributed() refuses a mask that its layer would misread", async () => {
  const layer = layerOf("TimeDistributed", { layer: RNN() });
  const weights = {
    "layer/cell/kernel": [[1]],
    "layer/cell/recurrent_kernel": [[1]],
  };
  const inputs = [[[[[1], [2]], [[3], [4]]]]];
  const made = await callByHand(layer, { weights, inputs });
  assertEquals(made.values, [[[[3], [7]]]]);
  await assertRejects(
    () => callByHand(layer, { weights, inputs, masks: [[[true, false]]] }),
    TypeError,
    "a layer that reads masks must have one for each time step",
  );
});

Deno.test("timeDistributed() makes masks when Keras 2 asks its layer", async () => {
  const inner = { "class_name": "Masking", config: { "mask_value": 0 } };
  const call = { inputs: [[[[[1], [0]], [[0], [4]]]]] };
  const two = layerOf("TimeDistributed", { layer: inner }, 2);
  assertEquals((await callByHand(two, call)).masks, [[[[1, 0], [0, 1]]]]);
  const three = layerOf("TimeDistributed", { layer: inner });
  assertEquals((await callByHand(three, call)).masks, [undefined]);
});

Deno.test("spectralNormalization() hands on the mask that its layer does", async () => {
  const weights = { "layer/kernel": [[1], [2]] };
  const call = {
    weights,
    inputs: [[[[1, 2], [3, 4]]]],
    masks: [[[true, false]]],
  };
  const inner = (className: string, config: Record<string, unknown>) =>
    layerOf("SpectralNormalization", {
      layer: { "class_name": className, config: { ...SUM, ...config } },
    });
  const dense = await callByHand(inner("Dense", {}), call);
  assertEquals(dense.values, [[[[5], [11]]]]);
  assertEquals(dense.masks, [[[1, 0]]]);
  const conv = { filters: 1, "kernel_size": 1, units: undefined };
  const mapped = await callByHand(inner("Conv1D", conv), {
    ...call,
    weights: { "layer/kernel": [[[1], [2]]] },
  });
  assertEquals(mapped.masks, [undefined]);
});
