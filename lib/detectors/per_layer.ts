import {
  cannot,
  checkAwaited,
  checkOneOf,
  checkOptions,
  counted,
} from "../check.ts";
import type {
  Detector,
  FeatureInput,
  FeatureSet,
  RunOptions,
} from "../types.ts";
import type { AggregateName } from "./aggregates.ts";
import {
  fitCoreOf,
  internalsOf,
  makeDetector,
  restoreCore,
  traitsOf,
} from "./define_detector.ts";
import type { DetectorSetting, DetectorState } from "./definition.ts";
import { CustomCore, LayersCore, unpackLayers } from "./_layers_core.ts";
import { changedInput, type Folds, foldsOf, layerSet } from "./_layer_sets.ts";
import { inputStream } from "./_input_stream.ts";
import { joined, type ScorerCore } from "./_scorer_core.ts";
import { Pacer } from "../formats/pacer.ts";
import { withStop } from "../display/stop_signal.ts";

/**
 * Settings of {@linkcode perLayer}.
 *
 * @category Detectors
 */
export interface PerLayerOptions {
  /**
   * The aggregate of the layers' scores: the mean of scores divided by their
   * standard deviation, Fisher's method on p-values, or the largest
   * standardised score.
   *
   * @default {"standardized"}
   */
  readonly aggregate?: AggregateName;
}

/**
 * Fits a detector on each layer separately and aggregates the scores.
 *
 * Different kinds of deviations from the known samples appear in different
 * layers. The aggregates are fitted on scores of the known samples, each scored
 * as if it were held out: exactly if the detector supports it, as
 * {@linkcode deepKnn} does (otherwise a sample would be its own neighbour), or
 * for up to 64 samples; otherwise with five folds, stratified by label. A stream
 * is read several times per layer.
 *
 * - `"standardized"`: the mean over the layers of `s / σ`. It is not centred,
 *   which would shift all scores by a constant.
 * - `"fisher"`: `-log` of the p-value of `τ = -2 Σ log p`, with `p` from the
 *   empirical distribution of each layer's scores, and Brown's correction for
 *   layers that depend on each other. oodeel returns `1 - exp(-score)`, which
 *   saturates; this score does not.
 * - `"max"`: the largest `(s - µ) / σ`.
 *
 * All three are increasing in each layer's score.
 *
 * Source: Brown, "A Method for Combining Non-Independent, One-Sided Tests of
 * Significance", Biometrics 1975; oodeel's aggregators. Its mean of
 * `s / mean(s)` is left out, because it reverses the ranking if scores are negative.
 *
 * @category Detectors
 * @param detector A detector of one layer.
 * @param options The aggregate.
 * @returns A detector of all layers of a set.
 * @throws {TypeError} If the detector uses no features, or contains several
 * detectors. The fit throws it for a layer that is not the input of the head, if
 * the detector uses the weights of the head.
 * @throws {RangeError} If the aggregate is unknown. The fit throws it if the
 * detector cannot be fitted without some of the samples.
 *
 * @example Two layers
 * ```ts
 * import { deepKnn, featureSet, perLayer } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const layer = (...data: number[]) => ({
 *   data: Float32Array.from(data),
 *   shape: [data.length / 2, 2],
 *   dtype: "float32" as const,
 * });
 * const known = featureSet({
 *   features: [layer(1, 0, 1, 0.1, 1, 0.3), layer(0, 1, 0.1, 1, 0.3, 1)],
 * });
 * const scorer = await perLayer(deepKnn({ neighbors: 1 })).fit(known);
 * const query = featureSet({
 *   features: [layer(1, 0.2, 1, 0.2), layer(0.2, 1, 1, 0)],
 * });
 * const [usual, strange] = await scorer.score(query);
 * assert.ok(usual! < strange!);
 * ```
 */
export function perLayer(
  detector: Detector,
  options: PerLayerOptions = {},
): Detector {
  const action = "create perLayer()";
  checkAwaited(detector, action, "the detector");
  checkOptions(options, action, ["aggregate"]);
  const { aggregate = "standardized" } = options;
  checkOneOf(aggregate, action, "aggregate", ["standardized", "fisher", "max"]);
  const settings = { aggregate, detector: checkDetector(detector, action) };
  const traits = { settings, uses: { features: "layer" } } as const;
  return makeDetector(
    "perLayer",
    internalsOf(
      traits,
      (known, options) => fitLayers(detector, settings, known, options),
      (stored, find) =>
        unpackLayers(
          stored,
          settings,
          (part) => restoreCore(detector, part, find),
        ),
    ),
  );
}

/** The detector as in the settings. */
function checkDetector(
  detector: Detector,
  action: string,
): { readonly name: string; readonly settings: DetectorSetting } {
  const isDetector = typeof detector === "object" && detector !== null &&
    typeof detector.fit === "function" && typeof detector.name === "string";
  if (!isDetector) {
    const rule = "its first argument must be a detector";
    const hint = "write perLayer(deepKnn())";
    throw new TypeError(cannot(action, rule, detector, hint));
  }
  const { name } = detector;
  const traits = traitsOf(detector);
  if (name === "perLayer" || (traits && traits.uses.features === undefined)) {
    const rule = "its detector must be one of the features of one layer";
    throw new TypeError(cannot(action, rule, name, "use deepKnn(), …"));
  }
  return { name, settings: traits?.settings ?? {} };
}

/** Fits a core on an input. */
type Fit = (known: FeatureInput) => Promise<ScorerCore>;

async function fitLayers(
  detector: Detector,
  settings: LayersCore["settings"],
  known: FeatureInput,
  options: RunOptions,
): Promise<ScorerCore> {
  const action = "fit perLayer()";
  const { total } = inputStream(known, action);
  const { run } = await import("./run.ts");
  return await run(action, options, undefined, async ({ pacer, onRows }) => {
    const layers = await layersOf(known, detector, action);
    const { signal } = options;
    const inner = {
      progress: false,
      ...(signal === undefined ? {} : { signal }),
    };
    const folds = once(() => foldsOf(known, action, pacer));
    const fit: Fit = async (input) =>
      await fitCoreOf(detector)?.(input, inner) ??
        new CustomCore(await detector.fit(input, inner), detector.name);
    const cores: ScorerCore[] = [];
    const scores: Float64Array[] = [];
    for (const layer of layers) {
      const input = changedInput(known, action, (set) => layerSet(set, layer));
      const core = await fit(input);
      pacer.check();
      scores.push(
        await leftOutScores(core, fit, {
          input,
          folds,
          pacer: pacerOf(options),
        }),
      );
      cores.push(core);
      onRows(total ?? core.samples);
    }
    const { aggregate } = settings as { readonly aggregate: AggregateName };
    const { fitAggregate } = await import("./aggregates.ts");
    const state: DetectorState = fitAggregate(aggregate, scores);
    return new LayersCore({ settings, layers, cores, state });
  });
}

function pacerOf({ signal }: RunOptions): Pacer {
  return new Pacer(withStop(signal), () => "while it was fitted");
}

/** A function that computes its result once. */
function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => result ??= compute();
}

/** The layers of the first set. */
async function layersOf(
  known: FeatureInput,
  detector: Detector,
  action: string,
): Promise<readonly string[]> {
  for await (const set of inputStream(known, action).read()) {
    if (set.layerNames.length === 0) break;
    checkHead(set, detector, action);
    return set.layerNames;
  }
  const rule = "the set must have features of layers";
  const hint = "extract with .layers([…])";
  throw new TypeError(cannot(action, rule, "none", hint));
}

/** Checks that the head's weights fit each layer, if the detector uses them. */
function checkHead(set: FeatureSet, detector: Detector, action: string): void {
  if (set.head === undefined || !traitsOf(detector)?.uses.head) return;
  const { name } = detector;
  const width = set.head.kernel.shape[0]!;
  for (const layer of set.layerNames) {
    if (layerSet(set, layer).head !== undefined) continue;
    const rule = `each layer must have the ${width} columns that feed the ` +
      `head, whose weights ${name}() uses`;
    const hint = `use ${name}() with a set of .penultimate()`;
    throw new TypeError(cannot(action, rule, layer, hint));
  }
}

/** The samples of a fit, to score each as if it were held out. */
interface HeldOut {
  /** One layer of the samples. */
  readonly input: FeatureInput;
  readonly folds: () => Promise<Folds>;
  readonly pacer: Pacer;
}

/** Scores the samples of a fit, each as if it were held out. */
async function leftOutScores(
  core: ScorerCore,
  fit: Fit,
  heldOut: HeldOut,
): Promise<Float64Array> {
  const { input, pacer } = heldOut;
  const action = `score the samples that ${core.name}() was fitted on`;
  const { samples } = core;
  const opened = await core.open({ pacer, samples: samples || undefined });
  try {
    if (opened.leavesOut) {
      const parts: Float64Array[] = [];
      let firstRow = 0;
      for await (const set of inputStream(input, action).read()) {
        const position = { firstRow, leftOut: true };
        parts.push(await opened.score(set, action, position));
        firstRow += set.ids.length;
      }
      return joined(parts);
    }
  } finally {
    await opened.close();
  }
  return await crossScores(core.name, fit, heldOut, action);
}

/** Refits without each fold, and scores that fold. */
async function crossScores(
  name: string,
  fit: Fit,
  { input, folds, pacer }: HeldOut,
  action: string,
): Promise<Float64Array> {
  const found = await folds();
  const { foldOf } = found;
  const scores = new Float64Array(foldOf.length); // [N]
  for (const fold of new Set(foldOf)) {
    pacer.check();
    const rowsOf = (isIn: boolean) => (set: FeatureSet, first: number) =>
      set.select((row) => (foldOf[first + row] === fold) === isIn);
    let core: ScorerCore;
    try {
      core = await fit(changedInput(input, action, rowsOf(false)));
    } catch (error) {
      throw refitError(name, found, error);
    }
    const left = changedInput(input, action, rowsOf(true));
    const scored = await core.score(left, { progress: false }, action);
    let next = 0;
    foldOf.forEach((other, row) => {
      if (other === fold) scores[row] = scored.scores[next++]!;
    });
  }
  return scores;
}

/** The error for a fit without a fold that failed with another error. */
function refitError(
  name: string,
  { foldOf, classCounts }: Folds,
  cause: unknown,
): unknown {
  if (!(cause instanceof RangeError)) return cause;
  const rule = `${name}() must also be fitted without some of the samples, ` +
    "which it then scores as held out";
  const hint = `use ${name}() on one layer; the cause is the error of that fit`;
  const classes = classCounts === undefined
    ? ""
    : ` of ${classCounts.length} classes, ${Math.min(...classCounts)} in the ` +
      "smallest";
  const value = `${counted(foldOf.length, "sample")}${classes}`;
  return new RangeError(cannot("fit perLayer()", rule, value, hint), { cause });
}
