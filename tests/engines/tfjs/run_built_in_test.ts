import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { readNodeWeights } from "../../../lib/engines/call_node.ts";
import {
  builtInCallOf,
  runBuiltIn,
  uploadWeights,
} from "../../../lib/engines/tfjs/run_built_in.ts";
import type { Layer } from "../../../lib/layers/layer.ts";
import {
  type GraphNode,
  type NodeCall,
  refKey,
  type WeightSource,
} from "../../../lib/models/graph/graph.ts";

await tf.setBackend("cpu");

function node(id: number, call: NodeCall, inputs: GraphNode[] = []): GraphNode {
  return {
    id,
    row: {
      name: `n${id}`,
      kind: "Mine",
      config: {},
      outputs: [],
      numParameters: 0,
      inbound: [],
    },
    isListed: true,
    inputs: inputs.map((at) => ({ node: at, index: 0 })),
    call,
    weights: () => [],
  };
}

const INPUT = node(0, {
  kind: "input",
  spec: { name: "x", shape: [null, 2], dtype: "float32" },
});

/** A weight that counts how often it is read. */
function counted(value: number): WeightSource & { reads: number } {
  const source = {
    name: "factor",
    shape: [1],
    reads: 0,
    read: () => {
      source.reads++;
      const data = Float32Array.of(value);
      return Promise.resolve({ data, shape: [1], dtype: "float32" as const });
    },
  };
  return source;
}

const SCALED: Layer = {
  weights: ["factor"],
  call: (ops, [x], { factor }, { args }) => {
    const scaled = ops.multiply(x!, factor!);
    return [args.twice === true ? ops.add(scaled, scaled) : scaled];
  },
};

function scaled(source: WeightSource, twice?: boolean): GraphNode {
  return node(1, {
    kind: "builtIn",
    layer: SCALED,
    isBuiltInClass: true,
    numInputs: 1,
    args: twice ? { twice: { value: true } } : {},
    sources: [source],
  }, [INPUT]);
}

/** Runs one node on a tensor; no more than its output is left. */
async function outputOf(at: GraphNode, x: tf.Tensor, mask?: tf.Tensor) {
  const before = tf.memory().numTensors;
  const weights = uploadWeights(await readNodeWeights([at], builtInCallOf));
  const values = new Map([[refKey({ node: INPUT, index: 0 }), x]]);
  const masks = new Map(
    mask ? [[refKey({ node: INPUT, index: 0 }), mask]] : [],
  );
  runBuiltIn(at, builtInCallOf(at)!, weights, values, masks);
  const output = values.get(refKey({ node: at, index: 0 }))!;
  const handed = masks.get(refKey({ node: at, index: 0 }));
  const data = [...output.dataSync()];
  tf.dispose([output, handed, ...weights.values()]);
  assertEquals(tf.memory().numTensors, before);
  return { data, hasMask: handed !== undefined };
}

Deno.test("runBuiltIn() calls a layer with its weights and arguments", async () => {
  const x = tf.tensor2d([[1, 2]]);
  assertEquals((await outputOf(scaled(counted(3)), x)).data, [3, 6]);
  assertEquals((await outputOf(scaled(counted(3), true), x)).data, [6, 12]);
  x.dispose();
});

Deno.test("runBuiltIn() passes a mask on where lengths are the same", async () => {
  const x = tf.ones([1, 4, 2]);
  const mask = tf.tensor2d([[1, 1, 0, 0]], undefined, "bool");
  assertEquals((await outputOf(scaled(counted(1)), x, mask)).hasMask, true);
  assertEquals((await outputOf(scaled(counted(1)), x)).hasMask, false);
  tf.dispose([x, mask]);
});

Deno.test("runBuiltIn() returns a separate output where a layer passes its input on", async () => {
  const same: Layer = { weights: [], call: (_ops, inputs) => [...inputs] };
  const at = node(1, {
    kind: "builtIn",
    layer: same,
    isBuiltInClass: true,
    numInputs: 1,
    args: {},
    sources: [],
  }, [INPUT]);
  const x = tf.tensor2d([[1, 2]]);
  assertEquals((await outputOf(at, x)).data, [1, 2]);
  assertEquals(x.isDisposed, false);
  x.dispose();
});

Deno.test("readWeights() reads a weight once, however many nodes share it", async () => {
  const source = counted(2);
  const [first, second] = [scaled(source), scaled(source)];
  const host = await readNodeWeights([first, second, INPUT], builtInCallOf);
  assertEquals(source.reads, 1);
  const before = tf.memory().numTensors;
  const weights = uploadWeights(host);
  assertEquals(tf.memory().numTensors, before + 1);
  tf.dispose([...weights.values()]);
});
