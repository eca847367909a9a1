import { checkNoOptions } from "../check.ts";
import { attachView } from "../display/attach_view.ts";
import { countText } from "../display/cell.ts";
import type { FeatureSet, Model } from "../types.ts";
import { type ModelFacts, modelFacts } from "./_model_facts.ts";

/**
 * A detector that suits a model.
 *
 * @category Evaluation
 */
export interface Recommendation {
  /** The name of its factory. */
  readonly name: string;
  /** The reason, with the measurements. */
  readonly reason: string;
  /** Known caveats; may be empty. */
  readonly warnings: readonly string[];
}

/** Minimum number of classes for a model to count as one with many classes. */
const MANY_CLASSES = 100;
/**
 * Up to this fraction of negative values, features count as the output of a
 * ReLU.
 */
const FEW_NEGATIVE = 0.01;
/** Defaults of the detectors and shapings that warnings refer to. */
const [NEIGHBORS, ASH_PERCENTILE] = [50, 0.9];

/**
 * Recommends detectors for a model, from measurements that need no unknown
 * data. No detector is the best on every model; use {@linkcode benchmark} to
 * decide.
 *
 * Measured are: whether a layer is an attention layer (its kind contains
 * "attention" or "transformer", or it is a matrix product of a softmax) or a
 * convolution; the number of classes; of the penultimate, or else the last
 * feature that is a vector, its width, its rank around the mean (over at most
 * 513 samples), its fractions of zeros and of negative values; whether there
 * are labels, of two classes or more, and the weights of a linear head.
 *
 * The rules, with AUROC in percent on near / far sets of the OpenOOD v1.5
 * leaderboard (https://zjysteven.github.io/OpenOOD/) as their basis:
 *
 * 1. A **transformer** gets `mdsPlusPlus` (ViT-B/16 80.54 / 94.6) and `rmds`
 *    (78.34 / 92.34) where there are vectors and labels, `deepKnn` where there
 *    are vectors alone, and `gen` (76.30 / 91.35), the best of logits alone.
 * 2. **100 classes or more**, of features as a ReLU gives them (at most 1 %
 *    negative): `energy` of logits shaped by `scale` (ResNet-50 81.36 / 96.53,
 *    without 75.89 / 89.47), `nci` where the head is known (78.69 / 95.53),
 *    and `gen` (76.85 / 89.76). Features with negative values get `rmds`
 *    (76.99 / 86.38) and `gen`.
 * 3. **Fewer classes**: `deepKnn` (CIFAR-10 90.64 / 92.96), `rmds` where there
 *    are labels (89.80 / 92.20), `fdbd` where the head is known (90.42 / 93.16)
 *    and `vim` (88.68 / 93.48). On the digits of `notebooks/04_detect.ipynb`
 *    `rmds` leads with 95.6 / 97.3, before `deepKnn` with 94.7 / 97.4.
 * 4. **Dependent units**: where the rank is below the number of units that
 *    vary, `vim` comes first outside transformers, or `residual` where logits
 *    are no classes: known samples do not leave a subspace, so samples that do
 *    are unlike them. Units that are always zero do not count, because they
 *    mostly stay zero. Where the largest logits are not above 0 on average,
 *    `vim` cannot scale by them: `residual` represents it here, and rule 3
 *    leaves it out.
 * 5. Logits that are no classes, as those of several sigmoids, get `maxLogit`.
 * 6. `msp` always comes last where there are classes, as the baseline.
 *
 * Warnings cover known failures (`ash` on transformers: 53.21 / 51.56; `ash`
 * and `scale` with few classes: CIFAR-10 75.27 / 78.49 and 82.55 / 86.39, `msp`
 * 88.03 / 90.73), of shaping where features are negative or mostly zero, of
 * singular covariances, of too few samples, and of missing parts of the set.
 *
 * @param model The model.
 * @param known Features of known samples, with `.penultimate()` and labels if
 * possible; some hundred samples are enough.
 * @returns Detectors, the expected best first. The list shows itself.
 * @throws {TypeError} If an argument is a promise or of the wrong type, or the
 * set contains neither logits nor features.
 * @throws {RangeError} If the set is empty, or a value is NaN or infinite.
 *
 * @example A network of two layers
 * ```ts
 * import { FeatureExtractor, recommend, show, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const relu = tf.layers.dense({ units: 8, activation: "relu", inputShape: [4] });
 * const head = tf.layers.dense({ units: 3, activation: "softmax" });
 * const extractor = new FeatureExtractor(tf.sequential({ layers: [relu, head] }));
 * const set = await extractor.penultimate().predict(tf.randomNormal([60, 4]));
 * const found = recommend(extractor.model, set);
 * await show(found);
 * assert.equal(found.at(-1)?.name, "msp");
 * ```
 *
 * @category Evaluation
 */
export function recommend(
  model: Model,
  known: FeatureSet,
): readonly Recommendation[] {
  const action = "recommend detectors";
  checkNoOptions(arguments, action, "recommend(model, known)", 2);
  const facts = modelFacts(model, known, action);
  const found = [...chosen(facts), ...baselines(facts)];
  const named = found.map(({ name, reason }): Recommendation =>
    Object.freeze({
      name,
      reason,
      warnings: Object.freeze(warningsOf(name, facts)),
    })
  );
  const columns = ["detector", "reason", "warnings"]
    .map((name) => ({ name, align: "left" as const }));
  attachView(named, () => ({
    title: `${countText(named.length, "detector")} to try`,
    blocks: [{
      kind: "table",
      columns,
      rows: named.map(({ name, reason, warnings }) => [
        name,
        reason,
        warnings.join("; "),
      ]),
    }],
  }));
  return Object.freeze(named);
}

type Choice = Omit<Recommendation, "warnings">;

function chosen(facts: ModelFacts): Choice[] {
  const { attention, numClasses = 0, vectors, hasLabels } = facts;
  const hasClasses = numClasses > 0;
  const when = (isSo: boolean, name: string, reason: string) =>
    isSo ? [{ name, reason }] : [];
  const isVector = vectors !== undefined;
  if (attention !== undefined) {
    const why = `the model is a transformer ("${attention}")`;
    return [
      ...when(
        isVector && hasLabels,
        "mdsPlusPlus",
        `${why}, on which normalised Mahalanobis distances lead`,
      ),
      ...when(
        isVector && hasLabels,
        "rmds",
        `${why}, on which relative distances come close`,
      ),
      ...when(
        isVector && !hasLabels,
        "deepKnn",
        `${why}, and there are no labels of two classes or more for class means`,
      ),
      ...when(
        hasClasses,
        "gen",
        `${why}, and of scores of logits alone it is the best there`,
      ),
    ];
  }
  const subspace = subspaceOf(facts);
  const rest = numClasses >= MANY_CLASSES
    ? manyClasses(facts, when)
    : fewClasses(facts, when);
  return [
    ...subspace,
    ...rest.filter(({ name }) => name !== subspace[0]?.name),
  ];
}

/** Rule 4. */
function subspaceOf(facts: ModelFacts): Choice[] {
  const { vectors, numClasses } = facts;
  if (vectors === undefined || vectors.isRankLimited) return [];
  const { rank, varying, name: layer } = vectors;
  if (rank >= varying) return [];
  const reason = `known samples span ${rank} dimensions of the ${varying} ` +
    `units of ${layer} that vary; it measures the distance from that subspace`;
  return [{
    name: numClasses === undefined || !canFitVim(facts) ? "residual" : "vim",
    reason,
  }];
}

/**
 * Whether `vim` can be fitted: the mean of the largest logits, which scales residuals,
 * is above 0.
 */
function canFitVim({ largestLogit = 0, vectors }: ModelFacts): boolean {
  return largestLogit > 0 && vectors !== undefined && vectors.rank > 1;
}

type When = (isSo: boolean, name: string, reason: string) => Choice[];

/** Rule 2. */
function manyClasses(
  { numClasses, vectors, hasHead, hasLabels, isConvolutional }: ModelFacts,
  when: When,
): Choice[] {
  const of = isConvolutional ? "a convolutional network" : "a network";
  const why = `${of} of ${numClasses} classes`;
  const isRelu = vectors !== undefined && vectors.negative <= FEW_NEGATIVE;
  return [
    ...when(
      isRelu,
      "energy",
      `${why} with ${percent(vectors?.zeros)} zeros in the ${vectors?.name}: ` +
        "with extractor.scale(0.85), the best for such networks on ImageNet",
    ),
    ...when(
      isRelu && hasHead,
      "nci",
      `${why} with a linear head, with whose weights features are aligned`,
    ),
    ...when(
      vectors !== undefined && !isRelu && hasLabels,
      "rmds",
      `${why} with ${percent(vectors?.negative)} negative features, ` +
        "for which shaping is not intended",
    ),
    ...when(true, "gen", `${why}, and it uses the many small probabilities`),
  ];
}

/** Rules 3 and 5. */
function fewClasses(facts: ModelFacts, when: When): Choice[] {
  const { numClasses, vectors, hasHead, hasLabels, hasLogits } = facts;
  const isVector = vectors !== undefined;
  const why = numClasses === undefined
    ? "it uses features alone; the logits are not those of classes"
    : `${numClasses} classes, where distances in the features lead`;
  return [
    ...when(isVector, "deepKnn", why),
    ...when(
      isVector && hasLabels,
      "rmds",
      "labels give class means, and few classes are well described by them",
    ),
    ...when(
      isVector && hasHead && numClasses !== undefined,
      "fdbd",
      `${numClasses} classes and a linear head: distances to its boundaries`,
    ),
    ...when(
      isVector && canFitVim(facts),
      "vim",
      "combines the logits with the residual of the features",
    ),
    ...when(
      hasLogits && numClasses === undefined,
      "maxLogit",
      "the logits are not those of mutually exclusive classes",
    ),
  ];
}

/** Rule 6. */
function baselines({ numClasses }: ModelFacts): Choice[] {
  const reason = "the baseline: needs no fit, and must be beaten";
  return numClasses === undefined ? [] : [{ name: "msp", reason }];
}

/** Detectors that use only logits, which can be combined with shaping. */
const OF_LOGITS = ["msp", "maxLogit", "energy", "gen"];
/** Detectors with a covariance. */
const GAUSSIAN = ["mdsPlusPlus", "rmds"];

function warningsOf(name: string, facts: ModelFacts): string[] {
  const { vectors, numSamples, maps } = facts;
  const warnings = OF_LOGITS.includes(name) ? shapingWarnings(facts) : [];
  if (OF_LOGITS.includes(name) && vectors === undefined) {
    warnings.push(
      maps.length > 0
        ? `the features are maps: with .postprocess(pool("mean")), detectors of ` +
          "distances could be used"
        : "the set has no features: with .penultimate(), detectors of " +
          "distances could be used",
    );
  }
  if (name === "deepKnn" && numSamples < NEIGHBORS) {
    warnings.push(
      `with a fit of ${numSamples} samples "neighbors" must be lower than ` +
        `its default of ${NEIGHBORS}`,
    );
  }
  if (vectors === undefined) return warnings;
  const { rank, width, isRankLimited, isEven } = vectors;
  if (name === "vim" && isEven) {
    warnings.push(
      `each of the ${rank} principal components has more than 1 % of the ` +
        'variance, so that the default "dims" of 0.99 leaves no residual: pass ' +
        `vim({ dims: ${Math.ceil(rank / 2)} })`,
    );
  }
  if (!GAUSSIAN.includes(name)) return warnings;
  if (rank < width && !isRankLimited) {
    warnings.push(
      `the covariance is singular (rank ${rank} of ${width}): the ` +
        "pseudo-inverse ignores deviations from the known subspace",
    );
  } else if (numSamples <= width) {
    warnings.push(
      `${numSamples} samples do not show whether the covariance of ${width} ` +
        "units is singular: fit on more",
    );
  }
  return warnings;
}

function shapingWarnings(facts: ModelFacts): string[] {
  const { attention, numClasses = Infinity, vectors } = facts;
  if (attention !== undefined) {
    return [
      "no ash() and no scale() on a transformer: with ASH, ViT-B/16 falls to " +
      "an AUROC of 53.21 / 51.56 % and Swin-T to 46.47 / 44.64 %; react() " +
      "lowers it too",
    ];
  }
  const warnings: string[] = [];
  if (numClasses < MANY_CLASSES) {
    warnings.push(
      "ash() and scale() lower the AUROC with few classes: on CIFAR-10 " +
        "75.27 / 78.49 % and 82.55 / 86.39 %, msp 88.03 / 90.73 %",
    );
  }
  if (vectors === undefined) return warnings;
  if (vectors.negative > FEW_NEGATIVE) {
    warnings.push(
      `${percent(vectors.negative)} of the ${vectors.name} is negative: ` +
        "ash() and scale() are intended for the output of a ReLU",
    );
  }
  if (vectors.zeros >= ASH_PERCENTILE) {
    warnings.push(
      `${percent(vectors.zeros)} of the ${vectors.name} is zero: ash(0.9) ` +
        "and scale(0.9) have nothing to prune",
    );
  }
  return warnings;
}

function percent(share = 0): string {
  return `${(100 * share).toFixed(0)} %`;
}
