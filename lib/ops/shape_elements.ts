import type { NdArray } from "../types.ts";
import type { OpsType, ReduceOptions } from "./ops.ts";
import { arithmetic, promoted } from "./promotion.ts";
import { axesOf, axisOf, broadcast, type Shape } from "./shapes.ts";

/** What is known of a value before the run. */
export interface ShapeValue {
  /** Sizes of the axes; null where they are not known. */
  readonly shape: Shape;
  /** Element type. */
  readonly dtype: OpsType;
}

/** The part of `ShapeOps` that reckons element by element and over axes. */
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

  add(a: ShapeValue, b: ShapeValue): ShapeValue {
    return joined(a, b, arithmetic(a.dtype, b.dtype));
  }

  subtract(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }

  multiply(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }

  divide(a: ShapeValue, b: ShapeValue): ShapeValue {
    return joined(a, b, "float32");
  }

  floorDivide(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }

  mod(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }

  power(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }

  maximum(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }

  minimum(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }

  greater(a: ShapeValue, b: ShapeValue): ShapeValue {
    return joined(a, b, "bool");
  }

  greaterEqual(a: ShapeValue, b: ShapeValue): ShapeValue {
    return joined(a, b, "bool");
  }

  equal(a: ShapeValue, b: ShapeValue): ShapeValue {
    return joined(a, b, "bool");
  }

  logicalAnd(a: ShapeValue, b: ShapeValue): ShapeValue {
    return joined(a, b, "bool");
  }

  logicalOr(a: ShapeValue, b: ShapeValue): ShapeValue {
    return joined(a, b, "bool");
  }

  logicalNot(x: ShapeValue): ShapeValue {
    return this.cast(x, "bool");
  }

  where(condition: ShapeValue, a: ShapeValue, b: ShapeValue): ShapeValue {
    const dtype = promoted(a.dtype, b.dtype);
    return joined(condition, joined(a, b, dtype), dtype);
  }

  exp(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  log(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  log1p(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  expm1(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  sqrt(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  abs(x: ShapeValue): ShapeValue {
    return this.cast(x, arithmetic(x.dtype));
  }

  sign(x: ShapeValue): ShapeValue {
    return this.cast(x, arithmetic(x.dtype));
  }

  negative(x: ShapeValue): ShapeValue {
    return this.cast(x, arithmetic(x.dtype));
  }

  floor(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  ceil(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  round(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  sin(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  cos(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  tanh(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  sigmoid(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  silu(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  erf(x: ShapeValue): ShapeValue {
    return this.float(x);
  }

  softmax(x: ShapeValue, axis: number): ShapeValue {
    axisOf(axis, x.shape.length);
    return this.float(x);
  }

  isNaN(x: ShapeValue): ShapeValue {
    return this.cast(x, "bool");
  }

  float(x: ShapeValue): ShapeValue {
    return this.cast(x, "float32");
  }

  // ---- over axes ----

  sum(x: ShapeValue, options?: ReduceOptions): ShapeValue {
    return reduced(x, options, arithmetic(x.dtype));
  }

  mean(x: ShapeValue, options?: ReduceOptions): ShapeValue {
    return reduced(x, options, "float32");
  }

  max(x: ShapeValue, options?: ReduceOptions): ShapeValue {
    return reduced(x, options, arithmetic(x.dtype));
  }

  min(x: ShapeValue, options?: ReduceOptions): ShapeValue {
    return reduced(x, options, arithmetic(x.dtype));
  }

  prod(x: ShapeValue, options?: ReduceOptions): ShapeValue {
    return reduced(x, options, arithmetic(x.dtype));
  }

  any(x: ShapeValue, options?: ReduceOptions): ShapeValue {
    return reduced(x, options, "bool");
  }

  all(x: ShapeValue, options?: ReduceOptions): ShapeValue {
    return reduced(x, options, "bool");
  }

  argmax(x: ShapeValue, axis: number): ShapeValue {
    return reduced(x, { axis }, "int32");
  }

  cumsum(x: ShapeValue, axis: number): ShapeValue {
    axisOf(axis, x.shape.length);
    return this.cast(x, arithmetic(x.dtype));
  }
}

/** A constant's element type: what it says, as far as engines have it. */
export function constantType(
  { data, dtype }: NdArray<Float32Array | Int32Array>,
): OpsType {
  if (dtype === "bool") return "bool";
  return data instanceof Int32Array ? "int32" : "float32";
}

/**
 * Two values broadcast against each other.
 *
 * @param a The one.
 * @param b The other.
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
