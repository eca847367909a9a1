import { checkNoOptions } from "../check.ts";
import type { openGramSum } from "../linalg/outer_products.ts";
import { softmaxParts } from "../math/softmax.ts";
import type { Detector } from "../types.ts";
import { defineDetector } from "./define_detector.ts";
import type { DetectorState, KnownSamples } from "./definition.ts";
import {
  argmax,
  lengthOf,
  normalised,
  scoreRows,
  stateArray,
  stateMatrix,
} from "./rows.ts";

/**
 * Regret of the predictive normalised maximum likelihood:
 * `log Σ_i p_i / (p_i + (1 - p_i) p_i^κ)`, with `κ = q / (1 + q)` and
 * `q = zᵀ(XᵀX)⁺z`.
 *
 * `p` is the softmax of the logits; the rows of the fit set `X` and `z` are
 * normalised to length 1. The regret is small where the fit set has many features
 * in the direction of `z`, or where the softmax is confident. Performs badly if
 * unknown samples have a confident softmax, because `q` has little weight then,
 * and for a `z` outside the span of `X`, of which only the part inside the span
 * counts. A row of zeros has `q = 0` and regret 0. Eigenvalues of `XᵀX` of at
 * most `ε · D` of the largest, with the `ε` of float32, count as 0.
 *
 * Source: Bibas et al., "Single Layer Predictive Normalized Maximum Likelihood
 * for Out-of-Distribution Detection", NeurIPS 2021,
 * https://arxiv.org/abs/2110.09246. Here `p` comes from the model's logits. The
 * authors' code (`src/score_utils.py` of `kobybibas/pnml_ood_detection`)
 * applies the head to features of length 1, appends a constant unit of 1 to `X`
 * and `z`, replaces `κ` by the squared length of `z` outside the span of
 * `X` where that is larger, and divides by `log C`; pytorch-ood
 * (`detector/pnml.py`) does the first and the last of these.
 *
 * @category Detectors
 * @returns A detector that fits on the penultimate `[N, D]`, and scores the
 * penultimate with its logits `[N, C]` to regrets in `[0, log C]`.
 * @throws {TypeError} If it is called with options.
 *
 * @example A direction of the fit set, and a new one
 * ```ts
 * import { featureSet, pnml } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const set = (...data: number[]) => {
 *   const shape = [data.length / 2, 2];
 *   const logits = Float32Array.from(data, (_, i) => i % 2); // all alike
 *   return featureSet({
 *     penultimate: { data: Float32Array.from(data), shape, dtype: "float32" },
 *     logits: { data: logits, shape, dtype: "float32" },
 *   });
 * };
 * const scorer = await pnml().fit(set(1, 0, 2, 0, 3, 0.1, 1, 1));
 * const [known, unknown] = await scorer.score(set(2, 0, 0, 2));
 * assert.ok(unknown! > known!);
 * ```
 */
export function pnml(): Detector {
  checkNoOptions(arguments, "create pnml()", "pnml()");
  return defineDetector({
    name: "pnml",
    uses: { features: "head", logits: "classes" },
    fit,
    async open({ factor }, { pacer }) {
      const { openProduct } = await import("../linalg/products.ts");
      const product = await openProduct(stateMatrix(factor!), { pacer });
      const rank = factor!.shape[1]!;
      const q = async (features: Parameters<typeof normalised>[0]) => {
        const coordinates = await product.times(normalised(features)); // [n, R]
        return scoreRows(
          features.rows,
          (row) => lengthOf(coordinates, row * rank, rank) ** 2,
        );
      };
      return {
        async score(block) {
          const { data, columns } = block.logits;
          const leverage = await q(block.features);
          return scoreRows(
            block.rows,
            (row) => regret(data, row * columns, columns, leverage[row]!),
          );
        },
        async explain(block) {
          const [leverage] = await q(block.features);
          return {
            class: argmax(block.logits)[0]!,
            terms: { q: leverage! },
          };
        },
        close: () => product.close(),
      };
    },
  });
}

async function fit(known: KnownSamples): Promise<DetectorState> {
  const { pacer } = known;
  let gram: Awaited<ReturnType<typeof openGramSum>> | undefined;
  let side = 0;
  const { openGramSum } = await import("../linalg/outer_products.ts");
  const { whitening, defaultCutoff } = await import(
    "../linalg/pseudo_inverse.ts"
  );
  try {
    for await (const { features } of known.blocks()) {
      side = features.columns;
      gram ??= await openGramSum(side, { pacer });
      await gram.add(normalised(features));
    }
    const { factor, rank } = await whitening(
      await gram!.sum(),
      side,
      defaultCutoff(side),
      pacer,
    );
    return { factor: stateArray(factor, [side, rank]) };
  } finally {
    await gram?.close();
  }
}

/**
 * The plain version is `log Σ p / (p + (1 - p) p^κ)`. Each term is
 * `1 / (1 + (1 - p) p^(κ - 1))`, and that of the predicted class is computed as
 * 1 minus the rest, so that a saturated softmax still gives a regret above 0.
 */
function regret(
  logits: Float32Array | Float64Array,
  from: number,
  count: number,
  q: number,
): number {
  const kappa = q / (1 + q);
  const { max, argmax, others } = softmaxParts(logits, from, count);
  const logSum = Math.log1p(others);
  let beyondOne = 0;
  for (let j = 0; j < count; j++) {
    if (j === argmax) continue;
    const logP = logits[from + j]! - max - logSum;
    const rest = -Math.expm1(logP);
    beyondOne += 1 / (1 + rest * Math.exp((kappa - 1) * logP));
  }
  const rest = others / (1 + others);
  const odds = rest * Math.exp((1 - kappa) * logSum);
  // With q = 0 the terms add up to 1, but for rounding.
  return Math.max(0, Math.log1p(beyondOne - odds / (1 + odds)));
}
