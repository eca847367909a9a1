import { assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel, loadModel, tf } from "@sonde/sonde";
import {
  datasetSpecs,
  fedArrays,
  feedsOf,
  tensorName,
} from "../../lib/extractor/feeds.ts";
import type { Feed } from "../../lib/engines/schedule.ts";
import type { TensorSpec } from "../../lib/types.ts";
import type { GraphNode } from "../../lib/models/graph/graph.ts";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../lib/models/graph/model_graph.ts";
import { counted } from "../support/backends.ts";
import { onnxBytes } from "../support/onnx_bytes.ts";
import { filled, free, nested, Parts, shared } from "./_models.ts";

const graphOf = (model: tf.LayersModel) =>
  modelGraphOf(fromLayersModel(model))!;
const namesOf = (graph: ModelGraph, id?: string) =>
  feedsOf(graph, id === undefined ? undefined : graph.findNode(id))
    .map(({ spec }) => spec.name);

counted(
  "feedsOf() returns the model's inputs, or what a layer receives",
  () => {
    const model = shared();
    const graph = graphOf(model);
    assertEquals(namesOf(graph), ["a", "b"]);
    assertEquals(namesOf(graph, "a"), ["a"]);
    assertEquals(namesOf(graph, "widen"), ["b"]);
    assertEquals(namesOf(graph, "both"), ["twice", "twice:1"]);
    const [left] = feedsOf(graph, graph.findNode("both"));
    assertEquals(left!.spec, {
      name: "twice",
      shape: [null, 4],
      dtype: "float32",
      channels: "last",
    });
    free(model);
  },
);

counted("feedsOf() resolves nested models and their inputs", () => {
  const model = nested();
  const graph = graphOf(model);
  assertEquals(namesOf(graph, "outer"), ["stem"]);
  assertEquals(namesOf(graph, "outer/before"), ["stem"]);
  assertEquals(namesOf(graph, "outer/inner/deep"), ["outer/before"]);
  free(model);
});

counted("feedsOf() names each tensor once, and apart", () => {
  const input = tf.input({ shape: [1], name: "x" });
  const [plus, sum] = new Parts({ name: "parts" })
    .apply(input) as tf.SymbolicTensor[];
  const output = tf.layers.add({ name: "sum" }).apply([sum!, plus!, sum!]);
  const model = filled(
    tf.model({ inputs: input, outputs: output as tf.SymbolicTensor }),
  );
  assertEquals(namesOf(graphOf(model), "sum"), ["parts[1]", "parts[0]"]);
  free(model);
});

counted(
  "feedsOf() resolves the input layer of a nested model to the tensor that it passes on",
  () => {
    const inner = tf.input({ shape: [3], name: "inner" });
    const backbone = tf.model({
      name: "backbone",
      inputs: inner,
      outputs: tf.layers.dense({ units: 2 }).apply(inner) as tf.SymbolicTensor,
    });
    const input = tf.input({ shape: [4], name: "x" });
    const stem = tf.layers.dense({ name: "stem", units: 3 }).apply(input);
    const output = backbone.apply(stem) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: output });
    assertEquals(namesOf(graphOf(model), "backbone/inner"), ["stem"]);
    free(model);
  },
);

counted("feedsOf() refuses a node that receives nothing", () => {
  const model = shared();
  const graph = graphOf(model);
  const node = graph.findNode("widen");
  const constant: GraphNode = { ...node, inputs: [] };
  assertThrows(
    () => feedsOf(graph, constant),
    TypeError,
    'Cannot set input as the layer must receive something: current value is "widen"; name one that is called on others',
  );
  assertEquals(tensorName({ node, index: 0 }), "widen");
  assertEquals(feedsOf(graph, node).length, 1); // one that is called on others
  free(model);
});

const TEXT: TensorSpec = { name: "text", shape: [null], dtype: "string" };
const SIZE: TensorSpec = { name: "size", shape: [null], dtype: "float32" };
const LENGTHS = {
  dtype: "int32",
  shapeOf: () => [null],
  compute: ({ data }: { data: unknown }) => ({
    data: Int32Array.from((data as string[]).map(({ length }) => length)),
    shape: [2],
  }),
} as const;
const ref = {} as Feed["ref"];

Deno.test("datasetSpecs() lists each input once, and fedArrays() computes on the host", () => {
  const ids: TensorSpec = { name: "ids", shape: [null], dtype: "int32" };
  const made = (name: string): Feed => ({
    ref,
    spec: { ...ids, name },
    host: { specs: [TEXT], all: [TEXT, SIZE], computation: LENGTHS },
  });
  const feeds = [made("a"), { ref, spec: SIZE }, made("b")];
  assertEquals(datasetSpecs(feeds), [TEXT, SIZE]);
  const size = {
    data: Float32Array.of(5, 6),
    shape: [2],
    dtype: "float32",
  } as const;
  const strings = { data: ["x", "yy"], shape: [2], dtype: "string" } as const;
  const lengths = {
    data: Int32Array.of(1, 2),
    shape: [2],
    dtype: "int32" as const,
  };
  assertEquals(fedArrays(feeds, [strings, size]), [lengths, size, lengths]);
  assertEquals(fedArrays([{ ref, spec: SIZE }], [size]), [size]);
  assertThrows(
    () => datasetSpecs([{ ref, spec: TEXT }]),
    TypeError,
    'Cannot read dataset as a model must take numbers or booleans at input "text": current value is "string"',
  );
});

Deno.test("datasetSpecs() lists strings for a model whose engine takes them", async () => {
  await using file = await loadModel(onnxBytes({
    nodes: [{ op: "Identity", in: ["x"], out: ["y"] }],
    inputs: [{ name: "x", type: 8, shape: ["N"] }],
    outputs: [{ name: "y", type: 8, shape: ["N"] }],
  }));
  const graph = modelGraphOf(file)!;
  const feeds = feedsOf(graph, undefined);
  const x: TensorSpec = { name: "x", shape: [null], dtype: "string" };
  assertEquals(datasetSpecs(feeds, graph), [x]);
  assertThrows(() => datasetSpecs(feeds), TypeError);
});
