import { cannot } from "../check.ts";
import { logSumExp } from "../math/softmax.ts";
import type { Detector } from "../types.ts";
import type {
  BlockScorer,
  DetectorState,
  KnownSamples,
  SampleBlock,
  ScoringContext,
} from "./definition.ts";
import { defineDetector } from "./define_detector.ts";
import { argmax, scoreRows, stateArray } from "./rows.ts";
import {
  checkSubspace,
  fitSubspace,
  openResidual,
  type Subspace,
  type SubspaceOptions,
} from "./subspace.ts";

/**
 * Residuals below this fraction of the features' length are rounding errors.
 */
const LEAST_SHARE = 1e-12;

/**
 * Virtual-logit matching: `α ‖Rᵀ(z - o)‖ - log(Σ exp(logits))`.
 *
 * `R` are the directions of least variance of known features, `o` the origin,
 * and `α = Σ max(logits) / Σ ‖Rᵀ(z - o)‖` over the known samples, so that the
 * first term has the scale of a logit. Combines the distance from the subspace
 * of known features with the uncertainty of the classifier. Performs badly with
 * few units, which leave no residual, and with few samples. The subspace is
 * that of `(z - o)ᵀ(z - o) / N`, without further centring.
 *
 * Source: Wang et al., "ViM: Out-Of-Distribution with Virtual-logit Matching",
 * CVPR 2022, https://arxiv.org/abs/2203.10807, equations 4 (the subspace) and 6
 * (`α`); the paper's origin is `"head"`, that of oodeel `"mean"`. oodeel leaves
 * out one component less for a share of the variance. The dimension is a fixed
 * number in the authors' code (`benchmark.py` of `haoqiwang/vim`: 1,000 from
 * 2,048 units on, else 512) and in OpenOOD
 * (`openood/postprocessors/vim_postprocessor.py`), which are the same
 * otherwise.
 *
 * @category Detectors
 * @param options Dimensions and origin of the subspace.
 * @returns A detector of the penultimate, `[N, D]`, and logits; scores are in the
 * unit of the logits.
 * @throws {RangeError} If an option is out of range; in `fit`, if there is no
 * residual or `α` is not above 0.
 *
 * @example A line, and a point beside it
 * ```ts
 * import { featureSet, vim } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const matrix = (...data: number[]) => ({
 *   data: Float32Array.from(data),
 *   shape: [data.length / 2, 2],
 *   dtype: "float32" as const,
 * });
 * const known = featureSet({
 *   penultimate: matrix(0, 0, 1, 1, 2, 2.1, 3, 3, 4, 3.9),
 *   logits: matrix(4, 0, 3, 0, 3, 0, 0, 3, 0, 4),
 * });
 * const scorer = await vim({ dims: 1 }).fit(known);
 * const query = featureSet({
 *   penultimate: matrix(5, 5, 5, -5),
 *   logits: matrix(0, 4, 0, 4),
 * });
 * const [on, beside] = await scorer.score(query);
 * assert.ok(on! < 10 && beside! > 100);
 * ```
 */
export function vim(options: SubspaceOptions = {}): Detector {
  const settings = checkSubspace(options, "vim");
  return defineDetector({
    name: "vim",
    settings,
    uses: {
      features: "head",
      logits: "classes",
      head: settings.origin === "head",
    },
    passes: 2,
    fit: (known) => fit(known, settings),
    open,
  });
}

async function fit(
  known: KnownSamples,
  settings: ReturnType<typeof checkSubspace>,
): Promise<DetectorState> {
  const { action } = known;
  const subspace = await fitSubspace(known, settings);
  const { origin, residual, width, samples, scatter } = subspace;
  const { logits, norms } = await sumTerms(known, subspace);
  // The root of the mean square is at least the mean length.
  if (!(norms > LEAST_SHARE * Math.sqrt(samples * scatter))) {
    const rule = "known features must have a residual";
    const hint = 'pass a lower "dims", or use maxLogit()';
    throw new RangeError(cannot(action, rule, norms, hint));
  }
  const alpha = logits / norms;
  if (!(alpha > 0)) {
    const rule = "the largest logits of known samples must be > 0 on " +
      "average, as a residual would count as known otherwise";
    throw new RangeError(
      cannot(action, rule, alpha, "use residual() and energy()"),
    );
  }
  return {
    origin: stateArray(origin),
    residual: stateArray(residual, [origin.length, width]),
    alpha: stateArray(Float64Array.of(alpha)),
  };
}

/** Sums of the largest logits and of the residuals over known samples. */
async function sumTerms(
  { blocks, pacer }: KnownSamples,
  { origin, residual, width, samples }: Subspace,
): Promise<{ readonly logits: number; readonly norms: number }> {
  const { openProjectedNorms } = await import("../linalg/projected_norms.ts");
  const matrix = { data: residual, rows: origin.length, columns: width };
  const measure = await openProjectedNorms(matrix, origin, { pacer, samples });
  let [logits, norms] = [0, 0];
  try {
    for await (const block of blocks()) {
      const measuring = measure.of(block.features); // meanwhile, the logits
      const { data, columns } = block.logits;
      argmax(block.logits).forEach((best, row) =>
        logits += data[row * columns + best]!
      );
      for (const length of await measuring) norms += length;
    }
    return { logits, norms };
  } finally {
    await measure.close();
  }
}

async function open(
  state: DetectorState,
  context: ScoringContext,
): Promise<BlockScorer> {
  const measure = await openResidual(state, context);
  const [alpha] = state.alpha!.data as Float64Array;
  const terms = async ({ features, logits, rows }: SampleBlock) => {
    const lengths = await measure.of(features);
    const { data, columns } = logits;
    return {
      residuals: lengths.map((length) => alpha! * length),
      energies: scoreRows(
        rows,
        (row) => -logSumExp(data, row * columns, columns),
      ),
    };
  };
  return {
    async score(block) {
      const { residuals, energies } = await terms(block);
      return residuals.map((residual, i) => residual + energies[i]!);
    },
    async explain(block) {
      const { residuals, energies } = await terms(block);
      return {
        class: argmax(block.logits)[0]!,
        terms: { residual: residuals[0]!, energy: energies[0]! },
      };
    },
    close: () => measure.close(),
  };
}
