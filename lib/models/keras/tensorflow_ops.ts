/**
 * Raw operations of TensorFlow in a model of Keras 2, which its versions before
 * 2.4 wrote as `TensorFlowOpLayer`: a `NodeDef`, and constants by input index.
 * They are converted to calls of functions, as in later versions.
 *
 * Source: tf_keras 2.21 `TensorFlowOpLayer`.
 *
 * @module
 */
import { quote } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import type { Json } from "./_description.ts";
import type {
  CallSpec,
  LayerSpec,
  ModelSpec,
  StoredArgument,
} from "./keras_topology.ts";

/** A call of a function of TensorFlow. */
interface FunctionCall {
  readonly function: string;
  readonly positional: readonly StoredArgument[];
  readonly named?: Readonly<Record<string, StoredArgument>>;
}

/**
 * Creates a call from an operation's inputs and attributes; undefined for an
 * unknown operation.
 */
type Making = (
  inputs: readonly StoredArgument[],
  attributes: Attributes,
) => FunctionCall | undefined;

/** Attributes of a `NodeDef`, in JSON. */
class Attributes {
  readonly #values: Json;

  constructor(values: Json) {
    this.#values = values;
  }

  #of(name: string): Json {
    return (this.#values[name] ?? {}) as Json;
  }

  isOn(name: string): boolean {
    return this.#of(name).b === true;
  }

  number(name: string, fallback: number): number {
    const { i, f } = this.#of(name);
    return Number(i ?? f ?? fallback);
  }

  numbers(name: string): number[] {
    const { i = [] } = (this.#of(name).list ?? {}) as { i?: unknown[] };
    return i.map(Number);
  }

  type(name: string): string {
    const text = String(this.#of(name).type).replace(/^DT_/, "").toLowerCase();
    return { float: "float32", double: "float64", half: "float16" }[text] ??
      text;
  }

  text(name: string): string | undefined {
    const { s } = this.#of(name);
    return typeof s === "string" ? atob(s) : undefined;
  }
}

const value = (of: unknown): StoredArgument => ({ value: of });

/** Functions with the same inputs as the operation. */
const plain = (name: string): Making => (inputs) => ({
  function: name,
  positional: inputs,
});

const reduction = (name: string): Making => ([x, axis], attributes) => ({
  function: name,
  positional: [x!],
  named: { axis: axis!, keepdims: value(attributes.isOn("keep_dims")) },
});

const product =
  (first: string, second: string): Making => (inputs, attributes) => ({
    function: "linalg.matmul",
    positional: inputs,
    named: {
      "transpose_a": value(attributes.isOn(first)),
      "transpose_b": value(attributes.isOn(second)),
    },
  });

const resize = (method: string): Making => (inputs, attributes) =>
  attributes.isOn("half_pixel_centers") && !attributes.isOn("align_corners")
    ? {
      function: "image.resize",
      positional: inputs,
      named: { method: value(method) },
    }
    : undefined;

/** Inputs in one list, with further arguments. */
const listed = (
  name: string,
  axisOf: (last: StoredArgument, at: Attributes) => StoredArgument,
): Making =>
(inputs, attributes) => {
  const isLast = name === "concat";
  const list = isLast ? inputs.slice(0, -1) : inputs;
  return {
    function: name,
    positional: [{ list }],
    named: { axis: axisOf(inputs.at(-1)!, attributes) },
  };
};

/** Functions by operation, if their names differ only in spelling. */
const SAME: Readonly<Record<string, string>> = {
  ...{
    Abs: "math.abs",
    Exp: "math.exp",
    Log: "math.log",
    Neg: "math.negative",
  },
  ...{ Log1p: "math.log1p", Expm1: "math.expm1", Sqrt: "math.sqrt" },
  ...{ Rsqrt: "math.rsqrt", Square: "math.square", Sigmoid: "math.sigmoid" },
  ...{ Tanh: "math.tanh", Relu: "nn.relu", Relu6: "nn.relu6", Elu: "nn.elu" },
  ...{ Selu: "nn.selu", Softplus: "math.softplus", Softsign: "nn.softsign" },
  ...{ Softmax: "nn.softmax", LogSoftmax: "nn.log_softmax", Sin: "math.sin" },
  ...{ Cos: "math.cos", Floor: "math.floor", Ceil: "math.ceil" },
  ...{ Sign: "math.sign", Erf: "math.erf", Identity: "identity" },
  ...{ StopGradient: "stop_gradient", Reciprocal: "math.reciprocal" },
  ...{ Round: "math.round", LogicalNot: "math.logical_not", Add: "math.add" },
  ...{ AddV2: "math.add", Sub: "math.subtract", Mul: "math.multiply" },
  ...{ RealDiv: "math.divide", Maximum: "math.maximum", Pow: "math.pow" },
  ...{ Minimum: "math.minimum", SquaredDifference: "math.squared_difference" },
  ...{ FloorDiv: "math.floordiv", FloorMod: "math.floormod" },
  ...{ Greater: "math.greater", GreaterEqual: "math.greater_equal" },
  ...{ Less: "math.less", LessEqual: "math.less_equal", Equal: "math.equal" },
  ...{ NotEqual: "math.not_equal", LogicalAnd: "math.logical_and" },
  ...{ LogicalOr: "math.logical_or", Reshape: "reshape", Tile: "tile" },
  ...{ Transpose: "transpose", ExpandDims: "expand_dims", SelectV2: "where" },
  ...{ ClipByValue: "clip_by_value", BroadcastTo: "broadcast_to", Pad: "pad" },
  ...{ ArgMax: "math.argmax" },
};

const MAKINGS: Readonly<Record<string, Making>> = {
  ...Object.fromEntries(
    Object.entries(SAME).map(([name, to]) => [name, plain(to)]),
  ),
  Mean: reduction("math.reduce_mean"),
  Sum: reduction("math.reduce_sum"),
  Max: reduction("math.reduce_max"),
  Min: reduction("math.reduce_min"),
  Prod: reduction("math.reduce_prod"),
  Any: reduction("math.reduce_any"),
  All: reduction("math.reduce_all"),
  MatMul: product("transpose_a", "transpose_b"),
  BatchMatMul: product("adj_x", "adj_y"),
  BatchMatMulV2: product("adj_x", "adj_y"),
  ConcatV2: listed("concat", (last) => last),
  Pack: listed("stack", (_, attributes) => value(attributes.number("axis", 0))),
  ResizeBilinear: resize("bilinear"),
  ResizeNearestNeighbor: resize("nearest"),
  BiasAdd: (inputs, attributes) =>
    attributes.text("data_format") === "NCHW" ? undefined : {
      function: "nn.bias_add",
      positional: inputs,
    },
  Squeeze([x], attributes) {
    const axes = attributes.numbers("squeeze_dims");
    return {
      function: "squeeze",
      positional: [x!],
      ...(axes.length === 0 ? {} : { named: { axis: value(axes) } }),
    };
  },
  Cast: ([x], attributes) => ({
    function: "cast",
    positional: [x!, value(attributes.type("DstT"))],
  }),
  LeakyRelu: ([x], attributes) => ({
    function: "nn.leaky_relu",
    positional: [x!],
    named: { alpha: value(attributes.number("alpha", 0.2)) },
  }),
  GatherV2: ([x, indices, axis], attributes) =>
    attributes.number("batch_dims", 0) === 0
      ? {
        function: "gather",
        positional: [x!, indices!],
        named: { axis: axis! },
      }
      : undefined,
  StridedSlice: stridedSlice,
};

/** As `x[…]`, in Keras' form. */
function stridedSlice(
  [x, ...bounds]: readonly StoredArgument[],
  attributes: Attributes,
): FunctionCall | undefined {
  const [begin, end, strides] = bounds.map((bound) =>
    "value" in bound ? [bound.value].flat().map(Number) : undefined
  );
  if (begin === undefined || end === undefined || strides === undefined) {
    return undefined;
  }
  const bit = (name: string, i: number) =>
    (attributes.number(name, 0) >> i & 1) === 1;
  const items = begin.map((start, i): unknown => {
    if (bit("ellipsis_mask", i)) return "...";
    if (bit("new_axis_mask", i)) return null;
    if (bit("shrink_axis_mask", i)) return start;
    return {
      start: bit("begin_mask", i) ? null : start,
      stop: bit("end_mask", i) ? null : end[i],
      step: strides[i],
    };
  });
  return {
    function: "__operators__.getitem",
    positional: [x!],
    named: { "slice_spec": value(items) },
  };
}

/**
 * Replaces raw operations in a description by calls of functions.
 *
 * @param spec The description of a model.
 * @param source The file, for messages.
 * @returns The description; the same object if there are none. An unknown
 * operation is named as in TensorFlow's `raw_ops`, and refused later.
 * @throws {ModelFormatError} If an operation is not a `NodeDef`.
 */
export function withFunctions(spec: ModelSpec, source: string): ModelSpec {
  const layers = spec.layers.map((layer) => {
    if (layer.model !== undefined) {
      const model = withFunctions(layer.model, source);
      return model === layer.model ? layer : { ...layer, model };
    }
    return layer.className === "TensorFlowOpLayer"
      ? asFunction(layer, source)
      : layer;
  });
  const isSame = layers.every((layer, i) => layer === spec.layers[i]);
  return isSame ? spec : { ...spec, layers };
}

function asFunction(layer: LayerSpec, source: string): LayerSpec {
  const { options } = layer;
  const { node_def: text, constants = {} } = options as {
    readonly "node_def"?: unknown;
    readonly constants?: Json;
  };
  const node = nodeOf(text);
  if (node === undefined) {
    const rule = `operation "${layer.name}" must be a NodeDef`;
    throw new ModelFormatError(
      source,
      `${rule}: current value is ${quote(text)}`,
    );
  }
  const { op, input, attr = {} } = node;
  const count = input.filter((name) => !name.startsWith("^")).length;
  const making = Object.hasOwn(MAKINGS, op) ? MAKINGS[op] : undefined;
  const made = layer.calls.map((call) =>
    making?.(inputsOf(call, count, constants), new Attributes(attr))
  );
  if (made.length === 0 || made.includes(undefined)) {
    const unknown = { ...options, function: `raw_ops.${op}` };
    return { ...layer, className: "TFOpLambda", options: unknown };
  }
  const calls = made as readonly FunctionCall[];
  const isSlice = calls[0]!.function === "__operators__.getitem";
  return {
    ...layer,
    className: isSlice ? "SlicingOpLambda" : "TFOpLambda",
    options: { name: layer.name, function: calls[0]!.function },
    calls: calls.map(({ positional, named = {} }) => ({ positional, named })),
  };
}

/** An operation in JSON. */
interface NodeDef {
  readonly op: string;
  readonly input: readonly string[];
  readonly attr?: Json;
}

function nodeOf(text: unknown): NodeDef | undefined {
  let node: Partial<NodeDef> | null = text as NodeDef;
  if (typeof text === "string") {
    try {
      node = JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
  const { op, input = [] } = node ?? {};
  const isNode = typeof op === "string" && Array.isArray(input) &&
    input.every((name) => typeof name === "string");
  return isNode ? { ...node, op, input } : undefined;
}

/** Inputs by index: constants, and tensors at the other indices. */
function inputsOf(
  { positional }: CallSpec,
  count: number,
  constants: Json,
): StoredArgument[] {
  const tensors = positional.flatMap((argument) =>
    "list" in argument ? argument.list : [argument]
  );
  let next = 0;
  const total = Math.max(count, tensors.length + Object.keys(constants).length);
  return Array.from(
    { length: total },
    (_, i) =>
      Object.hasOwn(constants, i)
        ? value(constants[i])
        : tensors[next++] ?? value(undefined),
  );
}
