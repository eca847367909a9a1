import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testCallCases } from "../support/call_cases.ts";
import { callByHand, layerOf } from "../support/hand_calls.ts";

testCallCases("recurrent", /^(LSTM|GRU|SimpleRNN|RNN)$/);

const SUM = { units: 1, activation: "linear", "use_bias": false };
// h = x + h: the running sum.
const WEIGHTS = { "cell/kernel": [[1]], "cell/recurrent_kernel": [[1]] };
const INPUT = [[[1], [2], [4]]];
const HOLE = [[true, false, true]];

Deno.test("simpleRnn() carries the state over a hole when masked", async () => {
  const layer = layerOf("SimpleRNN", { ...SUM, "return_sequences": true });
  const made = await callByHand(layer, {
    weights: WEIGHTS,
    inputs: [INPUT],
    masks: [HOLE],
  });
  assertEquals(made.values, [[[[1], [1], [5]]]]);
  assertEquals(made.masks, [[[1, 0, 1]]]);
});

Deno.test("simpleRnn() gives a mask on only when it gives all positions", async () => {
  const layer = layerOf("SimpleRNN", { ...SUM, "return_state": true });
  const made = await callByHand(layer, {
    weights: WEIGHTS,
    inputs: [INPUT],
    masks: [HOLE],
  });
  assertEquals(made.values, [[[5]], [[5]]]);
  assertEquals(made.masks, [undefined, undefined]);
});

Deno.test("simpleRnn() goes without a silent mask when Keras 3 gets a state", async () => {
  const call = {
    weights: WEIGHTS,
    inputs: [INPUT, [[10]]],
    masks: [HOLE],
  };
  const three = await callByHand(layerOf("SimpleRNN", SUM), call);
  assertEquals(three.values, [[[17]]]);
  const two = await callByHand(layerOf("SimpleRNN", SUM, 2), call);
  assertEquals(two.values, [[[15]]]);
});

Deno.test("simpleRnn() gives 0 before the first output when positions do not count", async () => {
  const call = {
    weights: WEIGHTS,
    inputs: [INPUT, [[10]]],
    args: { mask: [[false, true, false]] },
  };
  const options = { ...SUM, "return_sequences": true };
  const made = await callByHand(layerOf("SimpleRNN", options), call);
  assertEquals(made.values, [[[[0], [12], [12]]]]);
});

Deno.test("simpleRnn() starts from zeros when the first position holds NaN", async () => {
  const options = { ...SUM, "return_sequences": true };
  const made = await callByHand(layerOf("SimpleRNN", options), {
    weights: WEIGHTS,
    inputs: [[[[NaN], [2], [4]]]],
    masks: [[[false, true, true]]],
  });
  assertEquals(made.values, [[[[0], [2], [6]]]]);
});

Deno.test("simpleRnn() refuses a walk on which Keras' backends differ", async () => {
  const options = {
    ...SUM,
    unroll: true,
    "go_backwards": true,
    "return_sequences": true,
    "zero_output_for_mask": true,
  };
  const call = { weights: WEIGHTS, inputs: [INPUT] };
  await assertRejects(
    () => callByHand(layerOf("SimpleRNN", options), { ...call, masks: [HOLE] }),
    TypeError,
    `Cannot call layer "layer" as "unroll" must be false where it runs backwards`,
  );
  const whole = await callByHand(layerOf("SimpleRNN", options), call);
  assertEquals(whole.values, [[[[4], [6], [7]]]]);
});

Deno.test("rnn() refuses options that it does not know", () => {
  assertThrows(
    () => layerOf("LSTM", { units: 1, activation: "tanh" }),
    TypeError,
    '"recurrent_activation" must be there',
  );
  assertThrows(
    () =>
      layerOf("RNN", { cell: { "class_name": "Dense", config: { units: 1 } } }),
    TypeError,
    'each cell must be one of Keras\' cells, or have stateSizes: current value is "Dense"',
  );
  assertThrows(
    () => layerOf("SimpleRNN", { ...SUM, "num_constants": 1 }),
    TypeError,
    '"num_constants" must be a known one',
  );
});

Deno.test("rnn() refuses states that do not fit", async () => {
  const layer = layerOf("SimpleRNN", SUM);
  const call = (state: readonly (readonly (number | boolean)[])[]) =>
    callByHand(layer, { weights: WEIGHTS, inputs: [INPUT, state] });
  await assertRejects(() => call([[1, 2]]), TypeError, "of shape [1, 1]");
  await assertRejects(() => call([[true]]), TypeError, "bool");
  await assertRejects(
    () =>
      callByHand(layer, { weights: WEIGHTS, inputs: [INPUT, [[1]], [[1]]] }),
    TypeError,
    "initial_state must be 1 tensor",
  );
});
