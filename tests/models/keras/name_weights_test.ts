import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type { WeightLayer } from "../../../lib/models/keras/keras_weights.ts";
import {
  bind,
  layer,
  type Listed,
  storeOf,
  valuesOf,
} from "./_named_weights.ts";

const CASES: Readonly<
  Record<string, [WeightLayer, string[], string[], number[]]>
> = {
  "names of Keras 2": [
    layer("d"),
    ["d/kernel:0", "d/bias:0"],
    ["kernel", "bias"],
    [0, 1],
  ],
  "names of Keras 3": [
    layer("d"),
    ["sequential/d/kernel", "sequential/d/bias"],
    ["kernel", "bias"],
    [0, 1],
  ],
  "names rather than places": [
    layer("b", "BatchNormalization"),
    ["b/moving_mean", "b/gamma"],
    ["gamma", "moving_mean"],
    [1, 0],
  ],
  "places where a name is another": [
    layer("d", "DepthwiseConv2D"),
    ["d/depthwise_kernel:0", "d/bias:0"],
    ["kernel", "bias"],
    [0, 1],
  ],
  "one part": [
    layer("lstm", "LSTM"),
    ["lstm/lstm_cell/kernel:0", "lstm/lstm_cell/bias:0"],
    ["cell/kernel", "cell/bias"],
    [0, 1],
  ],
  "two parts": [
    layer("bi", "Bidirectional"),
    ["bi/forward_lstm/lstm_cell/kernel", "bi/backward_lstm/lstm_cell/kernel"],
    ["forward_layer/cell/kernel", "backward_layer/cell/kernel"],
    [0, 1],
  ],
  "a backward layer of a name of its own": [
    layer("bi", "Bidirectional"),
    ["bi/forward_lstm/cell/kernel", "bi/lstm_1/cell/kernel"],
    ["forward_layer/cell/kernel", "backward_layer/cell/kernel"],
    [0, 1],
  ],
  "four parts": [
    layer("a", "MultiHeadAttention"),
    ["query", "key", "value", "attention_output"].map((p) => `a/${p}/kernel`),
    ["query", "key", "value", "output"].map((p) => `${p}_dense/kernel`),
    [0, 1, 2, 3],
  ],
  "a wrapper's state left alone": [
    layer("s", "SpectralNormalization"),
    ["s/dense_1/kernel", "s/dense_1/bias", "s/vector_u"],
    ["layer/kernel", "layer/bias"],
    [0, 1],
  ],
  "a wrapper's own weight": [
    layer("s", "SpectralNormalization"),
    ["s/dense_1/kernel", "s/vector_u"],
    ["vector_u", "layer/kernel"],
    [1, 0],
  ],
  "a wrapper's kernel, which is its layer's": [
    layer("s", "SpectralNormalization"),
    ["m/s/dense_1/kernel", "m/s/dense_1/bias", "m/s/vector_u"],
    ["kernel", "vector_u", "layer/kernel", "layer/bias"],
    [0, 2, 0, 1],
  ],
  "a wrapper's state under its name of Keras 2": [
    layer("s", "SpectralNormalization"),
    ["s/dense_1/kernel", "s/dense_1/bias", "s/sn_u"],
    ["kernel", "vector_u", "layer/kernel", "layer/bias"],
    [0, 2, 0, 1],
  ],
  "a counter left alone": [
    layer("n", "Normalization"),
    ["n/mean", "n/variance", "n/count"],
    ["mean", "variance"],
    [0, 1],
  ],
};

for (const [what, [one, stored, names, expected]] of Object.entries(CASES)) {
  Deno.test(`NameWeights takes ${what}`, async () => {
    const weights = bind(storeOf({ [one.name]: stored }), [one]);
    assertEquals(await valuesOf(weights.take(one, names)), expected);
    weights.finish();
  });
}

const REFUSED: Readonly<Record<string, [string[], string[]]>> = {
  "too few": [["d/kernel"], ["kernel", "bias"]],
  "too many": [["d/kernel", "d/bias"], ["kernel"]],
  "other parts": [["d/a/kernel", "d/b/kernel"], ["kernel", "bias"]],
  "a forward layer after the backward one": [
    ["d/lstm_1/kernel", "d/forward_lstm/kernel"],
    ["forward_layer/kernel", "backward_layer/kernel"],
  ],
  "parts in another order": [
    ["d/key/kernel", "d/query/kernel"],
    ["query_dense/kernel", "key_dense/kernel"],
  ],
};

for (const [what, [stored, names]] of Object.entries(REFUSED)) {
  Deno.test(`take() refuses ${what}`, () => {
    const one = layer("d");
    const weights = bind(storeOf({ d: stored }), [one]);
    assertThrows(
      () => weights.take(one, names),
      ModelFormatError,
      `${stored[0]} [1]`,
    );
  });
}

Deno.test("NameWeights refuses lists that do not fit the arrays", () => {
  const one = [layer("d")];
  const listed = { d: ["d/kernel"] };
  const changes: [Listed, string][] = [
    [{ "m layer_names": ["absent"] }, "must list its layers"],
    [{ "m layer_names": ["d", "e"] }, "every listed layer"],
    [{ "m/d weight_names": ["absent"] }, "must list its weights"],
    [{ "m/d weight_names": ["d/kernel", "d/bias"] }, "d/bias"],
    [{ "m/d weight_names": [] }, "must be listed"],
    [{ "m layer_names": [] }, "must be listed"],
    [{ "m layer_names": ["d", "d"] }, "must differ"],
  ];
  for (const [change, message] of changes) {
    const store = storeOf(listed, change);
    assertThrows(() => bind(store, one), ModelFormatError, message);
  }
});

Deno.test("NameWeights reads lists that are split over attributes", () => {
  const one = layer("d");
  const store = storeOf({ d: ["d/kernel"] }, {
    "m layer_names": ["absent"],
    "m layer_names0": [],
    "m layer_names1": ["d"],
  });
  const weights = bind(store, [one]);
  assertEquals(weights.take(one, ["kernel"]).length, 1);
});

Deno.test("finish() names what nobody took", () => {
  const weights = bind(storeOf({ d: ["d/kernel"], e: ["e/kernel"] }), [
    layer("d"),
  ]);
  assertThrows(
    () => weights.finish(),
    ModelFormatError,
    '["m/d/d/kernel", "m/e/e/kernel"]',
  );
});
