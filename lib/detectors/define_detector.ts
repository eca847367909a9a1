/**
 * Creates detectors from their definitions.
 *
 * A {@linkcode DetectorDefinition} contains what a detector uses, how it learns
 * and how it scores; everything else is common to all detectors and defined
 * here.
 *
 * @module
 */
import {
  cannot,
  checkAwaited,
  checkNoOptions,
  checkOptions,
  checkRunOptions,
  quote,
  refuseMore,
  sizeOf,
} from "../check.ts";
import type {
  Detector,
  FeatureInput,
  FeatureSet,
  FitFreeDetector,
  RunOptions,
  Scorer,
} from "../types.ts";
import type { DetectorDefinition, DetectorState } from "./definition.ts";
import { checkSource } from "./_feature_profile.ts";
import { inputStream } from "./_input_stream.ts";
import { RUN_OPTIONS } from "./run.ts";
import { FittedScorer } from "./scorer.ts";
import {
  DefinedCore,
  matricesOf,
  type Restore,
  restoredCore,
  type ScorerCore,
  type StoredCore,
} from "./_scorer_core.ts";

const NOTHING = { profile: {}, samples: 0, keys: new Float64Array() };

/** The key of a detector's function that restores it. */
const RESTORE: unique symbol = Symbol.for("sonde.restore") as never;
/** The key of its function that fits a core. */
const FIT_CORE: unique symbol = Symbol.for("sonde.fitCore") as never;

/** The key of its properties. */
const TRAITS: unique symbol = Symbol.for("sonde.traits") as never;

/** Fits a detector, and returns the core of its scorer. */
export type FitCore = (
  known: FeatureInput,
  options: RunOptions,
) => Promise<ScorerCore>;

/** The internals of a detector. */
export interface Internals {
  /** Restores it from a file. */
  readonly [RESTORE]: Restore;
  /** Fits a core. */
  readonly [FIT_CORE]: FitCore;
  /** The options of its factory, and what it uses. */
  readonly [TRAITS]: DetectorTraits;
}

/** Properties of a detector, known without a fit. */
export type DetectorTraits = Pick<DetectorDefinition, "settings" | "uses">;

/**
 * Creates a detector from its definition.
 *
 * The definition contains which parts of a feature set the detector uses, how
 * it learns named arrays from known samples, and how it scores blocks of
 * samples with them. The detector then accepts sets, stored features and
 * streams, checks its inputs, reports progress, can be aborted, calibrated and
 * saved, and is loaded by `loadScorer(source, { detectors: [detector] })`.
 *
 * Formulas should be computed in float64; the results must not depend on the
 * order or the size of blocks. Without `fit`, the detector scores at once.
 *
 * @category Detectors
 * @param definition The definition.
 * @returns The detector.
 * @throws {TypeError} If the definition has no name, `uses` or `open`.
 *
 * @example The distance to the mean of the known samples
 * ```ts
 * import { defineDetector, featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const distanceToMean = defineDetector({
 *   name: "distanceToMean",
 *   uses: { features: "layer" },
 *   async fit({ blocks }) {
 *     let count = 0;
 *     let sums = new Float64Array();
 *     for await (const { features, rows } of blocks()) {
 *       if (count === 0) sums = new Float64Array(features.columns);
 *       features.data.forEach((x, i) => sums[i % features.columns]! += x);
 *       count += rows;
 *     }
 *     const mean = sums.map((sum) => sum / count);
 *     return { mean: { data: mean, shape: [mean.length], dtype: "float64" } };
 *   },
 *   open({ mean }) {
 *     return {
 *       score({ rows, features: { data, columns } }) {
 *         return Float64Array.from({ length: rows }, (_, row) =>
 *           Math.hypot(...data.subarray(row * columns, (row + 1) * columns)
 *             .map((x, j) => x - mean!.data[j]!)));
 *       },
 *     };
 *   },
 * });
 *
 * const points = (...data: number[]) =>
 *   featureSet({
 *     features: [{ data: Float32Array.from(data), shape: [2, 2], dtype: "float32" }],
 *   });
 * const scorer = await distanceToMean.fit(points(0, 0, 2, 0));
 * assert.deepEqual([...await scorer.score(points(1, 0, 4, 4))], [0, 5]);
 * ```
 */
export function defineDetector(
  definition: DetectorDefinition & { readonly fit?: undefined },
): FitFreeDetector;
/** Creates a detector that needs a fit; see the first overload. */
export function defineDetector(definition: DetectorDefinition): Detector;
export function defineDetector(definition: DetectorDefinition): Detector {
  const call = "defineDetector(definition)";
  checkNoOptions(arguments, "define detector", call, 1);
  checkDefinition(definition);
  const frozen = Object.freeze({ ...definition });
  const internals: Internals = {
    [TRAITS]: frozen,
    [RESTORE]: (stored) => restoredCore(frozen, stored),
    [FIT_CORE]: frozen.fit === undefined
      ? () => Promise.resolve(new DefinedCore(frozen, {}, NOTHING))
      : (known, options) => fitCore(frozen, known, options),
  };
  return frozen.fit === undefined
    ? fitFree(frozen, internals)
    : makeDetector(frozen.name, internals);
}

/**
 * Creates a detector that must be fitted.
 *
 * @param name Its name.
 * @param internals Its functions for fitting and restoring.
 * @returns The detector.
 */
export function makeDetector(name: string, internals: Internals): Detector {
  const detector: Detector = {
    name,
    async fit(known, options = {}): Promise<Scorer> {
      return new FittedScorer(await internals[FIT_CORE](known, options));
    },
  };
  refuseMore(detector, "fit(known, options)");
  const call = name === "perLayer" ? "perLayer(detector)" : `${name}()`;
  for (const method of ["score", "calibrate", "decide", "explain", "save"]) {
    const value = () => {
      const rule = "the detector must be fitted first";
      const hint = `write const scorer = await ${call}.fit(known), and then ` +
        `scorer.${method}(…)`;
      const text = cannot(`${method} with ${name}()`, rule, "not fitted", hint);
      return Promise.reject(new TypeError(text));
    };
    Object.defineProperty(detector, method, { value });
  }
  return hidden(detector, internals);
}

/** Non-enumerable properties. */
function hidden<T extends object>(detector: T, internals: Internals): T {
  for (const key of [RESTORE, FIT_CORE, TRAITS] as const) {
    Object.defineProperty(detector, key, { value: internals[key] });
  }
  return Object.freeze(detector);
}

class FitFree extends FittedScorer implements FitFreeDetector {
  static {
    refuseMore(FitFree.prototype, "fit(known, options)");
  }

  fit(known: FeatureInput, options: RunOptions = {}): Promise<Scorer> {
    try {
      const action = `fit ${this.name}()`;
      checkOptions(options, action, RUN_OPTIONS);
      checkRunOptions(options, action);
      inputStream(known, action);
    } catch (error) {
      return Promise.reject(error);
    }
    return Promise.resolve(this);
  }
}

function fitFree(
  definition: DetectorDefinition,
  internals: Internals,
): FitFreeDetector {
  return hidden(
    new FitFree(new DefinedCore(definition, {}, NOTHING)),
    internals,
  );
}

/** Fits a detector by its definition. */
async function fitCore(
  definition: DetectorDefinition,
  known: FeatureInput,
  options: RunOptions,
): Promise<DefinedCore> {
  const { name, uses, passes = 1 } = definition;
  const action = `fit ${name}()`;
  const { total } = inputStream(known, action);
  const reads = total && total * passes;
  const { run } = await import("./run.ts");
  return await run(action, options, reads, async ({ pacer, onRows }) => {
    const settings = { action, uses, isFit: true, pacer, onRows };
    const { SampleReader } = await import("./_sample_reader.ts");
    const reader = new SampleReader(known, settings);
    const { SampleKeys } = await import("./sample_keys.ts");
    const keys = new SampleKeys();
    let isFirst = true;
    const blocks = async function* () {
      const addsKeys = isFirst;
      isFirst = false;
      for await (const block of reader.blocks()) {
        if (addsKeys) keys.add(block.ids, matricesOf(block, definition));
        yield block;
      }
    };
    const head = () => reader.head();
    const fitted = { blocks, head, pacer, action };
    const state = checkState(await definition.fit!(fitted), action);
    const samples = reader.rows ?? keys.count;
    const profile = reader.profile ?? {};
    return new DefinedCore(definition, state, {
      profile,
      samples,
      keys: keys.keys(),
    });
  });
}

/**
 * The function that fits a core; undefined for a detector that was not created
 * by {@linkcode defineDetector}.
 *
 * @param detector The detector.
 * @returns The function.
 */
export function fitCoreOf(detector: Detector): FitCore | undefined {
  return (detector as Partial<Internals>)[FIT_CORE];
}

/**
 * Restores a core from a file.
 *
 * @param detector The detector that the file names.
 * @param stored The contents of the file.
 * @param find Finds the detectors that the detector contains.
 * @returns The core.
 * @throws {TypeError} If the detector was not created by
 * {@linkcode defineDetector}.
 */
export function restoreCore(
  detector: Detector,
  stored: StoredCore,
  find: Parameters<Restore>[1],
): ScorerCore {
  const restore = (detector as Partial<Internals>)[RESTORE];
  if (restore !== undefined) return restore(stored, find);
  const rule = `detector ${quote(detector.name)} must be made by ` +
    "defineDetector()";
  throw new TypeError(cannot("load scorer", rule, detector));
}

/**
 * Properties of a detector, known without a fit; undefined for a detector that
 * was not created by {@linkcode defineDetector}.
 *
 * @param detector The detector.
 * @returns Settings and uses.
 */
export function traitsOf(detector: Detector): DetectorTraits | undefined {
  return (detector as Partial<Internals>)[TRAITS];
}

/**
 * Refuses samples whose scores cannot be compared with those of known samples,
 * because they were extracted with another model or other settings. Sets without
 * a source, and detectors that were not created by {@linkcode defineDetector}, are
 * not checked.
 *
 * @param detector The detector.
 * @param known The known samples.
 * @param other The other samples.
 * @param action The action, for messages.
 * @throws {TypeError} If they cannot be compared.
 */
export function checkComparable(
  detector: Detector,
  known: FeatureSet,
  other: FeatureSet,
  action: string,
): void {
  const uses = traitsOf(detector)?.uses;
  if (uses === undefined) return;
  const { source } = known;
  const compared = { ...(source && { source }), use: "known samples" } as const;
  checkSource(compared, other.source, uses, action);
}

/**
 * The internals of a detector that contains others.
 *
 * @param traits Its properties.
 * @param fit Fits its core.
 * @param restore Restores its core from a file.
 * @returns The argument of {@linkcode makeDetector}.
 */
export function internalsOf(
  traits: DetectorTraits,
  fit: FitCore,
  restore: Restore,
): Internals {
  return { [TRAITS]: traits, [FIT_CORE]: fit, [RESTORE]: restore };
}

/** Types of the arrays of a state, as saved. */
const STATE_TYPES = new Map<unknown, string>([
  [Float64Array, "float64"],
  [Float32Array, "float32"],
  [Int32Array, "int32"],
  [Uint8Array, "uint8"],
]);

/** Checks that the state of a fit can be saved. */
function checkState(state: DetectorState, action: string): DetectorState {
  if (typeof state !== "object" || state === null || Array.isArray(state)) {
    const rule = "its fit must return an object of arrays";
    throw new TypeError(cannot(action, rule, state));
  }
  for (const [name, array] of Object.entries(state)) {
    if (name === "__metadata__" || name.startsWith("sonde.")) {
      const rule = 'no array of its state may be named "__metadata__" or ' +
        '"sonde.…", which files use';
      throw new TypeError(cannot(action, rule, name, "rename it"));
    }
    checkAwaited(array, action, `state "${name}"`);
    const { data, shape, dtype }: Partial<typeof array> = array ?? {};
    const type = STATE_TYPES.get(data?.constructor);
    const isArray = type !== undefined && Array.isArray(shape) &&
      sizeOf(shape) === data!.length;
    if (!isArray) {
      const rule = `state "${name}" must be { data, shape, dtype }, with ` +
        "as many numbers as its shape has elements, in an array of type " +
        Array.from(STATE_TYPES.values()).join(", ");
      throw new TypeError(cannot(action, rule, data ?? array));
    }
    if (dtype === type) continue;
    const rule = `state "${name}" must have the "dtype" of its array, ` +
      quote(type);
    throw new TypeError(cannot(action, rule, dtype));
  }
  return state;
}

function checkDefinition(definition: DetectorDefinition): void {
  const action = "define detector";
  checkAwaited(definition, action, "the definition");
  const isDefinition = typeof definition === "object" && definition !== null &&
    typeof definition.name === "string" &&
    typeof definition.open === "function" &&
    typeof definition.uses === "object" && definition.uses !== null;
  if (isDefinition) return;
  const rule = "it must have a name, uses and open()";
  throw new TypeError(cannot(action, rule, definition));
}
