import { activationName, isLayerObject } from "../../layers/config_reader.ts";
import type { Layer } from "../../layers/layer.ts";
import type { NdArray } from "../../types.ts";
import { builtInLayerOf, specOf } from "./graph.ts";
import type { GraphNode, NodeCall, WeightSource } from "./graph.ts";
import { readWeight } from "./weights.ts";
import type { HeadActivation, HeadTensors, Link } from "./head_link.ts";

type Config = Readonly<Record<string, unknown>>;
type LayerCall = NodeCall & { kind: "inMemory" | "builtIn" };

const ACTIVATIONS: ReadonlyMap<string, HeadActivation> = new Map([
  ["linear", "linear"],
  ["softmax", "softmax"],
  ["logSoftmax", "logSoftmax"],
  ["log_softmax", "logSoftmax"],
  ["sigmoid", "sigmoid"],
]);

/**
 * Layers and operations of Keras 3 that are activations, and functions of
 * TensorFlow, which Keras 2 calls.
 */
const OPERATIONS: ReadonlyMap<string, HeadActivation> = new Map([
  ["Softmax", "softmax"],
  ["LogSoftmax", "logSoftmax"],
  ["Sigmoid", "sigmoid"],
  ["nn.softmax", "softmax"],
  ["nn.log_softmax", "logSoftmax"],
  ["math.sigmoid", "sigmoid"],
  ["nn.sigmoid", "sigmoid"],
]);

/** Operations and functions that change no value. */
const PASS =
  /^(Squeeze|ExpandDims|StopGradient|(compat\.v1\.)?(squeeze|expand_dims|stop_gradient|identity))$/;
const CAST = /^(Cast|cast)$/;

/** An einsum over the last axis of its input, like a Dense. */
const OVER_LAST_AXIS = /^(\.{3}|[a-zA-Z]*)([a-zA-Z]),\2([a-zA-Z])->\1\3$/;

/**
 * Classifies a layer for the head search. Only classes of Keras and TF.js are
 * known: the name of a custom class says nothing about its computation. Keras
 * writes options in snake case, TF.js in camel case.
 *
 * @param node The layer's node.
 * @param call Its computation.
 * @returns Its role in the head search.
 */
export function layerLink(node: GraphNode, call: LayerCall): Link {
  if (!call.isBuiltInClass) return { kind: "other" };
  const layer = builtInLayerOf(node);
  if (layer?.passesValues) return { kind: "pass" };
  const { kind, config } = described(node, call);
  if (PASS.test(kind)) return { kind: "pass" };
  if (CAST.test(kind)) return castLink(node);
  if (kind === "Activation") return activationLink(activationOf(config), node);
  const operation = OPERATIONS.get(kind);
  return operation !== undefined
    ? axisLink(operation, config.axis, node)
    : linearLink(kind, config, node, layer);
}

/**
 * The class and the options of a layer, or of the layer that a TimeDistributed
 * applies to each time step; of a TensorFlow function, its name and arguments.
 */
function described(
  { row }: GraphNode,
  call: LayerCall,
): { kind: string; config: Config } {
  // The current layer: its activation may have changed since it was opened.
  const config = call.kind === "inMemory" ? call.layer.getConfig() : row.config;
  const { kind } = row;
  if (kind === "TFOpLambda" && call.kind === "builtIn") {
    const [, named = {}] = call.meaning ?? [];
    return { kind: String(config.function), config: named };
  }
  const held = config.layer as Config | undefined;
  const inner = held?.class_name ?? held?.className;
  return kind === "TimeDistributed" && typeof inner === "string"
    ? { kind: inner, config: held!.config as Config }
    : { kind, config };
}

function castLink(node: GraphNode): Link {
  const isFloat = [{ node, index: 0 }, ...node.inputs].every((ref) =>
    specOf(ref)?.dtype === "float32"
  );
  return isFloat ? { kind: "pass", keepsShape: true } : { kind: "other" };
}

function activationLink(
  activation: HeadActivation | "other",
  node: GraphNode,
): Link {
  if (activation === "other") return { kind: "other" };
  const isOverLastAxis = (node.row.outputs[0]?.shape.length ?? 0) > 2;
  return { kind: "activation", activation, isOverLastAxis };
}

/** An activation over one axis: the last one, or that of one position. */
function axisLink(
  activation: HeadActivation,
  axis: unknown,
  node: GraphNode,
): Link {
  const shape = node.row.outputs[0]?.shape;
  const isLast = axis === undefined || axis === null || axis === -1 ||
    (shape !== undefined && axis === shape.length - 1);
  if (isLast) return activationLink(activation, node);
  const isOne = axis === 1 && shape?.slice(2).every((size) => size === 1);
  return isOne ? { kind: "activation", activation } : { kind: "other" };
}

/** A Dense, an EinsumDense like one, or a convolution of one position. */
function linearLink(
  kind: string,
  config: Config,
  node: GraphNode,
  layer: Layer | undefined,
): Link {
  const isConvolution = /^Conv[123]D$/.test(kind);
  const isLinear = kind === "Dense" || isConvolution && isPointwise(config) ||
    kind === "EinsumDense" && isOverLastAxis(config);
  if (!isLinear) return { kind: "other" };
  const activation = activationOf(config);
  const isQuantised = layer?.weights.includes("kernel_scale") === true;
  if (isQuantised && !(isOfBytes(kind, config) && activation === "linear")) {
    return { kind: "integerLinear", isDequantised: activation === "linear" };
  }
  const format = config.dataFormat ?? config.data_format;
  const isFirst = isConvolution && /^channels_?first$/i.test(String(format));
  // A fused softmax is over the last axis, which is not that of the channels.
  if (isFirst && /softmax/i.test(activation)) return { kind: "other" };
  return {
    kind: "linear",
    activation,
    isConvolution,
    ...(isFirst ? { channels: "first" as const } : {}),
    weights: () =>
      isQuantised ? scaledBack(kernelAndBias(node), node) : kernelAndBias(node),
    penultimate: node.inputs[0]!,
  };
}

function activationOf({ activation }: Config): HeadActivation | "other" {
  if (activation === null || activation === undefined) return "linear";
  const name = activationName(activation);
  if (name !== undefined) return ACTIVATIONS.get(name) ?? "other";
  // A layer as an activation, such as Softmax().
  const isSoftmax = isLayerObject(activation) &&
    activation.class_name === "Softmax" &&
    (activation.config?.axis ?? -1) === -1;
  return isSoftmax ? "softmax" : "other";
}

/**
 * Whether a kernel is a matrix that is applied to each position: of size 1,
 * because larger ones may need padding, with strides of 1 and one group.
 */
function isPointwise(config: Config): boolean {
  const { strides } = config;
  const isOne = (value: unknown) =>
    Array.isArray(value) && value.every((n) => n === 1);
  return isOne(config.kernelSize ?? config.kernel_size) &&
    (strides === undefined || isOne(strides)) && (config.groups ?? 1) === 1;
}

function isOverLastAxis({ equation, bias_axes: axes }: Config): boolean {
  const [, , , last] = OVER_LAST_AXIS.exec(String(equation)) ?? [];
  return last !== undefined && [undefined, null, last].includes(axes as string);
}

/** Whether a Dense has a kernel of int8, with a scale for each unit. */
function isOfBytes(kind: string, { dtype }: Config): boolean {
  const text = JSON.stringify(dtype ?? null);
  return kind === "Dense" && text.includes("int8") && !text.includes("int4");
}

/**
 * The kernel in floats. The layer rounds its input to integers too, so that its
 * output differs from the product by the rounding.
 */
function scaledBack(head: HeadTensors, node: GraphNode): HeadTensors {
  const kernel = head.kernel as WeightSource;
  const scale = node.weights().find(({ name }) => name === "kernel_scale")!;
  const read = async (): Promise<NdArray> => {
    const { shape } = kernel;
    const stored = await kernel.read();
    const { data: scales } = await readWeight(scale.value);
    const data = Float32Array.from(
      stored.data as Float32Array,
      (value, i) => value / scales[i % scales.length]!,
    );
    return { data, shape, dtype: "float32" };
  };
  return { ...head, kernel: { ...kernel, read } };
}

function kernelAndBias(node: GraphNode): HeadTensors {
  // By name: in TF.js a frozen kernel is listed after the bias.
  const weights = node.weights();
  const named = (wanted: string) =>
    weights.find(({ name }) => name.split("/").at(-1) === wanted)?.value;
  return {
    kernel: named("kernel")!,
    bias: named("bias"),
    isTransposed: false,
  };
}
