import { cannot, checkBoolean, checkOptions } from "../check.ts";
import type { Detector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import type {
  DetectorState,
  ExplanationParts,
  KnownSamples,
  SampleMatrix,
} from "./definition.ts";
import {
  argmax,
  lengthOf,
  scoreRows,
  stateArray,
  stateMatrix,
} from "./rows.ts";
import { checkDims, componentsFor } from "./subspace.ts";

/**
 * Options of {@linkcode neco}.
 *
 * @category Detectors
 */
export interface NecoOptions {
  /**
   * Dimensions of the subspace: their number, or a fraction of the variance in
   * (0, 1), for the smallest number that reaches it.
   *
   * @default {0.9}
   */
  readonly dims?: number;
  /**
   * Whether the ratio is multiplied by the largest logit.
   *
   * @default {true}
   */
  readonly maxLogit?: boolean;
  /**
   * Whether features are standardised by the mean and standard deviation of
   * each unit on the fit set.
   *
   * @default {true}
   */
  readonly standardize?: boolean;
}

/**
 * Neural collapse by subspace: `-‖Pᵀh‖ / ‖h‖ · max l`, with `h` the standardised
 * feature and `P` the leading eigenvectors of `Σ hhᵀ / N` on the fit set.
 *
 * Features of known classes lie near a subspace of few dimensions; features of
 * unknown samples do not. Performs badly if the subspace has nearly all
 * dimensions, and if the largest logit is negative, because a larger ratio gives a
 * higher score then; `maxLogit: false` leaves the logit out. Use that for one
 * sigmoid as well: its logit `z` counts as two classes, `[0, z]`, so that all
 * samples of the first class score 0. A feature equal to the mean has score 0.
 * Units that are constant on the fit set are centred, but not scaled.
 *
 * Source: Ben Ammar et al., "NECO: NEural Collapse Based Out-of-distribution
 * detection", ICLR 2024, https://arxiv.org/abs/2310.06823. Without
 * `standardize`, features are not centred either, as in the formula of the
 * paper; the authors' code centres them by its PCA. The same as `evaluate_neco`
 * in `NINCO/detection_methods.py` of `mueller-mp/maha-norm`, with the share
 * 0.9, and as the authors' `neco` for most networks; for DeiT and Swin theirs
 * divides by the length of features that are not standardised, and for ResNets
 * the logit is left out.
 *
 * @category Detectors
 * @param options Dimensions, logit, standardisation.
 * @returns A detector that fits on the penultimate `[N, D]`, and scores the
 * penultimate with its logits: in their unit, or shares in `[-1, 0]`.
 * @throws {RangeError} If `dims` is not a positive integer and not in (0, 1).
 *
 * @example Features along one direction, and across it
 * ```ts
 * import { featureSet, neco } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const set = (...data: number[]) =>
 *   featureSet({
 *     penultimate: { data: Float32Array.from(data), shape: [data.length / 2, 2], dtype: "float32" },
 *   });
 * const detector = neco({ dims: 1, maxLogit: false });
 * const scorer = await detector.fit(set(1, 1.1, 2, 2, -1, -1, -2, -2.1));
 * const [along, across] = await scorer.score(set(3, 3, 3, -3));
 * assert.ok(along! < -0.99 && across! > -0.1);
 * ```
 */
export function neco(options: NecoOptions = {}): Detector {
  const action = "create neco()";
  checkOptions(options, action, ["dims", "maxLogit", "standardize"]);
  const { dims = 0.9, maxLogit = true, standardize = true } = options;
  checkDims(dims, action);
  checkBoolean(maxLogit, action, "maxLogit");
  checkBoolean(standardize, action, "standardize");
  return defineDetector({
    name: "neco",
    settings: { dims, maxLogit, standardize },
    uses: maxLogit
      ? { features: "head", logits: "any" }
      : { features: "layer" },
    fit: (known) => fit(known, dims, standardize),
    async open({ mean, scale, basis }, { pacer }) {
      const [origin, by] = [mean!.data, scale!.data] as Float64Array[];
      const { openProduct } = await import("../linalg/products.ts");
      const product = await openProduct(stateMatrix(basis!), { pacer });
      const width = basis!.shape[1]!;
      const shares = async (features: SampleMatrix) => {
        const { rows, columns } = features;
        const data = standardized(features, origin!, by!); // [n, D]
        const inside = await product.times({ data, rows, columns }); // [n, k]
        return scoreRows(rows, (row) => {
          const length = lengthOf(data, row * columns, columns);
          const kept = lengthOf(inside, row * width, width);
          return length === 0 ? 0 : kept / length;
        });
      };
      return {
        async score(block) {
          const found = await shares(block.features);
          if (!maxLogit) return found.map((share) => 0 - share); // never -0
          const { data, columns } = block.logits;
          const best = argmax(block.logits);
          return found.map((share, row) =>
            0 - share * data[row * columns + best[row]!]!
          );
        },
        async explain(block): Promise<ExplanationParts> {
          const [share] = await shares(block.features);
          if (!maxLogit) return { terms: { share: share! } };
          const [best] = argmax(block.logits);
          const logit = block.logits.data[best!]!;
          return { class: best!, terms: { share: share!, logit } };
        },
        close: () => product.close(),
      };
    },
  });
}

async function fit(
  known: KnownSamples,
  dims: number,
  standardize: boolean,
): Promise<DetectorState> {
  const { pacer, action } = known;
  const { measureMoments, scatterAround } = await import("./moments.ts");
  const moments = await measureMoments(known);
  const { columns, samples, within } = moments;
  const mean = standardize ? moments.mean : new Float64Array(columns); // [D]
  const scatter = standardize
    ? within
    : await scatterAround(moments, mean, { pacer });
  const scale = new Float64Array(columns).fill(1); // [D]
  if (standardize) {
    for (let j = 0; j < columns; j++) {
      const variance = within[j * columns + j]! / samples;
      if (variance > 0) scale[j] = 1 / Math.sqrt(variance);
    }
  }
  const covariance = scatter.map((x, i) =>
    x * scale[Math.floor(i / columns)]! * scale[i % columns]! / samples
  ); // [D, D]
  const { symmetricEigen } = await import("../linalg/symmetric_eigen.ts");
  const { values, vectors } = await symmetricEigen(covariance, columns, pacer);
  const width = dims < 1 ? componentsFor(values, dims) : dims;
  if (width > columns) {
    const rule = `"dims" must be <= the ${columns} units of the features`;
    throw new RangeError(cannot(action, rule, dims));
  }
  const basis = new Float64Array(columns * width); // [D, k]
  for (let k = 0; k < width; k++) {
    for (let j = 0; j < columns; j++) {
      basis[j * width + k] = vectors[k * columns + j]!;
    }
  }
  return {
    mean: stateArray(mean),
    scale: stateArray(scale),
    basis: stateArray(basis, [columns, width]),
  };
}

function standardized(
  { data, rows, columns }: SampleMatrix,
  mean: Float64Array,
  scale: Float64Array,
): Float64Array {
  const result = new Float64Array(rows * columns); // [n, D]
  for (let i = 0; i < result.length; i++) {
    const j = i % columns;
    result[i] = (data[i]! - mean[j]!) * scale[j]!;
  }
  return result;
}
