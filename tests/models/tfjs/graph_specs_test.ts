import type * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import {
  GraphSpecs,
  indexIn,
  nodeName,
  type Operation,
} from "../../../lib/models/tfjs/graph_specs.ts";

function specs(outputs: Record<string, unknown>, inputs: unknown[] = []) {
  const model = { modelSignature: { outputs }, inputs };
  return new GraphSpecs(model as unknown as tf.GraphModel);
}

function operation(name: string, more: Partial<Operation> = {}): Operation {
  return {
    name,
    op: "Any",
    inputNames: [],
    inputs: [],
    attrParams: {},
    ...more,
  };
}

/** Sizes as protocol buffers write them. */
function sizes(...list: (number | string)[]) {
  return { dim: list.map((size) => ({ size })) };
}

Deno.test("GraphSpecs gives outputs that stand in the signature, by their position", () => {
  const known = specs({
    second: { name: "y:1", dtype: "DT_INT32", tensorShape: sizes("-1", "5") },
    first: { name: "y:0", dtype: "DT_FLOAT", tensorShape: sizes(-1, 3) },
    alone: { name: "z:1", tensorShape: sizes(-1) },
  });
  assertEquals(known.outputNames, ["y:1", "y:0", "z:1"]);
  const found = known.outputs(operation("y"));
  assertEquals(found, [
    { name: "y", shape: [null, 3], dtype: "float32" },
    { name: "y", shape: [null, 5], dtype: "int32" },
  ]);
  assert(found.every((spec) => Object.isFrozen(spec.shape)));
  // Of its first output nothing is known, so the second has no place.
  assertEquals(known.outputs(operation("z")), []);
});

Deno.test("GraphSpecs reads types by name and by number", () => {
  const dtypeOf = (dtype: string | number) =>
    specs({ y: { name: "y", dtype, tensorShape: sizes(2) } })
      .outputs(operation("y"))[0]?.dtype;
  const all = ["DT_FLOAT", 1, "DT_INT32", 3, "DT_BOOL", 10, "DT_STRING", 7];
  assertEquals(
    all.map(dtypeOf).join(" "),
    "float32 float32 int32 int32 bool bool string string",
  );
});

Deno.test("GraphSpecs takes what the converter left in an operation", () => {
  const shape = [sizes(-1, 4, 4, 2)];
  const rawAttrs = { "_output_shapes": { list: { shape } } };
  const attrParams = { dataFormat: { value: "NHWC" } };
  assertEquals(specs({}).outputs(operation("c", { rawAttrs, attrParams })), [{
    name: "c",
    shape: [null, 4, 4, 2],
    dtype: "float32",
    channels: "last",
  }]);
});

Deno.test("GraphSpecs says nothing where nothing is known", () => {
  const rawAttrs = {
    "_output_shapes": { list: { shape: [{ unknownRank: true }] } },
  };
  assertEquals(specs({}).outputs(operation("c", { rawAttrs })), []);
  const signature = { y: { name: "y", tensorShape: { unknownRank: true } } };
  assertEquals(specs(signature).outputs(operation("y")), []);
  const model = { inputs: [] } as unknown as tf.GraphModel;
  assertEquals(new GraphSpecs(model).outputNames, []);
});

Deno.test("GraphSpecs.input() gives what the model takes", () => {
  const known = specs({}, [{ name: "x:0", shape: [-1, 3], dtype: "int32" }]);
  assertEquals(known.input(operation("x")), {
    name: "x",
    shape: [null, 3],
    dtype: "int32",
  });
  assertEquals(known.input(operation("other")).shape, []);
});

Deno.test("nodeName() and indexIn() take a tensor's name apart", () => {
  assertEquals([nodeName("a/b:1"), indexIn("a/b:1")], ["a/b", 1]);
  assertEquals([nodeName("a/b"), indexIn("a/b")], ["a/b", 0]);
  assertEquals(nodeName("a:b"), "a:b");
});
