// deno-lint-ignore-file camelcase -- Keras' own keys
import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { readTopology } from "../../../lib/models/keras/keras_topology.ts";
import {
  call,
  dense,
  functional,
  input,
  type Json,
  layer,
  tensor,
} from "../../support/keras_spec.ts";

function refused(config: unknown, says: string, major: 2 | 3 = 3): void {
  assertThrows(
    () => readTopology(config, major, "x.keras"),
    ModelFormatError,
    says,
  );
}

/** A nested model called twice, as the given Keras counts its calls. */
function twice(first: number, outputs: number, isOld: boolean): Json {
  const at = (name: string, k: number) =>
    isOld ? [[name, k, 0, {}]] : call([tensor(name, k)]);
  const core = functional(
    "core",
    [input("c", [2]), dense("d", 2, [at("c", 0)])],
    [["c", 0, 0]],
    [["d", 0, 0]],
    [at("x", 0), at("core", first)],
  );
  return functional("m", [input("x", [2]), core], [["x", 0, 0]], [[
    "core",
    outputs,
    0,
  ]]);
}

Deno.test("readTopology() counts the calls of a nested model from 0, as written by Keras 2 and 3", () => {
  for (
    const [config, major] of [
      [twice(1, 2, true), 2],
      [twice(0, 2, false), 3],
    ] as const
  ) {
    const spec = readTopology(config, major, "x");
    const core = spec.layers[1]!;
    assertEquals(core.calls.map(({ positional }) => positional), [
      [{ tensor: { layer: "x", call: 0, index: 0 } }],
      [{ tensor: { layer: "core", call: 0, index: 0 } }],
    ]);
    assertEquals(spec.outputs, [
      { name: undefined, tensor: { layer: "core", call: 1, index: 0 } },
    ]);
  }
});

Deno.test("readTopology() counts a nested Sequential of Keras 3 from 0 among the outputs", () => {
  const chain = {
    class_name: "Sequential",
    name: "s",
    config: { name: "s", layers: [input("i", [2]), dense("d", 2, [])] },
    inbound_nodes: [call([tensor("x")])],
  };
  const config = functional("m", [input("x", [2]), chain], ["x", 0, 0], [
    "s",
    0,
    0,
  ]);
  const spec = readTopology(config, 3, "x");
  assertEquals(spec.outputs[0]!.tensor, { layer: "s", call: 0, index: 0 });
  assertEquals(spec.layers[1]!.model!.isSequential, true);
});

Deno.test("readTopology() sorts inputs and outputs by name, as Keras does", () => {
  const config = functional("m", [input("p", [1]), input("q", [1])], {
    b: ["p", 0, 0],
    a: ["q", 0, 0],
  }, { z: ["q", 0, 0], y: ["p", 0, 0] });
  const { inputs, outputs } = readTopology(config, 3, "x");
  assertEquals(inputs.map(({ name, tensor }) => [name, tensor.layer]), [
    ["a", "q"],
    ["b", "p"],
  ]);
  assertEquals(outputs.map(({ name }) => name), ["y", "z"]);
});

Deno.test("readTopology() reads calls of Keras 2: lists, keyword tensors, constants", () => {
  const lambda = (nodes: unknown) => ({
    ...layer("f", "TFOpLambda", { function: "math.subtract" }, []),
    inbound_nodes: [nodes],
  });
  const callOf = (json: Json) =>
    readTopology(
      functional("m", [input("x", [2]), json], [["x", 0, 0]], [["f", 0, 0]]),
      2,
      "x",
    ).layers[1]!.calls[0]!;
  const x = { tensor: { layer: "x", call: 0, index: 0 } };
  assertEquals(
    callOf(lambda(["_CONSTANT_VALUE", -1, 1, { y: ["x", 0, 0], name: null }])),
    { positional: [{ value: 1 }], named: { y: x, name: { value: null } } },
  );
  assertEquals(
    callOf(lambda([["x", 0, 0, { axis: 1 }], ["x", 0, 0, { axis: 1 }]])),
    { positional: [{ list: [x, x] }], named: { axis: { value: 1 } } },
  );
  assertEquals(
    callOf(layer("f", "Add", {}, [[["x", 0, 0, {}], ["x", 0, 0, {}]]])),
    { positional: [x, x], named: {} },
  );
});

Deno.test("readTopology() chains a Sequential, also one without an input of its own", () => {
  const config = {
    class_name: "Sequential",
    config: [dense("a", 2, []), dense("b", 2, [])],
  };
  const spec = readTopology(config, 2, "x");
  assertEquals(spec.layers.map(({ name }) => name), ["a", "b"]);
  assertEquals(spec.inputs[0]!.tensor.layer, "a_input");
  assertEquals(spec.layers[1]!.calls[0]!.positional, [
    { tensor: { layer: "a", call: 0, index: 0 } },
  ]);
});

Deno.test("readTopology() refuses what is no Sequential or Functional, or is damaged", () => {
  refused(3, "a model must be an object");
  refused({ class_name: "Mine", config: { units: 3 } }, "subclassed");
  const two = [input("x", [1]), input("x", [1])];
  refused(functional("m", two, [], []), "names of layers must differ");
  const nameless = { class_name: "Dense", config: {} };
  refused(functional("m", [nameless], [], []), "must have a name");
  refused(functional("m", [{ name: "d" }], [], []), "class_name");
  const odd = dense("d", 1, [call([{ class_name: "__keras_tensor__" }])]);
  refused(functional("m", [odd], [], []), "a tensor must name its layer");
  const old = dense("d", 1, [[["x"]]]);
  refused(functional("m", [old], [], []), "on tensors of layers", 2);
  let deep = functional("m", [], [], []);
  for (let i = 0; i < 70; i++) deep = functional(`m${i}`, [deep], [], []);
  refused(deep, "at most 64 deep");
});

Deno.test("readTopology() reads options that Keras 2.2 wrote as arrays of NumPy", () => {
  const array = { type: "ndarray", value: 0.25 };
  const leaky = layer("l", "LeakyReLU", { alpha: array }, [[["x", 0, 0, {}]]]);
  const config = functional("m", [input("x", [2]), leaky], [["x", 0, 0]], [[
    "l",
    0,
    0,
  ]]);
  const spec = readTopology(config, 2, "m.h5");
  assertEquals(spec.layers[1]!.options.alpha, 0.25);
});
