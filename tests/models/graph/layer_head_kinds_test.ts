/** Heads of Keras files that are no plain Dense. */
import { assertEquals } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { searchHead } from "../../../lib/models/graph/head.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { readWeight } from "../../../lib/models/graph/weights.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { text } from "../../support/build_zip.ts";
import { type Json, layer } from "../../support/keras_spec.ts";
import {
  archiveWith,
  type Bytes,
  kerasOf,
  modelOf,
  on,
  type Weights,
} from "../../support/model_files.ts";

const KERNEL = [1, 2, 3, 4, 5, 6];
const BIAS = [7, 8, 9];
const X = {
  data: Float32Array.of(1, 10),
  shape: [1, 2],
  dtype: "float32",
} as const;
/** `X · KERNEL + BIAS`. */
const LOGITS = [48, 60, 72];
/** The same where the penultimate is at most 2. */
const CLIPPED = [16, 20, 24];

/** Weights of one layer, at the path of its class. */
function weightsOf(path: string, shape: readonly number[]): Weights {
  return {
    [`layers/${path}/vars/0`]: [shape, KERNEL],
    [`layers/${path}/vars/1`]: [[3], BIAS],
  };
}

function operation(name: string, className: string, config: Json, x: string) {
  return {
    module: "keras.src.ops.core",
    "class_name": className,
    name,
    config: { name, ...config },
    "inbound_nodes": on(x),
  };
}

const DENSE = { units: 3, activation: "linear" };
const dense = (config: Json = {}, x = "x") =>
  layer("d", "Dense", { ...DENSE, ...config }, on(x));
const reshape = (target_shape: readonly number[]) =>
  layer("r", "Reshape", { target_shape }, on("x"));
const softmax = (x: string) =>
  layer("s", "Activation", { activation: "softmax" }, on(x));
const conv = (config: Json) =>
  layer(
    "c",
    "Conv2D",
    { filters: 3, kernel_size: [1, 1], activation: "linear", ...config },
    on("r"),
  );

const HEADS: Readonly<Record<string, [Json[], Weights, string?]>> = {
  "a softmax that is serialised as a function": [
    [dense({ activation: { class_name: "function", config: "softmax" } })],
    weightsOf("dense", [2, 3]),
  ],
  "a softmax that is a layer": [
    [dense({ activation: { class_name: "Softmax", config: { axis: -1 } } })],
    weightsOf("dense", [2, 3]),
  ],
  "operations that change no value": [
    [
      dense(),
      operation("e", "ExpandDims", { axis: 1 }, "d"),
      operation("q", "Squeeze", { axis: 1 }, "e"),
      softmax("q"),
      operation("f", "Cast", { dtype: "float32" }, "s"),
    ],
    weightsOf("dense", [2, 3]),
  ],
  "an einsum over the last axis": [
    [
      layer("d", "EinsumDense", {
        equation: "ab,bc->ac",
        output_shape: [3],
        bias_axes: "c",
        activation: "softmax",
      }, on("x")),
    ],
    weightsOf("einsum_dense", [2, 3]),
  ],
  "a convolution of one position with channels first": [
    [
      reshape([2, 1, 1]),
      conv({ data_format: "channels_first" }),
      layer("f", "Flatten", { data_format: "channels_first" }, on("c")),
      softmax("f"),
    ],
    weightsOf("conv2d", [1, 1, 2, 3]),
  ],
  "a softmax over the first axis of one position": [
    [
      reshape([2, 1, 1]),
      conv({ data_format: "channels_first" }),
      layer("s", "Softmax", { axis: 1 }, on("c")),
    ],
    weightsOf("conv2d", [1, 1, 2, 3]),
  ],
};

for (const [what, [layers, weights]] of Object.entries(HEADS)) {
  Deno.test(`layerLink() finds a head behind ${what}`, async () => {
    await using model = await loadModel(kerasOf(modelOf(...layers), weights));
    const extractor = new FeatureExtractor(model).penultimate();
    const set = await extractor.predict(X);
    assertAllClose(set.logits!.data, LOGITS);
    assertEquals(set.activation, "softmax");
    assertEquals(set.head!.kernel.shape, [2, 3]);
    assertEquals([...set.head!.kernel.data], KERNEL);
    assertEquals([...set.head!.bias.data], BIAS);
    const clipped = await extractor.react(2).predict(X);
    assertAllClose(clipped.logits!.data, CLIPPED);
  });
}

Deno.test("layerLink() finds the head in a TimeDistributed, over time steps", async () => {
  const wrapped = layer("t", "TimeDistributed", {
    layer: layer("d", "Dense", { ...DENSE, activation: "softmax" }, []),
  }, on("r"));
  const weights: Weights = {
    "layers/time_distributed/layer/vars/0": [[2, 3], KERNEL],
    "layers/time_distributed/layer/vars/1": [[3], BIAS],
  };
  const description = modelOf(reshape([1, 2]), wrapped);
  await using model = await loadModel(kerasOf(description, weights));
  const set = await new FeatureExtractor(model).predict(X);
  assertEquals(set.logits!.shape, [1, 3]); // of one time step
  assertAllClose(set.logits!.data, LOGITS);
  assertEquals([...set.head!.kernel.data], KERNEL);
});

const NO_HEADS: Readonly<Record<string, [Json[], Weights]>> = {
  "a softmax over the last axis of channels first": [
    [
      reshape([2, 1, 1]),
      conv({ data_format: "channels_first" }),
      softmax("c"),
    ],
    weightsOf("conv2d", [1, 1, 2, 3]),
  ],
  "a fused softmax over the last axis of channels first": [
    [
      reshape([2, 1, 1]),
      conv({ data_format: "channels_first", activation: "softmax" }),
    ],
    weightsOf("conv2d", [1, 1, 2, 3]),
  ],
  "a convolution that skips time steps": [
    [
      reshape([1, 2]),
      layer("c", "Conv1D", {
        filters: 3,
        kernel_size: [1],
        strides: [2],
        activation: "linear",
      }, on("r")),
    ],
    weightsOf("conv1d", [1, 2, 3]),
  ],
  "an einsum over another axis": [
    [
      reshape([2, 1]),
      layer("d", "EinsumDense", {
        equation: "abc,bd->adc",
        output_shape: [3, 1],
        activation: "linear",
      }, on("r")),
    ],
    { "layers/einsum_dense/vars/0": [[2, 3], KERNEL] },
  ],
};

for (const [what, [layers, weights]] of Object.entries(NO_HEADS)) {
  Deno.test(`layerLink() finds no head behind ${what}`, async () => {
    const bytes = kerasOf(modelOf(...layers), weights);
    await using model = modelGraphOf(await loadModel(bytes))!;
    assertEquals(searchHead(model.outputRefs).logits?.head, undefined);
  });
}

/** The same file, said to be of Keras 2. */
function ofKeras2(bytes: Bytes): Bytes {
  const data = text('{"keras_version": "2.15.0"}');
  return archiveWith(bytes, { "metadata.json": { data } });
}

Deno.test("layerLink() knows the activations that Keras 2 writes as functions of TensorFlow", async () => {
  const described = (axis: number) => {
    const old = (
      name: string,
      className: string,
      config: Json,
      x?: string,
    ) => ({
      "class_name": className,
      name,
      config: { name, ...config },
      "inbound_nodes": x === undefined
        ? []
        : className === "TFOpLambda"
        ? [[x, 0, 0, { axis }]]
        : [[[x, 0, 0, {}]]],
    });
    return {
      "class_name": "Functional",
      config: {
        name: "m",
        layers: [
          old("x", "InputLayer", { batch_input_shape: [null, 2] }),
          old("d", "Dense", DENSE, "x"),
          old("p", "TFOpLambda", { function: "nn.softmax" }, "d"),
        ],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["p", 0, 0]],
      },
    };
  };
  const found = async (axis: number) => {
    const bytes = kerasOf(described(axis), weightsOf("dense", [2, 3]));
    await using model = modelGraphOf(await loadModel(ofKeras2(bytes)))!;
    return searchHead(model.outputRefs).logits;
  };
  const logits = await found(-1);
  assertEquals(logits?.head?.node.row.name, "d");
  assertEquals(logits?.activation, "softmax");
  assertEquals(logits?.removed, ["p"]);
  assertEquals(await found(0), undefined);
});

Deno.test("layerLink() gives the kernel of a Dense over integers in floats", async () => {
  const found = async (activation: string) => {
    const policy = {
      "class_name": "QuantizedDTypePolicy",
      config: {
        name: "int8_from_float32",
        mode: "int8",
        "source_name": "float32",
      },
    };
    const weights: Weights = {
      "layers/dense/vars/0": [[2, 3], [127, 1, 2, 3, 4, 127]],
      "layers/dense/vars/1": [[3], BIAS],
      "layers/dense/vars/2": [[3], [10, 10, 10]],
    };
    const quantised = dense({ activation, dtype: policy });
    const bytes = kerasOf(modelOf(quantised), weights);
    const model = modelGraphOf(await loadModel(bytes))!;
    return searchHead(model.outputRefs);
  };
  const { logits } = await found("linear");
  assertEquals(logits?.direct?.node.row.name, "d");
  const { data } = await readWeight(logits!.head!.weights().kernel);
  assertAllClose(data, [12.7, 0.1, 0.2, 0.3, 0.4, 12.7]);
  // The input of its fused softmax is no tensor of the graph.
  const fused = await found("softmax");
  assertEquals(fused.logits, undefined);
  assertEquals(fused.why, '"d" is a layer over integers');
});
