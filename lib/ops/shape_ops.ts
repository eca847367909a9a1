import type { NdArray } from "../types.ts";
import { cannot, shapeText } from "../check.ts";
import type { Ops, ReduceOptions } from "./ops.ts";

/** A shape; null where a size is not known before the run. */
export type Shape = readonly (number | null)[];

/**
 * Operations on shapes alone.
 *
 * Running a computation over it gives the shape of its result, and its errors,
 * before an engine is there. So nothing that is written over {@linkcode Ops}
 * needs a shape function of its own.
 */
export class ShapeOps implements Ops<Shape> {
  /** The value is a shape. */
  shape(x: Shape): Shape {
    return x;
  }

  /** The constant's shape. */
  constant(value: number | NdArray<Float32Array | Int32Array>): Shape {
    return typeof value === "number" ? [] : value.shape;
  }

  /** Broadcast. */
  add(a: Shape, b: Shape): Shape {
    return broadcast(a, b);
  }

  /** Broadcast. */
  subtract(a: Shape, b: Shape): Shape {
    return broadcast(a, b);
  }

  /** Broadcast. */
  multiply(a: Shape, b: Shape): Shape {
    return broadcast(a, b);
  }

  /** Broadcast. */
  divide(a: Shape, b: Shape): Shape {
    return broadcast(a, b);
  }

  /** Broadcast. */
  power(a: Shape, b: Shape): Shape {
    return broadcast(a, b);
  }

  /** Broadcast. */
  maximum(a: Shape, b: Shape): Shape {
    return broadcast(a, b);
  }

  /** Broadcast. */
  greater(a: Shape, b: Shape): Shape {
    return broadcast(a, b);
  }

  /** Broadcast of all three. */
  where(condition: Shape, a: Shape, b: Shape): Shape {
    return broadcast(condition, broadcast(a, b));
  }

  /** Unchanged. */
  exp(x: Shape): Shape {
    return x;
  }

  /** Unchanged. */
  sqrt(x: Shape): Shape {
    return x;
  }

  /** Unchanged. */
  abs(x: Shape): Shape {
    return x;
  }

  /** Unchanged. */
  sign(x: Shape): Shape {
    return x;
  }

  /** Unchanged. */
  float(x: Shape): Shape {
    return x;
  }

  /** Without the axes, or with size 1 there. */
  sum(x: Shape, options?: ReduceOptions): Shape {
    return reduced(x, options);
  }

  /** Without the axes, or with size 1 there. */
  mean(x: Shape, options?: ReduceOptions): Shape {
    return reduced(x, options);
  }

  /** Without the axes, or with size 1 there. */
  max(x: Shape, options?: ReduceOptions): Shape {
    return reduced(x, options);
  }

  /** The shape given, with −1 worked out where it can be. */
  reshape(x: Shape, shape: readonly number[]): Shape {
    const total = product(x);
    const known = product(shape.filter((size) => size !== -1))!;
    const hasHole = shape.includes(-1);
    const fits = total === null ||
      (hasHole ? total % known === 0 : total === known);
    if (!fits) {
      throw new TypeError(
        cannot(
          "reshape",
          `${shapeText(x)} and the new shape must hold as many values`,
          shape,
        ),
      );
    }
    return shape.map((size) => size !== -1 ? size : unknownOf(total, known));
  }

  /** The product of the sizes in their place. */
  merge(x: Shape, from: number, to: number): Shape {
    return [
      ...x.slice(0, from),
      product(x.slice(from, to + 1)),
      ...x.slice(to + 1),
    ];
  }

  /** The sizes in the new order. */
  transpose(x: Shape, axes: readonly number[]): Shape {
    return axes.map((axis) => x[axisOf(axis, x.length)]!);
  }

  /** Rows of the first by columns of the second. */
  matmul(a: Shape, b: Shape): Shape {
    const inner = a.at(-1) ?? null;
    const rows = b.at(-2) ?? null;
    if (inner !== null && rows !== null && inner !== rows) {
      throw new TypeError(
        cannot(
          "multiply matrices",
          `the columns of ${shapeText(a)} must be the rows of the other`,
          b,
        ),
      );
    }
    const outer = broadcast(a.slice(0, -2), b.slice(0, -2));
    return [...outer, a.at(-2) ?? null, b.at(-1) ?? null];
  }

  /** One axis more; all must have one shape. */
  stack(values: readonly Shape[], axis: number): Shape {
    const x = values.reduce(agreed);
    const at = axisOf(axis, x.length + 1);
    return [...x.slice(0, at), values.length, ...x.slice(at)];
  }

  /** `k` along the last axis. */
  topK(x: Shape, k: number): Shape {
    checkWithin(k, lastOf(x), "take the largest values", "k", 0);
    return [...x.slice(0, -1), k];
  }

  /** Without the last axis. */
  takeLast(x: Shape, index: number): Shape {
    checkWithin(index + 1, lastOf(x), "take one place", "index", 1);
    return x.slice(0, -1);
  }
}

/** Size of the last axis; null where it is not known. */
function lastOf(x: Shape): number | null {
  const at = axisOf(-1, x.length);
  return x[at]!;
}

function checkWithin(
  count: number,
  size: number | null,
  action: string,
  name: string,
  least: number,
): void {
  if (count >= least && (size === null || count <= size)) return;
  throw new RangeError(
    cannot(
      action,
      `"${name}" must be within the ${size} along the last axis`,
      count - least,
    ),
  );
}

function agreed(a: Shape, b: Shape): Shape {
  const isSame = a.length === b.length &&
    a.every((size, i) => size === b[i] || size === null || b[i] === null);
  if (isSame) return a.map((size, i) => size ?? b[i]!);
  throw new TypeError(
    cannot("stack", `all must have the shape ${shapeText(a)}`, b),
  );
}

function product(shape: Shape): number | null {
  return shape.reduce<number | null>(
    (all, size) => all === null || size === null ? null : all * size,
    1,
  );
}

function unknownOf(total: number | null, known: number): number | null {
  return total === null ? null : total / known;
}

function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank) {
    throw new RangeError(
      cannot("take an axis", `it must be one of the ${rank} that are`, axis),
    );
  }
  return at;
}

function reduced(x: Shape, options: ReduceOptions = {}): Shape {
  const { axis, keepdims = false } = options;
  const all = axis === undefined ? [...x.keys()] : [axis].flat();
  const gone = new Set(all.map((a) => axisOf(a, x.length)));
  return x.map((size, i) => gone.has(i) ? 1 : size)
    .filter((_, i) => keepdims || !gone.has(i));
}

function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const sizeAt = (shape: Shape, i: number) => {
    const at = i - (rank - shape.length);
    return at < 0 ? 1 : shape[at]!;
  };
  return Array.from({ length: rank }, (_, i) => {
    const [p, q] = [sizeAt(a, i), sizeAt(b, i)];
    if (p === 1) return q;
    if (q === 1 || p === q) return p;
    // One that is not known must be the other, or 1.
    if (p === null) return q;
    if (q === null) return p;
    throw new TypeError(
      cannot("broadcast", `the shape must go with ${shapeText(a)}`, b),
    );
  });
}
