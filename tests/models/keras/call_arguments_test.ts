// deno-lint-ignore-file camelcase -- Keras' own keys
import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type { StoredArgument } from "../../../lib/models/keras/keras_topology.ts";
import { valueByPosition } from "../../../lib/models/keras/call_arguments.ts";
import {
  call,
  functional,
  graphOf,
  input,
  layer,
  tensor,
} from "../../support/keras_spec.ts";

await tf.setBackend("cpu");

const X: StoredArgument = { tensor: { layer: "x", call: 0, index: 0 } };

/** An LSTM, called on `x [3, 2]` with more; its output is the model's. */
function lstmWith(...more: unknown[]) {
  const config = {
    units: 2,
    activation: "tanh",
    recurrent_activation: "sigmoid",
  };
  const lstm = layer("lstm", "LSTM", config, [call([tensor("x"), ...more])]);
  const layers = [input("x", [3, 2]), input("y", [3]), lstm];
  return graphOf(
    functional("m", layers, [["x", 0, 0], ["y", 0, 0]], [["lstm", 0, 0]]),
    {
      "lstm/cell/kernel": [2, 8],
      "lstm/cell/recurrent_kernel": [2, 8],
      "lstm/cell/bias": [8],
    },
  );
}

for (
  const [more, shown] of [
    [[true], "true"],
    [[null, null, 1], "1"],
    [[[0.5, 2]], "[0.5, 2]"],
    [["text"], '"text"'],
    [[null, tensor("y")], "null"],
    [[[false, tensor("y")]], "false"],
  ] as const
) {
  Deno.test(`layerGraph() refuses values by position: ${shown}`, () => {
    assertThrows(
      () => lstmWith(...more),
      ModelFormatError,
      `layer "lstm" must get values by name: current value is ${shown}`,
    );
  });
}

Deno.test("layerGraph() lets values by position pass when they are off", () => {
  for (const more of [[], [null], [null, null, false], [[]], [{}]]) {
    const graph = lstmWith(...more);
    assertEquals(graph.findLayer("lstm").outputs[0]!.shape, [null, 2]);
  }
});

Deno.test("layerGraph() leaves values by position to operations", () => {
  const double = {
    module: "keras.src.ops.numpy",
    class_name: "Multiply",
    name: "double",
    config: { name: "double" },
    inbound_nodes: [call([2, tensor("x")])],
  };
  const graph = graphOf(
    functional("m", [input("x", [2]), double], [["x", 0, 0]], [[
      "double",
      0,
      0,
    ]]),
  );
  assertEquals(graph.findLayer("double").outputs[0]!.shape, [null, 2]);
});

Deno.test("layerGraph() refuses values by position of nested models", () => {
  const inner = functional(
    "inner",
    [input("c", [2]), layer("relu", "ReLU", {}, [call([tensor("c")])])],
    [["c", 0, 0]],
    [["relu", 0, 0]],
    [call([tensor("x"), true])],
  );
  assertThrows(
    () =>
      graphOf(
        functional("m", [input("x", [2]), inner], [["x", 0, 0]], [[
          "inner",
          0,
          0,
        ]]),
      ),
    ModelFormatError,
    'layer "inner" must get values by name: current value is true',
  );
});

Deno.test("valueByPosition() looks into lists, and finds the first", () => {
  assertEquals(
    valueByPosition([X, { list: [X, X] }, { value: null }]),
    undefined,
  );
  assertEquals(valueByPosition([{ value: 0 }, { value: 1 }]), { value: 0 });
  assertEquals(
    valueByPosition([{ list: [X, { list: [{ value: 3 }] }] }, X]),
    { value: 3 },
  );
  assertEquals(valueByPosition([{ value: undefined }, X]), {
    value: undefined,
  });
});
