import { assertEquals, assertRejects } from "@std/assert";
import { fromGraphModel, loadModel, tf } from "@sonde/sonde";
import type { io } from "@tensorflow/tfjs";
import { Pacer } from "../../../lib/formats/pacer.ts";
import type { BackendName } from "../../../lib/engines/tfjs/backend.ts";
import { openTfjs } from "../../../lib/engines/tfjs/tfjs_session.ts";
import { compile } from "../../../lib/extractor/compile.ts";
import { graphOf } from "../../support/graph_of.ts";
import { DEFAULTS, type Settings } from "../../../lib/extractor/settings.ts";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../../lib/models/graph/model_graph.ts";
import { scale } from "../../../lib/shaping/scale.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { counted, onBackends } from "../../support/backends.ts";
import {
  array,
  Doubling,
  filled,
  free,
  mlp,
  predicted,
} from "../../extractor/_models.ts";

async function open(
  graph: ModelGraph,
  backend: BackendName,
  change: Partial<Settings> = {},
) {
  const program = await compile(graph, { ...DEFAULTS, ...change });
  return await openTfjs(program, backend);
}

onBackends(
  "run() returns what the program asks for, in arrays",
  async ({ name }) => {
    const model = mlp("linear");
    const graph = graphOf(model);
    const layers = [graph.findNode("hidden")];
    await using session = await open(graph, name, {
      layers,
      penultimate: "plain",
      shaping: scale(0.5),
    });
    const x = array([3, 4]);
    const found = await session.run([x], new Pacer());
    assertEquals(found.features.map(({ shape }) => shape), [[3, 5]]);
    assertAllClose(found.penultimate!, found.features[0]!);
    assertEquals(found.logits!.shape, [3, 3]);
    assertEquals(found.scale!.length, 3);
    assertEquals(x.data, array([3, 4]).data);
    free(model);
  },
);

counted("run() returns arrays that nobody else holds", async () => {
  const model = filled(tf.sequential({
    layers: [
      tf.layers.dropout({ name: "same", rate: 0.5, inputShape: [4] }),
      tf.layers.dense({ units: 2 }),
    ],
  }));
  const graph = graphOf(model);
  for (const backend of ["cpu", "wasm"] as const) {
    await using session = await open(graph, backend, {
      layers: [graph.findNode("same")],
    });
    const x = array([3, 4]);
    const { features } = await session.run([x], new Pacer());
    features[0]!.data.fill(0);
    assertEquals(x.data, array([3, 4]).data);
  }
  free(model);
});

counted("run() refuses a session that is closed", async () => {
  const model = mlp();
  const session = await open(graphOf(model), "cpu");
  await session.close();
  await session.close();
  await assertRejects(
    () => session.run([array([1, 4])], new Pacer()),
    TypeError,
    'Cannot run as the session must be open: current value is "closed"; open it again',
  );
  free(model);
});

counted("openTfjs() copies the head only where it is used", async () => {
  const linear = mlp("linear");
  const fused = mlp("softmax");
  for (
    const [model, change, copies] of [
      [linear, {}, 0],
      [linear, { shaping: scale(0.5) }, 2],
      [linear, { perturbation: { epsilon: 1, temperature: 1 } }, 0],
      [fused, {}, 2],
    ] as const
  ) {
    const before = tf.memory().numTensors;
    const session = await open(graphOf(model), "cpu", change);
    assertEquals(tf.memory().numTensors, before + copies);
    await session.close();
    assertEquals(tf.memory().numTensors, before);
  }
  free(linear);
  free(fused);
});

counted(
  "an open session survives the end of a scope in which it was opened",
  async () => {
    const model = mlp();
    tf.engine().startScope();
    const session = await open(graphOf(model), "cpu");
    tf.engine().endScope();
    const { logits } = await session.run([array([2, 4])], new Pacer());
    assertEquals(logits!.shape, [2, 3]);
    await session.close();
    free(model);
  },
);

counted("a layer that makes promises is no layer", async () => {
  class Late extends Doubling {
    static override className = "Late";
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      const x = super.call(inputs);
      return Promise.resolve(x) as never;
    }
  }
  const model = tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [4] }),
      new Late({ name: "late" }),
    ],
  });
  const graph = graphOf(model);
  await using session = await open(graph, "cpu", {
    layers: [graph.findNode("late")],
  });
  await assertRejects(
    () => session.run([array([1, 4])], new Pacer()),
    Error,
    'Cannot run layer "late" (Late): ',
  );
});

onBackends("run() runs graphs of operations", async ({ name, rtol }) => {
  const path = new URL(
    "../../data/graph_models/two_inputs/model.json",
    import.meta.url,
  );
  await using model = await loadModel(path);
  const graph = modelGraphOf(model)!;
  await using session = await open(graph, name, {
    layers: [graph.listed.at(-1)!],
  });
  const xs = graph.inputs.map(({ shape }, i) =>
    array([3, ...shape.slice(1).map(Number)], i + 1)
  );
  const { features } = await session.run(xs, new Pacer());
  const native = await tf.loadGraphModel(await handler(path));
  const fed = Object.fromEntries(
    graph.inputs.map(({ name }, i) => [
      name,
      tf.tensor(xs[i]!.data, [...xs[i]!.shape]),
    ]),
  );
  const y = [native.execute(fed, graph.listed.at(-1)!.row.name)].flat()[0]!;
  assertAllClose(features[0]!.data as Float32Array, await y.data(), {
    rtol,
    atol: rtol,
  });
  tf.dispose([y, fed]);
  native.dispose();
});

/** Reads a model.json and its one file of weights. */
async function handler(path: URL): Promise<io.IOHandler> {
  const json = JSON.parse(await Deno.readTextFile(path));
  const [{ paths, weights }] = json.weightsManifest;
  const bytes = await Deno.readFile(new URL(paths[0], path));
  return {
    load: () =>
      Promise.resolve({
        modelTopology: json.modelTopology,
        format: json.format,
        signature: json.signature,
        weightSpecs: weights,
        weightData: bytes.buffer,
      }),
  };
}

counted("run() returns the same as predict() of TF.js", async () => {
  const model = mlp("linear");
  await using session = await open(graphOf(model), "cpu");
  const x = array([5, 4]);
  const { logits } = await session.run([x], new Pacer());
  assertEquals(logits!.data, (await predicted(model, [x]))[0]!.data);
  free(model);
});

/** A graph of operations on `x`, `[N, 3]`, and of integers. */
async function graphOfNodes(
  nodes: readonly (readonly [name: string, op: string, ...input: string[]])[],
  integers: Readonly<Record<string, number>> = {},
) {
  const shape = { dim: [{ size: "-1" }, { size: "3" }] };
  const numbers = Object.entries(integers);
  const constants = numbers.map(([name]) => ({
    ...{ name, op: "Const", input: [] },
    attr: { dtype: { type: "DT_INT32" } },
  }));
  const placeholder = {
    ...{ name: "x", op: "Placeholder", input: [] },
    attr: { dtype: { type: "DT_FLOAT" }, shape: { shape } },
  };
  const operations = nodes.map(([name, op, ...input]) => ({
    ...{ name, op, input },
    attr: {
      T: { type: op.endsWith("MatMul") ? "DT_INT32" : "DT_FLOAT" },
      DstT: { type: "DT_INT32" },
      frame_name: { s: "bG9vcA==" },
    },
  }));
  return await tf.loadGraphModel({
    load: () =>
      Promise.resolve({
        modelTopology: {
          node: [placeholder, ...constants, ...operations],
          versions: { producer: 1, minConsumer: 1 },
        },
        format: "graph-model",
        weightSpecs: numbers.map(([name]) => (
          { name, shape: [], dtype: "int32" as const }
        )),
        weightData: Int32Array.from(numbers, ([, value]) => value).buffer,
      }),
  });
}

/** `x → Relu → Neg`, beside an operation that only gives promises. */
async function dynamic() {
  return await graphOfNodes([
    ["relu", "Relu", "x"],
    ["differs", "NotEqual", "x", "relu"],
    ["where", "Where", "differs"],
    ["neg", "Neg", "relu"],
  ]);
}

counted(
  "openTfjs() refuses what a loop computes several times, and takes what leaves it",
  async () => {
    const model = await graphOfNodes([
      ["enter_i", "Enter", "zero"],
      ["enter", "Enter", "x"],
      ["merge_i", "Merge", "enter_i", "next_i"],
      ["merge", "Merge", "enter", "next"],
      ["less", "Less", "merge_i", "two"],
      ["cond", "LoopCond", "less"],
      ["switch_i", "Switch", "merge_i", "cond"],
      ["switch", "Switch", "merge", "cond"],
      ["stay_i", "Identity", "switch_i:1"],
      ["stay", "Identity", "switch:1"],
      ["add", "AddV2", "stay_i", "one"],
      ["double", "AddV2", "stay", "stay"],
      ["next_i", "NextIteration", "add"],
      ["next", "NextIteration", "double"],
      ["exit", "Exit", "switch"],
      ["y", "Neg", "exit"],
      ["list", "TensorListReserve", "one", "two"],
    ], { zero: 0, one: 1, two: 2 });
    const graph = modelGraphOf(fromGraphModel(model))!;
    for (
      const [id, kind] of [["double", "AddV2"], ["enter", "Enter"]] as const
    ) {
      await assertRejects(
        () => open(graph, "cpu", { layers: [graph.findNode(id)] }),
        TypeError,
        `Cannot take layer "${id}" as operation "${id}" (${kind}) must not be inside a loop`,
      );
    }
    await assertRejects(
      () => open(graph, "cpu", { layers: [graph.findNode("list")] }),
      TypeError,
      'Cannot take layer "list" as operation "list" (TensorListReserve) must return a tensor, not a list of tensors or a table',
    );
    const layers = ["exit", "y"].map((id) => graph.findNode(id));
    const session = await open(graph, "cpu", { layers });
    const x = array([2, 3]);
    const { features } = await session.run([x], new Pacer());
    const wanted = x.data.map((v) => 4 * v);
    assertAllClose(features[0]!.data as Float32Array, wanted);
    assertAllClose(features[1]!.data as Float32Array, wanted.map((v) => -v));
    await session.close();
    model.dispose();
  },
);

onBackends("run() waits for graphs with control flow", async ({ name }) => {
  const model = await dynamic();
  const graph = modelGraphOf(fromGraphModel(model))!;
  assertEquals(graph.runtime!.isAsync, true);
  const x = array([2, 3]);
  const relu = x.data.map((v) => Math.max(0, v));
  // Neither depends on an asynchronous operation, so execution is synchronous.
  const layers = ["relu", "neg"].map((id) => graph.findNode(id));
  const plain = await open(graph, name, { layers });
  const { features } = await plain.run([x], new Pacer());
  assertAllClose(features[0]!.data as Float32Array, relu);
  assertAllClose(features[1]!.data as Float32Array, relu.map((v) => -v));
  await plain.close();
  const session = await open(graph, name, {
    layers: [graph.findNode("where"), ...layers],
  });
  for (let i = 0; i < 2; i++) {
    const [positions, first] = (await session.run([x], new Pacer())).features;
    const negative = x.data.filter((v) => v < 0).length;
    assertEquals(positions!.shape, [negative, 2]);
    assertAllClose(first!.data as Float32Array, relu);
  }
  const controller = new AbortController();
  const run = session.run([x], new Pacer(controller.signal));
  controller.abort();
  await assertRejects(() => run, DOMException);
  await session.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  model.dispose();
});
