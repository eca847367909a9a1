/**
 * Which operators of a graph a device does not run: the processor does, node by
 * node, with a copy to and fro.
 *
 * @module
 */
import type { OnnxGraph, OnnxNode } from "./onnx_graph.ts";

/**
 * Operators without a kernel in the WebGPU provider of ONNX Runtime 1.27, for
 * the versions that are recorded (opset 21). Found by opening a graph of each
 * with the fallback to the processor disabled. Those that work on shapes, which
 * the runtime keeps on the processor on purpose, are not among them.
 */
const NOT_ON_WEBGPU: ReadonlySet<string> = new Set([
  ...["And", "Or", "Xor", "IsNaN", "IsInf"],
  ...["Max", "Min", "Mod", "Round", "Sign", "PRelu", "Selu", "Celu"],
  ...["Softsign", "AveragePool", "Scan", "Loop", "LSTM", "GRU", "RNN"],
]);

/**
 * The operators that the processor runs in a device's stead.
 *
 * @param kinds The kinds of all operators that run.
 * @param device The device.
 * @returns Each kind with its number, as "Max (3)", in alphabetic order;
 * undefined for devices of which it is not known.
 */
export function kindsOnCpu(
  kinds: Iterable<string>,
  device: string,
): readonly string[] | undefined {
  if (device !== "webgpu") return undefined;
  const counts = new Map<string, number>();
  for (const kind of kinds) {
    if (!NOT_ON_WEBGPU.has(kind)) continue;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return Object.freeze(
    [...counts].map(([kind, count]) => `${kind} (${count})`).sort(),
  );
}

/**
 * Nodes that a device claims and then fails on, so that they must be kept on the
 * processor by their names: WebGPU transposes convolutions of one and two
 * spatial axes only.
 *
 * @param graph The graph.
 * @returns Their first outputs, which name them in the model.
 */
export function nodesToKeep(
  graph: OnnxGraph,
): readonly string[] {
  return graph.nodes
    .filter(({ operator, inputs }) =>
      operator === "ConvTranspose" &&
      (graph.constantOf(inputs[1]!)?.shape.length ?? 0) > 4
    )
    .map(({ outputs }) => outputs[0]!);
}

/**
 * The kinds of the operators of a recorded graph that a session runs, without
 * those of NaN checks.
 *
 * @param graph The graph.
 * @param wanted Names of the values that are computed.
 * @returns One kind for each node; a transposed convolution that is kept on the
 * processor is not told from others.
 */
export function fastKinds(
  graph: OnnxGraph,
  wanted: readonly string[],
): readonly string[] {
  const before = new Map(
    graph.nanChecks.map(({ checked, unchecked }) => [checked, unchecked]),
  );
  const seen = new Set<OnnxNode>();
  const queue = [...wanted];
  while (queue.length > 0) {
    const name = queue.pop()!;
    const node = graph.makerOf(before.get(name) ?? name);
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    queue.push(...node.inputs);
  }
  return [...seen].map(({ operator }) => operator);
}
