// deno-lint-ignore-file camelcase -- Keras' own keys
import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type {
  LayerSpec,
  ModelSpec,
} from "../../../lib/models/keras/keras_topology.ts";
import {
  isBare,
  isOperation,
  type Known,
  operationName,
  operationOptions,
  refuseUnknown,
  unknownLayers,
} from "../../../lib/models/keras/known_layers.ts";

const KERAS_3: Known = { dialect: 3, customLayers: {} };

function spec(className: string, parts: Partial<LayerSpec> = {}): LayerSpec {
  return {
    name: className.toLowerCase(),
    className,
    module: undefined,
    registeredName: undefined,
    options: { dtype: "float32" },
    model: undefined,
    calls: [],
    ...parts,
  };
}

function model(...layers: LayerSpec[]): ModelSpec {
  return { name: "m", isSequential: false, layers, inputs: [], outputs: [] };
}

Deno.test("isBare() tells operations of Keras 3 by module, or by having no element type", () => {
  const module = "keras.src.ops.numpy";
  assertEquals(isBare(spec("Add", { module }), KERAS_3), true);
  assertEquals(isBare(spec("Add"), KERAS_3), false);
  assertEquals(isBare(spec("Add", { options: {} }), KERAS_3), true);
  const known = { ...KERAS_3, customLayers: { Add: () => undefined! } };
  assertEquals(isBare(spec("Add", { options: {} }), known), false);
  const keras2: Known = { ...KERAS_3, dialect: 2 };
  assertEquals(isBare(spec("Add", { options: {} }), keras2), false);
  assertEquals(isOperation(spec("TFOpLambda"), keras2), true);
});

Deno.test("operationName() and operationOptions() take a function apart", () => {
  const options = { name: "n", function: "math.multiply" };
  const node = spec("TFOpLambda", { options });
  assertEquals(operationName(node), "tf.math.multiply");
  assertEquals(operationOptions(node), { name: "n" });
  assertEquals(operationName(spec("GetItem")), "GetItem");
});

Deno.test("unknownLayers() finds those in models, in wrappers and in lists", () => {
  const held = { class_name: "Mine", config: {} };
  const layers = [
    spec("Dense"),
    spec("Inner", { model: model(spec("Lost")) }),
    spec("TimeDistributed", {
      options: {
        layer: { class_name: "TimeDistributed", config: { layer: held } },
      },
    }),
    spec("RNN", {
      options: {
        cell: { class_name: "StackedRNNCells", config: { cells: [held] } },
      },
    }),
    spec("Other", { options: { layer: held } }),
    spec("TFOpLambda", { options: { function: "no.such" } }),
  ];
  const customLayers = { Other: () => undefined! };
  const found = unknownLayers(model(...layers), { dialect: 2, customLayers });
  assertEquals(found.map(({ path, className }) => `${path} ${className}`), [
    "inner/lost Lost",
    "timedistributed/layer/layer Mine",
    "rnn/cell/cells Mine",
    "tfoplambda tf.no.such",
  ]);
});

Deno.test("unknownLayers() knows in a file of TF.js what TF.js has, and no more", () => {
  const layers = model(spec("Dense"), spec("Attention"));
  const names = (dialect: Known["dialect"]) =>
    unknownLayers(layers, { dialect, customLayers: {} })
      .map(({ className }) => className);
  assertEquals(names(2), []);
  assertEquals(names("tfjs"), ["Attention"]);
});

Deno.test("refuseUnknown() names all, and their classes once", () => {
  refuseUnknown([], "file", {});
  const unknown = Array.from({ length: 22 }, (_, i) => ({
    path: `l${i}`,
    className: "Mine",
    module: i === 0 ? "lab" : undefined,
  }));
  const { message } = assertThrows(
    () => refuseUnknown(unknown, "file", {}),
    ModelFormatError,
  );
  assertEquals(
    message.replace(/"l2".*"l19"/, "…"),
    'Cannot load model "file" as every layer must be known: current unknown ones are "l0" (Mine of lab), "l1" (Mine), … (Mine) and 2 more; pass customObjects: { Mine: … }, where a layer is (config) => ({ weights, call })',
  );
});

Deno.test("unknownLayers() finds activations too, in layers and in cells", () => {
  const inner = { class_name: "LSTMCell", config: { activation: "mine" } };
  const fn = (config: string) => ({ class_name: "function", config });
  const layers = [
    spec("Dense", { options: { dtype: "float32", activation: fn("my>odd") } }),
    spec("Dense", { options: { dtype: "float32", activation: "relu" } }),
    spec("Dense", { options: { dtype: "float32", activation: null } }),
    spec("Dense", { options: { dtype: "float32", activation: fn("known") } }),
    spec("LSTM", {
      options: { dtype: "float32", recurrent_activation: "odd" },
    }),
    spec("RNN", { options: { dtype: "float32", cell: inner } }),
    spec("Conv1D", {
      options: {
        dtype: "float32",
        activation: { class_name: "Theirs", config: {} },
      },
    }),
    spec("Custom", {
      options: { dtype: "float32", activation: "its own affair" },
    }),
  ];
  const customLayers = { Custom: () => undefined!, known: () => undefined! };
  const found = unknownLayers(model(...layers), { dialect: 3, customLayers });
  assertEquals(
    found.map(({ path, className, role }) => `${path} ${className} ${role}`),
    [
      "dense my>odd activation",
      "lstm odd activation",
      "rnn/cell mine activation",
      "conv1d/activation Theirs undefined",
    ],
  );
  const { message } = assertThrows(() => refuseUnknown(found, "file", {}));
  assertEquals(
    message,
    'Cannot load model "file" as every layer and activation must be known: current unknown ones are activation "my>odd" of "dense", activation "odd" of "lstm", activation "mine" of "rnn/cell", "conv1d/activation" (Theirs); pass customObjects: { "my>odd": (ops, x) => …, odd: (ops, x) => …, mine: (ops, x) => …, Theirs: … }, where a layer is (config) => ({ weights, call })',
  );
});

Deno.test("refuseUnknown() says which key of customObjects is near", () => {
  const unknown = [{ path: "a", className: "Twice", module: undefined }];
  const table = { twice: () => undefined!, Gelu: "gelu" };
  assertThrows(
    () => refuseUnknown(unknown, "file", table),
    ModelFormatError,
    '"a" (Twice); pass customObjects: { Twice: … }, of its keys, "twice" is near "Twice"',
  );
});

Deno.test("unknownLayers() finds the functions of Lambda layers, and their code", () => {
  const named = (config: string) => ({
    function: { class_name: "function", config },
  });
  const held = { class_name: "Lambda", config: named("my>other") };
  const layers = [
    spec("Lambda", { name: "known", options: named("relu") }),
    spec("Lambda", { name: "mine", options: named("my>double") }),
    spec("Lambda", { name: "code", options: { function: ["4wEA", null] } }),
    spec("TimeDistributed", { name: "held", options: { layer: held } }),
  ];
  const found = (customLayers: Known["customLayers"]) =>
    unknownLayers(model(...layers), { ...KERAS_3, customLayers })
      .map(({ path, className }) => [path, className]);
  assertEquals(found({}), [
    ["mine", "my>double"],
    ["code", "Lambda"],
    ["held/layer", "my>other"],
  ]);
  const unknown = unknownLayers(model(layers[1]!), KERAS_3);
  assertThrows(
    () => refuseUnknown(unknown, "file", {}),
    ModelFormatError,
    'every layer and function must be known: current unknown one is function "my>double" of "mine"; pass customObjects: { "my>double": (ops, x) => … }',
  );
  const double = (_ops: unknown, x: unknown) => x as never;
  assertEquals(found({ double, "my>other": double }), [["code", "Lambda"]]);
});

Deno.test("unknownLayers() does not take a class of another package for the one of Keras with its name", () => {
  const names = [
    [undefined, undefined], // as a .h5 of Keras 2 writes it
    ["keras.layers", undefined],
    ["keras.src.engine.functional", "Functional"],
    ["tensorflow.python.keras.layers", undefined],
    ["tf_keras.src.layers", undefined],
    ["keras_hub.src.layers", undefined],
    ["tensorflow_addons.layers", "Addons>Dense"],
    ["attention", undefined],
    [undefined, "Custom>Dense"], // of the script that saved it
  ] as const;
  const layers = names.map(([module, registeredName], i) =>
    spec("Dense", { name: `${i}`, module, registeredName })
  );
  const found = unknownLayers(model(...layers), KERAS_3);
  assertEquals(found.map(({ path }) => path), ["5", "6", "7", "8"]);
  const customLayers = { Dense: "Dense" };
  const known = { ...KERAS_3, customLayers };
  assertEquals(unknownLayers(model(...layers), known), []);
  assertThrows(
    () => refuseUnknown(found, "file", {}),
    ModelFormatError,
    'or customObjects: { Dense: "Dense" } if it computes what the class of Keras does',
  );
});

Deno.test("refuseUnknown() advises no class for an activation", () => {
  const role = "activation" as const;
  const unknown = { path: "d", className: "ReLU", module: undefined, role };
  const { message } = assertThrows(
    () => refuseUnknown([unknown], "file", {}),
    ModelFormatError,
    "pass customObjects: { ReLU: (ops, x) => … }",
  );
  assertEquals(message.includes('ReLU: "ReLU"'), false);
});

Deno.test("unknownLayers() tells wrapped classes and operations of other packages apart", () => {
  const held = (registered_name: string | null) => ({
    class_name: "Dense",
    config: {},
    module: registered_name === null ? "keras.layers" : null,
    registered_name,
  });
  const layers = [null, "my>Dense"].map((name, i) =>
    spec("TimeDistributed", { name: `${i}`, options: { layer: held(name) } })
  );
  const operation = spec("Add", { options: {}, registeredName: "my>Add" });
  const found = unknownLayers(model(...layers, operation), KERAS_3);
  assertEquals(found.map(({ path }) => path), ["1/layer", "add"]);
});

Deno.test("refuseUnknown() says how to convert layers whose computation is not in the file", () => {
  const refused = (className: string) =>
    assertThrows(
      () =>
        refuseUnknown([{ path: "a", className, module: undefined }], "f", {}),
      ModelFormatError,
    ).message;
  const advice = "tensorflowjs_converter --input_format=tf_saved_model FOLDER";
  assertEquals(refused("KerasLayer").includes(advice), true);
  assertEquals(refused("Mine").includes(advice), false);
});
