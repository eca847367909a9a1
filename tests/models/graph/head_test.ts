import type { Shape } from "@tensorflow/tfjs";
import { tf } from "../../../lib/tf.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import type { Ref } from "../../../lib/models/graph/graph.ts";
import { headAt, searchHead } from "../../../lib/models/graph/head.ts";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../../lib/models/graph/model_graph.ts";
import type { TensorSpec } from "../../../lib/types.ts";
import { called, dense } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

const { layers } = tf;

function graph(...list: tf.layers.Layer[]): ModelGraph {
  return modelGraphOf(fromLayersModel(tf.sequential({ layers: list })))!;
}

/** What the walk finds, in names. */
function found(model: ModelGraph) {
  const { logits } = searchHead(model.outputRefs);
  return logits && {
    head: logits.head?.node.row.name,
    penultimate: logits.head?.penultimate.node.row.name,
    direct: logits.direct?.node.row.name,
    activation: logits.activation,
    removed: logits.removed,
  };
}

const STEM = () => dense("stem", 4, { inputShape: [3], activation: "relu" });

Deno.test("searchHead() takes a plain Dense as it is", () => {
  assertEquals(found(graph(STEM(), dense("head"))), {
    head: "head",
    penultimate: "stem",
    direct: "head",
    activation: "none",
    removed: [],
  });
});

for (
  const [activation, name] of [["softmax", "softmax"], [
    "sigmoid",
    "sigmoid",
  ]] as const
) {
  Deno.test(`searchHead() takes a fused ${activation} off`, () => {
    assertEquals(found(graph(STEM(), dense("head", 2, { activation }))), {
      head: "head",
      penultimate: "stem",
      direct: undefined,
      activation: name,
      removed: ["head"],
    });
  });

  Deno.test(`searchHead() walks back through a ${activation} of its own`, () => {
    const end = layers.activation({ activation, name: "end" });
    assertEquals(found(graph(STEM(), dense("head"), end)), {
      head: "head",
      penultimate: "stem",
      direct: "head",
      activation: name,
      removed: ["end"],
    });
  });
}

Deno.test("searchHead() walks back through a Softmax layer over the last axis only", () => {
  const last = graph(STEM(), dense("head"), layers.softmax({ name: "end" }));
  assertEquals(found(last)?.removed, ["end"]);
  const rows = layers.reshape({ targetShape: [2, 2], name: "rows" });
  const first = graph(STEM(), rows, layers.softmax({ axis: 1, name: "end" }));
  assertEquals(found(first), undefined);
});

Deno.test("searchHead() walks back through what does nothing at inference", () => {
  const model = graph(
    STEM(),
    dense("head"),
    layers.dropout({ rate: 0.5 }),
    layers.reshape({ targetShape: [2, 1] }),
    layers.flatten(),
    layers.activation({ activation: "linear" }),
    layers.activation({ activation: "softmax", name: "end" }),
  );
  assertEquals(found(model), {
    head: "head",
    penultimate: "stem",
    direct: "head",
    activation: "softmax",
    removed: ["end"],
  });
});

Deno.test("searchHead() finds a head inside a nested model", () => {
  const inner = tf.sequential({
    name: "inner",
    layers: [dense("head", 2, { inputShape: [4], activation: "softmax" })],
  });
  assertEquals(found(graph(STEM(), inner)), {
    head: "inner/head",
    penultimate: "stem",
    direct: undefined,
    activation: "softmax",
    removed: ["inner/head"],
  });
});

Deno.test("searchHead() takes what feeds the head, not the layer listed before it", () => {
  const x = tf.input({ shape: [3], name: "x" });
  const pen = called(dense("pen", 4), x);
  const aside = called(dense("aside", 5), pen);
  const head = called(dense("head", 2), pen);
  const both = [head, aside];
  const model = tf.model({ inputs: x, outputs: head });
  assertEquals(
    found(modelGraphOf(fromLayersModel(model))!)?.penultimate,
    "pen",
  );
  const two = modelGraphOf(fromLayersModel(
    tf.model({ inputs: x, outputs: both }),
  ))!;
  assertEquals(found(two), undefined);
  assertEquals(searchHead(two.outputRefs).why, "the model has 2 outputs");
});

Deno.test("searchHead() takes a convolution over one position, and none over a map", () => {
  const conv = (size: number) =>
    graph(
      layers.conv2d({
        name: "conv",
        filters: 4,
        kernelSize: 3,
        inputShape: [size, size, 1],
      }),
      layers.conv2d({ name: "head", filters: 2, kernelSize: 1 }),
      layers.flatten(),
      layers.activation({ activation: "softmax" }),
    );
  const one = conv(3);
  assertEquals(found(one)?.head, "head");
  assertEquals(searchHead(one.outputRefs).logits?.head?.isConvolution, true);
  const map = conv(5);
  assertEquals(found(map)?.head, undefined);
});

Deno.test("searchHead() gives a softmax's input as logits where no linear layer stands under it", () => {
  const model = graph(
    layers.conv2d({
      name: "conv",
      filters: 3,
      kernelSize: 3,
      inputShape: [6, 6, 1],
      activation: "relu",
    }),
    layers.globalAveragePooling2d({ name: "pooled" }),
    layers.activation({ activation: "softmax", name: "end" }),
  );
  assertEquals(found(model), {
    head: undefined,
    penultimate: undefined,
    direct: "pooled",
    activation: "softmax",
    removed: ["end"],
  });
});

Deno.test("searchHead() finds no logits where the end is no head, and says what it looked at", () => {
  const relu = graph(STEM(), dense("end", 2, { activation: "relu" }));
  assertEquals(found(relu), undefined);
  const search = searchHead(relu.outputRefs);
  assertEquals(search.looked, ["end"]);
  assertEquals(search.why, `"end" is not a linear layer`);
  const norm = graph(
    STEM(),
    dense("head"),
    layers.batchNormalization({ name: "norm" }),
  );
  assertEquals(searchHead(norm.outputRefs).looked, ["norm"]);
});

Deno.test("searchHead() takes a fused log-softmax off", () => {
  const head = dense("head", 2, {
    activation: "logSoftmax" as never, // TF.js knows it, its types do not
  });
  assertEquals(found(graph(STEM(), head)), {
    head: "head",
    penultimate: "stem",
    direct: undefined,
    activation: "softmax",
    removed: ["head"],
  });
});

Deno.test("searchHead() goes by the activation that a layer has now", () => {
  const head = dense("head", 2);
  const model = graph(STEM(), head);
  assertEquals(found(model)?.activation, "none");
  const { activation } = dense("other", 2, { activation: "softmax" }) as never;
  Object.assign(head, { activation });
  assertEquals(found(model)?.activation, "softmax");
});

Deno.test("searchHead() finds no logits in a softmax at each position of a map", () => {
  const stem = () =>
    layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 1] });
  const end = () => layers.softmax({ name: "end", axis: -1 });
  const conv = layers.conv2d({ filters: 2, kernelSize: 1, name: "conv" });
  assertEquals(found(graph(stem(), conv, end())), undefined);
  assertEquals(found(graph(stem(), end(), layers.flatten())), undefined);
});

Deno.test("searchHead() takes no layer whose units a softmax is over in parts", () => {
  const parts = layers.reshape({ targetShape: [3, 4], name: "parts" });
  const model = graph(
    STEM(),
    dense("head", 12),
    parts,
    layers.softmax({ axis: -1 }),
  );
  assertEquals(found(model), undefined);
  assertEquals(
    searchHead(model.outputRefs).why,
    `"head" does not have one row per sample`,
  );
});

/** A convolution of one place in a graph that says nothing of shapes. */
function shapeless(outputs: readonly TensorSpec[]): Ref {
  const row = (kind: string, specs: readonly TensorSpec[] = []) => ({
    name: kind,
    kind,
    config: {},
    outputs: specs,
    numParameters: 0,
    inbound: [],
  });
  const operation = (
    kind: string,
    inputs: readonly Ref[],
    constants: ReadonlyMap<number, () => tf.Tensor>,
    specs?: readonly TensorSpec[],
  ): Ref => {
    const call = { kind: "raw" as const, constants };
    const node = { row: row(kind, specs), id: 0, isListed: true, inputs, call };
    return { node: { ...node, weights: () => [] }, index: 0 };
  };
  const kernel = { shape: [1, 1, 3, 2] } as tf.Tensor;
  const x = operation("Relu", [], new Map());
  const conv = operation("Conv2D", [x], new Map([[1, () => kernel]]));
  return operation("Reshape", [conv], new Map(), outputs);
}

Deno.test("searchHead() uses the output where a graph says nothing of a map's positions", () => {
  const spec = (shape: number[]): TensorSpec => ({
    name: "y",
    shape: [null, ...shape],
    dtype: "float32",
  });
  const names = [[2], [1, 1, 2], [32], [4, 4, 2]].map((shape) =>
    searchHead([shapeless([spec(shape)])]).logits?.head?.node.row.name
  );
  assertEquals(names, ["Conv2D", "Conv2D", undefined, undefined]);
  assertEquals(searchHead([shapeless([])]).logits, undefined);
});

Deno.test("searchHead() trusts no custom class for its name", () => {
  class Dense extends tf.layers.Layer {
    static className = "Dense";
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.mul([inputs].flat()[0]!, 2);
    }
    override computeOutputShape(shape: Shape): Shape {
      return shape;
    }
  }
  assertEquals(found(graph(STEM(), new Dense({ name: "mine" }))), undefined);
});

Deno.test("headAt() takes the layer that is passed, before its own activation", () => {
  const model = graph(STEM(), dense("head"));
  const logits = headAt(model.findNode("stem"));
  assertEquals(logits.head?.node.row.name, "stem");
  assertEquals(logits.direct, undefined); // relu is fused in it
  assertEquals(logits.removed, ["stem"]);
  assertEquals(headAt(model.findNode("head")).direct?.node.row.name, "head");
});

Deno.test("headAt() takes the linear layer under a softmax, and a nested model's end", () => {
  const inner = tf.sequential({
    name: "inner",
    layers: [dense("head", 2, { inputShape: [4] })],
  });
  const model = graph(STEM(), inner, layers.softmax({ name: "end" }));
  const { direct, head } = headAt(model.findNode("end"));
  assertEquals(direct?.node.row.name, "inner/head");
  assertEquals(head?.node.row.name, "inner/head");
  assertEquals(
    headAt(model.findNode("inner")).head?.node.row.name,
    "inner/head",
  );
});

Deno.test("headAt() refuses a convolution or a softmax over a map", () => {
  const model = graph(
    layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 1] }),
    layers.conv2d({ name: "conv", filters: 2, kernelSize: 1 }),
    layers.softmax({ name: "end", axis: -1 }),
  );
  for (const name of ["conv", "end"]) {
    assertThrows(
      () => headAt(model.findNode(name)),
      TypeError,
      `Cannot set head as what layer "${name}" receives must have one position, [N, D], or time steps: current value is [null, 4, 4, 2]`,
    );
  }
});

Deno.test("headAt() refuses what gives no logits", () => {
  const model = graph(STEM(), layers.batchNormalization({ name: "norm" }));
  assertThrows(
    () => headAt(model.findNode("norm")),
    TypeError,
    `Cannot set head as layer "norm" must be linear, or lead back to a linear layer through activations and reshaping alone: current value is "BatchNormalization"; looked at "norm"`,
  );
});
