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
 * What the search for the head makes of a layer. Only Keras' and TF.js' own
 * classes are understood: a custom class may mean anything by its name. Keras
 * writes options in snake case, TF.js in camel case.
 *
 * @param node The layer's node.
 * @param call How it is computed.
 * @returns What it is on the way to the head.
 */
export function layerLink(
  node: GraphNode,
  call: NodeCall & { kind: "inMemory" | "builtIn" },
): Link {
  if (!call.isOwnClass) return { kind: "other" };
  const { kind } = node.row;
  if (builtInLayerOf(node)?.passesValues) return { kind: "pass" };
  // As the layer is now: its activation may have been changed since it was opened.
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
 * Over one position every kernel is a matrix, but only 1×1 ones have no padding to add;
 * and only channels last and one group make it a matrix.
 */
function isPointwise(config: Readonly<Record<string, unknown>>): boolean {
  const size = config.kernelSize ?? config.kernel_size;
  const format = config.dataFormat ?? config.data_format;
  return Array.isArray(size) && size.every((n) => n === 1) &&
    (config.groups ?? 1) === 1 &&
    format !== "channelsFirst" && format !== "channels_first";
}

function kernelAndBias(node: GraphNode): HeadTensors {
  // By name: a kernel that is frozen alone stands behind the bias in TF.js.
  const weights = node.weights();
  const named = (wanted: string) =>
    weights.find(({ name }) => name === wanted)?.value;
  return {
    kernel: named("kernel")!,
    bias: named("bias"),
    isTransposed: false,
  };
}
