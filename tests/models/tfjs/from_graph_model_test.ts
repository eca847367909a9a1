import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { fromGraphModel } from "../../../lib/models/tfjs/from_graph_model.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../../lib/models/graph/model_graph.ts";

await tf.setBackend("cpu");

async function opened(name: string): Promise<ModelGraph> {
  const url = new URL(
    `../../data/graph_models/${name}/model.json`,
    import.meta.url,
  );
  return modelGraphOf(await loadModel(url))!;
}

/** A graph model as TF.js holds one, of a few operations. */
function graphModel(
  nodes: Record<string, { op: string; inputs?: string[]; outputs?: string[] }>,
  modelSignature: unknown = {},
) {
  const made = new Map<string, Record<string, unknown>>();
  for (const [name, { op, outputs }] of Object.entries(nodes)) {
    made.set(name, {
      name,
      op,
      inputNames: [],
      inputs: [],
      attrParams: {},
      outputs,
    });
  }
  for (const [name, { inputs = [] }] of Object.entries(nodes)) {
    made.get(name)!.inputNames = inputs;
    made.get(name)!.inputs = inputs.map((input) =>
      made.get(input.split(":")[0]!)
    );
  }
  const all = [...made.values()];
  const graph = {
    nodes: Object.fromEntries(made),
    inputs: all.filter(({ op }) => op === "Placeholder"),
    outputs: all.slice(-1),
  };
  const executor = {
    graph,
    weightMap: { c: [tf.scalar(1)], axes: [tf.tensor1d([1, 2], "int32")] },
  };
  return {
    executor,
    inputs: [],
    outputs: [],
    modelSignature,
  } as unknown as tf.GraphModel;
}

Deno.test("fromGraphModel() lists operations after what feeds them, whatever the file's order", () => {
  const model = fromGraphModel(graphModel({
    last: { op: "Add", inputs: ["middle", "c"] },
    middle: { op: "Relu", inputs: ["x"] },
    c: { op: "Const" },
    x: { op: "Placeholder" },
    end: { op: "Identity", inputs: ["last"] },
  }));
  assertEquals(model.layers.map(({ name, index }) => [name, index]), [
    ["middle", 0],
    ["last", 1],
    ["end", 2],
  ]);
  assertEquals(model.findLayer(-1).name, "end");
  assertEquals(model.findLayer("last").inbound, ["middle"]);
  assertEquals(model.findLayer("last").numParameters, 1);
});

Deno.test("fromGraphModel() comes to an end on loops of control flow", () => {
  const model = modelGraphOf(fromGraphModel(graphModel({
    x: { op: "Placeholder" },
    merge: { op: "Merge", inputs: ["x", "next"] },
    next: { op: "NextIteration", inputs: ["merge"] },
  })))!;
  assertEquals(model.layers.length, 2);
});

Deno.test("fromGraphModel() tells outputs of one operation apart", () => {
  const model = modelGraphOf(fromGraphModel(graphModel({
    x: { op: "Placeholder" },
    parts: { op: "Split", inputs: ["x"], outputs: ["left", "right"] },
    second: { op: "Identity", inputs: ["parts:1"] },
    named: { op: "Identity", inputs: ["parts:right"] },
  })))!;
  for (const name of ["second", "named"]) {
    assertEquals(model.findNode(name).inputs[0]!.index, 1);
  }
});

Deno.test("fromGraphModel() goes by the signature for which output of an operation is the model's", () => {
  const model = fromGraphModel(graphModel({
    x: { op: "Placeholder" },
    parts: { op: "Split", inputs: ["x"] },
  }, { outputs: { b: { name: "parts:1" }, a: { name: "parts" } } }));
  const { outputRefs } = modelGraphOf(model)!;
  assertEquals(
    outputRefs.map(({ node, index }) => [node.row.name, index]),
    [["parts", 1], ["parts", 0]],
  );
});

Deno.test("fromGraphModel() counts shapes and axes as no weights", async () => {
  const model = fromGraphModel(graphModel({
    x: { op: "Placeholder" },
    axes: { op: "Const" },
    turned: { op: "Transpose", inputs: ["x", "axes"] },
  }));
  assertEquals(model.findLayer("turned").numParameters, 0);
  assertEquals(Object.keys(await model.getWeights("turned")), []);
});

Deno.test("fromGraphModel() gives an operation's constants as its weights", async () => {
  await using model = await opened("mlp");
  const row = model.layers.find(({ kind }) => kind === "_FusedMatMul")!;
  const weights = await model.getWeights(row.name);
  assertEquals(Object.values(weights).map(({ shape }) => shape.length), [2, 1]);
  assertEquals(
    row.numParameters,
    Object.values(weights).reduce((sum, { data }) => sum + data.length, 0),
  );
});

Deno.test("fromGraphModel() knows the shapes of inputs and outputs", async () => {
  await using model = await opened("two_inputs");
  assertEquals(model.inputs.length, 2);
  for (const { shape } of [...model.inputs, ...model.outputs]) {
    assertEquals(shape[0], null);
    assert(shape.length > 1);
  }
});

Deno.test("fromGraphModel() frees nothing of the caller's", async () => {
  const model = graphModel({
    x: { op: "Placeholder" },
    y: { op: "Relu", inputs: ["x"] },
  });
  const before = tf.memory().numTensors;
  await fromGraphModel(model).close();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("fromGraphModel() refuses what is no graph model, and one without operations", () => {
  for (const wrong of [tf.sequential(), {}]) {
    assertThrows(
      () => fromGraphModel(wrong as never),
      TypeError,
      "must be a tf.GraphModel",
    );
  }
  assertThrows(
    () => fromGraphModel(graphModel({ x: { op: "Placeholder" } })),
    TypeError,
    "must have operations",
  );
});

/** `x · factor`, or `-x`, by functions of the graph. */
async function branches(factor: number, other = "Neg"): Promise<string> {
  const FLOAT = { type: "DT_FLOAT" };
  const BOOL = { type: "DT_BOOL" };
  const constant = (name: string, dtype: typeof FLOAT) => ({
    name,
    op: "Const",
    attr: { dtype, value: { tensor: { dtype: dtype.type, tensorShape: {} } } },
  });
  const body = (name: string, nodeDef: unknown[]) => ({
    signature: {
      name,
      inputArg: [{ name: "a", type: "DT_FLOAT" }],
      outputArg: [{ name: "b", type: "DT_FLOAT" }],
    },
    nodeDef,
    ret: { b: "r:z:0" },
  });
  const dim = [{ size: "-1" }, { size: "2" }];
  const graph = await tf.loadGraphModel(tf.io.fromMemory({
    modelTopology: {
      node: [
        {
          name: "x",
          op: "Placeholder",
          attr: { dtype: FLOAT, shape: { shape: { dim } } },
        },
        constant("is_on", BOOL),
        {
          name: "y",
          op: "StatelessIf",
          input: ["is_on", "x"],
          attr: {
            "then_branch": { func: { name: "then" } },
            "else_branch": { func: { name: "else" } },
          },
        },
      ],
      library: {
        function: [
          body("then", [
            constant("then/factor", FLOAT),
            {
              name: "r",
              op: "Mul",
              input: ["a", "then/factor"],
              attr: { T: FLOAT },
            },
          ]),
          body("else", [
            { name: "r", op: other, input: ["a"], attr: { T: FLOAT } },
          ]),
        ],
      },
      versions: { producer: 440 },
    },
    weightSpecs: [
      { name: "is_on", shape: [], dtype: "bool" },
      { name: "then/factor", shape: [], dtype: "float32" },
    ],
    weightData:
      Uint8Array.of(1, ...new Uint8Array(Float32Array.of(factor).buffer))
        .buffer,
  }));
  try {
    return await modelGraphOf(fromGraphModel(graph))!.fingerprint();
  } finally {
    graph.dispose();
  }
}

Deno.test("the fingerprint of a graph model covers the functions that it calls", async () => {
  const hashes = await Promise.all([
    branches(2),
    branches(3),
    branches(2, "Abs"),
  ]);
  assertEquals(new Set(hashes).size, 3);
  assertEquals(await branches(2), hashes[0]);
});

Deno.test("fromGraphModel() refuses operations that depend on themselves", () => {
  const nodes = {
    x: { op: "Placeholder" },
    a: { op: "Identity", inputs: ["b"] },
    b: { op: "Identity", inputs: ["a"] },
    y: { op: "Add", inputs: ["x", "a"] },
  };
  assertThrows(
    () => fromGraphModel(graphModel(nodes)),
    TypeError,
    "no operation may depend on itself",
  );
});

Deno.test("fromGraphModel() leaves a placeholder with a default at it, if the signature does not list it", async () => {
  const FLOAT = { type: "DT_FLOAT" };
  const shape = (...sizes: number[]) => ({
    dim: sizes.map((size) => ({ size: String(size) })),
  });
  const tensor = (name: string) => ({
    name: `${name}:0`,
    dtype: "DT_FLOAT",
    tensorShape: shape(-1, 2),
  });
  const tensorOf = { dtype: "DT_FLOAT", tensorShape: {} };
  const graph = await tf.loadGraphModel(tf.io.fromMemory(
    {
      modelTopology: {
        node: [
          {
            name: "x",
            op: "Placeholder",
            attr: { dtype: FLOAT, shape: { shape: shape(-1, 2) } },
          },
          {
            name: "half",
            op: "Const",
            attr: { dtype: FLOAT, value: { tensor: tensorOf } },
          },
          {
            name: "keep",
            op: "PlaceholderWithDefault",
            input: ["half"],
            attr: { dtype: FLOAT, shape: { shape: {} } },
          },
          { name: "y", op: "Mul", input: ["x", "keep"], attr: { T: FLOAT } },
        ],
        versions: { producer: 440 },
      },
      signature: { inputs: { x: tensor("x") }, outputs: { y: tensor("y") } },
      weightSpecs: [{ name: "half", shape: [], dtype: "float32" }],
      weightData: Float32Array.of(0.5).buffer,
    } as Parameters<typeof tf.io.fromMemory>[0],
  ));
  const model = fromGraphModel(graph);
  assertEquals(model.inputs.map(({ name }) => name), ["x"]);
  const set = await new FeatureExtractor(model).layers(["y"]).predict({
    data: Float32Array.of(2, 4),
    shape: [1, 2],
    dtype: "float32",
  });
  assertEquals([...set.features[0]!.data], [1, 2]);
  graph.dispose();
});
