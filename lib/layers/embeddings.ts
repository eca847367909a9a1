/**
 * Embeddings: a row of a table for each index.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";
import {
  checkPlainWeights,
  checkWeight,
  quantizationOf,
  wrongOption,
} from "./_checks.ts";
import { noMasks } from "./_maps.ts";

/**
 * Embedding: `[N, …]` indices to `[N, …, D]`; with `mask_zero`, index 0 is
 * masked.
 *
 * Source: Keras 3.15 `Embedding`, where a negative index counts from the end;
 * in Keras 2 it is an error. An index beyond the table is always an error.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function embedding(config: LayerConfig): Layer {
  const isQuantized = quantizationOf(config) !== "none";
  const [rows, depth] = tableOf(config);
  const isMasked = config.boolean("mask_zero", false);
  return {
    weights: ["embeddings", ...(isQuantized ? ["embeddings_scale"] : [])],
    channels: "last",
    takesIntegersAsTfjs: true,
    masks: isMasked ? (ops, [x]) => [isNotZero(ops, x!)] : noMasks,
    call(ops, [x], { embeddings, embeddings_scale: scale }) {
      const wanted = [rows, depth];
      checkWeight(config.name, "embeddings", ops.shape(embeddings!), wanted);
      const found = rowsOf(ops, x!, embeddings!, rows, config);
      if (!isQuantized) return [found];
      checkWeight(config.name, "embeddings_scale", ops.shape(scale!), [rows]);
      // One scale per row of 8-bit integers.
      const scales = ops.reshape(scale!, [rows, 1]);
      const divisor = rowsOf(ops, x!, scales, rows, config);
      return [ops.divide(ops.float(found), divisor)];
    },
  };
}

/**
 * ReversibleEmbedding: an Embedding, or, called with `reverse`, the product of
 * `[N, …, D]` with the table's rows; with a soft cap the logits are
 * `c tanh(logits / c)`.
 *
 * Source: Keras 3.15 `ReversibleEmbedding`; without tied weights the reverse
 * has a separate table, `[D, rows]`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function reversibleEmbedding(config: LayerConfig): Layer {
  checkPlainWeights(config);
  const [rows, depth] = tableOf(config);
  const isMasked = config.boolean("mask_zero", false);
  const isTied = config.boolean("tie_weights", true);
  const cap = config.raw("logit_soft_cap") ?? undefined;
  if (cap !== undefined && typeof cap !== "number") {
    throw wrongOption(config, "logit_soft_cap", "be a number or null");
  }
  const type = config.raw("reverse_dtype") ?? "float32";
  if (type !== "float32") {
    throw wrongOption(config, "reverse_dtype", 'be "float32" or null');
  }
  return {
    weights: isTied ? ["embeddings"] : ["embeddings", "reverse_embeddings"],
    masks: (ops, [x], { args }) =>
      isMasked && args["reverse"] !== true ? [isNotZero(ops, x!)] : [],
    call(ops, [x], { embeddings, reverse_embeddings: reverse }, { args }) {
      const wanted = [rows, depth];
      checkWeight(config.name, "embeddings", ops.shape(embeddings!), wanted);
      if (args["reverse"] !== true) {
        return [rowsOf(ops, x!, embeddings!, rows, config)];
      }
      const table = isTied ? ops.transpose(embeddings!, [1, 0]) : reverse!; // [D, rows]
      const logits = ops.matmul(x!, table); // [N, …, rows]
      if (cap === undefined) return [logits];
      const bound = ops.constant(cap);
      return [ops.multiply(ops.tanh(ops.divide(logits, bound)), bound)];
    },
  };
}

function tableOf(config: LayerConfig): readonly [number, number] {
  // of Keras 2, for sparse results
  if ((config.raw("sparse") ?? false) !== false) {
    throw wrongOption(config, "sparse", "be false");
  }
  return [config.number("input_dim"), config.number("output_dim")];
}

function isNotZero<T>(ops: Ops<T>, x: T): T {
  return ops.logicalNot(ops.equal(ops.float(x), ops.constant(0)));
}

function rowsOf<T>(
  ops: Ops<T>,
  x: T,
  table: T,
  rows: number,
  config: LayerConfig,
): T {
  const whole = (value: number) =>
    ops.constant({ data: Int32Array.of(value), shape: [], dtype: "int32" });
  const indices = ops.dtype(x) === "int32" ? x : ops.cast(x, "int32");
  const isNegative = ops.greater(whole(0), indices);
  // An index beyond the table is an error on every engine.
  const instead = config.dialect === 3
    ? ops.add(indices, whole(rows))
    : whole(rows);
  return ops.take(table, ops.where(isNegative, instead, indices), 0);
}

/** Factories of this family. */
export const EMBEDDING_LAYERS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({
    Embedding: embedding,
    ReversibleEmbedding: reversibleEmbedding,
  });
