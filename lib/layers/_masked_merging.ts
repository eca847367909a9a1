/**
 * Masks in Keras 3's Multiply, Maximum and Minimum: masked values are left out
 * of the product or the comparison.
 *
 * Source: Keras 3.15 `Multiply` and `Merge._apply_merge_op_and_or_mask`.
 *
 * @module
 */
import { shapeText } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { wrongCall } from "./_checks.ts";
import { asBooleans } from "./_arguments.ts";

/** Inputs of equal rank, each with its mask. */
export interface MaskedInputs<T> {
  /** The layer's name, for messages. */
  readonly name: string;
  readonly inputs: readonly T[];
  readonly masks: readonly (T | undefined)[];
}

/** One operation over two tensors. */
/**
 * The product of the unmasked values; 0 if all are masked.
 *
 * @param ops The engine's operations.
 * @param masked The inputs.
 * @returns The product.
 */
export function maskedProduct<T>(ops: Ops<T>, masked: MaskedInputs<T>): T {
  const known = countsOf(ops, masked);
  const product = masked.inputs
    .map((x, i) => {
      const counts = known[i];
      return counts === undefined ? x : ops.where(counts, x, ops.constant(1));
    })
    .reduce((a, b) => ops.multiply(a, b));
  const masks: T[] = known.flatMap((counts) =>
    counts === undefined ? [] : [counts]
  );
  if (masks.length < known.length) return product;
  const any = masks.reduce((a, b) => ops.logicalOr(a, b));
  return ops.where(any, product, ops.constant(0));
}

/**
 * Combines the inputs one by one; a masked value is replaced by the one it is
 * combined with. After an input without a mask, all earlier values count as
 * unmasked.
 *
 * @param ops The engine's operations.
 * @param masked The inputs.
 * @param pair The operation on two values.
 * @returns The result.
 */
export function maskedExtreme(
  kind: "maximum" | "minimum",
): <T>(ops: Ops<T>, masked: MaskedInputs<T>) => T {
  return <T>(ops: Ops<T>, masked: MaskedInputs<T>): T => {
    const [first, ...others] = countsOf(ops, masked);
    let output = masked.inputs[0] as T;
    let before = first;
    for (const [i, counts] of others.entries()) {
      let x = masked.inputs[i + 1] as T;
      if (counts !== undefined) x = ops.where(counts, x, output);
      if (before !== undefined) output = ops.where(before, output, x);
      before = counts !== undefined && before !== undefined
        ? ops.logicalOr(before, counts)
        : undefined;
      output = ops[kind](output, x);
    }
    return output;
  };
}

/** Masks `[N, T, 1]` of inputs `[N, T, D]`. */
function countsOf<T>(
  ops: Ops<T>,
  { name, inputs, masks }: MaskedInputs<T>,
): (T | undefined)[] {
  return inputs.map((x, i) => {
    const mask = masks[i];
    if (mask === undefined) return undefined;
    const shape = ops.shape(mask);
    if (shape.length + 1 === ops.shape(x).length) {
      return ops.expandDims(asBooleans(ops, mask), shape.length);
    }
    throw wrongCall(
      name,
      `the mask of an input must have one axis less than it, ${
        shapeText(ops.shape(x))
      }`,
      shape,
    );
  });
}
