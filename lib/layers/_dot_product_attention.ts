/**
 * `keras.ops.nn.dot_product_attention`.
 *
 * Source: Keras 3.15.
 *
 * @module
 */
import type { Compute } from "./operation.ts";
import { causalMask } from "./_attention_masks.ts";
import { knownSize } from "./operation_forms.ts";

/** `softmax(scale q kᵀ + bias) v` for `[N, T, heads, H]`. */
export const dotProductAttention: Compute = (ops, args) => {
  args.refuseUnless("flash_attention", false);
  const heads = knownSize(ops, args.tensor("query"), 2, args.name);
  const [query, key, value] = ["query", "key", "value"].map((name) => {
    const x = ops.transpose(args.tensor(name), [0, 2, 1, 3]);
    const groups = heads / knownSize(ops, x, 1, args.name);
    return groups === 1 ? x : ops.repeat(x, groups, 1);
  }) as [
    ReturnType<typeof args.tensor>,
    ReturnType<typeof args.tensor>,
    ReturnType<typeof args.tensor>,
  ];
  const size = knownSize(ops, query, -1, args.name);
  const scale = args.has("scale") ? args.number("scale") : 1 / Math.sqrt(size);
  const product = ops.matmul(query, ops.transpose(key, [0, 1, 3, 2]));
  let scores = ops.multiply(product, ops.constant(scale)); // [N, heads, T, S]
  args.refuseUnless("attn_logits_soft_cap");
  if (args.has("bias")) scores = ops.add(scores, args.tensor("bias"));
  const lowest = ops.constant(-0.7 * 3.4028234663852886e38);
  if (args.has("mask")) {
    const mask = ops.cast(args.tensor("mask"), "bool");
    scores = ops.where(mask, scores, lowest);
  }
  if (args.boolean("is_causal", false)) {
    const mask = causalMask(ops, args.tensor("query"), args.tensor("key"));
    const isEarlier = ops.expandDims(mask, 1); // [1, 1, T, S]
    scores = ops.where(isEarlier, scores, lowest);
  }
  const weights = ops.softmax(scores, -1);
  return ops.transpose(ops.matmul(weights, value), [0, 2, 1, 3]);
};
