import type * as tf from "@tensorflow/tfjs";
import type { GraphNode, NodeCall } from "./graph.ts";
import type { HeadActivation, HeadTensors, Link } from "./head.ts";

/** Layers of TF.js that change no value at inference, or only the shape. */
const PASS = new Set([
  "Flatten",
  "Reshape",
  "Dropout",
  "SpatialDropout1D",
  "GaussianNoise",
  "GaussianDropout",
  "AlphaDropout",
]);

const ACTIVATIONS: Readonly<Record<string, HeadActivation>> = {
  linear: "linear",
  softmax: "softmax",
  logSoftmax: "logSoftmax",
  sigmoid: "sigmoid",
};

/**
 * What the walk to the head makes of a layer in memory. Only TF.js' own
 * classes are understood: a custom class may mean anything by its name.
 *
 * @param node The layer's node.
 * @param call How it is computed.
 * @returns Its part in the walk.
 */
export function layerLink(
  node: GraphNode,
  call: NodeCall & { kind: "memory" },
): Link {
  if (!call.isOwnClass) return { kind: "other" };
  const { kind } = node.row;
  if (PASS.has(kind)) return { kind: "pass" };
  // As the layer is now: its activation may have been changed since it was opened.
  const config = call.layer.getConfig();
  const activation = activationOf(config);
  if (kind === "Activation") {
    return activation === "other"
      ? { kind: "other" }
      : { kind: "activation", activation };
  }
  if (kind === "Softmax") {
    return isLastAxis(config.axis, node)
      ? { kind: "activation", activation: "softmax" }
      : { kind: "other" };
  }
  const isConvolution = /^Conv[123]D$/.test(kind);
  const isChannelsLast = config.dataFormat !== "channelsFirst";
  if (
    kind === "Dense" || (isConvolution && isPointwise(config) && isChannelsLast)
  ) {
    const weights = () => kernelAndBias(call.layer);
    const penultimate = node.inputs[0]!;
    return { kind: "linear", activation, isConvolution, weights, penultimate };
  }
  return { kind: "other" };
}

function activationOf(config: Readonly<Record<string, unknown>>) {
  const { activation } = config;
  if (activation === null || activation === undefined) return "linear";
  return ACTIVATIONS[String(activation)] ?? "other";
}

function isLastAxis(axis: unknown, node: GraphNode): boolean {
  const rank = node.row.outputs[0]?.shape.length;
  return axis === undefined || axis === -1 ||
    (rank !== undefined && axis === rank - 1);
}

/** Over one place every kernel is one, but only 1×1 ones have no padding to add. */
function isPointwise(config: Readonly<Record<string, unknown>>): boolean {
  const { kernelSize } = config;
  return Array.isArray(kernelSize) && kernelSize.every((size) => size === 1);
}

function kernelAndBias(layer: tf.layers.Layer): HeadTensors {
  const [kernel, bias] = layer.weights.map((variable) => variable.read());
  return { kernel: kernel!, bias, isTransposed: false };
}
