import { cannot } from "../check.ts";
import {
  type GraphNode,
  origin,
  type Ref,
  refKey,
  specOf,
} from "../models/graph/graph.ts";
import type { Logits } from "../models/graph/head.ts";
import { BROADCASTING, UNARY } from "../models/graph/onnx_operators.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";

/** Operators whose output has the same axes as their inputs. */
const ELEMENTWISE = new Set([
  ...[...UNARY, ...BROADCASTING, "LayerNormalization", "LogSoftmax", "Softmax"],
]);

/** Operators that keep the samples on axis 0. */
const BATCHED = new Set([
  ...["AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "Flatten"],
  ...["GlobalAveragePool", "GlobalMaxPool", "InstanceNormalization"],
  ...["MaxPool", "Squeeze"],
]);

/** The sample axis of a tensor; undefined if unknown. */
type SampleAxis = {
  /** The axis; undefined if it is merged with axes before it. */
  readonly axis: number | undefined;
  /** The operation that moved it from axis 0. */
  readonly mover?: GraphNode;
} | undefined;

/**
 * Finds the operation of an ONNX file after which the rows of the logits are
 * not samples but, for example, time steps: a transpose that moves the sample
 * axis behind another axis, which is merged into the rows later.
 *
 * The search stops at operators that are not listed here; outputs after them
 * are checked when a batch was computed.
 *
 * @param graph The model.
 * @param logits Its logits.
 * @returns The operation; undefined if rows are samples, or may be.
 */
export function sampleAxisMover(
  graph: ModelGraph,
  { head, direct }: Logits,
): GraphNode | undefined {
  const found = axesOf(graph)(head?.penultimate ?? direct!);
  return found?.axis === 0 ? undefined : found?.mover;
}

/**
 * Checks that the samples are on axis 0 of the features of an ONNX file. A run
 * does not show it if another axis is as long as the batch.
 *
 * @param graph The model, which is fed its own inputs.
 * @param features The features, with their names.
 * @throws {TypeError} If they are known to be on another axis.
 */
export function checkSampleAxes(
  graph: ModelGraph,
  features: readonly { readonly ref: Ref; readonly name: string }[],
): void {
  const axisOf = axesOf(graph);
  for (const { ref, name } of features) {
    const { axis = 0, mover } = axisOf(ref) ?? {};
    if (axis === 0) continue;
    const moved = mover && `, and "${mover.row.name}" moves them`;
    const rule = `samples must be on axis 0 of its output${moved ?? ""}`;
    throw new TypeError(cannot(`take layer "${name}"`, rule, axis));
  }
}

/** The sample axis of each tensor of a model. */
function axesOf(graph: ModelGraph): (ref: Ref) => SampleAxis {
  if (graph.onnx === undefined) return () => undefined;
  const axes = inputAxes(graph);
  return (ref) => {
    const stack = [origin(ref)];
    while (stack.length > 0) {
      const at = stack.at(-1)!;
      const inputs = variableInputs(at.node);
      const waiting = inputs.filter((input) => !axes.has(refKey(input)));
      if (axes.has(refKey(at)) || waiting.length === 0) {
        stack.pop();
        if (axes.has(refKey(at))) continue;
        const known = inputs.map((input) => axes.get(refKey(input)));
        axes.set(refKey(at), axisAfter(at.node, common(known)));
      } else stack.push(...waiting);
    }
    return axes.get(refKey(ref));
  };
}

function inputAxes({ inputRefs, inputs, onHost }: ModelGraph) {
  const axes = new Map<string, SampleAxis>();
  inputRefs.forEach((ref, i) => {
    const { batchAxis: axis = 0 } = inputs[i]!;
    if (axis !== null) axes.set(refKey(ref), { axis });
  });
  for (const node of onHost) axes.set(refKey({ node, index: 0 }), { axis: 0 });
  return axes;
}

/** The inputs that differ between samples. */
function variableInputs({ inputs }: GraphNode): Ref[] {
  return inputs.map(origin).filter(({ node }) => {
    const { call } = node;
    const isShared = call.kind === "input" && call.spec.batchAxis === null;
    return node.isConstant !== true && !isShared;
  });
}

function common([first, ...rest]: readonly SampleAxis[]): SampleAxis {
  return rest.every((other) => other?.axis === first?.axis) ? first : undefined;
}

function axisAfter(node: GraphNode, before: SampleAxis): SampleAxis {
  if (before === undefined) return undefined;
  const { kind } = node.row;
  if (ELEMENTWISE.has(kind)) return before;
  if (kind === "Transpose") return transposed(node, before);
  if (kind === "Reshape") {
    return before.axis === 0 ? before : { ...before, axis: undefined };
  }
  if (kind === "Gemm" && node.row.config.transA) return undefined;
  if (kind === "MatMul" || kind === "Gemm") return before;
  return BATCHED.has(kind) && before.axis === 0 ? before : undefined;
}

function transposed(
  node: GraphNode,
  { axis, mover = node }: SampleAxis & object,
): SampleAxis {
  const { perm } = node.row.config;
  if (axis === undefined || !Array.isArray(perm)) return undefined;
  const moved = perm.map(Number).indexOf(axis);
  if (moved === 0) return { axis: 0 };
  // Past axes of size 1, rows may still be samples.
  const passed = specOf({ node, index: 0 })?.shape.slice(0, moved) ?? [];
  const isSame = passed.length === moved && passed.every((size) => size === 1);
  return moved < 0 || isSame ? undefined : { axis: moved, mover };
}
