import { text } from "../../support/build_zip.ts";
import {
  call,
  dense,
  functional,
  input,
  type Json,
  layer,
  tensor,
} from "../../support/keras_spec.ts";
import {
  archiveWith,
  type Bytes,
  kerasOf,
  modelOf,
  on,
  renamed,
} from "../../support/model_files.ts";
import { both, denseWith, one, opened, X } from "./_model_cases.ts";
import type { RefusedCase, RefusedInput } from "./_input.ts";

const KERAS_MODELS = new URL("../../data/keras_models/", import.meta.url);
const KERAS_LAYERS = new URL("../../data/keras_layers/", import.meta.url);
function lambda(name: string): Json {
  return functional(
    "m",
    [input("x", [2]), {
      class_name: "TFOpLambda",
      name: "f",
      config: { name: "f", function: name },
      inbound_nodes: [["x", 0, 0, {}]],
    }],
    [X],
    [["f", 0, 0]],
  );
}

/** A model of Keras 2. */
function keras2(config: Json): Bytes {
  return archiveWith(kerasOf(config), {
    "metadata.json": { data: text('{"keras_version": "2.15.0"}') },
  });
}

/** An operation of Keras 3. */
function operation(className: string, name: string, call: Json): Json {
  return {
    module: "keras.src.ops.numpy",
    class_name: className,
    name,
    config: { name },
    inbound_nodes: [call],
  };
}

const UNKNOWN = modelOf(
  { ...layer("a", "Mine", {}, on("x")), module: "lab.layers" },
  functional(
    "inner",
    [input("i", [2]), layer("b", "Yours", {}, on("i"))],
    ["i", 0, 0],
    ["b", 0, 0],
    on("a"),
  ),
  layer(
    "c",
    "TimeDistributed",
    { layer: { class_name: "Theirs", config: {} } },
    on("inner"),
  ),
);

/** One-layer models that Keras made, whose options TF.js gets wrong. */
const OPTIONS = [
  ...["conv1d_groups", "conv2d_groups", "dw2d_dil", "gap2d_keep", "bn_ax1"],
  ...["up2d_bilinear", "up2d_bicubic", "relu_opts", "elu2", "softmax_ax1"],
  ...["conv1d_causal", "gru", "gru_noreset", "bi_back", "attention"],
];

/** What is wrong with layers and operations: 29 to 32. */
export const LAYERS: readonly RefusedInput[] = [
  {
    number: 29,
    what: "unknown layers, all at once",
    refused: [
      ...both(
        "in the model, a nested one, and a wrapper",
        UNKNOWN,
        '"a" (Mine of lab.layers), "inner/b" (Yours of keras.layers)',
        '"c/layer" (Theirs)',
        "pass customObjects: { Mine: …, Yours: …, Theirs: … }",
      ),
      {
        what: "in .h5",
        name: "model.h5",
        file: () =>
          renamed(
            Deno.readFileSync(new URL("k3_mlp.h5", KERAS_MODELS)),
            '"Dropout"',
            '"Mistake"',
          ),
        says: ['"dropout" (Mistake)', "pass customObjects: { Mistake: … }"],
      },
    ],
  },
  {
    number: 30,
    what: "layers that contain Python, or code of another library",
    refused: [
      ...["Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer"]
        .map((className): RefusedCase => ({
          what: className,
          file: () => kerasOf(one(className, { filepath: "saved" })),
          says: [
            `"l" (${className} of keras.layers)`,
            `customObjects: { ${className}: … }`,
          ],
        })),
      ...both(
        "__lambda__ as an activation",
        denseWith({
          activation: { class_name: "__lambda__", config: { value: "4wEA" } },
        }),
        '"d/activation" (__lambda__)',
        "pass customObjects: { __lambda__: … }",
      ),
      {
        what: "a TFOpLambda that is not known",
        file: () => keras2(lambda("io.read_file")),
        says: ['"f" (tf.io.read_file)'],
      },
    ],
  },
  {
    number: 31,
    what: "an option that is not understood",
    refused: [
      ...both(
        "an option that Keras does not have",
        denseWith({ twist: 3 }),
        'layer "d" (Dense)',
        'option "twist" must be a known one: current value is 3',
      ),
      ...both(
        "an option with another value",
        one("UpSampling2D", { size: [2, 2], interpolation: "spline" }),
        'layer "l" (UpSampling2D)',
        '"interpolation" must be one of',
        '"spline"',
      ),
      ...both(
        "an argument of a call",
        modelOf(dense("d", 2, [call([tensor("x")], { twist: 3 })])),
        'call layer "d"',
        'argument "twist" must be a known one',
      ),
    ],
    opened: OPTIONS.map((name) =>
      opened(
        name,
        () => Deno.readFileSync(new URL(`${name}.keras`, KERAS_LAYERS)),
      )
    ),
  },
  {
    number: 32,
    what: "an operation that is not known",
    refused: both(
      "FooBar",
      modelOf(operation("FooBar", "o", call([tensor("x")]))),
      '"o" (FooBar of keras.src.ops.numpy)',
    ),
    opened: [
      opened(
        "x * 2",
        () =>
          kerasOf(modelOf(operation("Multiply", "o", call([tensor("x"), 2])))),
      ),
    ],
  },
];
