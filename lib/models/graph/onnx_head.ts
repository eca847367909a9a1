import {
  type GraphNode,
  origin,
  type Ref,
  refKey,
  specOf,
  type WeightSource,
  type WeightValue,
} from "./graph.ts";
import { typeName } from "../../formats/onnx_tensor.ts";
import { valuesOf as valuesOfBytes } from "../../formats/stored_array.ts";
import {
  biasedLink,
  constant,
  type HeadActivation,
  type HeadTensors,
  isDeep,
  type Link,
} from "./head_link.ts";
import { integerProduct, isIntegerLayer } from "./onnx_integer_products.ts";
import type { FileConstant } from "./onnx_origin.ts";
import { floats, parameter } from "./onnx_parameters.ts";
import { type SoftmaxSpelling, spelledSoftmax } from "./spelled_softmax.ts";

/** Operations that only change the shape. */
const PASS = new Set(["Flatten", "Reshape", "Squeeze", "Unsqueeze"]);

/** Operations that round values for a quantisation. */
const ROUNDS = new Set(["QuantizeLinear", "DequantizeLinear"]);

const ACTIVATIONS: ReadonlyMap<string, HeadActivation> = new Map([
  ["Softmax", "softmax"],
  ["LogSoftmax", "logSoftmax"],
  ["Sigmoid", "sigmoid"],
]);

/** Activations of classical models, by their `post_transform`. */
const TRANSFORMS: ReadonlyMap<string, HeadActivation> = new Map([
  ["SOFTMAX", "softmax"],
  ["LOGISTIC", "sigmoid"],
  ["NONE", "linear"],
]);

/** Float element types, as numbered in Cast. */
const FLOATS = new Set([1, 10, 11, 16]);

/**
 * Classifies an operation of an ONNX file for the head search.
 *
 * A MatMul, a Gemm or a convolution with a constant kernel is linear, alone or
 * with an added constant, also if it is quantised.
 *
 * @param node The operation's node.
 * @returns Its role in the head search.
 */
export function onnxLink(node: GraphNode): Link {
  const { domain } = operationOf(node);
  if (isIntegerLayer(node)) return { kind: "integerLinear" };
  if (domain === "ai.onnx.ml") return learnedLink(node);
  if (domain === "com.microsoft") return quantisedLink(node);
  if (domain !== "") return { kind: "other" };
  const pass = betweenTransposes(node) ?? passLink(node);
  if (pass !== undefined) return pass;
  const activation = ACTIVATIONS.get(node.row.kind);
  if (activation === "sigmoid") return { kind: "activation", activation };
  if (activation !== undefined) return softmaxLink(node, activation);
  const spelled = spelledSoftmax(node, SPELLING);
  if (spelled !== undefined) return spelled;
  if (node.row.kind === "Add") return biased(node);
  return product(node) ?? { kind: "other" };
}

/** Activations from integers to integers, over their input as floats. */
function quantisedLink(node: GraphNode): Link {
  const { dequantised: of } = call(node);
  const activation = ACTIVATIONS.get(node.row.kind.replace("QLinear", ""));
  if (of === undefined || activation === undefined) return { kind: "other" };
  const link = activation === "sigmoid"
    ? { kind: "activation", activation } as const
    : softmaxLink(node, activation, Number(node.row.config.opset ?? 13));
  return link.kind === "activation" ? { ...link, of } : link;
}

/** Operators of classical models, as written by scikit-learn's converter. */
function learnedLink(node: GraphNode): Link {
  const { kind, config } = node.row;
  if (kind === "ZipMap") return { kind: "pass" };
  if (kind === "LinearClassifier" || kind === "LinearRegressor") {
    return learnedLinear(node) ?? { kind: "other" };
  }
  // The sum of a softmax is already 1.
  const from = node.inputs[0] && origin(node.inputs[0]).node;
  const isSoftmax = from?.row.kind === "LinearClassifier" &&
    from.row.config.post_transform === "SOFTMAX";
  return kind === "Normalizer" && config.norm === "L1" && isSoftmax
    ? { kind: "pass", keepsShape: true }
    : { kind: "other" };
}

/** Operators that change no value, or only the shape. */
function passLink(node: GraphNode): Link | undefined {
  const { kind, config } = node.row;
  if (kind === "Concat") return twoClasses(node);
  if (!isFirst(node)) return undefined;
  if (kind === "Cast" && FLOATS.has(Number(config.to)) || kind === "Identity") {
    return { kind: "pass", keepsShape: true };
  }
  // Dropout does nothing unless its training input is true.
  if (kind === "Dropout" && operationOf(node).inputs.length < 3) {
    return { kind: "pass", keepsShape: true };
  }
  if (ROUNDS.has(kind)) {
    return { kind: "pass", keepsShape: true, rounds: true };
  }
  return PASS.has(kind) || kind === "Transpose" && isOfOnePosition(node)
    ? { kind: "pass" }
    : undefined;
}

/**
 * Whether a Transpose changes no order, as all axes but those of the samples and
 * of the units have size 1.
 */
function isOfOnePosition(node: GraphNode): boolean {
  const { perm } = node.row.config;
  const shape = specOf({ node, index: 0 })?.shape;
  const long = shape?.slice(1).filter((size) => size !== 1);
  return Array.isArray(perm) && perm[0] === 0 && long !== undefined &&
    long.length <= 1;
}

/** `[1 - p, p]`, the two probabilities of one sigmoid. */
function twoClasses(node: GraphNode): Link | undefined {
  const [no, yes, ...others] = call(node).producers;
  const sub = no && origin(no).node;
  if (yes === undefined || others.length > 0 || sub?.row.kind !== "Sub") {
    return undefined;
  }
  const [, p] = call(sub).producers;
  const isOfOne = p !== undefined && refKey(p) === refKey(yes) &&
    valuesOf(sub, 0)?.every((value) => value === 1);
  const isSigmoid = origin(yes).node.row.kind === "Sigmoid";
  const last = (specOf(yes)?.shape.length ?? 2) - 1;
  const isLast = [-1, last].includes(Number(node.row.config.axis));
  return isOfOne && isSigmoid && isLast ? { kind: "pass", of: yes } : undefined;
}

/** Whether it reshapes its operand, not a computed shape. */
function isFirst(node: GraphNode): boolean {
  return call(node).producers[0] !== undefined;
}

/**
 * A softmax over all units of a sample, `[N, C]` or feature maps of one
 * position, or over the last of several axes.
 */
function softmaxLink(
  node: GraphNode,
  activation: HeadActivation,
  version = call(node).version,
): Link {
  const axis = Number(node.row.config.axis ?? (version < 13 ? 1 : -1));
  const shape = node.row.outputs[0]?.shape ??
    (node.inputs[0] && specOf(node.inputs[0])?.shape);
  const rank = shape?.length;
  const at = axis < 0 && rank !== undefined ? axis + rank : axis;
  const isOne = (sizes: readonly (number | null)[]) =>
    sizes.every((size) => size === 1);
  const isOverAll = version < 13
    // Before opset 13 it is over all axes from there on.
    ? at === 1 || at > 1 && shape !== undefined && isOne(shape.slice(1, at))
    : at > 0 && shape !== undefined &&
      isOne([...shape.slice(1, at), ...shape.slice(at + 1)]);
  if (isOverAll) return { kind: "activation", activation };
  const isLast = axis === -1 || rank !== undefined && at === rank - 1;
  return isLast
    ? { kind: "activation", activation, isOverLastAxis: true }
    : { kind: "other" };
}

const SPELLING: SoftmaxSpelling = {
  names: {
    div: /^Div$/,
    exp: /^Exp$/,
    sub: /^Sub$/,
    max: /^ReduceMax$/,
    sum: /^ReduceSum$/,
  },
  argumentsOf: (node) =>
    node.call.kind === "raw" && node.call.onnx !== undefined
      ? node.call.onnx.producers
      : [],
  keepsAxis: ({ row: { config } }) => (config.keepdims ?? 1) === 1,
  axesOf: (node) =>
    node.row.config.axes as readonly number[] | undefined ?? valuesOf(node, 1),
};

/**
 * The values of a small constant argument.
 *
 * @param node The operation.
 * @param index Its argument.
 * @returns The values; undefined if it is computed, large, or neither int64 nor
 * float32.
 */
export function valuesOf(
  node: GraphNode,
  index: number,
): number[] | undefined {
  const value = constant(node, index)?.() as FileConstant | undefined;
  const bytes = value?.storedBytes?.();
  if (bytes === undefined || bytes.length > 64) return undefined;
  const type = typeName(value!.tensor.type);
  if (type !== "int64" && type !== "float32") return undefined;
  return [...valuesOfBytes(bytes, type)].map(Number);
}

/** Operations between a product and its bias. */
const BETWEEN = /^(Cast|Identity|QuantizeLinear|DequantizeLinear)$/;

function biased(node: GraphNode): Link {
  const { producers } = call(node);
  const side = producers[0] === undefined || parameter(node, 0) ? 1 : 0;
  const bias = parameter(node, 1 - side);
  let at = producers[side];
  // Casts and similar operations between them change no value, or round it.
  while (at && BETWEEN.test(at.node.row.kind)) {
    const pass = at.node.call.kind === "raw" && passLink(at.node);
    if (!pass) break;
    at = call(at.node).producers[0];
  }
  if (at?.node.call.kind !== "raw") return { kind: "other" };
  const found = bias && rowOf(bias(), at.node);
  const inner = product(at.node) ?? overTimeSteps(at.node);
  return biasedLink(inner, found && (() => found));
}

/**
 * A product over the last axis of a tensor with time steps, which are merged into
 * the rows: `reshape(matmul(reshape(x, [-1, D]), kernel), […, T, C])`.
 */
function overTimeSteps(node: GraphNode): Link | undefined {
  if (node.row.kind !== "Reshape") return undefined;
  const of = call(node).producers[0]?.node;
  const inner = of?.row.kind === "MatMul" ? product(of) : undefined;
  if (inner?.kind !== "linear") return undefined;
  const merged = inner.penultimate.node;
  if (merged.row.kind !== "Reshape") return undefined;
  const penultimate = call(merged).producers[0];
  return isDeep(penultimate, inner) ? { ...inner, penultimate } : undefined;
}

/**
 * A convolution of size 1 over time steps, with these before the units:
 * `transpose(conv(transpose(x), kernel))`.
 */
function betweenTransposes(node: GraphNode): Link | undefined {
  if (!isSwap(node)) return undefined;
  const of = call(node).producers[0]?.node;
  const inner = of?.row.kind === "Conv" ? product(of) : undefined;
  if (inner?.kind !== "linear" || !isSwap(inner.penultimate.node)) {
    return undefined;
  }
  const { strides = [] } = of!.row.config;
  const isEven = (strides as number[]).every((stride) => stride === 1);
  const penultimate = call(inner.penultimate.node).producers[0];
  if (!isEven || penultimate === undefined) return undefined;
  const { channels: _first, ...link } = inner;
  return { ...link, isConvolution: false, penultimate };
}

/** Whether it swaps the last axes of `[N, T, D]`. */
function isSwap({ row: { kind, config } }: GraphNode): boolean {
  return kind === "Transpose" && String(config.perm) === "0,2,1";
}

/**
 * A bias as `[C]`: axes of size 1 before the units count for nothing if the
 * product has them, too. Behind a convolution, the units are followed by an axis
 * of size 1 for each spatial one.
 */
function rowOf(
  value: WeightValue,
  product: GraphNode,
): WeightSource | undefined {
  const source = floats(value);
  const { shape } = source;
  const kernel = parameter(product, 1)?.().shape;
  const isConvolution = product.row.kind === "Conv" && kernel !== undefined;
  const spatial = isConvolution ? kernel.length - 2 : 0;
  const rank = specOf({ node: product, index: 0 })?.shape.length ?? spatial + 2;
  const at = shape.length - 1 - spatial;
  const fits = at >= 0 && shape.length <= rank &&
    shape.every((size, axis) => axis === at || size === 1);
  return fits ? { ...source, shape: [shape[at]!] } : undefined;
}

function product(node: GraphNode): Link | undefined {
  const { kind, config } = node.row;
  const { domain } = operationOf(node);
  if (domain !== "") return undefined;
  if (kind === "Mul") return integerProduct(node);
  if (!/^(MatMul|Gemm|Conv)$/.test(kind)) return undefined;
  const kernel = parameter(node, 1);
  const bias = parameter(node, 2);
  const penultimate: Ref | undefined = call(node).producers[0];
  if (kernel === undefined || penultimate === undefined) return undefined;
  const isBiased = (operationOf(node).inputs[2] ?? "") !== "";
  if (isBiased && bias === undefined) return undefined;
  const isConvolution = kind === "Conv";
  const isPlain = isConvolution
    ? isPointwise(node)
    : (config.transA ?? 0) === 0;
  if (!isPlain) return undefined;
  const { shape } = kernel();
  const sizes = isConvolution ? shape.slice(0, 2) : shape;
  if (sizes.length !== 2) return undefined;
  const isTransposed = isConvolution || config.transB === 1;
  const units = sizes[isTransposed ? 0 : 1];
  const biasSizes = isBiased ? bias!().shape : [units];
  // A scalar, or one number per row, is not a bias of units.
  if (
    biasSizes.at(-1) !== units || biasSizes.slice(0, -1).some((n) => n !== 1)
  ) {
    return undefined;
  }
  const [alpha, beta] = [config.alpha ?? 1, config.beta ?? 1].map(Number);
  const weights = (): HeadTensors => ({
    kernel: { ...floats(kernel(), alpha), shape: sizes },
    isTransposed,
    bias: isBiased ? floats(bias!(), beta) : undefined,
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

/** The linear function of a classifier or regressor. */
function learnedLinear(node: GraphNode): Link | undefined {
  const { attributes } = operationOf(node);
  const numbers = (key: string) =>
    (attributes.get(key) ?? []) as readonly number[];
  const [coefficients, intercepts] = ["coefficients", "intercepts"].map(
    numbers,
  );
  const units = intercepts!.length;
  const width = coefficients!.length / units;
  const transform = String(attributes.get("post_transform") ?? "NONE");
  const activation = TRANSFORMS.get(transform);
  const penultimate = call(node).producers[0];
  const isFloat = penultimate && specOf(penultimate)?.dtype === "float32";
  const isBinary = node.row.kind === "LinearClassifier" && units === 1 &&
    activation !== "sigmoid";
  if (!isFloat || activation === undefined || isBinary) return undefined;
  if (!Number.isInteger(width) || width < 1) return undefined;
  const weight = (
    name: string,
    values: readonly number[],
    shape: readonly number[],
  ): WeightSource => ({
    name,
    shape,
    read: () => {
      const data = Float32Array.from(values);
      return Promise.resolve({ data, shape, dtype: "float32" as const });
    },
  });
  const kernel = weight("coefficients", coefficients!, [units, width]);
  const bias = weight("intercepts", intercepts!, [units]);
  return {
    kind: "linear",
    // Its output is a pair of labels and probabilities, so the logits are
    // computed.
    activation,
    isConvolution: false,
    penultimate,
    weights: () => ({ kernel, isTransposed: true, bias }),
  };
}

/** A convolution of one position to one position. */
function isPointwise(node: GraphNode): boolean {
  const { group = 1, pads = [] } = node.row.config;
  const kernel = parameter(node, 1)!().shape;
  return group === 1 && kernel.length > 2 &&
    kernel.slice(2).every((size) => size === 1) &&
    (pads as number[]).every((size) => size === 0);
}

function call(node: GraphNode) {
  const known = node.call.kind === "raw" ? node.call.onnx : undefined;
  if (known !== undefined) return known;
  throw new TypeError(`"${node.row.name}" is not an operation of an ONNX file`);
}

function operationOf(node: GraphNode) {
  return call(node).operation;
}
