import { assert, assertEquals } from "@std/assert";
import { testCallCases } from "../support/call_cases.ts";
import { goldenError } from "../support/golden_layers.ts";
import { callByHand, layerOf } from "../support/hand_calls.ts";
import { OUR_ENGINES } from "../support/open_on.ts";

testCallCases("recurrent", /^ConvLSTM/);

for (const engine of OUR_ENGINES) {
  for (const name of ["convlstm1d", "convlstm2d", "convlstm3d"]) {
    Deno.test(`${name} is as in Keras (${engine})`, async () => {
      const error = await goldenError(name, engine);
      assert(error <= 1e-5, `differs by ${error}`);
    });
  }
}

const OPTIONS = {
  filters: 1,
  "kernel_size": [3],
  padding: "same",
  activation: "linear",
  "recurrent_activation": "linear",
};
/** Gates i, f, c, o: only c sees the input. */
const NOTHING = [[0, 0, 0, 0]];
const KERNEL = [NOTHING, [[0, 0, 1, 0]], NOTHING];
/** c also sees the output before, one place to the left. */
const FROM_LEFT = [[[0, 0, 1, 0]], NOTHING, NOTHING];
const MAPS = [[[[1], [2], [4]], [[0], [0], [0]], [[1], [0], [0]]]];

Deno.test("convLstm1d() shifts its output by its recurrent kernel", async () => {
  const weights = {
    "cell/kernel": KERNEL,
    "cell/recurrent_kernel": FROM_LEFT,
    "cell/bias": [1, 1, 0, 1],
  };
  // h = c = c + x + shift(h), place by place.
  const all = layerOf("ConvLSTM1D", { ...OPTIONS, "return_sequences": true });
  const made = await callByHand(all, { weights, inputs: [MAPS] });
  assertEquals(made.values, [[[
    [[1], [2], [4]],
    [[1], [3], [6]],
    [[2], [4], [9]],
  ]]]);
  // The input goes by twos, the state does not: x is [1, 4], [0, 0], [1, 0].
  const strided = layerOf("ConvLSTM1D", { ...OPTIONS, strides: [2] });
  const last = await callByHand(strided, { weights, inputs: [MAPS] });
  assertEquals(last.values, [[[[2], [6]]]]);
});

Deno.test("convLstm1d() has its gates in Keras' order", async () => {
  const layer = layerOf("ConvLSTM1D", { ...OPTIONS, "return_state": true });
  const made = await callByHand(layer, {
    weights: {
      "cell/kernel": KERNEL,
      "cell/recurrent_kernel": [NOTHING, NOTHING, NOTHING],
      "cell/bias": [2, 3, 0, 5],
    },
    inputs: [[[[[1]], [[1]]]]],
  });
  // c = 2 · 1 = 2, then 3 · 2 + 2 · 1 = 8; h = 5 · 8.
  assertEquals(made.values, [[[[40]]], [[[40]]], [[[8]]]]);
});
