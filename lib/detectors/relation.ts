import { checkInteger, checkNumber, checkOptions } from "../check.ts";
import type { Matrix, Product } from "../linalg/products.ts";
import { rowProducts } from "../linalg/row_products.ts";
import { softmax } from "../math/softmax.ts";
import type { Detector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import type {
  DetectorState,
  SampleBlock,
  SampleMatrix,
  ScoringContext,
} from "./definition.ts";
import {
  columnsOf,
  matrixOf,
  rowChunks,
  sideBySide,
  transposed,
} from "./_matrices.ts";
import { prepared } from "./_prepared.ts";
import { argmax, lengthsOf, normalised, stateArray } from "./rows.ts";
import { decodeIds, encodeIds, SampledRows } from "./sampled_rows.ts";

/**
 * Options of {@linkcode relation}.
 *
 * @category Detectors
 */
export interface RelationOptions {
  /**
   * The exponent of the relations, finite and > 0.
   *
   * @default {1}
   */
  readonly power?: number;
  /**
   * Relations up to this value are dropped; in `[0, 1)`.
   *
   * @default {0.03}
   */
  readonly threshold?: number;
  /**
   * Maximum number of samples of the fit to keep; of more, a random subset of
   * this size is kept.
   *
   * @default {50_000}
   */
  readonly maxSamples?: number;
  /**
   * Seed of the random choice of samples.
   *
   * @default {0}
   */
  readonly seed?: number;
}

/** Number of relations computed at once: 32 MB. */
const CHUNK_SIZE = 2 ** 22;
/** Number of neighbours in an explanation. */
const MOST_NAMED = 10;
/**
 * Number of multiplications from which the bank is transposed for matrix products:
 * 8 samples against 50,000 of 512 units.
 */
const WORTH_COPYING = 2e8;

/**
 * Relation graph: `-Σ r^power` over the samples of the fit, with
 * `r = relu(cos(z, z_i)) · ⟨p, p_i⟩`.
 *
 * `p` are softmax probabilities; relations up to `threshold` are dropped. A sample
 * of a known class is similar to many samples of the fit, both in features and in
 * predictions. Performs badly if classes have different sizes, because the sum
 * grows with the size of the class, and if unknown samples near a class have a
 * confident softmax. A feature of zeros has score 0.
 *
 * Up to `maxSamples` samples are stored in float32: 50,000 of 512 units take
 * 102 MB.
 *
 * Source: Kim et al., "Neural Relation Graph: A Unified Framework for
 * Identifying Label Noise and Outlier Data", NeurIPS 2023,
 * https://arxiv.org/abs/2301.12321. The formula, the power and the threshold
 * are those of the authors' code (`relation.py` of
 * `snu-mllab/Neural-Relation-Graph`, without labels) and of OpenOOD
 * (`openood/postprocessors/relation_postprocessor.py`).
 *
 * @category Detectors
 * @param options Power, threshold, and number of samples to keep.
 * @returns A detector that fits on the penultimate `[N, D]` with its logits
 * `[N, C]`, and scores the same.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A sample like the known ones, and one in a new direction
 * ```ts
 * import { featureSet, relation } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const set = (...data: number[]) =>
 *   featureSet({
 *     penultimate: { data: Float32Array.from(data), shape: [2, 2], dtype: "float32" },
 *     logits: { data: Float32Array.of(0, 0, 0, 0), shape: [2, 2], dtype: "float32" },
 *   });
 * const scorer = await relation().fit(set(1, 0, 3, 0));
 * assert.deepEqual([...await scorer.score(set(2, 0, 0, 1))], [-1, 0]);
 * ```
 */
export function relation(options: RelationOptions = {}): Detector {
  const action = "create relation()";
  const names = ["power", "threshold", "maxSamples", "seed"];
  checkOptions(options, action, names);
  const { power = 1, threshold = 0.03, maxSamples = 50_000, seed = 0 } =
    options;
  checkNumber(power, action, "power", { above: 0 });
  checkNumber(threshold, action, "threshold", { min: 0, below: 1 });
  checkInteger(maxSamples, action, "maxSamples");
  checkInteger(seed, action, "seed", 0);
  const bankOf = prepared(preparedBank);
  return defineDetector({
    name: "relation",
    settings: { power, threshold, maxSamples, seed },
    uses: { features: "head", logits: "classes" },
    fit: ({ blocks }) => fitBank(blocks(), new SampledRows(maxSamples, seed)),
    open(state, context) {
      const graph = openGraph(bankOf(state), context);
      const { ids } = state;
      const value = power === 1
        ? (r: number) => r > threshold ? r : 0
        : (r: number) => r > threshold ? r ** power : 0;
      return {
        score: (block) => sums(block, graph, value, false),
        scoreLeftOut: (block) => sums(block, graph, value, true),
        async explain(block) {
          const [relations] = await relationsOf(
            { features: block.features, logits: block.logits },
            graph,
          );
          const order = Array.from(relations!.keys())
            .sort((a, b) => relations![b]! - relations![a]! || a - b)
            .slice(0, MOST_NAMED);
          const names = decodeIds(ids!.data);
          return {
            class: argmax(block.logits)[0]!,
            neighbors: order.map((i) => ({
              id: names[i]!,
              distance: 1 - relations![i]!,
            })),
          };
        },
        close: () => graph.close(),
      };
    },
  });
}

/** Features and logits of the samples that are kept. */
async function fitBank(
  blocks: AsyncIterable<SampleBlock>,
  kept: SampledRows,
): Promise<DetectorState> {
  let [columns, classes] = [0, 0];
  for await (const block of blocks) {
    columns = block.features.columns;
    classes = block.logits.columns;
    kept.add(block, sideBySide(block.features, block.logits));
  }
  const { data, rows, ids } = kept.sample();
  const matrix = { data, rows: rows.length, columns: columns + classes };
  const features = columnsOf(matrix, 0, columns);
  const logits = columnsOf(matrix, columns, classes);
  return {
    features: stateArray(features.data, [rows.length, columns]),
    logits: stateArray(logits.data, [rows.length, classes]),
    rows: stateArray(rows),
    ids: stateArray(encodeIds(ids)),
  };
}

/** The bank, prepared for comparisons. */
interface Bank {
  /** `[M, D]`, not normalised. */
  readonly features: SampleMatrix;
  /** The divisor of each row, `[M]`. */
  readonly lengths: Float64Array;
  /** `p_i`, `[M, C]`. */
  readonly probabilities: Matrix;
  /** Rows of the bank by the indices of their samples. */
  readonly indices: ReadonlyMap<number, number>;
}

function preparedBank({ features, logits, rows }: DetectorState): Bank {
  const matrix = matrixOf(features!);
  const samples = rows!.data as Int32Array;
  return {
    features: matrix,
    lengths: lengthsOf(matrix),
    probabilities: probabilities(matrixOf(logits!)),
    indices: new Map(Array.from(samples, (row, i) => [row, i] as const)),
  };
}

/** Compares samples with the bank. */
interface Graph extends Bank {
  /** Cosines and products of probabilities with the bank, `[n, M]` each. */
  products(
    features: Matrix,
    p: Matrix,
  ): Promise<readonly [Float64Array, Float64Array]>;
  close(): Promise<void>;
}

/**
 * Few samples are compared row by row; many by matrix products, which need
 * transposed copies of the bank.
 */
function openGraph(
  bank: Bank,
  { pacer, samples = Infinity }: ScoringContext,
): Graph {
  const { features, lengths, probabilities } = bank;
  if (samples * features.data.length < WORTH_COPYING) {
    return {
      ...bank,
      products: (rows, p) =>
        Promise.resolve([
          plainProducts(rows, features, lengths),
          plainProducts(p, probabilities),
        ]),
      close: () => Promise.resolve(),
    };
  }
  let opened: Promise<readonly [Product, Product]> | undefined;
  const open = async () => {
    const { openProduct } = await import("../linalg/products.ts");
    const sides = [normalised(features), probabilities].map((side) =>
      openProduct(transposed(side), { pacer })
    );
    return await Promise.all(sides) as [Product, Product];
  };
  return {
    ...bank,
    async products(rows, p) {
      const [cosines, alike] = await (opened ??= open());
      return [await cosines.times(rows), await alike.times(p)];
    },
    async close() {
      for (const product of await opened ?? []) await product.close();
    },
  };
}

/** Products of rows with the rows of a bank, these divided by their lengths. */
function plainProducts(
  { data, rows, columns }: Matrix,
  bank: SampleMatrix,
  lengths?: Float64Array,
): Float64Array {
  const result = new Float64Array(rows * bank.rows); // [n, M]
  for (let row = 0; row < rows; row++) {
    const products = rowProducts(bank, data, row * columns); // [M]
    lengths?.forEach((length, i) => products[i]! /= length);
    result.set(products, row * bank.rows);
  }
  return result;
}

async function sums(
  { features, logits, firstRow, rows }: SampleBlock,
  graph: Graph,
  value: (r: number) => number,
  isLeftOut: boolean,
): Promise<Float64Array> {
  const scores = new Float64Array(rows); // [n]
  const most = Math.max(1, Math.floor(CHUNK_SIZE / graph.features.rows));
  const parts = [rowChunks(features, most), rowChunks(logits, most)];
  for (const [i, { rows: part, start }] of parts[0]!.entries()) {
    const chunk = { features: part, logits: parts[1]![i]!.rows };
    const relations = await relationsOf(chunk, graph);
    relations.forEach((row, j) => {
      const skipped = isLeftOut ? graph.indices.get(firstRow + start + j) : -1;
      let sum = 0;
      for (let k = 0; k < row.length; k++) {
        if (k !== skipped) sum += value(row[k]!);
      }
      scores[start + j] = 0 - sum; // never -0
    });
  }
  return scores;
}

/** `relu(cos) · ⟨p, p_i⟩` with all samples of the fit, one row per sample. */
async function relationsOf(
  { features, logits }: Pick<SampleBlock, "features" | "logits">,
  graph: Graph,
): Promise<Float64Array[]> {
  const count = graph.features.rows;
  const [cos, p] = await graph.products(
    normalised(features),
    probabilities(logits),
  ); // [n, M]
  for (let i = 0; i < cos.length; i++) cos[i] = Math.max(cos[i]!, 0) * p[i]!;
  return Array.from(
    { length: features.rows },
    (_, row) => cos.subarray(row * count, (row + 1) * count),
  );
}

function probabilities(logits: SampleMatrix) {
  const { data, rows, columns } = logits;
  const result = new Float64Array(rows * columns); // [n, C]
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    softmax(data, from, result.subarray(from, from + columns));
  }
  return { data: result, rows, columns };
}
