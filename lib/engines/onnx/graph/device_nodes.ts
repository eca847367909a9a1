/**
 * Finds the operators of a graph that a device does not support. They run on
 * the processor, node by node, with copies in both directions.
 *
 * @module
 */
import type { OnnxGraph, OnnxNode } from "./onnx_graph.ts";

/**
 * Operators without a kernel in the WebGPU provider of ONNX Runtime 1.27, in
 * opset 21. Found by opening a graph of each with the fallback to the processor
 * disabled. Shape operators, which the runtime always runs on the processor,
 * are not listed.
 */
const NOT_ON_WEBGPU: ReadonlySet<string> = new Set([
  ...["And", "Or", "Xor", "IsNaN", "IsInf"],
  ...["Max", "Min", "Mod", "Round", "Sign", "PRelu", "Selu", "Celu"],
  ...["Softsign", "AveragePool", "Scan", "Loop", "LSTM", "GRU", "RNN"],
]);

/**
 * The operators that run on the processor instead of the device.
 *
 * @param kinds The kinds of all operators that run.
 * @param device The device.
 * @returns Each kind with its count, as "Max (3)", in alphabetic order;
 * undefined for devices without a list.
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
 * Nodes that a device accepts but then fails on, so that they must be assigned
 * to the processor by name: WebGPU supports transposed convolutions of one and
 * two spatial axes only.
 *
 * @param graph The graph.
 * @returns Their first outputs, which are their names in the model.
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
 * The operator types of a recorded graph, without those of NaN checks.
 *
 * @param graph The graph.
 * @param wanted Names of the computed values.
 * @returns One type for each node; transposed convolutions on the processor are
 * not distinguished.
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
