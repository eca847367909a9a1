import type { Ops } from "../ops/ops.ts";
import { cannot, checkInteger, checkOptions } from "../check.ts";
import type { BuiltInPostprocess } from "../types.ts";
import { builtInStep, type StepContext } from "./step.ts";

/**
 * Settings of {@linkcode gramStatistics}.
 *
 * @category Postprocessing
 */
export interface GramOptions {
  /**
   * Powers `p`, positive integers.
   *
   * @default {[1, 2, 3, 4, 5]}
   */
  readonly orders?: readonly number[];
}

/**
 * Gram statistics: for each order `p`, `G = Fᵖ(Fᵖ)ᵀ` over the positions of a feature map
 * with `D` channels (powers element by element), then `sign(G)|G|^(1/p)`, its
 * lower triangle with the diagonal, and the sum of each row: `[N, P, D]` for
 * `P` orders. A vector `[N, D]` is a feature map of one position.
 *
 * Source: Sastry and Oore, "Detecting Out-of-Distribution Examples with Gram
 * Matrices", ICML 2020, https://arxiv.org/abs/1912.12510, as oodeel computes
 * it.
 *
 * @category Postprocessing
 * @param options The orders.
 * @returns The step, for `FeatureExtractor.postprocess`.
 * @throws {RangeError} If an order is not a positive integer.
 *
 * @example Orders 1 and 2 of a vector
 * ```ts
 * import { FeatureExtractor, gramStatistics, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const layer = tf.layers.activation({ activation: "linear", inputShape: [3] });
 * const model = tf.sequential({ layers: [layer] });
 * const set = await new FeatureExtractor(model).layers([-1])
 *   .postprocess(gramStatistics({ orders: [1] })).predict(tf.tensor([[1, 2, -3]]));
 * assert.deepEqual([...set.features[0]!.data], [1, 6, 0]);
 * ```
 */
export function gramStatistics(options: GramOptions = {}): BuiltInPostprocess {
  checkOptions(options, "create gramStatistics()", ["orders"]);
  const orders = [...(options.orders ?? [1, 2, 3, 4, 5])];
  if (orders.length === 0) {
    throw new RangeError(
      cannot("create gramStatistics()", `"orders" must not be empty`, orders),
    );
  }
  for (const order of orders) {
    checkInteger(order, "create gramStatistics()", "orders");
  }
  return builtInStep({
    name: `gramStatistics(${orders.join(", ")})`,
    form: "gram",
    keepsChannels: false,
    apply(ops, feature, context) {
      const map = channelsByPositions(ops, feature, context); // [N, D, positions]
      return ops.stack(orders.map((p) => gramOf(ops, map, p)), 1);
    },
  });
}

/** Row sums of the lower triangle of the Gram matrix of order `p`: `[N, D]`. */
function gramOf<T>(ops: Ops<T>, map: T, p: number): T {
  const powered = integerPower(ops, map, p);
  const gram = ops.matmul(powered, ops.transpose(powered, [0, 2, 1]));
  const root = ops.power(ops.abs(gram), ops.constant(1 / p));
  const signed = ops.multiply(ops.sign(gram), root); // [N, D, D]
  const size = ops.shape(map)[1]!;
  return ops.sum(ops.multiply(signed, lowerTriangle(ops, size)), { axis: 2 });
}

/**
 * Power by multiplication: `pow` of a negative base differs between backends.
 */
function integerPower<T>(ops: Ops<T>, x: T, p: number): T {
  let result = x;
  for (let i = 1; i < p; i++) result = ops.multiply(result, x);
  return result;
}

function lowerTriangle<T>(ops: Ops<T>, size: number): T {
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data.fill(1, i * size, i * size + i + 1);
  return ops.constant({ data, shape: [size, size], dtype: "float32" });
}

function channelsByPositions<T>(
  ops: Ops<T>,
  feature: T,
  { channels, layer }: StepContext,
): T {
  const shape = ops.shape(feature);
  const rank = shape.length;
  const axis = rank > 2 ? channels : "last";
  const size = axis === "first" ? shape[1] : shape.at(-1);
  if (rank < 2 || axis === undefined || typeof size !== "number") {
    throw new TypeError(
      cannot(
        `take Gram statistics of layer "${layer}"`,
        "it must be a feature map whose channels are known, or [N, D]",
        shape,
      ),
    );
  }
  if (rank === 2) return ops.reshape(feature, [-1, size, 1]);
  if (axis === "first") return ops.merge(feature, 2, rank - 1); // [N, D, positions]
  return ops.transpose(ops.merge(feature, 1, rank - 2), [0, 2, 1]);
}
