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
  refuseUnknown([], "file");
  const unknown = Array.from({ length: 22 }, (_, i) => ({
    path: `l${i}`,
    className: "Mine",
    module: i === 0 ? "lab" : undefined,
  }));
  const { message } = assertThrows(
    () => refuseUnknown(unknown, "file"),
    ModelFormatError,
  );
  assertEquals(
    message.replace(/"l2".*"l19"/, "…"),
    'Cannot load model "file" as every layer must be known: current unknown ones are "l0" (Mine of lab), "l1" (Mine), … (Mine) and 2 more; pass customObjects: { Mine: … }',
  );
});
