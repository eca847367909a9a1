import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type {
  WeightLayer,
  WeightModel,
} from "../../../lib/models/keras/keras_weights.ts";
import { NameWeights } from "../../../lib/models/keras/name_weights.ts";
import type { WeightStore } from "../../../lib/models/keras/weight_store.ts";

type Listed = Readonly<Record<string, readonly string[]>>;

/** A store as Keras lists it; the arrays hold their number. */
function storeOf(listed: Listed, change: Listed = {}): WeightStore {
  const paths = Object.entries(listed)
    .flatMap(([layer, names]) => names.map((name) => `m/${layer}/${name}`));
  const datasets = new Map(paths.map((path, i) => [path, {
    path,
    shape: path.endsWith("count") ? [] : [1],
    dtype: path.endsWith("count") ? "int32" : "float32",
    read: () => Float32Array.of(i),
  }]));
  const texts: Record<string, readonly string[]> = {
    "m layer_names": Object.keys(listed),
    ...Object.fromEntries(
      Object.entries(listed).map((
        [n, names],
      ) => [`m/${n} weight_names`, names]),
    ),
    ...change,
  };
  const groups = new Set([
    "",
    "m",
    ...Object.keys(listed).map((n) => `m/${n}`),
  ]);
  return {
    datasets,
    groups,
    strings: (path, name) => {
      const found = texts[`${path} ${name}`];
      return found?.[0] === "absent" ? undefined : found;
    },
    close() {},
  };
}

function layer(
  name: string,
  className = "Dense",
  layers?: WeightLayer[],
): WeightLayer {
  const model: WeightModel | undefined = layers && {
    isSequential: false,
    layers,
  };
  return { name, className, module: undefined, model };
}

function bind(store: WeightStore, layers: WeightLayer[]) {
  const model = { isSequential: false, layers };
  return new NameWeights(store, "m", "x.h5").bind(model);
}

async function valuesOf(
  sources: ReturnType<ReturnType<typeof bind>["take"]>,
): Promise<number[]> {
  return await Promise.all(
    sources.map(async ({ read }) => (await read()).data[0]!),
  );
}

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

Deno.test("NameWeights follows names in a nested model that is partly frozen", async () => {
  const frozen = layer("d1");
  const norm = layer("bn", "BatchNormalization");
  const inner = layer("inner", "Sequential", [frozen, norm]);
  // As Keras 3.15 writes it when the first layer is not trained.
  const store = storeOf({
    inner: [
      "inner/bn/gamma",
      "inner/d1/kernel",
      "inner/d1/bias",
      "inner/bn/moving_mean",
    ],
  });
  const weights = bind(store, [inner]);
  assertEquals(await valuesOf(weights.take(frozen, ["kernel", "bias"])), [
    1,
    2,
  ]);
  assertEquals(
    await valuesOf(weights.take(norm, ["gamma", "moving_mean"])),
    [0, 3],
  );
  weights.finish();
});

Deno.test("NameWeights finds layers of a nested model that was built within a Sequential", async () => {
  const conv = layer("conv2d", "Conv2D");
  const norm = layer("norm", "BatchNormalization");
  const rest = layer("rest", "Sequential", [norm]);
  const model = layer("enc", "Sequential", [conv, rest]);
  // As Keras 3.15 writes it.
  const names = [
    "sequential/enc/conv2d/kernel",
    "sequential/enc/rest/norm/gamma",
  ];
  const weights = bind(storeOf({ enc: names }), [model]);
  assertEquals(await valuesOf(weights.take(conv, ["kernel"])), [0]);
  assertEquals(await valuesOf(weights.take(norm, ["gamma"])), [1]);
  weights.finish();
});

Deno.test("NameWeights finds layers whose names begin with another's in a nested model", async () => {
  // MobileNetV3 of Keras 2 has the layers "Conv" and "Conv/BatchNorm".
  const conv = layer("Conv", "Conv2D");
  const norm = layer("Conv/BatchNorm", "BatchNormalization");
  const model = layer("MobilenetV3small", "Functional", [conv, norm]);
  const names = ["Conv/kernel:0", "Conv/BatchNorm/gamma:0"];
  const weights = bind(storeOf({ [model.name]: names }), [model]);
  assertEquals(await valuesOf(weights.take(conv, ["kernel"])), [0]);
  assertEquals(await valuesOf(weights.take(norm, ["gamma"])), [1]);
  weights.finish();
});

Deno.test("NameWeights tells layers of one name in two nested models apart", async () => {
  const one = layer("dense");
  const two = layer("dense");
  const outer = layer("outer", "Functional", [
    layer("one", "Sequential", [one]),
    layer("two", "Sequential", [two]),
  ]);
  const names = ["two/dense/kernel", "one/dense/kernel"];
  const weights = bind(storeOf({ outer: names }), [outer]);
  assertEquals(await valuesOf(weights.take(one, ["kernel"])), [1]);
  assertEquals(await valuesOf(weights.take(two, ["kernel"])), [0]);
});

Deno.test("NameWeights ignores counters of TensorFlow 1 in the names of a nested model", async () => {
  const conv = layer("conv_1");
  const norm = layer("bn", "BatchNormalization");
  const inner = layer("inner", "Functional", [conv, norm]);
  const names = ["conv_1_1/kernel:0", "bn_2/gamma:0"];
  const weights = bind(storeOf({ inner: names }), [inner]);
  assertEquals(await valuesOf(weights.take(conv, ["kernel"])), [0]);
  assertEquals(await valuesOf(weights.take(norm, ["gamma"])), [1]);
});

Deno.test("NameWeights refuses names of a nested model that fit no layer, or two", () => {
  const twice = layer("outer", "Functional", [
    layer("one", "Sequential", [layer("dense")]),
    layer("two", "Sequential", [layer("dense")]),
  ]);
  for (const name of ["dense/kernel", "other/kernel"]) {
    assertThrows(
      () => bind(storeOf({ outer: [name] }), [twice]),
      ModelFormatError,
      "must name one of its layers",
    );
  }
});

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
