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

  add(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.binary("Add", a, b, SHAPES.add(a, b));
  }

  subtract(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.binary("Sub", a, b, SHAPES.subtract(a, b));
  }

  multiply(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.binary("Mul", a, b, SHAPES.multiply(a, b));
  }

  divide(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.binary("Div", a, b, SHAPES.divide(a, b));
  }

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

  power(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.binary("Pow", a, b, SHAPES.power(a, b));
  }

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

  greater(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.compare("Greater", a, b, SHAPES.greater(a, b));
  }

  greaterEqual(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.compare("GreaterOrEqual", a, b, SHAPES.greaterEqual(a, b));
  }

  equal(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.compare("Equal", a, b, SHAPES.equal(a, b));
  }

  logicalAnd(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.binary("And", a, b, SHAPES.logicalAnd(a, b));
  }

  logicalOr(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.binary("Or", a, b, SHAPES.logicalOr(a, b));
  }

  logicalNot(x: OnnxValue): OnnxValue {
    return this.unary("Not", x, SHAPES.logicalNot(x));
  }

  where(condition: OnnxValue, a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.where(condition, a, b);
    // ONNX Runtime's Where does not support booleans.
    const type = kind.dtype === "bool" ? "int32" : kind.dtype;
    const values = [a, b].map((x) => this.as(x, type));
    const inputs = [this.as(condition, "bool"), ...values];
    const name = this.graph.node("Where", inputs);
    return named(this.as({ name, dtype: type }, kind.dtype), kind);
  }

  exp(x: OnnxValue): OnnxValue {
    return this.unary("Exp", x, SHAPES.exp(x));
  }

  log(x: OnnxValue): OnnxValue {
    return this.unary("Log", x, SHAPES.log(x));
  }

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

  sqrt(x: OnnxValue): OnnxValue {
    return this.unary("Sqrt", x, SHAPES.sqrt(x));
  }

  abs(x: OnnxValue): OnnxValue {
    return this.unary("Abs", x, SHAPES.abs(x));
  }

  sign(x: OnnxValue): OnnxValue {
    return this.unary("Sign", x, SHAPES.sign(x));
  }

  negative(x: OnnxValue): OnnxValue {
    return this.unary("Neg", x, SHAPES.negative(x));
  }

  floor(x: OnnxValue): OnnxValue {
    return this.rounded("Floor", x, SHAPES.floor(x));
  }

  ceil(x: OnnxValue): OnnxValue {
    return this.rounded("Ceil", x, SHAPES.ceil(x));
  }

  round(x: OnnxValue): OnnxValue {
    return this.rounded("Round", x, SHAPES.round(x));
  }

  sin(x: OnnxValue): OnnxValue {
    return this.unary("Sin", x, SHAPES.sin(x));
  }

  cos(x: OnnxValue): OnnxValue {
    return this.unary("Cos", x, SHAPES.cos(x));
  }

  atan(x: OnnxValue): OnnxValue {
    return this.unary("Atan", x, SHAPES.atan(x));
  }

  tanh(x: OnnxValue): OnnxValue {
    return this.unary("Tanh", x, SHAPES.tanh(x));
  }

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

  erf(x: OnnxValue): OnnxValue {
    return this.unary("Erf", x, SHAPES.erf(x));
  }

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

  sum(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    return this.reduce("ReduceSum", x, options, SHAPES.sum(x, options));
  }

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

  max(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    return this.reduce("ReduceMax", x, options, SHAPES.max(x, options));
  }

  min(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    return this.reduce("ReduceMin", x, options, SHAPES.min(x, options));
  }

  prod(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    return this.reduce("ReduceProd", x, options, SHAPES.prod(x, options));
  }

  any(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    const kind = SHAPES.any(x, options);
    const whole = { ...kind, dtype: "int32" } as const;
    const numbers = this.cast(this.cast(x, "bool"), "int32");
    const most = this.reduce("ReduceMax", numbers, options, whole);
    return this.greater(most, this.constant(0)); // of no values: below 0
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

  /** Booleans are compared as integers, and integers with floats as floats. */
  protected compare(
    operator: string,
    a: OnnxValue,
    b: OnnxValue,
    kind: Kind,
  ): OnnxValue {
    const isFloat = [a, b].some(({ dtype }) => dtype === "float32");
    const type = isFloat ? "float32" : "int32";
    const inputs = [a, b].map((x) => this.as(x, type));
    return this.node(operator, inputs, kind);
  }

  /** Integers are rounded already. */
  protected rounded(operator: string, x: OnnxValue, kind: Kind): OnnxValue {
    if (kind.dtype === "float32") return this.unary(operator, x, kind);
    return named(this.as(x, kind.dtype), kind);
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
