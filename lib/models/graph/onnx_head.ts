import {
  type GraphNode,
  type Ref,
  specOf,
  type WeightSource,
  type WeightValue,
} from "./graph.ts";
import { toFloat32 } from "../../formats/stored_array.ts";
import {
  biasedLink,
  constant,
  type HeadActivation,
  type HeadTensors,
  type Link,
} from "./head_link.ts";

/** Operations that change no value, or only the shape. */
const PASS = new Set([
  ...["Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze"],
]);

const ACTIVATIONS: Readonly<Record<string, HeadActivation>> = {
  Softmax: "softmax",
  LogSoftmax: "logSoftmax",
  Sigmoid: "sigmoid",
};

/** Element types of floats, as Cast has them. */
const FLOATS = new Set([1, 10, 11, 16]);

/**
 * What the walk to the head makes of an operation of an ONNX file.
 *
 * A MatMul, a Gemm or a convolution with a constant kernel is linear, alone or
 * with a constant added to it.
 *
 * @param node The operation's node.
 * @returns Its part in the walk.
 */
export function onnxLink(node: GraphNode): Link {
  if (operationOf(node).domain !== "") return { kind: "other" };
  if (isPass(node)) return { kind: "pass" };
  const activation = ACTIVATIONS[node.row.kind];
  if (activation !== undefined) {
    const isOfRows = activation === "sigmoid" || isOverRows(node);
    return isOfRows ? { kind: "activation", activation } : { kind: "other" };
  }
  if (node.row.kind === "Add") return biased(node);
  return product(node) ?? { kind: "other" };
}

/** Dropout does nothing unless it is told that the model is being trained. */
function isPass(node: GraphNode): boolean {
  const { kind, config } = node.row;
  if (kind === "Cast") return FLOATS.has(Number(config.to));
  if (kind === "Dropout") {
    return operationOf(node).inputs.length < 3 && isFirst(node);
  }
  return PASS.has(kind) && isFirst(node);
}

/** Whether what it changes the shape of is what it is called on, and no shape. */
function isFirst(node: GraphNode): boolean {
  return call(node).givers[0] !== undefined;
}

/** Whether a softmax is over all units of a sample: `[N, C]`, or maps of one place. */
function isOverRows(node: GraphNode): boolean {
  const { version } = call(node);
  const axis = Number(node.row.config.axis ?? (version < 13 ? 1 : -1));
  const shape = node.row.outputs[0]?.shape ??
    (node.inputs[0] && specOf(node.inputs[0])?.shape);
  if (shape === undefined) return axis === -1;
  const at = axis < 0 ? axis + shape.length : axis;
  const isOne = (sizes: readonly (number | null)[]) =>
    sizes.every((size) => size === 1);
  // Before version 13 it is over all axes from there on.
  if (version < 13) return at >= 1 && isOne(shape.slice(1, at));
  return isOne([...shape.slice(1, at), ...shape.slice(at + 1)]) && at > 0;
}

function biased(node: GraphNode): Link {
  const { givers } = call(node);
  const place = givers[0] === undefined ? 1 : 0;
  const bias = constant(node, 1 - place);
  let at = givers[place];
  // Casts and the like between the two change no value.
  while (at && isPass(at.node) && /^(Cast|Identity)$/.test(at.node.row.kind)) {
    at = call(at.node).givers[0];
  }
  if (at?.node.call.kind !== "raw") return { kind: "other" };
  return biasedLink(product(at.node), bias && (() => row(bias())));
}

/** A bias of `[1, C]` counts as `[C]`: what it is added to has that axis too. */
function row(value: WeightValue): WeightSource {
  const source = floats(value);
  const { shape } = source;
  const isRow = shape.length === 2 && shape[0] === 1;
  return isRow ? { ...source, shape: shape.slice(1) } : source;
}

function product(node: GraphNode): Link | undefined {
  const { kind, config } = node.row;
  const { domain } = operationOf(node);
  if (domain !== "" || !/^(MatMul|Gemm|Conv)$/.test(kind)) return undefined;
  const kernel = constant(node, 1);
  const bias = constant(node, 2);
  const penultimate: Ref | undefined = call(node).givers[0];
  if (kernel === undefined || penultimate === undefined) return undefined;
  const isBiased = (operationOf(node).inputs[2] ?? "") !== "";
  if (isBiased && bias === undefined) return undefined;
  const isConvolution = kind === "Conv";
  const isPlain = isConvolution ? isOnePlaced(node) : isGemm(config);
  if (!isPlain) return undefined;
  const { shape } = kernel();
  const sizes = isConvolution ? shape.slice(0, 2) : shape;
  if (sizes.length !== 2) return undefined;
  const isTransposed = isConvolution || config.transB === 1;
  const units = sizes[isTransposed ? 0 : 1];
  const biasSizes = isBiased ? bias!().shape : [units];
  // One number for all units, or numbers for each row, are no bias of units.
  if (
    biasSizes.at(-1) !== units || biasSizes.slice(0, -1).some((n) => n !== 1)
  ) {
    return undefined;
  }
  const weights = (): HeadTensors => ({
    kernel: { ...floats(kernel()), shape: sizes },
    isTransposed,
    bias: isBiased ? floats(bias!()) : undefined,
  });
  return {
    kind: "linear",
    activation: "linear",
    isConvolution,
    ...(isConvolution ? { channels: "first" } : {}),
    penultimate,
    weights,
  };
}

/** `x · W + b`, without factors. */
function isGemm(
  { alpha = 1, beta = 1, transA = 0 }: GraphNode["row"]["config"],
) {
  return alpha === 1 && beta === 1 && transA === 0;
}

/** A convolution of one place to one place. */
function isOnePlaced(node: GraphNode): boolean {
  const { group = 1, pads = [] } = node.row.config;
  const kernel = constant(node, 1)!().shape;
  return group === 1 && kernel.length > 2 &&
    kernel.slice(2).every((size) => size === 1) &&
    (pads as number[]).every((size) => size === 0);
}

/** A weight as float32, in which heads are computed. */
function floats(value: WeightValue): WeightSource {
  const source = value as WeightSource;
  return {
    ...source,
    read: async () => {
      const { data, shape, dtype } = await source.read();
      const stored = { data, shape, dtype } as Parameters<typeof toFloat32>[0];
      const values = toFloat32(stored, source.name);
      return { data: values, shape, dtype: "float32" as const };
    },
  };
}

function call(node: GraphNode) {
  const known = node.call.kind === "raw" ? node.call.onnx : undefined;
  if (known !== undefined) return known;
  throw new TypeError(`"${node.row.name}" is no operation of an ONNX file`);
}

function operationOf(node: GraphNode) {
  return call(node).operation;
}
