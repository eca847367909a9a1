import type { GraphNode, Ref } from "./graph.ts";
import { origin } from "./graph.ts";

/** Where the channels of a map stand; undefined where that is not known. */
export type Channels = "first" | "last" | undefined;

/** Layers that put the channels last whatever came in. */
const LAST = new Set([
  "Dense",
  "Embedding",
  "LSTM",
  "GRU",
  "SimpleRNN",
  "Bidirectional",
  "ConvLSTM2D",
  "AveragePooling1D",
  "GlobalAveragePooling1D",
  "GlobalMaxPooling1D",
  "MaxPooling1D",
]);

/**
 * Where the channels of a map stand: what the layer says, otherwise what its
 * inputs agree on. Custom layers say nothing.
 *
 * @param ref An output of a node, of which inputs and call are known.
 * @returns The place, or undefined where it is not known.
 */
export function channelsOf(ref: Ref): Channels {
  return walk(origin(ref).node, new Map());
}

function walk(node: GraphNode, seen: Map<GraphNode, Channels>): Channels {
  const known = seen.get(node);
  if (known !== undefined || seen.has(node)) return known;
  seen.set(node, undefined);
  const place = fromLayer(node) ?? fromInputs(node, seen);
  seen.set(node, place);
  return place;
}

/** A custom class may do with its axes what it likes, unless it says. */
function fromLayer({ call }: GraphNode): Channels {
  if (call.kind !== "inMemory") return undefined;
  const kind = call.layer.getClassName();
  const config = call.layer.getConfig();
  if (config.dataFormat === "channelsFirst") return "first";
  if (config.dataFormat === "channelsLast" && !ENDS.has(kind)) return "last";
  if (!call.isOwnClass) return undefined;
  if (kind === "TimeDistributed") return ofEachStep(config.layer);
  return LAST.has(kind) ? "last" : undefined;
}

/** Layers that read the place of the channels, and leave none. */
const ENDS = new Set(["Flatten"]);

/** One axis more stands before what the layer inside gives for each step. */
function ofEachStep(layer: unknown): Channels {
  const { className, config } = layer as {
    readonly className: string;
    readonly config: Readonly<Record<string, unknown>>;
  };
  const { dataFormat } = config;
  if (ENDS.has(className)) return undefined;
  const isLast = dataFormat === "channelsLast" || LAST.has(className);
  return isLast && dataFormat !== "channelsFirst" ? "last" : undefined;
}

/** Layers that keep the axes in their places. */
const KEPT = new Set([
  ...["Activation", "Add", "AlphaDropout", "Average", "AveragePooling2D"],
  ...["AveragePooling3D", "BatchNormalization", "CenterCrop", "Concatenate"],
  ...["Cropping2D", "Dropout", "ELU", "GaussianDropout", "GaussianNoise"],
  ...["LayerNormalization", "LeakyReLU", "Masking", "Maximum", "MaxPooling2D"],
  ...["MaxPooling3D", "Minimum", "Multiply", "PReLU", "ReLU", "Rescaling"],
  ...["Resizing", "Softmax", "SpatialDropout1D", "ThresholdedReLU"],
  ...["UpSampling2D", "ZeroPadding2D"],
  ...["ActivityRegularization", "GroupNormalization", "Identity"],
  ...["RMSNormalization", "SpatialDropout2D", "SpatialDropout3D", "Subtract"],
  ...["UnitNormalization"],
]);

/**
 * Where the channels stand after a layer that says nothing of it itself.
 *
 * @param kind The layer's class, one of Keras'.
 * @param inputs Where they stand in what it takes.
 * @returns The place, if the layer keeps the axes and its inputs agree.
 */
export function keptChannels(
  kind: string,
  inputs: readonly Channels[],
): Channels {
  if (!KEPT.has(kind)) return undefined;
  return inputs.every((place) => place === inputs[0]) ? inputs[0] : undefined;
}

function fromInputs(node: GraphNode, seen: Map<GraphNode, Channels>): Channels {
  const { call, inputs } = node;
  if (call.kind !== "inMemory" || !call.isOwnClass) return undefined;
  const places = inputs.map((ref) => walk(origin(ref).node, seen));
  return keptChannels(call.layer.getClassName(), places);
}
