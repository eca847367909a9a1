// deno-lint-ignore-file camelcase -- Keras' own keys
// Whole models: `tests/data/make_moved_strings.py`.
import { assertEquals, assertRejects } from "@std/assert";
import { loadModel, ModelFormatError } from "@sonde/sonde";
import type { HostComputation, Layer } from "../../../lib/layers/layer.ts";
import type { GraphNode } from "../../../lib/models/graph/graph.ts";
import {
  overStrings,
  StringTensors,
} from "../../../lib/models/keras/string_tensors.ts";
import { kerasOf } from "../../support/model_files.ts";

const X = { name: "x", batch_shape: [null, 2], dtype: "string" };

const FLIP: Layer = {
  weights: [],
  call: (ops, [x]) => [ops.flip(x!, [1])],
};

function input(shape: readonly (number | null)[], dtype: "string" | "int32") {
  const call = { kind: "input", spec: { name: "x", shape, dtype } };
  return { node: { id: 0, call } as unknown as GraphNode, index: 0 };
}

function node(id: number) {
  const call = { kind: "builtIn" };
  return { node: { id, call } as unknown as GraphNode, index: 0 };
}

Deno.test("StringTensors composes rearrangements, of strings of known sizes alone", () => {
  const strings = new StringTensors();
  const x = input([null, 3], "string");
  assertEquals(strings.add(1, FLIP, x), [[null, 3]]);
  assertEquals([...strings.find(node(1))!.rearranged!.indices], [2, 1, 0]);
  assertEquals(strings.add(2, FLIP, node(1)), [[null, 3]]);
  assertEquals([...strings.find(node(2))!.rearranged!.indices], [0, 1, 2]);
  assertEquals(strings.find(node(2))!.from, x);
  assertEquals(strings.add(3, FLIP, input([null, null], "string")), undefined);
  assertEquals(strings.add(4, FLIP, input([null, 3], "int32")), undefined);
  assertEquals(strings.find(node(4)), undefined);
});

Deno.test("overStrings() computes from the strings in their order", () => {
  const computation: HostComputation = {
    dtype: "int32",
    shapeOf: (shape) => [...shape],
    compute: ({ data, shape }) => ({
      data: Int32Array.from(data as readonly string[], (text) => text.length),
      shape,
    }),
  };
  assertEquals(overStrings(computation, [undefined]), computation);
  const indices = Int32Array.of(1, 0);
  const over = overStrings(computation, [{
    rearranged: { shape: [2], indices },
  }]);
  assertEquals(over.shapeOf([null, 9]), [null, 2]);
  assertEquals(over.compute({ data: ["", "abc"], shape: [1, 2] }), {
    data: Int32Array.of(3, 0),
    shape: [1, 2],
  });
  const changed = overStrings(computation, [
    { change: (text) => `${text}!` },
  ]);
  assertEquals(changed.shapeOf([null, 9]), [null, 9]);
  assertEquals(changed.compute({ data: ["", "abc"], shape: [2] }), {
    data: Int32Array.of(1, 4),
    shape: [2],
  });
});

Deno.test("loadModel() refuses layers that compute with strings, by name", async () => {
  const layers = [
    { class_name: "InputLayer", config: X },
    { class_name: "Reshape", config: { name: "moved", target_shape: [2, 1] } },
    { class_name: "Softmax", config: { name: "s" } },
  ].map((each) => ({ ...each, module: "keras.layers" }));
  const config = { name: "m", layers };
  const file = kerasOf({ class_name: "Sequential", module: "keras", config });
  await assertRejects(
    () => loadModel(file),
    ModelFormatError,
    'Cannot call layer "s" as it must not be called on strings',
  );
});
