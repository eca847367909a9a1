/**
 * Embeddings: a row of a table for each index.
 *
 * @module
 */
import { asBooleans } from "./_arguments.ts";
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable, Layer, LayerConfig } from "./layer.ts";
import { checkWeight, refuseOption, wrongOption } from "./_checks.ts";
import { noMasks } from "./_maps.ts";
import {
  quantizationOf,
  quantizedKernel,
  quantizedProduct,
  quantizedWeights,
  unpacked4Bits,
} from "./_quantization.ts";

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
function embedding(config: LayerConfig): Layer {
  const quantization = quantizationOf(config, [8, 4]);
  const [rows, depth] = tableOf(config);
  const isMasked = config.boolean("mask_zero", false);
  return {
    weights: ["embeddings", ...quantizedWeights("embeddings", quantization)],
    channels: "last",
    takesIntegersAsTfjs: true,
    masks: isMasked ? (ops, [x]) => [asBooleans(ops, x!)] : noMasks,
    call(ops, [x], weights) {
      const rowsAt = (table: typeof x) => rowsOf(ops, x!, table!, rows, config);
      const { embeddings } = weights;
      if (quantization?.bits !== 4) {
        const wanted = [rows, depth];
        checkWeight(config.name, "embeddings", ops.shape(embeddings!), wanted);
        const found = rowsAt(embeddings);
        if (quantization === undefined) return [found];
        return [divided(ops, found, weights["embeddings_scale"]!, rowsAt)];
      }
      const wanted = [rows, Math.ceil(depth / 2)];
      checkWeight(config.name, "embeddings", ops.shape(embeddings!), wanted);
      const found = unpacked4Bits(ops, rowsAt(embeddings), depth);
      const scale = weights["embeddings_scale"]!;
      if (quantization.blockSize === undefined) {
        return [divided(ops, found, scale, rowsAt)];
      }
      const block = ops.cast(weights["g_idx"]!, "int32"); // [depth]
      const ofEach = (table: typeof x) => {
        const values = ops.float(rowsAt(table)); // [N, …, blocks]
        return ops.take(values, block, ops.shape(values).length - 1);
      };
      const zero = ofEach(weights["embeddings_zero"]);
      return [ops.multiply(ops.subtract(found, zero), ofEach(scale))];
    },
  };
}

/** Rows of integers over the scale of each. */
function divided<T>(
  ops: Ops<T>,
  found: T,
  scale: T,
  rowsAt: (table: T) => T,
): T {
  const column = ops.expandDims(scale, 1); // [rows, 1]
  return ops.divide(ops.float(found), rowsAt(column));
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
function reversibleEmbedding(config: LayerConfig): Layer {
  const quantization = quantizationOf(config, [8]);
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
    weights: ["embeddings", ...(isTied ? [] : ["reverse_embeddings"])].flatMap(
      (name) => [name, ...quantizedWeights(name, quantization)],
    ),
    masks: (ops, [x], { args }) =>
      isMasked && args["reverse"] !== true ? [asBooleans(ops, x!)] : [],
    call(ops, [x], weights, { args }) {
      const { embeddings, reverse_embeddings: reverse } = weights;
      const wanted = [rows, depth];
      checkWeight(config.name, "embeddings", ops.shape(embeddings!), wanted);
      const rowsAt = (table: typeof x) => rowsOf(ops, x!, table!, rows, config);
      if (args["reverse"] !== true) {
        const found = rowsAt(embeddings);
        if (quantization === undefined) return [found];
        return [divided(ops, found, weights["embeddings_scale"]!, rowsAt)];
      }
      const name = isTied ? "embeddings" : "reverse_embeddings";
      const table = isTied ? ops.transpose(embeddings!, [1, 0]) : reverse!; // [D, rows]
      const logits = quantization === undefined
        ? ops.matmul(x!, table) // [N, …, rows]
        : quantizedProduct(
          ops,
          x!,
          { ...quantizedKernel(weights, name), kernel: table },
          quantization,
          { name: config.name, units: rows },
        );
      if (cap === undefined) return [logits];
      const bound = ops.constant(cap);
      return [ops.multiply(ops.tanh(ops.divide(logits, bound)), bound)];
    },
  };
}

function tableOf(config: LayerConfig): readonly [number, number] {
  refuseOption(config, "sparse"); // of Keras 2, for sparse results
  return [config.number("input_dim"), config.number("output_dim")];
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
export const EMBEDDING_LAYERS: FactoryTable = Object.freeze({
  Embedding: embedding,
  ReversibleEmbedding: reversibleEmbedding,
});
