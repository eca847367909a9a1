import type { Layer } from "../../layers/layer.ts";
import { builtInLayerOf, type GraphNode, origin, type Ref } from "./graph.ts";

/** The channel axis of a feature map; undefined if unknown. */
export type ChannelAxis = "first" | "last" | undefined;

/**
 * The channel axis of an output: that of the layer, otherwise that of its
 * inputs if they agree and the layer keeps their axes.
 *
 * @param ref An output of a node with known inputs and call.
 * @param seen The axes of nodes that are known; receives those found. Pass
 * one map for all nodes of a model.
 * @returns First or last; undefined if unknown.
 */
export function channelsOf(
  ref: Ref,
  seen: Map<GraphNode, ChannelAxis> = new Map(),
): ChannelAxis {
  const { node } = origin(ref);
  if (seen.has(node)) return seen.get(node);
  seen.set(node, undefined);
  const layer = builtInLayerOf(node);
  const channels = layer === undefined
    ? writtenChannels(node)
    : layerChannels(layer, node.inputs.map((input) => channelsOf(input, seen)));
  seen.set(node, channels);
  return channels;
}

/** The value of `dataFormat` in the config of a custom TF.js class. */
function writtenChannels({ call }: GraphNode): ChannelAxis {
  if (call.kind !== "inMemory") return undefined;
  const { dataFormat } = call.layer.getConfig();
  if (dataFormat === "channelsFirst") return "first";
  return dataFormat === "channelsLast" ? "last" : undefined;
}

/**
 * The channel axis of a layer's output.
 *
 * @param layer The layer.
 * @param inputs The channel axis of each input.
 * @returns The axis of the layer, otherwise that of its inputs if they agree
 * and the layer keeps their axes.
 */
export function layerChannels(
  { channels, keepsAxes = false }: Pick<Layer, "channels" | "keepsAxes">,
  inputs: readonly ChannelAxis[],
): ChannelAxis {
  if (channels !== undefined || !keepsAxes) return channels;
  return inputs.every((axis) => axis === inputs[0]) ? inputs[0] : undefined;
}
