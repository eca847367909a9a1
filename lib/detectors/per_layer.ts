import { cannot, checkAwaited, checkOneOf, checkOptions } from "../check.ts";
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
import { changedInput, layerSet, partingKeys } from "./_layer_sets.ts";
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

/** Up to this many samples, exact leave-one-out fits are used. */
const MOST_LEFT_OUT = 64;
/** Number of cross-validation folds for more samples. */
const PARTS = 5;

/**
 * Fits a detector on each layer separately and aggregates the scores.
 *
 * Different kinds of deviations from the known samples appear in different
 * layers. The aggregates are fitted on scores of the known samples, each scored
 * as if it were held out: exactly if the detector supports it, as
 * {@linkcode deepKnn} does (otherwise a sample would be its own neighbour), or
 * for up to 64 samples; otherwise with five folds. A stream is read several
 * times per layer.
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
 * Significance", Biometrics 1975; oodeel's aggregators, of which `"mean"` turns
 * rankings round and is not here.
 *
 * @category Detectors
 * @param detector A detector of one layer.
 * @param options The aggregate.
 * @returns A detector of all layers of a set.
 * @throws {TypeError} If the detector uses no features, or contains several
 * detectors.
 * @throws {RangeError} If the aggregate is unknown.
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
    const layers = await layersOf(known, action);
    const { signal } = options;
    const inner = {
      progress: false,
      ...(signal === undefined ? {} : { signal }),
    };
    const fit: Fit = async (input) =>
      await fitCoreOf(detector)?.(input, inner) ??
        new CustomCore(await detector.fit(input, inner), detector.name);
    const cores: ScorerCore[] = [];
    const scores: Float64Array[] = [];
    for (const layer of layers) {
      const input = changedInput(known, action, (set) => layerSet(set, layer));
      const core = await fit(input);
      pacer.check();
      scores.push(await leftOutScores(core, fit, input, pacerOf(options)));
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

async function layersOf(
  known: FeatureInput,
  action: string,
): Promise<readonly string[]> {
  let names: readonly string[] = [];
  for await (const set of inputStream(known, action).read()) {
    names = set.layerNames;
    break;
  }
  if (names.length > 0) return names;
  const rule = "the set must have features of layers";
  const hint = "extract with .layers([…])";
  throw new TypeError(cannot(action, rule, "none", hint));
}

/** Scores the samples of a fit, each as if it were held out. */
async function leftOutScores(
  core: ScorerCore,
  fit: Fit,
  input: FeatureInput,
  pacer: Pacer,
): Promise<Float64Array> {
  const action = `score the samples that ${core.name}() was fitted on`;
  const { samples } = core;
  const opened = await core.open({ pacer, samples: samples || undefined });
  try {
    if (opened.leavesOut) {
      const parts: Float64Array[] = [];
      let firstRow = 0;
      for await (const set of inputStream(input, action).read()) {
        const way = { firstRow, leftOut: true };
        parts.push(await opened.score(set, action, way));
        firstRow += set.ids.length;
      }
      return joined(parts);
    }
  } finally {
    await opened.close();
  }
  return await crossScores(fit, input, action, pacer);
}

/** Refits without each fold, and scores that fold. */
async function crossScores(
  fit: Fit,
  input: FeatureInput,
  action: string,
  pacer: Pacer,
): Promise<Float64Array> {
  const keys: number[] = [];
  for await (const set of inputStream(input, action).read()) {
    keys.push(...partingKeys(set));
  }
  const partOf = keys.length <= MOST_LEFT_OUT
    ? keys.map((_, row) => row)
    : keys.map((key) => key % PARTS);
  const scores = new Float64Array(keys.length); // [N]
  for (const part of new Set(partOf)) {
    pacer.check();
    const rowsOf = (isIn: boolean) => (set: FeatureSet, first: number) =>
      set.select((row) => (partOf[first + row] === part) === isIn);
    const core = await fit(changedInput(input, action, rowsOf(false)));
    const left = changedInput(input, action, rowsOf(true));
    const found = (await core.score(left, { progress: false }, action)).scores;
    let next = 0;
    partOf.forEach((other, row) => {
      if (other === part) scores[row] = found[next++]!;
    });
  }
  return scores;
}
