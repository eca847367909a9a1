// deno-lint-ignore-file camelcase -- Keras' own keys
import { tf } from "../../../lib/tf.ts";
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
import { openOn, OUR_ENGINES } from "../../support/open_on.ts";

await tf.setBackend("cpu");

const X = [["x", 0, 0]];
const D = { "d/kernel": [2, 2], "d/bias": [2] };

function refused(config: Json, says: string, custom = {}): void {
  const error = assertThrows(
    () => graphOf(config, D, custom),
    ModelFormatError,
    says,
  );
  assertEquals(error.message.includes("hand.keras"), true);
}

/** `x [2]` and some layers, the last of which is the output. */
function model(...layers: Json[]): Json {
  const name = layers.at(-1)!.name;
  return functional("m", [input("x", [2]), ...layers], X, [[name, 0, 0]]);
}

Deno.test("layerGraph() names calls, nested layers and their indices as Keras does", () => {
  const core = functional(
    "core",
    [input("c", [2]), dense("d", 2, [call([tensor("c")])])],
    [["c", 0, 0]],
    [["d", 0, 0]],
    [call([tensor("x")]), call([tensor("core")])],
  );
  const double = {
    module: "keras.src.ops.numpy",
    class_name: "Multiply",
    name: "multiply",
    config: { name: "multiply" },
    inbound_nodes: [call([tensor("core", 1), 2])],
  };
  const graph = graphOf(
    model(
      core,
      double,
      layer("relu", "ReLU", {}, [call([tensor("multiply")])]),
    ),
    D,
  );
  assertEquals(
    graph.layers.map(({ name, index, inbound }) => [name, index, inbound]),
    [
      ["x", 0, []],
      ["core", 1, ["x"]],
      ["core/c", undefined, []],
      ["core/d", undefined, ["core/c"]],
      ["core:1", undefined, ["core"]],
      ["core:1/c", undefined, []],
      ["core:1/d", undefined, ["core:1/c"]],
      ["multiply", undefined, ["core:1"]],
      ["relu", 2, ["multiply"]],
    ],
  );
  assertEquals(graph.numParameters, 6);
  assertEquals(graph.findLayer(-1).name, "relu");
});

Deno.test("layerGraph() names all unknown layers at once, and what to pass", () => {
  refused(
    model(
      layer("a", "Mine", {}, [call([tensor("x")])]),
      layer("b", "Yours", {}, [call([tensor("a")])]),
    ),
    `"a" (Mine of keras.layers), "b" (Yours of keras.layers); pass customObjects: { Mine: …, Yours: … }`,
  );
});

Deno.test("layerGraph() refuses options and call arguments that nobody reads", () => {
  const odd = dense("d", 2, [call([tensor("x")])]);
  (odd.config as Json).twist = 3;
  refused(model(odd), `"twist"`);
  refused(
    model(dense("d", 2, [call([tensor("x")], { twist: 3 })])),
    `argument "twist"`,
  );
});

Deno.test("layerGraph() refuses cycles, and tensors that are not there", () => {
  const on = (name: string, k = 0, i = 0) => [call([tensor(name, k, i)])];
  refused(model(dense("d", 2, on("d"))), "must not depend on itself");
  refused(
    model(layer("a", "ReLU", {}, on("b")), layer("b", "ReLU", {}, on("a"))),
    "must not depend on itself",
  );
  refused(model(dense("d", 2, on("y"))), "existing layers");
  refused(model(dense("d", 2, on("x", 3))), "call 3 of x");
  refused(model(dense("d", 2, on("x", 0, 1))), `output 1 of "x"`);
  const config = functional("m", [input("x", [2])], X, [["x", 0, 2]]);
  refused(config, `output 2 of "x"`);
  const core = functional("core", [input("c", [2])], [["c", 0, 0]], [
    ["c", 0, 0],
  ], on("x"));
  refused(model(core, layer("r", "ReLU", {}, on("core", 0, 4))), "output 4");
});

Deno.test("layerGraph() tells an operation from a layer of the same name without modules", () => {
  const bare = (json: Json) => ({ ...json, module: undefined });
  const x = tensor("x");
  const both = model(
    bare(layer("l", "Add", {}, [call([[x, x]])])),
    {
      class_name: "Add",
      name: "o",
      config: { name: "o" },
      inbound_nodes: [call([tensor("l"), 1])],
    },
  );
  assertEquals(
    graphOf(both).layers.map(({ index }) => index),
    [0, 1, undefined],
  );
});

/** `x · w · factor + shift`, where rows are not masked. */
const scaled: LayerFactory = (config) => {
  const { factor } = config.raw("my_options") as { factor: number };
  assertEquals(config.string("layer_key"), "res_block_2"); // not camel-cased
  return {
    weights: ["w"],
    call(ops, [x], { w }, { args }) {
      const y = ops.multiply(ops.multiply(x!, w!), ops.constant(factor));
      return [ops.add(y, ops.constant(args.shift as number))];
    },
  };
};

for (const engine of OUR_ENGINES) {
  Deno.test(`layerGraph() runs custom layers with config, weights and call arguments (${engine})`, async () => {
    const options = {
      layer_key: "res_block_2",
      my_options: { factor: 3 },
    };
    const graph = graphOf(
      model(
        layer("s", "Scaled", options, [call([tensor("x")], { shift: 0.5 })]),
      ),
      { "s/w": [2] },
      { Scaled: scaled },
    );
    await using opened = await openOn(graph, engine);
    const [y] = await opened.run([
      { data: Float32Array.of(1, 2), shape: [1, 2], dtype: "float32" },
    ]);
    assertEquals([...y!.data], [3.5, 6.5]);
  });

  Deno.test(`layerGraph() hands a custom layer the mask of its input (${engine})`, async () => {
    const counted: LayerFactory = () => ({
      weights: [],
      call: (ops, _inputs, _weights, { masks }) => [
        ops.sum(ops.cast(masks[0]!, "float32"), { axis: [1] }),
      ],
    });
    const graph = graphOf(
      functional(
        "m",
        [
          input("x", [3, 1]),
          layer("mask", "Masking", { mask_value: 0 }, [call([tensor("x")])]),
          layer("n", "Counted", {}, [call([tensor("mask")])]),
        ],
        X,
        [["n", 0, 0]],
      ),
      {},
      { Counted: counted },
    );
    await using opened = await openOn(graph, engine);
    const data = Float32Array.of(0, 1, 2, 0, 0, 3);
    const [n] = await opened.run([{
      data,
      shape: [2, 3, 1],
      dtype: "float32",
    }]);
    assertEquals([...n!.data], [2, 1]);
  });
}

Deno.test("layerGraph() refuses call arguments and options that a custom layer does not read", () => {
  const options = { layer_key: "res_block_2", my_options: { factor: 3 } };
  const twisted = [call([tensor("x")], { shift: 0.5, twist: 2 })];
  const says = (json: Json, text: string) => {
    const custom = { Scaled: scaled };
    const error = assertThrows(
      () => graphOf(model(json), { "s/w": [2] }, custom),
      ModelFormatError,
      text,
    );
    assertEquals(error.message.includes('"s"'), true);
  };
  says(
    layer("s", "Scaled", options, twisted),
    'argument "twist" must be a known one',
  );
  says(
    layer("s", "Scaled", { ...options, twist: 2 }, [
      call([tensor("x")], { shift: 0.5 }),
    ]),
    'option "twist" must be a known one',
  );
});

Deno.test("layerGraph() names a custom layer's weights, and gives those of a nested model under their path", async () => {
  const core = functional(
    "core",
    [input("c", [2]), dense("d", 2, [call([tensor("c")])])],
    [["c", 0, 0]],
    [["d", 0, 0]],
    [call([tensor("x")])],
  );
  const graph = graphOf(
    functional("m", [input("x", [2]), core], X, [["core", 1, 0]]),
    D,
  );
  assertEquals(Object.keys(await graph.getWeights("core")), [
    "d/kernel",
    "d/bias",
  ]);
});
