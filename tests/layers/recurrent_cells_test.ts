import { assertEquals, assertRejects } from "@std/assert";
import { callByHand, layerOf } from "../support/hand_calls.ts";

const PLAIN = { units: 1, activation: "linear", "use_bias": false };
const LINEAR = { ...PLAIN, "recurrent_activation": "linear" };

Deno.test("simpleRnnCell() gives the output and the state when called as a layer", async () => {
  const layer = layerOf("SimpleRNNCell", { ...PLAIN, "use_bias": true });
  const { values } = await callByHand(layer, {
    weights: { kernel: [[2]], "recurrent_kernel": [[3]], bias: [1] },
    inputs: [[[5]], [[7]]],
  });
  assertEquals(values, [[[32]], [[32]]]);
});

Deno.test("lstmCell() has gates i, f, c, o when kernels are parted", async () => {
  const { values } = await callByHand(layerOf("LSTMCell", LINEAR), {
    weights: {
      kernel: [[1, 2, 3, 4]],
      "recurrent_kernel": [[0, 0, 0, 0]],
    },
    inputs: [[[1]], [[0]], [[10]]],
  });
  // c = 2 · 10 + 1 · 3, h = 4 · c
  assertEquals(values, [[[92]], [[92]], [[23]]]);
});

Deno.test("gruCell() does as its formula says when it resets before or after", async () => {
  const weights = { kernel: [[0, 2, 1]], "recurrent_kernel": [[0, 0, 5]] };
  const inputs = [[[1]], [[3]]];
  for (const isAfter of [false, true]) {
    const layer = layerOf("GRUCell", { ...LINEAR, "reset_after": isAfter });
    const { values } = await callByHand(layer, { weights, inputs });
    assertEquals(values[0], [[31]]); // z = 0, r = 2: 1 + 2 · 3 · 5
  }
});

Deno.test("gruCell() refuses a bias that goes with the other form", async () => {
  const layer = layerOf("GRUCell", { ...LINEAR, "use_bias": true }, 2);
  await assertRejects(
    () =>
      callByHand(layer, {
        weights: {
          kernel: [[0, 2, 1]],
          "recurrent_kernel": [[0, 0, 5]],
          bias: [[0, 0, 0], [0, 0, 0]],
        },
        inputs: [[[1]], [[3]]],
      }),
    TypeError,
    "with reset_after false its bias must have 1 axis",
  );
});

Deno.test("stackedRnnCells() counts cells of one class when it names weights", () => {
  const gated = { "class_name": "LSTMCell", config: LINEAR };
  const plain = { "class_name": "SimpleRNNCell", config: PLAIN };
  const layer = layerOf("StackedRNNCells", { cells: [gated, plain, gated] });
  assertEquals(layer.weights, [
    "cells/lstm_cell/kernel",
    "cells/lstm_cell/recurrent_kernel",
    "cells/simple_rnn_cell/kernel",
    "cells/simple_rnn_cell/recurrent_kernel",
    "cells/lstm_cell_1/kernel",
    "cells/lstm_cell_1/recurrent_kernel",
  ]);
});
