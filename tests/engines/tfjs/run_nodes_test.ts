import { assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel, loadModel } from "@sonde/sonde";
import type { Shape } from "@tensorflow/tfjs";
import { tf } from "../../../lib/tf.ts";
import {
  nameOf,
  type NodeRun,
  rawCall,
  runNodes,
  type Values,
} from "../../../lib/engines/tfjs/run_nodes.ts";
import { schedule } from "../../../lib/engines/schedule.ts";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";
import { refKey } from "../../../lib/models/graph/graph.ts";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../../lib/models/graph/model_graph.ts";
import { counted } from "../../support/backends.ts";
import { branched, Doubling, free } from "../../extractor/_models.ts";

function runOf(graph: ModelGraph, ids: readonly string[]): NodeRun {
  const wanted = ids.map((id) => ({ node: graph.findNode(id), index: 0 }));
  const feeds = graph.inputRefs.map((ref, i) => ({
    ref,
    spec: graph.inputs[i]!,
  }));
  return {
    schedule: schedule(feeds, wanted),
    feeds,
    wanted,
    runtime: graph.runtime,
    backend: "cpu",
    callOf: () => undefined,
    weights: new Map(),
  };
}

function finished(run: NodeRun, inputs: tf.Tensor[]): Values {
  const steps = runNodes(run, inputs);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

counted(
  "runNodes() stops after each node, and returns what is wanted alone",
  () => {
    const model = branched();
    const run = runOf(modelGraphOf(fromLayersModel(model))!, ["left", "x"]);
    const x = tf.ones([2, 3]);
    const before = tf.memory().numTensors;
    const steps = runNodes(run, [x]);
    assertEquals([steps.next().done, steps.next().done], [false, false]);
    const { value, done } = steps.next();
    assertEquals(done, true);
    const values = value as Values;
    assertEquals([...values.keys()], run.wanted.map(refKey));
    assertEquals(tf.memory().numTensors, before + 2);
    tf.dispose([...values.values()]);
    assertEquals([...x.dataSync()], [1, 1, 1, 1, 1, 1]);
    x.dispose();
    free(model);
  },
);

counted("runNodes() frees what it made when it is left", () => {
  const model = branched();
  const run = runOf(modelGraphOf(fromLayersModel(model))!, ["head"]);
  const x = tf.ones([2, 3]);
  const before = tf.memory().numTensors;
  const steps = runNodes(run, [x]);
  steps.next();
  steps.next();
  steps.return(new Map());
  assertEquals(tf.memory().numTensors, before);
  x.dispose();
  free(model);
});

counted("what runNodes() holds is out of reach of the caller's scopes", () => {
  const model = branched();
  const run = runOf(modelGraphOf(fromLayersModel(model))!, ["head"]);
  const x = tf.ones([2, 3]);
  const steps = runNodes(run, [x]);
  let values: Values | undefined;
  while (values === undefined) {
    tf.engine().startScope();
    const step = steps.next();
    tf.engine().endScope();
    if (step.done) values = step.value;
  }
  for (const value of values.values()) assertEquals(value.dataSync().length, 6);
  tf.dispose([...values.values()]);
  x.dispose();
  free(model);
});

/** A layer that returns a tensor that it keeps. */
class Holding extends Doubling {
  static override className = "Holding";
  readonly held: tf.Tensor = tf.zeros([2, 3]);
  override call(): tf.Tensor {
    return this.held;
  }
}

counted("runNodes() leaves a layer what the layer holds", () => {
  const layer = new Holding({ name: "holding" });
  const model = tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [3] }),
      layer,
      new Doubling({ name: "doubling" }),
    ],
  });
  const graph = modelGraphOf(fromLayersModel(model))!;
  const x = tf.ones([2, 3]);
  for (const ids of [["holding"], ["doubling"]]) {
    const values = finished(runOf(graph, ids), [x]);
    tf.dispose([...values.values()]);
    assertEquals(layer.held.isDisposed, false);
  }
  tf.dispose([x, layer.held]);
});

counted(
  "runNodes() names the layer that fails, and what its backend lacks",
  () => {
    class Failing extends Doubling {
      static override className = "Failing";
      message = "";
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        super.call(inputs);
        if (this.message !== "") throw new Error(this.message);
        return 7 as never;
      }
    }
    const layer = new Failing({ name: "failing" });
    layer.computeOutputShape = (shape) => shape as Shape;
    const model = tf.sequential({
      layers: [tf.layers.inputLayer({ inputShape: [3] }), layer],
    });
    const run = runOf(modelGraphOf(fromLayersModel(model))!, ["failing"]);
    const x = tf.ones([2, 3]);
    assertThrows(
      () => finished(run, [x]),
      Error,
      'Cannot run layer "failing" (Failing): its call must return tensors, and returns 7',
    );
    layer.message = "Kernel 'Einsum' not registered for backend 'wasm'";
    assertThrows(
      () => finished(run, [x]),
      UnsupportedByEngineError,
      'Cannot run layer "failing" as its backend must have kernel "Einsum": current engine is "tfjs:cpu"',
    );
    assertThrows(
      () => finished({ ...run, backend: "wasm" }, [x]),
      UnsupportedByEngineError,
      'use .engine("tfjs", { backend: "cpu" })',
    );
    x.dispose();
  },
);

counted("runNodes() runs the operations of a graph as one", async () => {
  const path = new URL(
    "../../data/graph_models/mlp/model.json",
    import.meta.url,
  );
  await using model = await loadModel(path);
  const graph = modelGraphOf(model)!;
  const last = graph.listed.at(-1)!.row.name;
  const run = runOf(graph, [last]);
  const [rows, width] = [2, graph.inputs[0]!.shape[1]!];
  const x = tf.ones([rows, width]);
  const { byName, fetched } = rawCall(
    run.feeds,
    run.wanted,
    new Map([[refKey(run.feeds[0]!.ref), x]]),
  );
  assertEquals(Object.keys(byName), [graph.inputs[0]!.name]);
  assertEquals(fetched.map(nameOf), [last]);
  assertEquals(
    nameOf({ node: graph.listed[0]!, index: 1 }),
    `${graph.listed[0]!.row.name}:1`,
  );
  const values = finished(run, [x]);
  assertEquals([...values.values()].map(({ shape }) => shape[0]), [rows]);
  tf.dispose([...values.values(), x]);
});
