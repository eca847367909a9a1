/**
 * Cross-entropies of `keras.ops`, from logits.
 *
 * For probabilities, Keras uses the logits before a softmax or sigmoid if it
 * finds one, and clips the probabilities otherwise. An operation here knows its
 * inputs only, so it refuses probabilities.
 *
 * Source: Keras 3.15 `keras.ops.nn` on TensorFlow.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { logSoftmax } from "./activations.ts";
import type { FactoryTable } from "./layer.ts";
import { type Arguments, type Compute, operations } from "./operation.ts";
import { knownSize, rank } from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

function checkLogits<T>(args: Arguments<T>): void {
  if (!args.boolean("from_logits", false)) {
    args.refuse("from_logits", "be true");
  }
}

/** `max(x, 0) − x · target + log(1 + exp(−|x|))`. */
const binary: Compute = (ops, args) => {
  checkLogits(args);
  const [target, x] = [args.tensor("target"), args.tensor("output")];
  const tail = ops.log1p(ops.exp(ops.negative(ops.abs(x))));
  const linear = ops.subtract(
    ops.maximum(x, c(ops, 0)),
    ops.multiply(x, ops.float(target)),
  );
  return ops.add(linear, tail);
};

/** `−Σ target · log softmax(x)`. */
const categorical: Compute = (ops, args) => {
  checkLogits(args);
  const [target, x] = [args.tensor("target"), args.tensor("output")];
  const axis = args.axis(x, -1);
  const parts = ops.multiply(ops.float(target), logSoftmax(ops, x, [axis]));
  return ops.negative(ops.sum(parts, { axis }));
};

/** `−log softmax(x)` of one class; NaN for a class that does not exist. */
const sparse: Compute = (ops, args) => {
  checkLogits(args);
  const x = args.tensor("output");
  const last = rank(ops, x) - 1;
  if (args.axis(x, -1) !== last) {
    args.refuse("axis", "be the last one");
  }
  const all = args.tensor("target");
  const hasOne = rank(ops, all) === rank(ops, x) && ops.shape(all)[last] === 1;
  const target = ops.cast(hasOne ? ops.squeeze(all, last) : all, "int32");
  const size = knownSize(ops, x, last, args.name);
  const isClass = ops.cast(ops.oneHot(target, size), "bool");
  const values = ops.where(isClass, logSoftmax(ops, x, [last]), c(ops, 0));
  const loss = ops.negative(ops.sum(values, { axis: last }));
  return ops.where(ops.any(isClass, { axis: last }), loss, c(ops, NaN));
};

/** Factories by name. */
export const LOSS_OPERATIONS: FactoryTable = operations({
  "BinaryCrossentropy(target, output, from_logits)": binary,
  "CategoricalCrossentropy(target, output, from_logits, axis)": categorical,
  "SparseCategoricalCrossentropy(target, output, from_logits, axis)": sparse,
});
