/**
 * Normalisations of `keras.ops.nn`.
 *
 * Source: Keras 3.15 `keras.ops.nn`.
 *
 * @module
 */
import { withLastAxes } from "./_over_time.ts";
import type { Compute } from "./operation.ts";
import {
  axesOfCall,
  normalizedAxis,
  rank,
  rsqrt,
  square,
} from "./operation_forms.ts";

/** Divides by the norm along axes, which is at least `epsilon`. */
export const normalize: Compute = (ops, args) => {
  const x = args.tensor("x");
  const axis = axesOfCall(ops, args, x);
  const order = args.number("order", 2);
  const epsilon = args.number("epsilon", 1e-7);
  const over = { axis, keepdims: true };
  if (order === 2) {
    const sum = ops.sum(square(ops, x), over);
    const least = ops.constant(epsilon * epsilon);
    return ops.multiply(x, rsqrt(ops, ops.maximum(sum, least)));
  }
  if (order < 1 || axis.length !== 1) {
    args.refuse("order", "be 2, or 1 or more over one axis");
  }
  const sum = ops.sum(ops.power(ops.abs(x), ops.constant(order)), over);
  const norm = ops.power(sum, ops.constant(1 / order));
  return ops.divide(x, ops.maximum(norm, ops.constant(epsilon)));
};

/** `scale (x − mean) / √(variance + epsilon) + offset`, along one axis. */
export const batchNorm: Compute = (ops, args) => {
  const x = ops.float(args.tensor("x"));
  const axis = args.axis(x);
  const aligned = (key: string) =>
    withLastAxes(ops, args.tensor(key), rank(ops, x) - axis - 1);
  const spread = ops.add(
    aligned("variance"),
    ops.constant(args.number("epsilon", 1e-3)),
  );
  const value = ops.multiply(
    ops.subtract(x, aligned("mean")),
    rsqrt(ops, spread),
  );
  const scaled = args.has("scale")
    ? ops.multiply(value, aligned("scale"))
    : value;
  return args.has("offset") ? ops.add(scaled, aligned("offset")) : scaled;
};

/**
 * Divides values by their standard deviation or root mean square along axes.
 */
export function layerNorm(isCentered: boolean): Compute {
  return (ops, args) => {
    const input = args.tensor("x");
    const x = ops.float(input);
    args.refuseUnless("rms_scaling", false);
    const axis = (args.has("axis") ? args.ints("axis") : [-1])
      .map((i) => normalizedAxis(ops, x, i)).sort((a, b) => a - b);
    const isLast = axis.every((i, at) => i === rank(ops, x) - axis.length + at);
    const isScaled = ["gamma", "scale", "beta"].some((key) => args.has(key));
    if (isScaled && !isLast) args.refuse("axis", "be the last axes");
    const over = { axis, keepdims: true };
    const away = isCentered ? ops.subtract(x, ops.mean(x, over)) : x;
    const epsilon = args.number("epsilon", 1e-7);
    const spread = ops.add(
      ops.mean(square(ops, away), over),
      ops.constant(epsilon),
    );
    let value = ops.multiply(away, rsqrt(ops, spread));
    for (const key of ["gamma", "scale"]) {
      if (args.has(key)) value = ops.multiply(value, args.tensor(key));
    }
    if (args.has("beta")) value = ops.add(value, args.tensor("beta"));
    // Keras gives the type of the input, so that integers lose the fraction.
    return ops.cast(value, ops.dtype(input));
  };
}
