import { builtInLayerOf } from "./graph.ts";
import type { GraphNode, NodeCall } from "./graph.ts";
import type { HeadActivation, HeadTensors, Link } from "./head_link.ts";

const ACTIVATIONS: Readonly<Record<string, HeadActivation>> = {
  linear: "linear",
  softmax: "softmax",
  logSoftmax: "logSoftmax",
  "log_softmax": "logSoftmax",
  sigmoid: "sigmoid",
};

/** Raw operations of Keras 3 that are activations. */
const OPERATIONS: Readonly<Record<string, HeadActivation>> = {
  Softmax: "softmax",
  LogSoftmax: "logSoftmax",
  Sigmoid: "sigmoid",
};

/**
 * Classifies a layer for the head search. Only classes of Keras and TF.js are
 * known: the name of a custom class says nothing about its computation. Keras
 * writes options in snake case, TF.js in camel case.
 *
 * @param node The layer's node.
 * @param call Its computation.
 * @returns Its role in the head search.
 */
export function layerLink(
  node: GraphNode,
  call: NodeCall & { kind: "inMemory" | "builtIn" },
): Link {
  if (!call.isBuiltInClass) return { kind: "other" };
  const { kind } = node.row;
  if (builtInLayerOf(node)?.passesValues) return { kind: "pass" };
  // The current layer: its activation may have changed since it was opened.
  const config = call.kind === "inMemory"
    ? call.layer.getConfig()
    : node.row.config;
  const activation = activationOf(config);
  if (kind === "Activation") {
    return activation === "other"
      ? { kind: "other" }
      : { kind: "activation", activation };
  }
  if (Object.hasOwn(OPERATIONS, kind)) {
    return isLastAxis(config.axis, node)
      ? { kind: "activation", activation: OPERATIONS[kind]! }
      : { kind: "other" };
  }
  const isConvolution = /^Conv[123]D$/.test(kind);
  if (kind === "Dense" || (isConvolution && isPointwise(config))) {
    const weights = () => kernelAndBias(node);
    const penultimate = node.inputs[0]!;
    return { kind: "linear", activation, isConvolution, weights, penultimate };
  }
  return { kind: "other" };
}

function activationOf(
  config: Readonly<Record<string, unknown>>,
): HeadActivation | "other" {
  const { activation } = config;
  if (activation === null || activation === undefined) return "linear";
  return ACTIVATIONS[String(activation)] ?? "other";
}

function isLastAxis(axis: unknown, node: GraphNode): boolean {
  const rank = node.row.outputs[0]?.shape.length;
  return axis === undefined || axis === null || axis === -1 ||
    (rank !== undefined && axis === rank - 1);
}

/**
 * Whether a kernel is a matrix: 1×1, because larger ones may need padding, with
 * channels last and one group.
 */
function isPointwise(config: Readonly<Record<string, unknown>>): boolean {
  const size = config.kernelSize ?? config.kernel_size;
  const format = config.dataFormat ?? config.data_format;
  return Array.isArray(size) && size.every((n) => n === 1) &&
    (config.groups ?? 1) === 1 &&
    format !== "channelsFirst" && format !== "channels_first";
}

function kernelAndBias(node: GraphNode): HeadTensors {
  // By name: in TF.js a frozen kernel is listed after the bias.
  const weights = node.weights();
  const named = (wanted: string) =>
    weights.find(({ name }) => name === wanted)?.value;
  return {
    kernel: named("kernel")!,
    bias: named("bias"),
    isTransposed: false,
  };
}
