import type { NdArray } from "../../types.ts";
import { ShapeOps } from "../../ops/shape_ops.ts";
import type {
  ConvOptions,
  ConvTransposeOptions,
  Ops,
  OpsType,
  PoolingOptions,
  ReduceOptions,
  ScanStep,
  SliceRange,
} from "../../ops/ops.ts";
import { conv, convTranspose } from "./convolutions.ts";
import {
  expm1,
  floorDivide,
  floorMod,
  floorModIntegers,
  log1p,
} from "./elements.ts";
import { merge, unmerge } from "./merging.ts";
import type { OnnxAttribute, OnnxGraph } from "./onnx_graph.ts";
import { castTo, type OnnxValue } from "./onnx_value.ts";
import { averagePool, maxPool, reduceExtreme } from "./pooling.ts";
import { resize } from "./resize.ts";
import { scan } from "./scan.ts";

const SHAPES = new ShapeOps();

/** What is known of a result: the same as without values. */
type Kind = Pick<OnnxValue, "shape" | "dtype">;
type Attributes = Readonly<Record<string, OnnxAttribute>>;

/**
 * Operations that are recorded as ONNX operators, to be run later.
 *
 * Naive on purpose: what can be left out, joined or worked out beforehand,
 * ONNX Runtime's own optimiser finds. Where it means something else than
 * {@linkcode Ops}, the difference is made good here and in the files beside,
 * and nowhere else.
 */
export class OnnxOps implements Ops<OnnxValue> {
  #graph: OnnxGraph;

  /** Records in a graph, which others may add to as well. */
  constructor(graph: OnnxGraph) {
    this.#graph = graph;
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
      const name = this.#graph.scalar("float32", value);
      return { ...named(name, kind), number: value };
    }
    const { data, shape } = value;
    const type = data instanceof Int32Array ? "int32" : "float32";
    const name = this.#graph.constant(type, shape, data);
    return named(this.#as({ name, shape, dtype: type }, kind.dtype), kind);
  }

  cast(x: OnnxValue, dtype: OpsType): OnnxValue {
    return named(this.#as(x, dtype), SHAPES.cast(x, dtype));
  }

  // ---- element by element ----

  add(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#binary("Add", a, b, SHAPES.add(a, b));
  }

  subtract(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#binary("Sub", a, b, SHAPES.subtract(a, b));
  }

  multiply(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#binary("Mul", a, b, SHAPES.multiply(a, b));
  }

  divide(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#binary("Div", a, b, SHAPES.divide(a, b));
  }

  floorDivide(a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.floorDivide(a, b);
    const type = kind.dtype === "float32" ? "float32" : "int32";
    const [p, q] = [this.#as(a, type), this.#as(b, type)];
    return named(floorDivide(this.#graph, p, q, type), kind);
  }

  mod(a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.mod(a, b);
    const mod = kind.dtype === "float32" ? floorMod : floorModIntegers;
    const [p, q] = [this.#as(a, kind.dtype), this.#as(b, kind.dtype)];
    return named(mod(this.#graph, p, q), kind);
  }

  power(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#binary("Pow", a, b, SHAPES.power(a, b));
  }

  maximum(a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.maximum(a, b);
    // Convolutions are joined with what follows them in these words only.
    const isFloat = a.dtype === "float32" && kind.dtype === "float32";
    if (isFloat && b.number === 0) return this.#node("Relu", [a.name], kind);
    if (isFloat && b.number !== undefined) {
      return this.#node("Clip", [a.name, b.name], kind);
    }
    return this.#binary("Max", a, b, kind);
  }

  minimum(a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.minimum(a, b);
    const isFloat = a.dtype === "float32" && kind.dtype === "float32";
    if (isFloat && b.number !== undefined) {
      return this.#node("Clip", [a.name, "", b.name], kind);
    }
    return this.#binary("Min", a, b, kind);
  }

  greater(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#compare("Greater", a, b, SHAPES.greater(a, b));
  }

  greaterEqual(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#compare("GreaterOrEqual", a, b, SHAPES.greaterEqual(a, b));
  }

  equal(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#compare("Equal", a, b, SHAPES.equal(a, b));
  }

  logicalAnd(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#binary("And", a, b, SHAPES.logicalAnd(a, b));
  }

  logicalOr(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#binary("Or", a, b, SHAPES.logicalOr(a, b));
  }

  logicalNot(x: OnnxValue): OnnxValue {
    return this.#unary("Not", x, SHAPES.logicalNot(x));
  }

  where(condition: OnnxValue, a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.where(condition, a, b);
    // ONNX Runtime chooses between numbers, not between booleans.
    const type = kind.dtype === "bool" ? "int32" : kind.dtype;
    const values = [a, b].map((x) => this.#as(x, type));
    const inputs = [this.#as(condition, "bool"), ...values];
    const name = this.#graph.node("Where", inputs);
    return named(this.#as({ name, dtype: type }, kind.dtype), kind);
  }

  exp(x: OnnxValue): OnnxValue {
    return this.#unary("Exp", x, SHAPES.exp(x));
  }

  log(x: OnnxValue): OnnxValue {
    return this.#unary("Log", x, SHAPES.log(x));
  }

  log1p(x: OnnxValue): OnnxValue {
    return named(
      log1p(this.#graph, this.#as(x, "float32")),
      SHAPES.log1p(x),
    );
  }

  expm1(x: OnnxValue): OnnxValue {
    return named(
      expm1(this.#graph, this.#as(x, "float32")),
      SHAPES.expm1(x),
    );
  }

  sqrt(x: OnnxValue): OnnxValue {
    return this.#unary("Sqrt", x, SHAPES.sqrt(x));
  }

  abs(x: OnnxValue): OnnxValue {
    return this.#unary("Abs", x, SHAPES.abs(x));
  }

  sign(x: OnnxValue): OnnxValue {
    return this.#unary("Sign", x, SHAPES.sign(x));
  }

  negative(x: OnnxValue): OnnxValue {
    return this.#unary("Neg", x, SHAPES.negative(x));
  }

  floor(x: OnnxValue): OnnxValue {
    return this.#rounded("Floor", x, SHAPES.floor(x));
  }

  ceil(x: OnnxValue): OnnxValue {
    return this.#rounded("Ceil", x, SHAPES.ceil(x));
  }

  round(x: OnnxValue): OnnxValue {
    return this.#rounded("Round", x, SHAPES.round(x));
  }

  sin(x: OnnxValue): OnnxValue {
    return this.#unary("Sin", x, SHAPES.sin(x));
  }

  cos(x: OnnxValue): OnnxValue {
    return this.#unary("Cos", x, SHAPES.cos(x));
  }

  tanh(x: OnnxValue): OnnxValue {
    return this.#unary("Tanh", x, SHAPES.tanh(x));
  }

  sigmoid(x: OnnxValue): OnnxValue {
    return this.#unary("Sigmoid", x, SHAPES.sigmoid(x));
  }

  erf(x: OnnxValue): OnnxValue {
    return this.#unary("Erf", x, SHAPES.erf(x));
  }

  softmax(x: OnnxValue, axis: number): OnnxValue {
    return this.#unary("Softmax", x, SHAPES.softmax(x, axis), { axis });
  }

  isNaN(x: OnnxValue): OnnxValue {
    const name = this.#graph.node("IsNaN", [this.#as(x, "float32")]);
    return named(name, SHAPES.isNaN(x));
  }

  float(x: OnnxValue): OnnxValue {
    return this.cast(x, "float32");
  }

  // ---- over axes ----

  sum(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    return this.#reduce("ReduceSum", x, options, SHAPES.sum(x, options));
  }

  mean(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    return this.#reduce("ReduceMean", x, options, SHAPES.mean(x, options));
  }

  max(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    return this.#reduce("ReduceMax", x, options, SHAPES.max(x, options));
  }

  min(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    return this.#reduce("ReduceMin", x, options, SHAPES.min(x, options));
  }

  prod(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    return this.#reduce("ReduceProd", x, options, SHAPES.prod(x, options));
  }

  any(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    const truth = this.cast(x, "bool");
    return this.#reduce("ReduceMax", truth, options, SHAPES.any(x, options));
  }

  all(x: OnnxValue, options?: ReduceOptions): OnnxValue {
    const truth = this.cast(x, "bool");
    return this.#reduce("ReduceMin", truth, options, SHAPES.all(x, options));
  }

  argmax(x: OnnxValue, axis: number): OnnxValue {
    const attributes = { axis, keepdims: 0 };
    const values = this.#as(x, notBool(x.dtype));
    const name = this.#graph.node("ArgMax", [values], attributes);
    return named(castTo(this.#graph, name, "int32"), SHAPES.argmax(x, axis));
  }

  cumsum(x: OnnxValue, axis: number): OnnxValue {
    const kind = SHAPES.cumsum(x, axis);
    const at = this.#graph.scalar("int64", axis);
    return this.#node("CumSum", [this.#as(x, kind.dtype), at], kind);
  }

  // ---- shape ----

  reshape(x: OnnxValue, shape: readonly number[]): OnnxValue {
    const target = this.#graph.integers(shape);
    const attributes = { allowzero: shape.includes(0) ? 1 : 0 };
    const kind = SHAPES.reshape(x, shape);
    return this.#node("Reshape", [x.name, target], kind, attributes);
  }

  merge(x: OnnxValue, from: number, to: number): OnnxValue {
    const [first, last] = [from, to].map((axis) => axisOf(axis, x));
    const kind = SHAPES.merge(x, first!, last!);
    return named(merge(this.#graph, x, first!, last!), kind);
  }

  unmerge(x: OnnxValue, axis: number, sizes: readonly number[]): OnnxValue {
    const at = axisOf(axis, x);
    const kind = SHAPES.unmerge(x, at, sizes);
    return named(unmerge(this.#graph, x, at, sizes), kind);
  }

  expandDims(x: OnnxValue, axis: number): OnnxValue {
    const axes = this.#graph.integers([axis]);
    return this.#node("Unsqueeze", [x.name, axes], SHAPES.expandDims(x, axis));
  }

  squeeze(x: OnnxValue, axis: number): OnnxValue {
    const axes = this.#graph.integers([axis]);
    return this.#node("Squeeze", [x.name, axes], SHAPES.squeeze(x, axis));
  }

  transpose(x: OnnxValue, axes: readonly number[]): OnnxValue {
    const perm = axes.map((axis) => axisOf(axis, x));
    const kind = SHAPES.transpose(x, axes);
    if (perm.length === 0) return x;
    return this.#node("Transpose", [x.name], kind, { perm });
  }

  concatenate(values: readonly OnnxValue[], axis: number): OnnxValue {
    const kind = SHAPES.concatenate(values, axis);
    const names = values.map((x) => this.#as(x, kind.dtype));
    return this.#node("Concat", names, kind, { axis });
  }

  stack(values: readonly OnnxValue[], axis: number): OnnxValue {
    const kind = SHAPES.stack(values, axis);
    const axes = this.#graph.integers([axis]);
    const names = values.map((x) =>
      this.#graph.node("Unsqueeze", [this.#as(x, kind.dtype), axes])
    );
    return this.#node("Concat", names, kind, { axis });
  }

  slice(x: OnnxValue, ranges: readonly SliceRange[]): OnnxValue {
    const numbers = [
      ranges.map(({ start = 0 }) => start),
      ranges.map(({ stop = Infinity }) => stop),
      ranges.map(({ axis }) => axis),
      ranges.map(({ step = 1 }) => step),
    ].map((values) => this.#graph.integers(values));
    const kind = SHAPES.slice(x, ranges);
    return this.#node("Slice", [x.name, ...numbers], kind);
  }

  pad(
    x: OnnxValue,
    widths: readonly (readonly [number, number])[],
    value = 0,
  ): OnnxValue {
    const kind = SHAPES.pad(x, widths, value);
    const pads = this.#graph.integers([
      ...widths.map(([before]) => before),
      ...widths.map(([_, after]) => after),
    ]);
    const filler = this.#graph.scalar(kind.dtype, value);
    const inputs = [this.#as(x, kind.dtype), pads, filler];
    return this.#node("Pad", inputs, kind);
  }

  flip(x: OnnxValue, axes: readonly number[]): OnnxValue {
    const numbers = [
      axes.map(() => -1),
      axes.map(() => -Infinity),
      axes,
      axes.map(() => -1),
    ].map((values) => this.#graph.integers(values));
    return this.#node("Slice", [x.name, ...numbers], SHAPES.flip(x, axes));
  }

  repeat(x: OnnxValue, times: number, axis: number): OnnxValue {
    const at = axisOf(axis, x);
    const copies = Array.from({ length: times }, () => x);
    const rows = this.stack(copies, at + 1);
    return { ...this.merge(rows, at, at + 1), ...SHAPES.repeat(x, times, at) };
  }

  broadcastLike(x: OnnxValue, like: OnnxValue): OnnxValue {
    const shape = this.#graph.node("Shape", [like.name]);
    const kind = SHAPES.broadcastLike(x, like);
    return this.#node("Expand", [x.name, shape], kind);
  }

  // ---- choosing ----

  take(x: OnnxValue, indices: OnnxValue, axis: number): OnnxValue {
    const inputs = [x.name, this.#as(indices, "int32")];
    const kind = SHAPES.take(x, indices, axis);
    return this.#node("Gather", inputs, kind, { axis });
  }

  oneHot(indices: OnnxValue, size: number): OnnxValue {
    const kind = SHAPES.oneHot(indices, size);
    // ONNX' own counts negative indices from the end; here they are nowhere.
    const places = this.constant({
      data: Int32Array.from({ length: size }, (_, i) => i),
      shape: [size],
      dtype: "int32",
    });
    const isThere = this.equal(this.expandDims(indices, -1), places);
    return named(this.#as(isThere, "float32"), kind);
  }

  topK(x: OnnxValue, k: number): OnnxValue {
    const kind = SHAPES.topK(x, k);
    const count = this.#graph.integers([k]);
    const attributes = { axis: -1, largest: 1, sorted: 1 };
    const inputs = [x.name, count];
    const [values] = this.#graph.nodeWith(2, "TopK", inputs, attributes);
    return named(values!, kind);
  }

  takeLast(x: OnnxValue, index: number): OnnxValue {
    const at = this.#graph.scalar("int64", index);
    const kind = SHAPES.takeLast(x, index);
    return this.#node("Gather", [x.name, at], kind, { axis: -1 });
  }

  // ---- products, maps, sequences ----

  matmul(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.#binary("MatMul", a, b, SHAPES.matmul(a, b));
  }

  einsum(equation: string, a: OnnxValue, b: OnnxValue): OnnxValue {
    const kind = SHAPES.einsum(equation, a, b);
    return this.#binary("Einsum", a, b, kind, { equation });
  }

  conv(x: OnnxValue, kernel: OnnxValue, options: ConvOptions): OnnxValue {
    const kind = SHAPES.conv(x, kernel, options);
    return named(conv(this.#graph, this.float(x), kernel, options), kind);
  }

  convTranspose(
    x: OnnxValue,
    kernel: OnnxValue,
    options: ConvTransposeOptions,
  ): OnnxValue {
    const kind = SHAPES.convTranspose(x, kernel, options);
    const map = this.float(x);
    return named(convTranspose(this.#graph, map, kernel, options), kind);
  }

  maxPool(x: OnnxValue, options: PoolingOptions): OnnxValue {
    const kind = SHAPES.maxPool(x, options);
    const name = maxPool(this.#graph, this.float(x), options);
    return named(this.#as({ name, dtype: "float32" }, kind.dtype), kind);
  }

  averagePool(x: OnnxValue, options: PoolingOptions): OnnxValue {
    const kind = SHAPES.averagePool(x, options);
    return named(averagePool(this.#graph, this.float(x), options), kind);
  }

  resize(
    x: OnnxValue,
    size: readonly [height: number, width: number],
    interpolation: "nearest" | "bilinear" | "bicubic",
  ): OnnxValue {
    const kind = SHAPES.resize(x, size, interpolation);
    return { ...resize(this, x, size, interpolation), ...kind };
  }

  scan(
    step: (
      state: readonly OnnxValue[],
      inputs: readonly OnnxValue[],
    ) => ScanStep<OnnxValue>,
    initial: readonly OnnxValue[],
    inputs: readonly OnnxValue[],
    reverse = false,
  ): ScanStep<OnnxValue> {
    const outer = this.#graph;
    try {
      return scan(outer, { initial, inputs, reverse }, (body, ...given) => {
        this.#graph = body;
        return step(...given);
      });
    } finally {
      this.#graph = outer;
    }
  }

  // ---- recording ----

  #node(
    operator: string,
    inputs: readonly string[],
    kind: Kind,
    attributes: Attributes = {},
  ): OnnxValue {
    return named(this.#graph.node(operator, inputs, attributes), kind);
  }

  /** In the element type of the result, which is that of what it is made of. */
  #unary(
    operator: string,
    x: OnnxValue,
    kind: Kind,
    attributes: Attributes = {},
  ): OnnxValue {
    return this.#node(operator, [this.#as(x, kind.dtype)], kind, attributes);
  }

  #binary(
    operator: string,
    a: OnnxValue,
    b: OnnxValue,
    kind: Kind,
    attributes: Attributes = {},
  ): OnnxValue {
    const inputs = [a, b].map((x) => this.#as(x, kind.dtype));
    return this.#node(operator, inputs, kind, attributes);
  }

  /** Booleans are compared as integers, and integers with floats as floats. */
  #compare(
    operator: string,
    a: OnnxValue,
    b: OnnxValue,
    kind: Kind,
  ): OnnxValue {
    const isFloat = [a, b].some(({ dtype }) => dtype === "float32");
    const type = isFloat ? "float32" : "int32";
    const inputs = [a, b].map((x) => this.#as(x, type));
    return this.#node(operator, inputs, kind);
  }

  /** Integers are round already. */
  #rounded(operator: string, x: OnnxValue, kind: Kind): OnnxValue {
    if (kind.dtype === "float32") return this.#unary(operator, x, kind);
    return named(this.#as(x, kind.dtype), kind);
  }

  #reduce(
    operator: string,
    x: OnnxValue,
    { axis, keepdims = false }: ReduceOptions = {},
    kind: Kind,
  ): OnnxValue {
    const dtype = notBool(kind.dtype);
    const value = { ...x, name: this.#as(x, dtype), dtype };
    const list = axis === undefined ? undefined : [axis].flat();
    const axes = list === undefined ? [] : [this.#graph.integers(list)];
    const attributes = {
      keepdims: keepdims ? 1 : 0,
      noopWithEmptyAxes: list?.length === 0 ? 1 : 0,
    };
    const isExtreme = operator === "ReduceMax" || operator === "ReduceMin";
    const name = isExtreme
      ? reduceExtreme(this.#graph, operator, value, axes, attributes)
      : this.#graph.node(operator, [value.name, ...axes], attributes);
    return named(this.#as({ name, dtype }, kind.dtype), kind);
  }

  /** The name of a value in an element type. */
  #as({ name, dtype }: Pick<OnnxValue, "name" | "dtype">, wanted: OpsType) {
    return dtype === wanted ? name : castTo(this.#graph, name, wanted);
  }
}

function named(name: string, { shape, dtype }: Kind): OnnxValue {
  return { name, shape, dtype };
}

/** ONNX' arithmetic knows no booleans. */
function notBool(dtype: OpsType): OpsType {
  return dtype === "bool" ? "int32" : dtype;
}

function axisOf(axis: number, { shape }: OnnxValue): number {
  return axis < 0 ? axis + shape.length : axis;
}
