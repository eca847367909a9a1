import { type GraphNode, origin, type Ref } from "./graph.ts";
import {
  biasedLink,
  constant,
  type HeadActivation,
  type HeadTensors,
  isDeep,
  type Link,
} from "./head_link.ts";
import { type SoftmaxSpelling, spelledSoftmax } from "./spelled_softmax.ts";

/** Operations that change nothing. */
const SAME = new Set(["Identity", "StopGradient", "EnsureShape"]);

/** Operations that only change the shape. */
const PASS = new Set([
  "Reshape",
  "Squeeze",
  "ExpandDims",
]);

/** Activations that can be removed, by the operation's name. */
const ACTIVATIONS: ReadonlyMap<string, HeadActivation> = new Map([
  ["Softmax", "softmax"],
  ["LogSoftmax", "logSoftmax"],
  ["Sigmoid", "sigmoid"],
  ["sigmoid", "sigmoid"],
  ["linear", "linear"],
]);

const SPELLING: SoftmaxSpelling = {
  names: {
    div: /^(RealDiv|Div)$/,
    exp: /^Exp$/,
    sub: /^Sub$/,
    max: /^Max$/,
    sum: /^Sum$/,
  },
  argumentsOf: ({ inputs }) => inputs,
  keepsAxis: ({ row: { config } }) => config.keepDims === true,
  axesOf(node) {
    const axes = constant(node, 1)?.();
    return axes === undefined || "read" in axes
      ? undefined
      : [...axes.dataSync()];
  },
};

/**
 * Classifies an operation of a `tf.GraphModel` for the head search.
 *
 * A matrix product or convolution with a constant kernel is linear, alone, with
 * an added constant, or fused with bias and activation.
 *
 * @param node The operation's node.
 * @returns Its role in the head search.
 */
export function graphLink(node: GraphNode): Link {
  const { kind } = node.row;
  if (SAME.has(kind)) return { kind: "pass", keepsShape: true };
  if (PASS.has(kind)) {
    const steps = kind === "Squeeze" ? overTimeSteps(node) : undefined;
    return steps ?? { kind: "pass" };
  }
  const spelled = spelledSoftmax(node, SPELLING);
  if (spelled !== undefined) return spelled;
  const activation = ACTIVATIONS.get(kind);
  if (activation !== undefined) return { kind: "activation", activation };
  if (kind === "BiasAdd" || kind === "Add" || kind === "AddV2") {
    return biased(node);
  }
  return product(node) ?? { kind: "other" };
}

function biased(node: GraphNode): Link {
  const bias = constant(node, 1) ?? constant(node, 0);
  const before = operandOf(node);
  const inner = before && (product(before) ?? overTimeSteps(before));
  return biasedLink(inner, bias);
}

function operandOf({ inputs }: GraphNode): GraphNode | undefined {
  return inputs[0] && origin(inputs[0]).node;
}

/**
 * A product over the last axis of a tensor with time steps: with these merged
 * into the rows, as in `tf.tensordot`, or as a convolution of size 1 with an axis
 * more.
 *
 * ```
 * reshape(matmul(reshape(x, [-1, D]), kernel), […, T, C])
 * squeeze(conv2d(expandDims(x), kernel))
 * ```
 */
function overTimeSteps(node: GraphNode): Link | undefined {
  const of = operandOf(node);
  const inner = of && product(of);
  if (inner?.kind !== "linear") return undefined;
  const merged = origin(inner.penultimate).node;
  const [before, after] = inner.isConvolution
    ? ["ExpandDims", "Squeeze"]
    : ["Reshape", "Reshape"];
  const penultimate = merged.inputs[0];
  const { strides } = of!.row.config;
  const isEven = !Array.isArray(strides) || strides.every((n) => n === 1);
  const isBetween = node.row.kind === after && merged.row.kind === before;
  if (!isBetween || !isEven) return undefined;
  return isDeep(penultimate, inner)
    ? { ...inner, isConvolution: false, penultimate }
    : undefined;
}

/** A product with a constant kernel, and its fused operations. */
function product(node: GraphNode): Link | undefined {
  const { kind, config } = node.row;
  const isConvolution = kind === "Conv2D" || kind === "_FusedConv2D";
  if (!isConvolution && kind !== "MatMul" && kind !== "_FusedMatMul") {
    return undefined;
  }
  const kernel = constant(node, 1);
  const penultimate: Ref | undefined = node.inputs[0];
  if (kernel === undefined || penultimate === undefined) return undefined;
  if (config.transposeA === true) return undefined;
  if (isConvolution) {
    const [height, width] = kernel().shape;
    const isPadded = /explicit/i.test(String(config.pad));
    const isFirst = config.dataFormat === "NCHW";
    if (height !== 1 || width !== 1 || isFirst || isPadded) return undefined;
  }
  const fused = (config.fusedOps as readonly string[] | undefined) ?? [];
  const hasBias = fused.includes("biasadd");
  const bias = hasBias ? constant(node, 2) : undefined;
  if (hasBias && bias === undefined) return undefined;
  const others = fused.filter((name) =>
    name !== "biasadd" && name !== "linear"
  );
  if (others.length > 1) return undefined;
  const name = others[0] ?? "linear";
  const weights = (): HeadTensors => ({
    kernel: kernel(),
    isTransposed: config.transposeB === true,
    bias: bias?.(),
  });
  const activation = ACTIVATIONS.get(name) ?? "other";
  return { kind: "linear", activation, isConvolution, penultimate, weights };
}
