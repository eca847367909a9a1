// deno-lint-ignore-file camelcase -- Keras' own keys
import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import type { LayerFactory } from "../../../lib/layers/layer.ts";
import {
  call,
  dense,
  functional,
  graphOf,
  input,
  type Json,
  layer,
  tensor,
} from "../../support/keras_spec.ts";

function model(shape: readonly (number | null)[], ...layers: Json[]): Json {
  const name = layers.at(-1)!.name;
  return functional("m", [input("x", shape), ...layers], ["x", 0, 0], [
    name,
    0,
    0,
  ]);
}

const on = (name: string) => [call([tensor(name)])];
const CONV = {
  filters: 4,
  kernel_size: [3, 3],
  strides: [1, 1],
  padding: "valid",
  data_format: "channels_last",
  dilation_rate: [1, 1],
  groups: 1,
  activation: "linear",
  use_bias: false,
};

Deno.test("ShapePass gives each row its shape, with sizes that are not known, and where its channels stand", () => {
  const graph = graphOf(
    model([null, 8, 2], layer("c", "Conv2D", CONV, on("x"))),
    { "c/kernel": [3, 3, 2, 4] },
  );
  const { outputs, numParameters, kind, inbound } = graph.findLayer("c");
  assertEquals(outputs, [
    {
      name: "c",
      shape: [null, null, 6, 4],
      dtype: "float32",
      channels: "last",
    },
  ]);
  assertEquals([numParameters, kind, inbound], [72, "Conv2D", ["x"]]);
});

Deno.test("ShapePass counts the weights of a layer once, however often it is called", () => {
  const d = dense("d", 2, [call([tensor("x")]), call([tensor("d")])]);
  const graph = graphOf(
    functional("m", [input("x", [2]), d], ["x", 0, 0], ["d", 1, 0]),
    { "d/kernel": [2, 2], "d/bias": [2] },
  );
  assertEquals(
    graph.layers.map(({ name, numParameters }) => [name, numParameters]),
    [["x", 0], ["d", 6], ["d:1", 6]],
  );
  assertEquals(graph.numParameters, 6);
});

Deno.test("ShapePass gives a row all outputs of a layer with several", () => {
  const split: LayerFactory = () => ({
    weights: [],
    call: (ops, [x]) => [ops.exp(x!), ops.sum(x!, { axis: [1] })],
  });
  const graph = graphOf(
    functional("m", [input("x", [3]), layer("s", "Split", {}, on("x"))], [
      "x",
      0,
      0,
    ], [["s", 0, 1], ["s", 0, 0]]),
    {},
    { Split: split },
  );
  const shapes = [[null, 3], [null]];
  assertEquals(
    graph.findLayer("s").outputs.map(({ shape }) => shape),
    shapes,
  );
  assertEquals(graph.outputs.map(({ shape }) => shape), shapes.toReversed());
});

Deno.test("ShapePass goes over chains that are longer than a stack", () => {
  const chain = Array.from(
    { length: 5000 },
    (_, i) => layer(`r${i}`, "ReLU", {}, on(i === 0 ? "x" : `r${i - 1}`)),
  );
  // From the last to the first, so that nothing is known when it is needed.
  const config = functional(
    "m",
    [
      input("x", [1]),
      ...chain.toReversed(),
    ],
    ["x", 0, 0],
    ["r4999", 0, 0],
  );
  assertEquals(graphOf(config).outputs[0]!.shape, [null, 1]);
});

Deno.test("ShapePass says which layer does not go with what feeds it", () => {
  const error = assertThrows(
    () =>
      graphOf(model([5], dense("d", 2, on("x"))), {
        "d/kernel": [3, 2],
        "d/bias": [2],
      }),
    ModelFormatError,
    `layer "d" (Dense) must accept its inputs`,
  );
  assertEquals(error.cause instanceof Error, true);
});

Deno.test("ShapePass refuses a call argument that a layer does not read", () => {
  assertThrows(
    () =>
      graphOf(
        model([5], layer("r", "ReLU", {}, [call([tensor("x")], { top: 2 })])),
      ),
    ModelFormatError,
    `argument "top" must be a known one`,
  );
});

Deno.test("ShapePass refuses a tensor among the call arguments that a layer does not read", () => {
  const r = layer("r", "ReLU", {}, [call([tensor("x")], { top: tensor("x") })]);
  assertThrows(
    () => graphOf(model([5], r)),
    ModelFormatError,
    `argument "top" must be a known one`,
  );
});

Deno.test("ShapePass gives a nested model the channels of its last layer, whose row comes later", () => {
  const core = functional(
    "core",
    [
      input("i", [8, 8, 2]),
      layer("c", "Conv2D", CONV, on("i")),
      layer("r", "ReLU", {}, on("c")),
    ],
    ["i", 0, 0],
    ["r", 0, 0],
  );
  const nested = { ...core, name: "core", inbound_nodes: on("x") };
  const graph = graphOf(
    functional("m", [input("x", [8, 8, 2]), nested], ["x", 0, 0], [
      "core",
      1,
      0,
    ]),
    { "c/kernel": [3, 3, 2, 4] },
  );
  const channels = ["core/c", "core/r", "core"].map((name) =>
    graph.findLayer(name).outputs[0]!.channels
  );
  assertEquals(channels, ["last", "last", "last"]);
});
