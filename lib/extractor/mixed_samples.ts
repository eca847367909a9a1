/**
 * Finds operations of an ONNX file that compute over the samples of a batch, as
 * a softmax along the batch axis does, so that the result of a sample depends
 * on the others.
 *
 * The axis of the samples is followed operation by operation, as far as it is
 * known for certain. What comes after an unknown operation is not examined.
 *
 * @module
 */
import { typeName } from "../formats/onnx_tensor.ts";
import { valuesOf } from "../formats/stored_array.ts";
import {
  type GraphNode,
  type OnnxCall,
  origin,
  type Ref,
  refKey,
  specOf,
} from "../models/graph/graph.ts";
import type { OnnxOrigin } from "../models/graph/onnx_origin.ts";
import type { TensorSpec } from "../types.ts";
import {
  furtherSamples,
  type Located,
  looksAtAll,
  type Outcome,
  sampleRule,
  type Samples,
} from "./_sample_rules.ts";

/**
 * Finds the first operations that compute over the samples of a batch.
 *
 * @param source The file.
 * @param feeds The tensors that are fed, with their specs.
 * @param nodes The operations that run, in order.
 * @returns Those for which it is certain; later ones that depend on them are
 * left out.
 */
export function mixingNodes(
  source: OnnxOrigin,
  feeds: readonly { readonly ref: Ref; readonly spec: TensorSpec }[],
  nodes: readonly GraphNode[],
): GraphNode[] {
  if (source.batch === 1) return []; // one sample at a time
  const known = new Map<string, Samples>();
  for (const { ref, spec } of feeds) {
    const { shape, batchAxis: axis = 0 } = spec;
    const rank = shape.length === 0 && axis !== null ? undefined : shape.length;
    known.set(refKey(origin(ref)), { axis, rank });
  }
  const isNeeded = valuesNeeded(nodes);
  return nodes.filter((node) => {
    const call = node.call.kind === "raw" ? node.call.onnx : undefined;
    if (call === undefined) return false;
    const after = samplesAfter(node, call, known, source);
    if (after !== undefined && after !== "mixed") {
      known.set(refKey({ node, index: 0 }), after);
      const { kind, outputs } = call.operation;
      const further = furtherSamples(kind, after);
      for (let index = 1; further && index < outputs.length; index++) {
        known.set(refKey({ node, index }), further);
      }
    }
    return after === "mixed" && isNeeded(node);
  });
}

/** Whether not only the sizes of an operation's outputs are used. */
function valuesNeeded(
  nodes: readonly GraphNode[],
): (node: GraphNode) => boolean {
  const [measured, used] = [new Set<GraphNode>(), new Set<GraphNode>()];
  for (const { inputs, row: { kind } } of nodes) {
    const isSize = kind === "Shape" || kind === "Size";
    for (const ref of inputs) (isSize ? measured : used).add(origin(ref).node);
  }
  return (node) => used.has(node) || !measured.has(node);
}

function samplesAfter(
  node: GraphNode,
  call: OnnxCall,
  known: ReadonlyMap<string, Samples>,
  { constants }: OnnxOrigin,
): Outcome {
  const { operation: { domain, kind, inputs: names }, producers } = call;
  const rank = specOf({ node, index: 0 })?.shape.length;
  if (domain === "" && (kind === "Shape" || kind === "Size")) {
    return { axis: null, rank: kind === "Shape" ? 1 : 0 };
  }
  const inputs = names.map((name, i): Samples | undefined => {
    const constant = constants.get(name);
    if (constant !== undefined) {
      return { axis: null, rank: constant.shape.length };
    }
    const ref = producers[i];
    return ref && known.get(refKey(origin(ref)));
  });
  const isKnown = names.every((name, i) => name === "" || inputs[i]);
  if (!isKnown) return undefined;
  if (inputs.every((input) => (input?.axis ?? null) === null)) {
    return { axis: null, rank };
  }
  const rule = domain === "" ? sampleRule(kind) : undefined;
  if (rule === undefined || call.operands.length > names.length) return;
  const [x] = inputs;
  // Where the first input is shared, only rules that look at all inputs apply.
  const isAlike = looksAtAll(rule);
  const isLocated = x?.axis != null && x.rank !== undefined;
  if (!isLocated && !isAlike) return undefined;
  const after = rule({
    kind,
    version: call.version,
    config: node.row.config,
    inputs,
    x: x as Located,
    sizes: producers.map((ref) => ref && specOf(ref)?.shape),
    outputSizes: specOf({ node, index: 0 })?.shape,
    integers(attribute, input) {
      const value = node.row.config[attribute];
      if (Array.isArray(value)) return value.map(Number);
      const constant = constants.get(names[input] ?? "");
      const type = typeName(constant?.tensor.type ?? 0);
      if (type !== "int64" && type !== "int32") return undefined;
      const bytes = constant!.storedBytes?.();
      return bytes && [...valuesOf(bytes, type)].map(Number);
    },
  });
  if (after === undefined || after === "mixed") return after;
  const isMerged = inputs.some((input) => input?.isMerged);
  return isMerged ? { ...after, isMerged } : after;
}
