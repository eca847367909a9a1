import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type {
  WeightLayer,
  WeightModel,
} from "../../../lib/models/keras/keras_weights.ts";
import { PathWeights } from "../../../lib/models/keras/path_weights.ts";
import type { WeightStore } from "../../../lib/models/keras/weight_store.ts";

/** A store whose arrays hold their number; names as Keras 3.6 writes them. */
function storeOf(
  paths: readonly string[],
  names: Readonly<Record<string, string>> = {},
  integers: readonly string[] = [],
): WeightStore {
  const datasets = new Map(paths.map((path, i) => [path, {
    path,
    shape: integers.includes(path) ? [] : [1],
    dtype: integers.includes(path) ? "int32" : "float32",
    read: () => Float32Array.of(i),
  }]));
  const groups = new Set([""]);
  for (
    const path of [
      ...paths,
      ...Object.keys(names).map((n) => `${n}/vars/`),
    ]
  ) {
    const parts = path.split("/");
    parts.forEach((_, i) => groups.add(parts.slice(0, i).join("/")));
  }
  return {
    datasets,
    groups,
    strings: (path) => {
      const name = names[path.replace(/\/vars$/, "")];
      return name === undefined ? undefined : [name];
    },
    close() {},
  };
}

function layer(
  name: string,
  className: string,
  rest: Partial<WeightLayer> = {},
): WeightLayer {
  return { name, className, module: undefined, model: undefined, ...rest };
}

function model(layers: WeightLayer[], isSequential = false): WeightModel {
  return { isSequential, layers };
}

function bind(
  store: WeightStore,
  layers: WeightLayer[],
  isSequential = false,
) {
  return new PathWeights(store, "x.keras", model(layers, isSequential));
}

async function valuesOf(
  sources: ReturnType<ReturnType<typeof bind>["take"]>,
): Promise<number[]> {
  return await Promise.all(
    sources.map(async ({ read }) => (await read()).data[0]!),
  );
}

Deno.test("PathWeights counts classes, not names", async () => {
  const a = layer("dense_1", "Dense");
  const b = layer("dense", "Dense");
  const weights = bind(
    storeOf(["layers/dense/vars/0", "layers/dense_1/vars/0"]),
    [a, b],
  );
  assertEquals(await valuesOf(weights.take(b, ["kernel"])), [1]);
  assertEquals(await valuesOf(weights.take(a, ["kernel"])), [0]);
  weights.finish();
});

Deno.test("PathWeights counts an InputLayer in a Functional only, and operations nowhere", () => {
  const input = layer("in", "InputLayer");
  const op = layer("dense", "Dense", { module: "keras.src.ops.nn" });
  const dense = layer("d", "Dense");
  const store = storeOf(["layers/dense/vars/0"], {
    "layers/input_layer": "in",
    "layers/dense": "d",
  });
  bind(store, [input, op, dense]).take(dense, ["kernel"]);
  const sequential = storeOf(["layers/dense/vars/0"], { "layers/dense": "d" });
  bind(sequential, [input, dense], true).take(dense, ["kernel"]);
});

Deno.test("PathWeights writes class names as Keras does", () => {
  const names = {
    PReLU: "p_re_lu",
    Conv2D: "conv2d",
    LSTM: "lstm",
    GlobalAveragePooling2D: "global_average_pooling2d",
    MyL: "my_l",
    ConvLSTM2D: "conv_lstm2d",
  };
  for (const [className, path] of Object.entries(names)) {
    const one = layer("x", className);
    bind(storeOf([`layers/${path}/vars/0`]), [one]).take(one, ["w"]);
  }
});

Deno.test("PathWeights finds parts, with and without an underscore, and nested models", async () => {
  const mha = layer("mha", "MultiHeadAttention");
  const lstm = layer("lstm", "LSTM");
  const inner = layer("inner", "Sequential", { model: model([lstm], true) });
  const store = storeOf([
    "layers/multi_head_attention/_query_dense/vars/0",
    "layers/sequential/layers/lstm/cell/vars/0",
    "layers/sequential/layers/lstm/cell/vars/1",
  ]);
  const weights = bind(store, [mha, inner]);
  assertEquals(await valuesOf(weights.take(mha, ["query_dense/kernel"])), [0]);
  assertEquals(weights.take(inner, []), []);
  assertEquals(
    await valuesOf(weights.take(lstm, ["cell/kernel", "cell/bias"])),
    [1, 2],
  );
  weights.finish();
});

Deno.test("PathWeights finds the group of tf.keras 2.12", () => {
  const dense = layer("d", "Dense");
  const path = "_layer_checkpoint_dependencies/dense/vars/0";
  bind(storeOf([path]), [dense]).take(dense, ["kernel"]);
});

Deno.test("PathWeights goes by the true name where the class has another one", () => {
  const path = "layers/grouped_query_attention";
  const store = storeOf([`${path}/vars/0`], { [path]: "gqa" });
  const gqa = layer("gqa", "GroupQueryAttention");
  bind(store, [gqa]).take(gqa, ["kernel"]);
});

Deno.test("PathWeights refuses true names that disagree", () => {
  const store = storeOf(["layers/dense/vars/0", "layers/dense_1/vars/0"], {
    "layers/dense": "b",
    "layers/dense_1": "a",
  });
  const layers = [layer("a", "Dense"), layer("b", "Dense")];
  assertThrows(() => bind(store, layers), ModelFormatError, "layers/dense");
});

Deno.test("PathWeights refuses a stored layer that the model lacks", () => {
  const store = storeOf(["layers/dense/vars/0"], { "layers/dense": "a" });
  assertThrows(() => bind(store, []), ModelFormatError, '"a"');
});

Deno.test("take() refuses missing and surplus weights, naming both sides", () => {
  const dense = layer("d", "Dense");
  const store = storeOf(["layers/dense/vars/0", "layers/dense/vars/1"]);
  for (const names of [["kernel"], ["kernel", "bias", "more"], ["x/kernel"]]) {
    const weights = bind(store, [dense]);
    assertThrows(
      () => weights.take(dense, names),
      ModelFormatError,
      "layers/dense/vars/1 [1]",
    );
  }
});

Deno.test("take() leaves counters and seeds, and finish() training's state", () => {
  const norm = layer("n", "Normalization");
  const dropout = layer("o", "Dropout");
  const seed = "layers/dropout/seed_generator/vars/0";
  const count = "layers/normalization/vars/2";
  const store = storeOf(
    [
      "layers/normalization/vars/0",
      "layers/normalization/vars/1",
      count,
      seed,
      "optimizer/vars/0",
    ],
    {},
    [count, seed],
  );
  const weights = bind(store, [norm, dropout]);
  weights.take(norm, ["mean", "variance"]);
  weights.take(dropout, []);
  weights.finish();
});

Deno.test("take() gives SpectralNormalization its layer's weights", async () => {
  const spectral = layer("s", "SpectralNormalization");
  const base = "layers/spectral_normalization";
  const paths = ["layer/vars/0", "layer/vars/1", "vars/0", "vars/1"];
  const store = storeOf(paths.map((path) => `${base}/${path}`));
  const names = ["layer/kernel", "layer/bias"];
  const plain = bind(store, [spectral]);
  assertEquals(await valuesOf(plain.take(spectral, names)), [0, 1]);
  plain.finish();
  const full = bind(store, [spectral]);
  const found = full.take(spectral, [...names, "vector_u"]);
  assertEquals(await valuesOf(found), [0, 1, 3]);
});

Deno.test("finish() names what nobody took", () => {
  const weights = bind(storeOf(["layers/dense/vars/0", "vars/0"]), [
    layer("d", "Dense"),
  ]);
  assertThrows(
    () => weights.finish(),
    ModelFormatError,
    '["layers/dense/vars/0", "vars/0"]',
  );
});
