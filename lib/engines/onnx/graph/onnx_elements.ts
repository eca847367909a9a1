import { sizeOf } from "../../../check.ts";
import type { NdArray } from "../../../types.ts";
import { ShapeOps } from "../../../ops/shape_ops.ts";
import type { OpsType, ReduceOptions } from "../../../ops/ops.ts";
import { axesOf } from "../../../ops/shapes.ts";
import {
  accurateSigmoid,
  expm1,
  floorDivide,
  floorMod,
  floorModIntegers,
  log1p,
} from "./elements.ts";
import type { OnnxAttribute, OnnxGraph } from "./onnx_graph.ts";
import { castTo, named, type OnnxValue } from "./onnx_value.ts";
import { reduceExtreme, spatialMean } from "./pooling.ts";

const SHAPES = new ShapeOps();

/** Shapes and types of results, as computed without values. */
type Kind = Pick<OnnxValue, "shape" | "dtype">;
type Attributes = Readonly<Record<string, OnnxAttribute>>;

/**
 * Minimum number of elements per row for the speed of an operation to matter.
 */
const LARGE = 4096;

/**
 * The first half of {@linkcode OnnxOps}: constants, element-wise operations,
 * reductions, and the recording of operations.
 */
export class OnnxElements {
  /** The graph that operations are recorded in: within a loop, its body. */
  protected graph: OnnxGraph;
  /** Maximum number of elements per row so far, over values of known sizes. */
  #mostElements = 1;
  #multiplications = 0;

  /**
   * Creates operations that are recorded in a graph, which may contain other
   * operators.
   */
  constructor(graph: OnnxGraph) {
    this.graph = graph;
  }

  /** Maximum number of bytes per row so far, over values of known sizes. */
  get bytesOfLargest(): number {
    return 4 * this.#mostElements;
  }

  /**
   * Number of multiplications of matrix products and convolutions for one
   * sample. Unknown sizes count as 1, and the body of a loop once.
   */
  get multiplicationsPerRow(): number {
    return this.#multiplications;
  }

  /** Counts the multiplications of a product, from its sizes. */
  protected multiplied(...sizes: readonly (number | null)[]): void {
    this.#multiplications += sizeOf(sizes.map((size) => size ?? 1));
  }

  shape({ shape }: OnnxValue): readonly (number | null)[] {
    return shape;
  }

  dtype({ dtype }: OnnxValue): OpsType {
    return dtype;
  }

  constant(value: number | NdArray<Float32Array | Int32Array>): OnnxValue {
    const kind = SHAPES.constant(value);
    if (typeof value === "number") {
      const name = this.graph.scalar("float32", value);
      return { ...named(name, kind), number: value };
    }
    const { data, shape } = value;
    const type = data instanceof Int32Array ? "int32" : "float32";
    const name = this.graph.constant(type, shape, data);
    return named(this.as({ name, dtype: type }, kind.dtype), kind);
  }

  cast(x: OnnxValue, dtype: OpsType): OnnxValue {
    return named(this.as(x, dtype), SHAPES.cast(x, dtype));
  }

  // ---- element by element ----

  readonly add = this.#binaryOf("Add", SHAPES.add);
  readonly subtract = this.#binaryOf("Sub", SHAPES.subtract);
  readonly multiply = this.#binaryOf("Mul", SHAPES.multiply);
  readonly divide = this.#binaryOf("Div", SHAPES.divide);

  floorDivide(a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.floorDivide(a, b);
    const type = kind.dtype === "float32" ? "float32" : "int32";
    const [p, q] = [this.as(a, type), this.as(b, type)];
    return named(floorDivide(this.graph, p, q, type), kind);
  }

  mod(a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.mod(a, b);
    const mod = kind.dtype === "float32" ? floorMod : floorModIntegers;
    const [p, q] = [this.as(a, kind.dtype), this.as(b, kind.dtype)];
    return named(mod(this.graph, p, q), kind);
  }

  readonly power = this.#binaryOf("Pow", SHAPES.power);

  maximum(a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.maximum(a, b);
    // The runtime fuses convolutions only with these operators.
    const isFloat = a.dtype === "float32" && kind.dtype === "float32";
    if (isFloat && b.number === 0) return this.node("Relu", [a.name], kind);
    if (isFloat && b.number !== undefined) {
      return this.node("Clip", [a.name, b.name], kind);
    }
    return this.binary("Max", a, b, kind);
  }

  minimum(a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.minimum(a, b);
    const isFloat = a.dtype === "float32" && kind.dtype === "float32";
    if (isFloat && b.number !== undefined) {
      return this.node("Clip", [a.name, "", b.name], kind);
    }
    return this.binary("Min", a, b, kind);
  }

  readonly greater = this.#comparisonOf("Greater", SHAPES.greater);
  readonly greaterEqual = this.#comparisonOf(
    "GreaterOrEqual",
    SHAPES.greaterEqual,
  );
  readonly equal = this.#comparisonOf("Equal", SHAPES.equal);
  readonly logicalAnd = this.#binaryOf("And", SHAPES.logicalAnd);
  readonly logicalOr = this.#binaryOf("Or", SHAPES.logicalOr);
  readonly logicalNot = this.#unaryOf("Not", SHAPES.logicalNot);

  where(condition: OnnxValue, a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.where(condition, a, b);
    // ONNX Runtime's Where does not support booleans.
    const type = kind.dtype === "bool" ? "int32" : kind.dtype;
    const values = [a, b].map((x) => this.as(x, type));
    const inputs = [this.as(condition, "bool"), ...values];
    const name = this.graph.node("Where", inputs);
    return named(this.as({ name, dtype: type }, kind.dtype), kind);
  }

  readonly exp = this.#unaryOf("Exp", SHAPES.exp);
  readonly log = this.#unaryOf("Log", SHAPES.log);

  log1p(x: OnnxValue): OnnxValue {
    return named(
      log1p(this.graph, this.as(x, "float32")),
      SHAPES.log1p(x),
    );
  }

  expm1(x: OnnxValue): OnnxValue {
    return named(
      expm1(this.graph, this.as(x, "float32")),
      SHAPES.expm1(x),
    );
  }

  readonly sqrt = this.#unaryOf("Sqrt", SHAPES.sqrt);
  readonly abs = this.#unaryOf("Abs", SHAPES.abs);
  readonly sign = this.#unaryOf("Sign", SHAPES.sign);
  readonly negative = this.#unaryOf("Neg", SHAPES.negative);
  readonly floor = this.#unaryOf("Floor", SHAPES.floor);
  readonly ceil = this.#unaryOf("Ceil", SHAPES.ceil);
  readonly round = this.#unaryOf("Round", SHAPES.round);
  readonly sin = this.#unaryOf("Sin", SHAPES.sin);
  readonly cos = this.#unaryOf("Cos", SHAPES.cos);
  readonly atan = this.#unaryOf("Atan", SHAPES.atan);
  readonly tanh = this.#unaryOf("Tanh", SHAPES.tanh);

  sigmoid(x: OnnxValue): OnnxValue {
    const kind = SHAPES.sigmoid(x);
    return named(accurateSigmoid(this.graph, this.as(x, kind.dtype)), kind);
  }

  silu(x: OnnxValue): OnnxValue {
    const sizes = x.shape.slice(1);
    const isSmall = sizes.every((size) => size !== null) &&
      sizeOf(sizes) < LARGE;
    const factor = isSmall
      ? this.sigmoid(x)
      : this.unary("Sigmoid", x, SHAPES.sigmoid(x));
    return this.binary("Mul", x, factor, SHAPES.silu(x));
  }

  readonly erf = this.#unaryOf("Erf", SHAPES.erf);

  softmax(x: OnnxValue, axis: number): OnnxValue {
    return this.unary("Softmax", x, SHAPES.softmax(x, axis), { axis });
  }

  isNaN(x: OnnxValue): OnnxValue {
    const name = this.graph.node("IsNaN", [this.as(x, "float32")]);
    return named(name, SHAPES.isNaN(x));
  }

  float(x: OnnxValue): OnnxValue {
    return this.cast(x, "float32");
  }

  // ---- over axes ----

  readonly sum = this.#reductionOf("ReduceSum", SHAPES.sum);

  mean(x: OnnxValue, options: ReduceOptions = {}): OnnxValue {
    const kind = SHAPES.mean(x, options);
    const isMap = x.dtype === "float32" && options.keepdims !== true;
    const means = isMap
      ? spatialMean(this.graph, x, axesOf(options.axis, x.shape.length))
      : undefined;
    if (means !== undefined) return named(means, kind);
    const mean = this.reduce("ReduceMean", x, options, kind);
    const isSure = axesOf(options.axis, x.shape.length).every((axis) =>
      axis === 0 || (x.shape[axis] ?? 0) > 0
    );
    return isSure ? mean : this.#orNaN(mean, x);
  }

  readonly max = this.#reductionOf("ReduceMax", SHAPES.max);
  readonly min = this.#reductionOf("ReduceMin", SHAPES.min);
  readonly prod = this.#reductionOf("ReduceProd", SHAPES.prod);

  any(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    const kind = SHAPES.any(x, options);
    const whole = { ...kind, dtype: "int32" } as const;
    const numbers = this.cast(this.cast(x, "bool"), "int32");
    const most = this.reduce("ReduceMax", numbers, options, whole);
    return this.greater(most, this.constant(0)); // the maximum of no values is below 0
  }

  all(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    const truth = this.cast(x, "bool");
    return this.reduce("ReduceMin", truth, options, SHAPES.all(x, options));
  }

  argmax(x: OnnxValue, axis: number): OnnxValue {
    const attributes = { axis, keepdims: 0 };
    const values = this.as(x, notBool(x.dtype));
    const name = this.graph.node("ArgMax", [values], attributes);
    return named(castTo(this.graph, name, "int32"), SHAPES.argmax(x, axis));
  }

  cumsum(x: OnnxValue, axis: number): OnnxValue {
    const kind = SHAPES.cumsum(x, axis);
    const at = this.graph.scalar("int64", axis);
    return this.node("CumSum", [this.as(x, kind.dtype), at], kind);
  }

  /** The means of `x`, where the runtime gives 0 as the mean of no values. */
  #orNaN(mean: OnnxValue, x: OnnxValue): OnnxValue {
    const size = castTo(
      this.graph,
      this.graph.node("Size", [x.name]),
      "float32",
    );
    const zero = this.graph.scalar("float32", 0);
    const added = this.graph.node("Div", [zero, size]); // 0, or 0 / 0
    return named(this.graph.node("Add", [mean.name, added]), mean);
  }

  // ---- recording ----

  protected node(
    operator: string,
    inputs: readonly string[],
    kind: Kind,
    attributes: Attributes = {},
  ): OnnxValue {
    this.seen(kind.shape);
    return named(this.graph.node(operator, inputs, attributes), kind);
  }

  /** Records the size of a result. */
  protected seen([rows, ...sizes]: Kind["shape"]): void {
    const isKnown = sizes.every((size) => size !== null);
    if (rows !== null || !isKnown) return;
    this.#mostElements = Math.max(this.#mostElements, sizeOf(sizes));
  }

  /**
   * Records an operation in the element type of its result, to which the
   * operands are cast.
   */
  protected unary(
    operator: string,
    x: OnnxValue,
    kind: Kind,
    attributes: Attributes = {},
  ): OnnxValue {
    return this.node(operator, [this.as(x, kind.dtype)], kind, attributes);
  }

  protected binary(
    operator: string,
    a: OnnxValue,
    b: OnnxValue,
    kind: Kind,
    attributes: Attributes = {},
  ): OnnxValue {
    const inputs = [a, b].map((x) => this.as(x, kind.dtype));
    return this.node(operator, inputs, kind, attributes);
  }

  protected reduce(
    operator: string,
    x: OnnxValue,
    { axis, keepdims = false }: ReduceOptions = {},
    kind: Kind,
  ): OnnxValue {
    const dtype = notBool(kind.dtype);
    const value = { ...x, name: this.as(x, dtype), dtype };
    // The runtime keeps a negative axis whose size is 0.
    const list = axis === undefined ? undefined : axesOf(axis, x.shape.length);
    const axes = list === undefined ? [] : [this.graph.integers(list)];
    const attributes = {
      keepdims: keepdims ? 1 : 0,
      noopWithEmptyAxes: list?.length === 0 ? 1 : 0,
    };
    const isExtreme = operator === "ReduceMax" || operator === "ReduceMin";
    const name = isExtreme
      ? reduceExtreme(this.graph, operator, value, axes, attributes)
      : this.graph.node(operator, [value.name, ...axes], attributes);
    return named(this.as({ name, dtype }, kind.dtype), kind);
  }

  #unaryOf(operator: string, kindOf: (x: OnnxValue) => Kind) {
    return (x: OnnxValue): OnnxValue => this.unary(operator, x, kindOf(x));
  }

  #binaryOf(operator: string, kindOf: (a: OnnxValue, b: OnnxValue) => Kind) {
    return (a: OnnxValue, b: OnnxValue): OnnxValue =>
      this.binary(operator, a, b, kindOf(a, b));
  }

  /** Booleans are compared as integers, and integers with floats as floats. */
  #comparisonOf(
    operator: string,
    kindOf: (a: OnnxValue, b: OnnxValue) => Kind,
  ) {
    return (a: OnnxValue, b: OnnxValue): OnnxValue => {
      const kind = kindOf(a, b);
      const isFloat = [a, b].some(({ dtype }) => dtype === "float32");
      const type = isFloat ? "float32" : "int32";
      const inputs = [a, b].map((x) => this.as(x, type));
      return this.node(operator, inputs, kind);
    };
  }

  #reductionOf(
    operator: string,
    kindOf: (x: OnnxValue, options?: ReduceOptions) => Kind,
  ) {
    return (x: OnnxValue, options?: ReduceOptions): OnnxValue =>
      this.reduce(operator, x, options, kindOf(x, options));
  }

  /** The name of a value in an element type. */
  protected as(
    { name, dtype }: Pick<OnnxValue, "name" | "dtype">,
    wanted: OpsType,
  ) {
    return dtype === wanted ? name : castTo(this.graph, name, wanted);
  }
}

/** ONNX' arithmetic does not support booleans. */
function notBool(dtype: OpsType): OpsType {
  return dtype === "bool" ? "int32" : dtype;
}
