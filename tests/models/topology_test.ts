import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../lib/errors.ts";
import { checkTopology } from "../../lib/models/topology.ts";

type Node = [string, number, number, Record<string, unknown>];

/** A functional model: names, and for each layer the calls of it. */
function functional(
  calls: Record<string, Node[][]>,
  nested: Record<string, unknown> = {},
) {
  const layers = Object.entries(calls).map(([name, inbound]) => ({
    "class_name": name in nested ? "Functional" : "Dense",
    name,
    config: name in nested ? nested[name] : { name },
    "inbound_nodes": inbound,
  }));
  return {
    "model_config": {
      "class_name": "Functional",
      config: { name: "m", layers },
    },
  };
}

const on = (name: string, call = 0): Node[] => [[name, call, 0, {}]];

function refused(topology: Record<string, unknown>, says: string): void {
  assertThrows(
    () => checkTopology(topology, "model.json"),
    ModelFormatError,
    says,
  );
}

Deno.test("checkTopology() lets chains, branches and shared layers pass", () => {
  assertEquals(
    checkTopology(
      functional({ x: [], a: [on("x")], b: [[...on("x"), ...on("a")]] }),
      "",
    ),
    undefined,
  );
  // A layer called on its own output is no cycle: its calls are two.
  checkTopology(functional({ x: [], a: [on("x"), on("a", 0)] }), "");
  // Nested models are counted from 1: their own making is call 0.
  const inner = {
    name: "inner",
    layers: [{ "class_name": "InputLayer", config: { name: "i" } }],
  };
  checkTopology(
    functional({ x: [], inner: [on("x")], a: [on("inner", 1)] }, { inner }),
    "",
  );
});

Deno.test("checkTopology() refuses a call on a layer that is not there", () => {
  refused(
    functional({ x: [], a: [on("y")] }),
    `layer "y" must be in the model: current caller is "a"`,
  );
});

Deno.test("checkTopology() refuses a call that is not there", () => {
  refused(functional({ x: [], a: [on("x", 3)] }), `layer "x" must have call 3`);
});

Deno.test("checkTopology() refuses cycles", () => {
  refused(functional({ a: [on("b")], b: [on("a")] }), "must not feed itself");
  refused(functional({ a: [on("a")] }), "must not feed itself");
});

Deno.test("checkTopology() refuses names that stand twice, at every level", () => {
  const twice = [{ "class_name": "Dense", config: { name: "d" } }, {
    "class_name": "Dense",
    config: { name: "d" },
  }];
  refused(
    { "class_name": "Sequential", config: { layers: twice } },
    `current name "d" stands twice`,
  );
  const inner = { name: "inner", layers: twice };
  refused(
    functional({ x: [], inner: [on("x")] }, { inner }),
    `"d" stands twice`,
  );
});

Deno.test("checkTopology() refuses a model that lists no layers, or nests without end", () => {
  refused({ "class_name": "Mine", config: {} }, `current class is "Mine"`);
  let model: Record<string, unknown> = {
    "class_name": "Sequential",
    config: { name: "m", layers: [] },
  };
  for (let i = 0; i < 200; i++) {
    model = {
      "class_name": "Sequential",
      config: { name: `m${i}`, layers: [model] },
    };
  }
  refused(model, "at most 100 levels");
});
