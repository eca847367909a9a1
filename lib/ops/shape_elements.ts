import { cannot } from "../check.ts";
import type { NdArray } from "../types.ts";
import type { OpsType, ReduceOptions } from "./ops.ts";
import { arithmetic, promoted } from "./promotion.ts";
import { axesOf, axisOf, broadcast, type Shape } from "./shapes.ts";

/** Shape and element type of a value, known before the run. */
export interface ShapeValue {
  /** Sizes of the axes; null where they are not known. */
  readonly shape: Shape;
  /** Element type. */
  readonly dtype: OpsType;
}

const asFloat = ({ shape }: ShapeValue) => result(shape, "float32");
const asBool = ({ shape }: ShapeValue) => result(shape, "bool");
const asNumber = ({ shape, dtype }: ShapeValue) =>
  result(shape, arithmetic(dtype));
const joinedNumbers = (a: ShapeValue, b: ShapeValue) =>
  joined(a, b, arithmetic(a.dtype, b.dtype));
const joinedFloats = (a: ShapeValue, b: ShapeValue) => joined(a, b, "float32");
const compared = (a: ShapeValue, b: ShapeValue) => joined(a, b, "bool");

const reducedNumbers = (x: ShapeValue, options?: ReduceOptions) =>
  reduced(x, options, arithmetic(x.dtype));
const reducedFloats = (x: ShapeValue, options?: ReduceOptions) =>
  reduced(x, options, "float32");
const reducedBools = (x: ShapeValue, options?: ReduceOptions) =>
  reduced(x, options, "bool");

function result(shape: Shape, dtype: OpsType): ShapeValue {
  return { shape, dtype };
}

/** Element-wise operations and reductions of `ShapeOps`. */
export class ShapeElements {
  shape(x: ShapeValue): Shape {
    return x.shape;
  }

  dtype(x: ShapeValue): OpsType {
    return x.dtype;
  }

  constant(value: number | NdArray<Float32Array | Int32Array>): ShapeValue {
    if (typeof value === "number") return { shape: [], dtype: "float32" };
    return { shape: value.shape, dtype: constantType(value) };
  }

  cast(x: ShapeValue, dtype: OpsType): ShapeValue {
    return { shape: x.shape, dtype };
  }

  // ---- element by element ----

  readonly add = joinedNumbers;
  readonly subtract = joinedNumbers;
  readonly multiply = joinedNumbers;
  readonly divide = joinedFloats;
  readonly floorDivide = joinedNumbers;
  readonly mod = joinedNumbers;
  readonly power = joinedNumbers;
  readonly maximum = joinedNumbers;
  readonly minimum = joinedNumbers;
  readonly greater = compared;
  readonly greaterEqual = compared;
  readonly equal = compared;
  readonly logicalAnd = compared;
  readonly logicalOr = compared;
  readonly logicalNot = asBool;

  where(condition: ShapeValue, a: ShapeValue, b: ShapeValue): ShapeValue {
    const dtype = promoted(a.dtype, b.dtype);
    return joined(condition, joined(a, b, dtype), dtype);
  }

  readonly exp = asFloat;
  readonly log = asFloat;
  readonly log1p = asFloat;
  readonly expm1 = asFloat;
  readonly sqrt = asFloat;
  readonly abs = asNumber;
  readonly sign = asNumber;
  readonly negative = asNumber;
  readonly floor = asFloat;
  readonly ceil = asFloat;
  readonly round = asFloat;
  readonly sin = asFloat;
  readonly cos = asFloat;
  readonly atan = asFloat;
  readonly tanh = asFloat;
  readonly sigmoid = asFloat;
  readonly silu = asFloat;
  readonly erf = asFloat;

  softmax(x: ShapeValue, axis: number): ShapeValue {
    axisOf(axis, x.shape.length);
    return this.float(x);
  }

  readonly isNaN = asBool;
  readonly float = asFloat;

  // ---- over axes ----

  readonly sum = reducedNumbers;
  readonly mean = reducedFloats;
  readonly max = reducedNumbers;
  readonly min = reducedNumbers;
  readonly prod = reducedNumbers;
  readonly any = reducedBools;
  readonly all = reducedBools;

  argmax(x: ShapeValue, axis: number): ShapeValue {
    if (x.shape[axisOf(axis, x.shape.length)] === 0) {
      throw new TypeError(
        cannot(
          "take the largest value",
          `axis ${axis} must have values`,
          x.shape,
        ),
      );
    }
    return reduced(x, { axis }, "int32");
  }

  cumsum(x: ShapeValue, axis: number): ShapeValue {
    axisOf(axis, x.shape.length);
    return this.cast(x, arithmetic(x.dtype));
  }
}

/** The element type of a constant, mapped to the types of engines. */
export function constantType(
  { data, dtype }: NdArray<Float32Array | Int32Array>,
): OpsType {
  if (dtype === "bool") return "bool";
  return data instanceof Int32Array ? "int32" : "float32";
}

/**
 * Broadcasts two values.
 *
 * @param a The first. @param b The second.
 * @param dtype The result's element type.
 * @returns The result.
 */
export function joined(
  a: ShapeValue,
  b: ShapeValue,
  dtype: OpsType,
): ShapeValue {
  return { shape: broadcast(a.shape, b.shape), dtype };
}

function reduced(
  x: ShapeValue,
  { axis, keepdims = false }: ReduceOptions = {},
  dtype: OpsType,
): ShapeValue {
  const gone = new Set(axesOf(axis, x.shape.length));
  const shape = x.shape.map((size, i) => gone.has(i) ? 1 : size)
    .filter((_, i) => keepdims || !gone.has(i));
  return { shape, dtype };
}
