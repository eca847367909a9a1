/**
 * The core of a scorer: a detector's definition, the fitted state, and a
 * description of the fit's arrays. `scorer.ts` adds calibration and files.
 *
 * @module
 */
import { cannot, checkInteger } from "../check.ts";
import type {
  Detector,
  Explanation,
  FeatureInput,
  FeatureSet,
  FeatureSource,
  RunOptions,
} from "../types.ts";
import type {
  BlockScorer,
  DetectorDefinition,
  DetectorSetting,
  DetectorState,
  SampleBlock,
  SampleMatrix,
  ScoringContext,
} from "./definition.ts";
import type { FeatureProfile } from "./_feature_profile.ts";
import { run } from "./run.ts";
import { Block } from "./_sample_block.ts";
import { SampleKeys } from "./sample_keys.ts";
import {
  checkFinite,
  named,
  type ReaderOptions,
  SampleReader,
} from "./_sample_reader.ts";

/** Scores with the keys of their samples. */
export interface Scored {
  readonly scores: Float64Array;
  /** Keys of the samples; see {@linkcode SampleKeys}. */
  readonly keys: Float64Array;
  /** The source of the samples, if known. */
  readonly source?: FeatureSource | undefined;
}

/** The contents of a scorer's file, without calibration. */
export interface StoredCore {
  /** The detector's name. */
  readonly detector: string;
  /** The options of the detector's factory. */
  readonly settings: Readonly<Record<string, DetectorSetting>>;
  /** Further facts about the fit; plain data. */
  readonly facts: unknown;
  /** The state. */
  readonly arrays: DetectorState;
}

/** The fitted part of a scorer. */
export interface ScorerCore {
  readonly name: string;
  /** The options of the detector's factory. */
  readonly settings: Readonly<Record<string, DetectorSetting>>;
  /** Number of samples of the fit; 0 without a fit. */
  readonly samples: number;
  /** Keys of the samples of the fit. */
  readonly keys: Float64Array;
  /** Description of the parts that it uses. */
  readonly usedText: string;
  score(
    input: FeatureInput,
    options: RunOptions,
    action: string,
    wanted?: ScoreOptions,
  ): Promise<Scored>;
  explain(input: FeatureInput, row: number): Promise<Explanation>;
  /** Prepares scoring of several sets. */
  open(context: ScoringContext): Promise<OpenCore>;
  pack(): StoredCore;
}

/** Options for scoring. */
export interface ScoreOptions {
  /** Whether keys are requested. */
  readonly keys?: boolean;
  /** The source of the calibration, which the features must match. */
  readonly calibratedOn?: FeatureSource | undefined;
}

/** A core that is ready to score. */
export interface OpenCore {
  /** Whether it can score samples of the fit as if they were held out. */
  readonly leavesOut: boolean;
  /**
   * Scores a set.
   *
   * @param set The set.
   * @param action The action, for messages.
   * @param position The index of its first sample, and whether the samples are
   * those of the fit.
   * @returns One score per sample.
   */
  score(
    set: FeatureSet,
    action: string,
    position?: { readonly firstRow?: number; readonly leftOut?: boolean },
  ): Promise<Float64Array>;
  /** Frees the resources. */
  close(): Promise<void>;
}

/** Restores a detector's core from a file. */
export type Restore = (
  stored: StoredCore,
  find: (name: string, settings: StoredCore["settings"]) => Detector,
) => ScorerCore;

/** The results of a fit, or the contents of a file, besides the state. */
export interface CoreFacts {
  readonly profile: FeatureProfile;
  readonly samples: number;
  readonly keys: Float64Array;
}

/** The core of a detector that {@linkcode defineDetector} made. */
export class DefinedCore implements ScorerCore {
  readonly definition: DetectorDefinition;
  readonly state: DetectorState;
  readonly profile: FeatureProfile;
  readonly samples: number;
  readonly keys: Float64Array;

  /** Creates the core from the result of a fit. */
  constructor(
    definition: DetectorDefinition,
    state: DetectorState,
    { profile, samples, keys }: CoreFacts,
  ) {
    this.definition = definition;
    this.state = Object.freeze({ ...state });
    this.profile = profile;
    this.samples = samples;
    this.keys = keys;
  }

  get name(): string {
    return this.definition.name;
  }

  get settings(): Readonly<Record<string, DetectorSetting>> {
    return this.definition.settings ?? {};
  }

  get usedText(): string {
    const { layer, featureShape, numClasses } = this.profile;
    const parts: string[] = [];
    if (layer !== undefined) {
      const sizes = featureShape?.join("×");
      parts.push(
        `${layer === null ? "penultimate" : `layer "${layer}"`} (${sizes})`,
      );
    }
    if (numClasses !== undefined) parts.push(`logits of ${numClasses} classes`);
    return parts.length === 0
      ? Object.keys(this.definition.uses).join(", ")
      : parts.join(", ");
  }

  async score(
    input: FeatureInput,
    options: RunOptions,
    action: string,
    { keys = false, calibratedOn }: ScoreOptions = {},
  ): Promise<Scored> {
    const { total } = this.#reader(input, { action });
    return await run(action, options, total, async ({ pacer, onRows }) => {
      const known = new SampleKeys();
      const parts: Float64Array[] = [];
      const context = { pacer, samples: total };
      const opened = await this.definition.open(this.state, context);
      const settings = { action, pacer, onRows, calibratedOn };
      const reader = this.#reader(input, settings);
      try {
        for await (const block of reader.blocks()) {
          const scores = await opened.score(block);
          parts.push(this.#check(scores, block, action));
          if (keys) known.add(block.ids, matricesOf(block, this.definition));
        }
      } finally {
        await opened.close?.();
      }
      const { source } = reader;
      return { scores: joined(parts), keys: known.keys(), source };
    });
  }

  async open(context: ScoringContext): Promise<OpenCore> {
    const { definition, state } = this;
    const opened = await definition.open(state, context);
    return {
      leavesOut: definition.fit === undefined ||
        opened.scoreLeftOut !== undefined,
      score: async (set, action, { firstRow = 0, leftOut = false } = {}) => {
        const { pacer } = context;
        const reader = this.#reader(set, { action, pacer, firstRow });
        const parts: Float64Array[] = [];
        for await (const block of reader.blocks()) {
          const scores = leftOut && opened.scoreLeftOut
            ? await opened.scoreLeftOut(block)
            : await opened.score(block);
          parts.push(this.#check(scores, block, action));
        }
        return joined(parts);
      },
      close: async () => await opened.close?.(),
    };
  }

  async explain(input: FeatureInput, row: number): Promise<Explanation> {
    const action = `explain a score of ${this.name}()`;
    checkInteger(row, action, "row", 0);
    return await run(action, { progress: false }, undefined, async (run) => {
      const { pacer } = run;
      const reader = this.#reader(input, { action, pacer });
      let rows = 0;
      for await (const block of reader.blocks()) {
        rows = block.firstRow + block.rows;
        if (row >= rows) continue;
        const one = oneOf(block, row - block.firstRow, this.definition);
        const opened = await this.definition.open(this.state, {
          pacer,
          samples: 1,
        });
        try {
          const { classNames } = reader.profile ?? {};
          return await this.#explained(opened, one, action, classNames);
        } finally {
          await opened.close?.();
        }
      }
      const rule = `"row" must be below the ${rows} samples`;
      throw new RangeError(cannot(action, rule, row));
    });
  }

  pack(): StoredCore {
    const { name, settings, profile, samples } = this;
    const keys = {
      data: this.keys,
      shape: [this.keys.length],
      dtype: "float64",
    } as const;
    return {
      detector: name,
      settings,
      facts: { profile, samples },
      arrays: { ...this.state, [KEYS]: keys },
    };
  }

  async #explained(
    opened: BlockScorer,
    block: SampleBlock,
    action: string,
    classNames: readonly string[] | undefined,
  ): Promise<Explanation> {
    const [score] = this.#check(await opened.score(block), block, action);
    const parts = await opened.explain?.(block) ?? {};
    const name = classNames?.[parts.class ?? -1];
    return {
      score: score!,
      id: block.ids[0]!,
      ...parts,
      ...(name === undefined ? {} : { className: name }),
    };
  }

  #check(
    scores: Float64Array | undefined,
    block: SampleBlock,
    action: string,
  ): Float64Array {
    const { uses, flagsNonFinite } = this.definition;
    if (flagsNonFinite && scores?.some(Number.isNaN)) {
      checkFinite(block, uses, action);
    }
    return checkScores(scores, block, action);
  }

  #reader(
    input: FeatureInput,
    settings:
      & Pick<ReaderOptions, "action" | "firstRow" | "onRows" | "calibratedOn">
      & { readonly pacer?: Pacing },
  ): SampleReader {
    return new SampleReader(input, {
      pacer: UNPACED,
      ...settings,
      uses: this.definition.uses,
      checksLater: this.definition.flagsNonFinite,
      isFit: false,
      expected: this.samples === 0 ? undefined : this.profile,
    });
  }
}

/** The array of the keys in a file. */
const KEYS = "sonde.keys";

/**
 * Restores a core from a file.
 *
 * @param definition The detector's definition.
 * @param stored The contents of the file.
 * @returns The core.
 */
export function restoredCore(
  definition: DetectorDefinition,
  stored: StoredCore,
): DefinedCore {
  const [current, saved] = [definition.settings ?? {}, stored.settings]
    .map((settings) => JSON.stringify(settings));
  if (current !== saved) {
    const rule = `${definition.name}() must have the settings of the saved ` +
      `one, ${saved}`;
    throw new TypeError(cannot("load scorer", rule, current));
  }
  const { [KEYS]: keys, ...state } = stored.arrays;
  const facts = stored.facts as Omit<CoreFacts, "keys">;
  return new DefinedCore(definition, state, {
    ...facts,
    keys: keys === undefined ? new Float64Array() : keys.data as Float64Array,
  });
}

/**
 * The arrays that sample keys are computed from.
 *
 * @param block The block.
 * @param definition The detector.
 * @returns Features; logits if it uses no features.
 */
export function matricesOf(
  block: SampleBlock,
  { uses }: DetectorDefinition,
): SampleMatrix[] {
  if (uses.features) return [block.features];
  return uses.logits ? [block.logits] : [];
}

type Pacing = ScoringContext["pacer"];

/** The context of a reader that only counts samples. */
const UNPACED: Pacing = {
  check() {},
  rest: () => Promise.resolve(),
  race: (work) => work,
  drive() {
    throw new TypeError("a reader does no long work");
  },
};

/** Checks and copies the scores of a block. */
function checkScores(
  scores: Float64Array | undefined,
  block: SampleBlock,
  action: string,
): Float64Array {
  if (scores?.length !== block.rows) {
    const rule = `its detector must return ${block.rows} scores for a block`;
    throw new TypeError(cannot(action, rule, scores?.length));
  }
  // A copy, as the detector may reuse its array; adding 0 makes 0 of -0.
  const checked = new Float64Array(scores.length); // [n]
  for (let i = 0; i < scores.length; i++) checked[i] = scores[i]! + 0;
  const row = checked.findIndex((score) => !Number.isFinite(score));
  if (row < 0) return checked;
  const name = named(block.firstRow + row, block.ids[row]!);
  const rule = `scores must be finite, also of ${name}`;
  const hint = "are its features or logits near the limits of float32?";
  throw new RangeError(cannot(action, rule, scores[row], hint));
}

function oneOf(
  block: SampleBlock,
  row: number,
  { uses }: DetectorDefinition,
): SampleBlock {
  const rowOf = ({ data, columns }: SampleMatrix): SampleMatrix => ({
    data: data.subarray(row * columns, (row + 1) * columns),
    rows: 1,
    columns,
  });
  const arrays = {
    ...(uses.features && {
      features: rowOf(block.features),
      featureShape: block.featureShape,
      featureSpec: block.featureSpec,
    }),
    ...(uses.logits && { logits: rowOf(block.logits) }),
  };
  return new Block(arrays, block.firstRow + row, [block.ids[row]!]);
}

/**
 * Joins scores.
 *
 * @param parts The arrays of scores.
 * @returns The joined scores.
 */
export function joined(parts: readonly Float64Array[]): Float64Array {
  const count = parts.reduce((sum, { length }) => sum + length, 0);
  const whole = new Float64Array(count); // [N]
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}
