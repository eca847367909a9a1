/**
 * Attention without projections: each output is a mean of the values, weighted
 * by the similarity of query and keys.
 *
 * Source: Keras 3.15 `Attention`, `AdditiveAttention`; Keras 2.15 is the same;
 * before 2.10 it wrote `causal` in the config.
 *
 * @module
 */
import { counted } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { asBooleans, flagArgument, tensorArgument } from "./_arguments.ts";
import { allOf, causalMask, lowered } from "./_attention_masks.ts";
import { checkWeight, wrongCall } from "./_checks.ts";
import type { CallContext, FactoryTable, Layer, LayerConfig } from "./layer.ts";

/** Scores `[N, T, S]` of queries and keys. */
type Scores = <T>(
  ops: Ops<T>,
  query: T,
  key: T,
  weights: Readonly<Record<string, T>>,
  name: string,
) => T;

/**
 * Attention: scores `q · k`, or `w Σ tanh(q + k)` with `concat`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function attention(config: LayerConfig): Layer {
  const isScaled = config.boolean("use_scale", false);
  const mode = config.oneOf("score_mode", ["dot", "concat"] as const, "dot");
  const weights = [
    ...(isScaled ? ["scale"] : []),
    ...(mode === "concat" ? ["concat_score_weight"] : []),
  ];
  return attentionOf(config, weights, mode === "dot" ? dot : concat);
}

/**
 * AdditiveAttention: scores `Σ scale tanh(q + k)`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function additiveAttention(config: LayerConfig): Layer {
  config.raw("score_mode"); // of its base class, unused
  const isScaled = config.boolean("use_scale", true);
  return attentionOf(config, isScaled ? ["scale"] : [], additive);
}

function attentionOf(
  config: LayerConfig,
  weightNames: readonly string[],
  scoresOf: Scores,
): Layer {
  config.raw("dropout"); // training only
  const isCausal = config.boolean("causal", false);
  const { name } = config;
  return {
    weights: weightNames,
    call(ops, inputs, weights, context) {
      checkInputs(name, inputs.length);
      const [query, value, key = value] = inputs;
      const [queryMask, valueMask] = masksOf(ops, context, name);
      const scores = scoresOf(ops, query!, key!, weights, name); // [N, T, S]
      const causal = isCausal || flagArgument(name, context, "use_causal_mask")
        ? causalMask(ops, query!, value!)
        : undefined;
      const allowed = allOf(ops, [
        valueMask === undefined ? undefined : ops.expandDims(valueMask, -2),
        causal,
      ]);
      const masked = allowed === undefined
        ? scores
        : lowered(ops, scores, allowed);
      const shares = ops.softmax(masked, -1); // [N, T, S]
      const mean = ops.matmul(shares, value!); // [N, T, D]
      const output = queryMask === undefined
        ? mean
        : ops.where(ops.expandDims(queryMask, -1), mean, ops.constant(0));
      return flagArgument(name, context, "return_attention_scores")
        ? [output, shares]
        : [output];
    },
    masks: (ops, _inputs, context) => [masksOf(ops, context, name)[0]],
  };
}

function checkInputs(name: string, count: number): void {
  if (count === 2 || count === 3) return;
  throw wrongCall(
    name,
    "its inputs must be a query, a value and maybe a key",
    counted(count, "input"),
  );
}

/**
 * Masks of query and value; the masks passed as an argument replace those of
 * the inputs.
 */
function masksOf<T>(
  ops: Ops<T>,
  context: CallContext<T>,
  name: string,
): (T | undefined)[] {
  const passed = [0, 1, 2].map((i) =>
    tensorArgument(name, context, `mask[${i}]`)
  );
  const isPassed = passed.some((mask) => mask !== undefined);
  const masks = isPassed ? passed : context.masks;
  return [masks[0], masks[1]].map((mask) =>
    mask === undefined ? undefined : asBooleans(ops, mask)
  );
}

function dot<T>(
  ops: Ops<T>,
  query: T,
  key: T,
  { scale }: Readonly<Record<string, T>>,
): T {
  const rank = ops.shape(key).length;
  const outer = Array.from({ length: rank - 2 }, (_, i) => i);
  const transposed = ops.transpose(key, [...outer, rank - 1, rank - 2]);
  const product = ops.matmul(query, transposed);
  return scale === undefined ? product : ops.multiply(product, scale);
}

/** `q + k` for each pair: `[N, T, S, D]`. */
function pairs<T>(ops: Ops<T>, query: T, key: T): T {
  return ops.add(ops.expandDims(query, -2), ops.expandDims(key, -3));
}

function concat<T>(
  ops: Ops<T>,
  query: T,
  key: T,
  { scale, concat_score_weight: weight }: Readonly<Record<string, T>>,
): T {
  const sums = pairs(ops, query, key);
  const scaled = scale === undefined ? sums : ops.multiply(scale, sums);
  return ops.multiply(weight!, ops.sum(ops.tanh(scaled), { axis: -1 }));
}

function additive<T>(
  ops: Ops<T>,
  query: T,
  key: T,
  { scale }: Readonly<Record<string, T>>,
  name: string,
): T {
  const depth = ops.shape(query).at(-1)!;
  if (scale !== undefined) {
    checkWeight(name, "scale", ops.shape(scale), [depth]);
  }
  const sums = ops.tanh(pairs(ops, query, key));
  const scaled = scale === undefined ? sums : ops.multiply(scale, sums);
  return ops.sum(scaled, { axis: -1 });
}

/** Factories of this family. */
export const ATTENTION_LAYERS: FactoryTable = Object.freeze({
  Attention: attention,
  AdditiveAttention: additiveAttention,
});
