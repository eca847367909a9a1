import type { Layer } from "../../layers/layer.ts";
import { builtInLayerOf } from "./graph.ts";
import { type GraphNode, origin, type Ref } from "./graph.ts";

/** Which axis of a feature map holds the channels; undefined if unknown. */
export type Channels = "first" | "last" | undefined;

/**
 * Which axis of an output holds the channels: what the layer says, otherwise
 * what its inputs agree on, if the layer keeps their axes.
 *
 * @param ref An output of a node, of which inputs and call are known.
 * @returns First or last, or undefined if it is not known.
 */
export function channelsOf(ref: Ref): Channels {
  return visit(origin(ref).node, new Map());
}

function visit(node: GraphNode, seen: Map<GraphNode, Channels>): Channels {
  const known = seen.get(node);
  if (known !== undefined || seen.has(node)) return known;
  seen.set(node, undefined);
  const layer = builtInLayerOf(node);
  const channels = layer === undefined ? writtenChannels(node) : layerChannels(
    layer,
    node.inputs.map((ref) => visit(origin(ref).node, seen)),
  );
  seen.set(node, channels);
  return channels;
}

/** What a custom class of TF.js writes in its config. */
function writtenChannels({ call }: GraphNode): Channels {
  if (call.kind !== "inMemory") return undefined;
  const { dataFormat } = call.layer.getConfig();
  if (dataFormat === "channelsFirst") return "first";
  return dataFormat === "channelsLast" ? "last" : undefined;
}

/**
 * Which axis of a layer's output holds the channels.
 *
 * @param layer The layer.
 * @param inputs Which axis holds them in each of its inputs.
 * @returns What the layer says, or else what its inputs agree on, if it keeps
 * their axes.
 */
export function layerChannels(
  { channels, keepsAxes = false }: Layer,
  inputs: readonly Channels[],
): Channels {
  if (channels !== undefined || !keepsAxes) return channels;
  return inputs.every((axis) => axis === inputs[0]) ? inputs[0] : undefined;
}
