import { assertEquals, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { checkTopology } from "../../../lib/models/tfjs/topology.ts";

type Node = [string, number, number, Record<string, unknown>];

/** A functional model: names, and for each layer the calls of it. */
function functional(
  calls: Record<string, Node[][]>,
  nested: Record<string, unknown> = {},
) {
  const layers = Object.entries(calls).map(([name, inbound]) => ({
    "class_name": name in nested
      ? "Functional"
      : inbound.length === 0
      ? "InputLayer"
      : "Dense",
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

Deno.test("checkTopology() names the layers of a cycle, not those after it", () => {
  refused(
    functional({ x: [], end: [on("b")], b: [on("a")], a: [on("b")] }),
    `layer "b" must not feed itself: current caller is "end"`,
  );
});

Deno.test("checkTopology() refuses a layer without calls that is called upon", () => {
  const topology = functional({ x: [], a: [on("b")], b: [on("x")] });
  const b = topology["model_config"].config.layers[2]!;
  b["inbound_nodes"] = [];
  refused(topology, `layer "b" must have call 0`);
});

Deno.test("checkTopology() lets layers call each other in turn, A(B(A(B(x))))", () => {
  checkTopology(
    functional({
      x: [],
      a: [on("b", 0), on("b", 1)],
      b: [on("x"), on("a", 0)],
    }),
    "",
  );
});

Deno.test("checkTopology() refuses calls that TF.js would number otherwise", () => {
  // At "a", its second call can be made, its first one not yet.
  refused(
    functional({ x: [], a: [on("b"), on("x")], b: [on("x")] }),
    `calls of layer "a" must stand in the order in which TF.js makes them: current call 1 would be made before call 0`,
  );
  checkTopology(
    functional({ x: [], b: [on("x")], a: [on("b"), on("x")] }),
    "",
  );
});

Deno.test("checkTopology() refuses calls that are not as Keras 2 lists them", () => {
  for (const node of [{ args: [], kwargs: {} }, [[3, 0, 0]], [["x", -1, 0]]]) {
    refused(
      functional({ x: [], a: [node as never] }),
      `current call of "a" is ${JSON.stringify(node)}`,
    );
  }
});

Deno.test("checkTopology() refuses inputs and outputs that are not there", () => {
  for (const end of ["input_layers", "output_layers"]) {
    for (const list of [["y", 0, 0], [["y", 0, 0]]]) {
      const topology = functional({ x: [], a: [on("x")] });
      Object.assign(topology["model_config"].config, { [end]: list });
      refused(topology, `layer "y" must be in the model`);
    }
  }
  const topology = functional({ x: [], a: [on("x")] });
  Object.assign(topology["model_config"].config, {
    "output_layers": [["a", 2, 0]],
  });
  refused(topology, `layer "a" must have call 2`);
});

Deno.test("checkTopology() refuses names of JavaScript's own", () => {
  refused(functional({ constructor: [] }), `"constructor"`);
});

Deno.test("checkTopology() looks into models that a layer wraps", () => {
  const inner = functional({ x: [], a: [on("y")] })["model_config"];
  const wrapper = {
    "class_name": "TimeDistributed",
    config: { name: "t", layer: inner },
  };
  refused(
    { "class_name": "Sequential", config: { layers: [wrapper] } },
    `layer "y" must be in the model`,
  );
});

Deno.test("checkTopology() takes a Sequential that only lists its layers", () => {
  checkTopology({
    "class_name": "Sequential",
    config: [{ "class_name": "Dense", config: { units: 1 } }],
  }, "");
});

Deno.test("checkTopology() leaves custom layers that list layers alone", () => {
  const custom = {
    "class_name": "Stack",
    name: "s",
    config: { name: "s", layers: [{ "class_name": "Dense", config: {} }, 3] },
    "inbound_nodes": [on("x")],
  };
  const topology = functional({ x: [], a: [on("s")] });
  topology["model_config"].config.layers.push(custom as never);
  checkTopology(topology, "");
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

Deno.test("checkTopology() refuses a layer with two names, on which TF.js never ends", () => {
  for (
    const [name, says] of [["b", '"b" and "a"'], [undefined, 'none and "a"']]
  ) {
    const topology = functional({ x: [], a: [on("x")] });
    const [, layer] = topology["model_config"].config.layers;
    Object.assign(layer!, { name });
    refused(topology, `must have one name: current names are ${says}`);
  }
  const nameless = functional({ x: [], a: [on("x")] });
  delete (nameless["model_config"].config.layers[0] as { name?: string }).name;
  refused(nameless, `layer "x" must be in the model`);
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
  refused(model, "at most 400 levels");
});
