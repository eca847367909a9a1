import type { GraphNode, Ref } from "./graph.ts";
import { origin } from "./graph.ts";

type Channels = "first" | "last" | undefined;

/** What a layer needs to say of itself; a row may still be to come. */
interface Layered {
  readonly layer?: {
    getClassName(): string;
    getConfig(): Record<string, unknown>;
  };
}

/** Layers that put the channels last whatever came in. */
const LAST = new Set([
  "Dense",
  "Embedding",
  "LSTM",
  "GRU",
  "SimpleRNN",
  "RNN",
  "Bidirectional",
  "TimeDistributed",
  "ConvLSTM2D",
]);

/** Layers after which axes are no longer what they were. */
const BROKEN = new Set([
  "Flatten",
  "Reshape",
  "Permute",
  "RepeatVector",
  "Dot",
  "InputLayer",
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

function fromLayer(node: GraphNode): Channels {
  const { layer } = node as GraphNode & Layered;
  if (layer === undefined) return undefined;
  if (BROKEN.has(layer.getClassName())) return undefined;
  const { dataFormat } = layer.getConfig();
  if (dataFormat === "channelsFirst") return "first";
  if (dataFormat === "channelsLast") return "last";
  return LAST.has(layer.getClassName()) ? "last" : undefined;
}

/** Layers of TF.js that keep the axes in their places. */
const KEPT =
  /^(Activation|Add|AlphaDropout|Average|BatchNormalization|Concatenate|Dropout|ELU|Gaussian\w+|LayerNormalization|LeakyReLU|Masking|Maximum|Minimum|Multiply|PReLU|ReLU|Rescaling|Resizing|CenterCrop|Softmax|SpatialDropout1D|Subtract|ThresholdedReLU|UpSampling2D|ZeroPadding2D|Cropping2D|(Average|Max)Pooling\dD)$/;

function fromInputs(node: GraphNode, seen: Map<GraphNode, Channels>): Channels {
  const { layer } = node as GraphNode & Layered;
  const kind = layer?.getClassName();
  if (kind === undefined || !KEPT.test(kind)) return undefined;
  const places = node.inputs.map((ref) => walk(origin(ref).node, seen));
  return places.every((place) => place === places[0]) ? places[0] : undefined;
}
