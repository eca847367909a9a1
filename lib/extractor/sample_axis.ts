import {
  type GraphNode,
  origin,
  type Ref,
  refKey,
  specOf,
} from "../models/graph/graph.ts";
import type { Logits } from "../models/graph/head.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";

/** Operators whose output has the same axes as their inputs. */
const ELEMENTWISE = new Set([
  ...["Abs", "Add", "Cast", "Clip", "Div", "Dropout", "Elu", "Erf", "Exp"],
  ...["Gelu", "HardSigmoid", "HardSwish", "Identity", "LayerNormalization"],
  ...["LeakyRelu", "Log", "LogSoftmax", "Mul", "Neg", "Pow", "PRelu", "Relu"],
  ...["Selu", "Sigmoid", "Softmax", "Softplus", "Sqrt", "Sub", "Tanh"],
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
  if (graph.onnx === undefined) return undefined;
  const target = origin(head?.penultimate ?? direct!);
  const axes = new Map<string, SampleAxis>(
    [
      ...graph.inputRefs,
      ...graph.onHost.map((node) => ({ node, index: 0 })),
    ].map((ref) => [refKey(ref), inputAxis(ref)]),
  );
  const stack = [target];
  while (stack.length > 0) {
    const ref = stack.at(-1)!;
    const waiting = variableInputs(ref.node).filter((input) =>
      !axes.has(refKey(input))
    );
    if (axes.has(refKey(ref)) || waiting.length === 0) {
      stack.pop();
      if (axes.has(refKey(ref))) continue;
      const inputs = variableInputs(ref.node).map((x) => axes.get(refKey(x)));
      axes.set(refKey(ref), axisAfter(ref.node, common(inputs)));
    } else stack.push(...waiting);
  }
  const found = axes.get(refKey(target));
  return found?.axis === 0 ? undefined : found?.mover;
}

function inputAxis(ref: Ref): SampleAxis {
  const { batchAxis = 0 } = specOf(ref) ?? {};
  return batchAxis === null ? undefined : { axis: batchAxis };
}

function variableInputs({ inputs }: GraphNode): Ref[] {
  return inputs.map(origin).filter(({ node }) => node.isConstant !== true);
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
