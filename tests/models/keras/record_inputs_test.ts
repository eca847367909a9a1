// deno-lint-ignore-file camelcase -- Keras' own keys
/**
 * Models whose inputs are a dict. Right values are what the writers' own
 * `predict` gives (`tests/data/faults/dict_keys/make.py`).
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { assertAllClose } from "../../support/all_close.ts";
import {
  call,
  dense,
  functional,
  graphOf,
  input,
  type Json,
  tensor,
} from "../../support/keras_spec.ts";

const FOLDER = new URL("../../data/faults/dict_keys/", import.meta.url);

interface Expected {
  readonly [name: string]: {
    readonly keys: readonly [string, string];
    readonly value: readonly (readonly number[])[];
  };
}

const row = (value: number) => ({
  data: new Float32Array(3).fill(value),
  shape: [1, 3],
  dtype: "float32" as const,
});

for (const writer of ["k2", "k3"]) {
  for (const kind of ["keras", "h5"]) {
    Deno.test(`loadModel() feeds a .${kind} of ${writer} by the keys of its inputs' structure`, async () => {
      const expected: Expected = JSON.parse(
        await Deno.readTextFile(new URL(`expected_${writer}.json`, FOLDER)),
      );
      for (
        const [name, { keys: [one, two], value }] of Object.entries(expected)
      ) {
        await using model = await loadModel(
          new URL(`${writer}_${name}.${kind}`, FOLDER),
        );
        const { features } = await new FeatureExtractor(model).layers([-1])
          .predict({ [one]: row(1), [two]: row(2) });
        assertAllClose(features[0]!.data as Float32Array, value.flat());
      }
    });
  }
}

Deno.test("predict() refuses a record with other keys than the structure's, naming both lists", async () => {
  await using model = await loadModel(new URL("k3_others.keras", FOLDER));
  assertEquals(model.inputs.map(({ name }) => name), ["doc", "query"]);
  const extractor = new FeatureExtractor(model).layers([-1]);
  await assertRejects(
    () => extractor.predict({ first: row(1), second: row(2) }),
    TypeError,
    'current value is ["first", "second"]; input "doc" of "doc", "query" is missing',
  );
  await assertRejects(
    () => extractor.predict({ query: row(1), second: row(2) }),
    TypeError,
    'current value is ["query", "second"]; input "doc" of "doc", "query" is missing',
  );
});

/** A nested model of two inputs, called in some way. */
function nested(inputs: unknown, calls: unknown[], major: 2 | 3 = 3) {
  const ends = ["s", 0, 0];
  const sum: Json = {
    module: "keras.layers",
    class_name: "Add",
    name: "s",
    config: { name: "s" },
    inbound_nodes: [call([[tensor("a"), tensor("b")]])],
  };
  const inner = functional(
    "inner",
    [input("a", [2]), input("b", [2]), sum],
    inputs,
    ends,
    calls,
  );
  const layers = [input("x", [2]), input("y", [2]), inner];
  const config = functional("model", layers, [["x", 0, 0], ["y", 0, 0]], [
    "inner",
    1,
    0,
  ]);
  return graphOf(config, {}, {}, major);
}

Deno.test("layerGraph() enters a nested model by the keys of its inputs, whatever their order", () => {
  const model = nested({ b: ["a", 0, 0], a: ["b", 0, 0] }, [
    call([{ b: tensor("x"), a: tensor("y") }]),
  ]);
  const add = model.findNode("inner/s");
  const fed = add.inputs.map(({ node }) =>
    node.call.kind === "alias" ? node.call.outputs[0]!.node.row.name : ""
  );
  assertEquals(fed, ["x", "y"]); // a is fed by key "b", which is x
});

Deno.test("layerGraph() refuses a nested model that is called on other keys or counts", () => {
  const keyed = { b: ["a", 0, 0], a: ["b", 0, 0] };
  assertThrows(
    () => nested(keyed, [call([{ b: tensor("x"), c: tensor("y") }])]),
    Error,
    'nested model "inner" must be called on a record of "a", "b": current value is ["b", "c"]',
  );
  assertThrows(
    () => nested(keyed, [call([tensor("x")])]),
    Error,
    'nested model "inner" must be called on 2 tensors: current value is 1',
  );
});

Deno.test("layerGraph() refuses a layer that is called on a record", () => {
  const layers = [input("x", [2]), dense("d", 1, [call([{ x: tensor("x") }])])];
  assertThrows(
    () => graphOf(functional("m", layers, ["x", 0, 0], ["d", 0, 0])),
    Error,
    'must be called on tensors or lists, not on records with keys: current value is ["x"]',
  );
});
