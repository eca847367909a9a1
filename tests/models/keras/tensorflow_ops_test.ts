// deno-lint-ignore-file camelcase -- Keras' own keys
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type {
  LayerSpec,
  ModelSpec,
} from "../../../lib/models/keras/keras_topology.ts";
import { withFunctions } from "../../../lib/models/keras/tensorflow_ops.ts";

const X = { tensor: { layer: "x", call: 0, index: 0 } };

function model(className: string, options: LayerSpec["options"]): ModelSpec {
  const layer: LayerSpec = {
    name: "tf_op_layer_Op",
    className,
    module: undefined,
    registeredName: undefined,
    options,
    model: undefined,
    calls: [{ positional: [X], named: {} }],
  };
  return {
    name: "m",
    isSequential: false,
    layers: [layer],
    inputs: [],
    outputs: [],
  };
}

const converted = (options: LayerSpec["options"]) =>
  withFunctions(model("TensorFlowOpLayer", options), "file").layers[0]!;

Deno.test("withFunctions() puts constants where they were inputs", () => {
  const node_def = JSON.stringify({ op: "Sub", input: ["y", "x", "^control"] });
  const { className, options, calls } = converted({
    node_def,
    constants: { "0": [1, 2] },
  });
  assertEquals([className, options.function], ["TFOpLambda", "math.subtract"]);
  assertEquals(calls, [{ positional: [{ value: [1, 2] }, X], named: {} }]);
});

Deno.test("withFunctions() leaves other layers, and refuses what is no operation", () => {
  const plain = model("Dense", {});
  assertStrictEquals(withFunctions(plain, "file"), plain);
  for (const node_def of ["{", null, { op: 3 }, "[]", undefined]) {
    assertThrows(
      () => converted({ node_def }),
      ModelFormatError,
      'operation "tf_op_layer_Op" must be a NodeDef',
    );
  }
  const half = { op: "ResizeBilinear", input: ["x", "s"], attr: {} };
  assertEquals(
    converted({ node_def: half, constants: { "1": [2, 2] } }).options.function,
    "raw_ops.ResizeBilinear",
  );
});
