/**
 * Scorers: a fitted detector, calibrated or not.
 *
 * @module
 */
import {
  cannot,
  checkAwaited,
  checkOptions,
  checkRunOptions,
  refuseMore,
} from "../check.ts";
import { attachView } from "../display/attach_view.ts";
import { countText } from "../display/cell.ts";
import type { View } from "../display/view.ts";
import type {
  CalibrateOptions,
  DecidingScorer,
  Decisions,
  Explanation,
  FeatureInput,
  FeatureSource,
  RunOptions,
  Scorer,
} from "../types.ts";
import {
  type Calibration,
  calibration,
  checkTpr,
  pValues,
} from "./conformal.ts";
import { RUN_OPTIONS } from "./run.ts";
import { sharedPart } from "./sample_keys.ts";
import type { ScorerCore, StoredCore } from "./_scorer_core.ts";
import type { scorerBytes, ScorerFacts } from "./_scorer_file.ts";

/** The array of the scores of known samples in a file. */
export const CALIBRATION = "sonde.calibration";

// Symbols, so that Tab completion in notebooks does not list these methods.
/** The key of the contents of a file. */
const STORED = Symbol("stored");
/** The key of scoring with a comparison with the calibration. */
const SCORE = Symbol("score");

/** A fitted detector. */
export class FittedScorer implements Scorer {
  static {
    refuseMore(
      FittedScorer.prototype,
      ...["score(features, options)", "calibrate(known, options)"],
      ...["explain(features, row)", "save(target)"],
    );
  }

  readonly name: string;
  readonly #core: ScorerCore;

  /** Creates a scorer from its core. */
  constructor(core: ScorerCore) {
    this.name = core.name;
    this.#core = core;
  }

  async score(
    features: FeatureInput,
    options: RunOptions = {},
  ): Promise<Float64Array> {
    return await this[SCORE](features, options);
  }

  /**
   * Scores samples.
   *
   * @param features Features of the samples.
   * @param options Signal, progress.
   * @param calibratedOn The source of the calibration, which they must match.
   * @returns One score per sample.
   */
  protected async [SCORE](
    features: FeatureInput,
    options: RunOptions,
    calibratedOn?: FeatureSource,
  ): Promise<Float64Array> {
    const action = `score with ${this.name}()`;
    const wanted = { calibratedOn };
    return (await this.#core.score(features, options, action, wanted)).scores;
  }

  async calibrate(
    known: FeatureInput | ArrayLike<number>,
    options: CalibrateOptions = {},
  ): Promise<DecidingScorer> {
    const core = this.#core;
    const action = `calibrate ${this.name}()`;
    checkOptions(options, action, ["tpr", ...RUN_OPTIONS]);
    checkRunOptions(options, action);
    checkAwaited(known, action, "the features");
    const { tpr = 0.95, ...runOptions } = options;
    checkTpr(tpr, action);
    if (isScores(known)) {
      return new CalibratedScorer(core, calibration(known, tpr, action), []);
    }
    const wanted = { keys: true };
    const scored = await core.score(known, runOptions, action, wanted);
    const calibrated = calibration(scored.scores, tpr, action);
    const warnings = warningsOf(sharedPart(scored.keys, core.keys));
    return new CalibratedScorer(core, calibrated, warnings, scored.source);
  }

  async explain(features: FeatureInput, row: number): Promise<Explanation> {
    return await this.#core.explain(features, row);
  }

  async save(target: string | URL): Promise<void> {
    const { scorerBytes } = await import("./_scorer_file.ts");
    await write(target, scorerBytes(...this[STORED](this.#core.pack())));
  }

  /**
   * The contents of a file.
   *
   * @param core The fitted part.
   * @returns Facts and arrays.
   */
  protected [STORED](core: StoredCore): Parameters<typeof scorerBytes> {
    const { detector, settings, facts, arrays } = core;
    return [{ version: 1, detector, settings, fit: facts }, arrays];
  }

  /** Its view. */
  static view(self: FittedScorer): View {
    const { samples, usedText, settings } = self.#core;
    const fitted = samples === 0
      ? ""
      : `, fitted on ${countText(samples, "sample")}`;
    const rows: (readonly [string, string | number])[] = [["uses", usedText]];
    for (const [name, value] of Object.entries(settings)) {
      rows.push([name, typeof value === "number" ? value : text(value)]);
    }
    if (self instanceof CalibratedScorer) {
      rows.push(["tpr", self.tpr], ["threshold", self.threshold]);
      for (const warning of self.warnings) rows.push(["warning", warning]);
    }
    return {
      title: `${self.name}${fitted}`,
      blocks: [{
        kind: "table",
        columns: [{ name: "setting" }, { name: "value", align: "left" }],
        rows,
      }],
    };
  }
}

/** Precomputed scores, in any kind of array. */
function isScores(
  known: FeatureInput | ArrayLike<number>,
): known is ArrayLike<number> {
  if (ArrayBuffer.isView(known)) return !(known instanceof DataView);
  // Errors about other arrays are thrown by the reader.
  return Array.isArray(known) && typeof (known[0] ?? 0) === "number";
}

attachView(FittedScorer.prototype, (scorer) => FittedScorer.view(scorer));

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A calibrated scorer. */
export class CalibratedScorer extends FittedScorer implements DecidingScorer {
  static {
    refuseMore(CalibratedScorer.prototype, "decide(features, options)");
  }

  readonly tpr: number;
  readonly threshold: number;
  readonly warnings: readonly string[];
  readonly #known: Float64Array;
  readonly #source: FeatureSource | undefined;

  /**
   * Creates a scorer from its core and its calibration.
   *
   * @param core The fitted part.
   * @param calibration The scores of known samples, with the threshold.
   * @param warnings Reasons why decisions are less reliable.
   * @param source The source of the known samples, if known.
   */
  constructor(
    core: ScorerCore,
    { tpr, threshold, scores }: Calibration,
    warnings: readonly string[],
    source?: FeatureSource,
  ) {
    super(core);
    this.tpr = tpr;
    this.threshold = threshold;
    this.warnings = Object.freeze([...warnings]);
    this.#known = scores;
    this.#source = source;
  }

  async decide(
    features: FeatureInput,
    options: RunOptions = {},
  ): Promise<Decisions> {
    const scores = await this[SCORE](features, options, this.#source);
    return {
      scores,
      unknown: Uint8Array.from(scores, (s) => s > this.threshold ? 1 : 0),
      pValues: pValues(scores, this.#known),
    };
  }

  protected override [STORED](
    core: StoredCore,
  ): Parameters<typeof scorerBytes> {
    const [facts, arrays] = super[STORED](core);
    const { tpr, warnings } = this;
    const [known, source] = [this.#known, this.#source];
    const calibration = { tpr, warnings, ...(source && { source }) };
    const all: ScorerFacts = { ...facts, calibration };
    return [all, {
      ...arrays,
      [CALIBRATION]: { data: known, shape: [known.length], dtype: "float64" },
    }];
  }
}

function warningsOf(shared: number): string[] {
  if (shared === 0) return [];
  const percent = Math.max(1, Math.round(100 * shared));
  return [
    `about ${percent} % of the samples of the calibration were fitted on, by ` +
    "their ids or features: their scores are lower than those of new samples, " +
    "so that more known samples will be called unknown; calibrate on samples " +
    "that were held out",
  ];
}

/** Writes under a temporary name first, so that no file is ever incomplete. */
async function write(
  target: string | URL,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  checkAwaited(target, "write scorer", "the target");
  const isTarget = typeof target === "string" || target instanceof URL;
  const isFile = !/^[a-z]+:\/\//i.test(String(target)) ||
    /^file:/i.test(String(target));
  if (!isTarget || !isFile || target === "") {
    const rule = "its target must be a path or a file: URL";
    throw new TypeError(cannot("write scorer", rule, target));
  }
  const path = /^file:/i.test(String(target)) ? new URL(target) : target;
  const part = path instanceof URL
    ? new URL(`${path.href}.partial`)
    : `${path}.partial`;
  try {
    await Deno.writeFile(part, bytes);
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => {}); // the first error is the one
    throw error;
  }
}
