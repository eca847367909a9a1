/**
 * The fitted part of `perLayer`: one core per layer, and the aggregate of their
 * scores.
 *
 * @module
 */
import { cannot, checkInteger } from "../check.ts";
import type {
  Explanation,
  FeatureInput,
  FeatureSet,
  FeatureSource,
  RunOptions,
  Scorer,
} from "../types.ts";
import { type AggregateName, openAggregate } from "./aggregates.ts";
import type { DetectorState, ScoringContext } from "./definition.ts";
import { checkLayer, checkSource } from "./_feature_profile.ts";
import { inputStream } from "./_input_stream.ts";
import { layerSet } from "./_layer_sets.ts";
import { run } from "./run.ts";
import {
  joined,
  type OpenCore,
  type Scored,
  type ScoreOptions,
  type ScorerCore,
  type StoredCore,
} from "./_scorer_core.ts";
import { SampleKeys } from "./sample_keys.ts";

/** The result of fitting several layers. */
export interface FittedLayers {
  readonly settings: StoredCore["settings"];
  readonly layers: readonly string[];
  readonly cores: readonly ScorerCore[];
  readonly state: DetectorState;
}

/** Cores of several layers. */
export class LayersCore implements ScorerCore {
  readonly name = "perLayer";
  readonly settings: StoredCore["settings"];
  readonly #layers: readonly string[];
  readonly #cores: readonly ScorerCore[];
  readonly #state: DetectorState;

  /** Creates the core from the result of a fit. */
  constructor({ settings, layers, cores, state }: FittedLayers) {
    this.settings = settings;
    this.#layers = layers;
    this.#cores = cores;
    this.#state = state;
  }

  get samples(): number {
    return this.#cores[0]!.samples;
  }

  get keys(): Float64Array {
    return this.#cores[0]!.keys;
  }

  get usedText(): string {
    return this.#layers.map((name) => `layer "${name}"`).join(", ");
  }

  async score(
    input: FeatureInput,
    options: RunOptions,
    action: string,
    { keys = false, calibratedOn }: ScoreOptions = {},
  ): Promise<Scored> {
    const { total, read } = inputStream(input, action);
    return await run(action, options, total, async ({ pacer, onRows }) => {
      const opened = await this.open({ pacer, samples: total });
      const known = new SampleKeys();
      const parts: Float64Array[] = [];
      let firstRow = 0;
      let source: FeatureSource | undefined;
      try {
        for await (const set of read()) {
          if (set.ids.length === 0) continue;
          await pacer.rest();
          this.#checkCalibration(calibratedOn, set.source, action);
          source ??= set.source;
          parts.push(await opened.score(set, action, { firstRow }));
          if (keys) this.#addKeys(known, set);
          firstRow += set.ids.length;
          onRows(set.ids.length);
        }
      } finally {
        await opened.close();
      }
      if (firstRow === 0) {
        const rule = "there must be at least one sample";
        throw new RangeError(cannot(action, rule, firstRow));
      }
      return { scores: joined(parts), keys: known.keys(), source };
    });
  }

  /**
   * Compares with the calibration: model, perturbation, and facts about the
   * first layer. The cores compare the rest with the fit.
   */
  #checkCalibration(
    expected: FeatureSource | undefined,
    source: FeatureSource | undefined,
    action: string,
  ): void {
    if (expected === undefined) return;
    const compared = {
      layer: this.#layers[0]!,
      source: expected,
      use: "calibration",
    } as const;
    checkSource(compared, source, { features: "layer" }, action);
  }

  /** Adds keys as the core of the first layer does, whose keys are used. */
  #addKeys(known: SampleKeys, set: FeatureSet): void {
    const { data, shape } = set.layer(this.#layers[0]!);
    const floats = data instanceof Float32Array
      ? data
      : Float64Array.from(data);
    const [rows, columns] = [shape[0]!, data.length / shape[0]!];
    known.add(Array.from(set.ids), [{ data: floats, rows, columns }]);
  }

  async open(context: ScoringContext): Promise<OpenCore> {
    const opened: OpenCore[] = [];
    const close = async () => {
      for (const core of opened) await core.close();
    };
    try {
      for (const core of this.#cores) opened.push(await core.open(context));
    } catch (error) {
      await close();
      throw error;
    }
    const { aggregate } = this.settings as {
      readonly aggregate: AggregateName;
    };
    const { combine } = openAggregate(aggregate, this.#state);
    return {
      leavesOut: false,
      close,
      score: async (set, action, position) => {
        const layers: Float64Array[] = [];
        for (const [i, layer] of this.#layers.entries()) {
          checkLayer(set, layer, action);
          const one = layerSet(set, layer);
          layers.push(await opened[i]!.score(one, action, position));
        }
        return Float64Array.from(
          layers[0]!,
          (_, row) =>
            combine(Float64Array.from(layers, (scores) => scores[row]!)),
        );
      },
    };
  }

  async explain(input: FeatureInput, row: number): Promise<Explanation> {
    const action = `explain a score of ${this.name}()`;
    checkInteger(row, action, "row", 0);
    let first = 0;
    for await (const set of inputStream(input, action).read()) {
      const count = set.ids.length;
      if (row >= first + count) {
        first += count;
        continue;
      }
      const one = set.select([row - first]);
      const options = { progress: false };
      const { scores } = await this.score(one, options, action);
      const terms: Record<string, number> = {};
      for (const [i, layer] of this.#layers.entries()) {
        const part = layerSet(one, layer);
        const found = await this.#cores[i]!.score(part, options, action);
        terms[layer] = found.scores[0]!;
      }
      return { score: scores[0]!, id: one.ids[0]!, terms };
    }
    const rule = `"row" must be below the ${first} samples`;
    throw new RangeError(cannot(action, rule, row));
  }

  pack(): StoredCore {
    const arrays: Record<string, DetectorState[string]> = { ...this.#state };
    const facts = this.#cores.map((core, i) => {
      const stored = core.pack();
      for (const [name, array] of Object.entries(stored.arrays)) {
        arrays[`${i}.${name}`] = array;
      }
      return stored.facts;
    });
    return {
      detector: this.name,
      settings: this.settings,
      facts: { layers: this.#layers, facts },
      arrays,
    };
  }
}

/**
 * Restores the core of `perLayer` from a file.
 *
 * @param stored The contents of the file.
 * @param settings The settings.
 * @param restore Restores the core of a layer.
 * @returns The core.
 */
export function unpackLayers(
  stored: StoredCore,
  settings: StoredCore["settings"],
  restore: (stored: StoredCore) => ScorerCore,
): LayersCore {
  const { layers, facts } = stored.facts as {
    readonly layers: readonly string[];
    readonly facts: readonly unknown[];
  };
  const { name, settings: inner } = settings.detector as {
    readonly name: string;
    readonly settings: StoredCore["settings"];
  };
  const state: Record<string, DetectorState[string]> = {};
  const parts = layers.map((): Record<string, DetectorState[string]> => ({}));
  for (const [key, array] of Object.entries(stored.arrays)) {
    const match = /^(\d+)\.(.*)$/.exec(key);
    if (match === null) state[key] = array;
    else parts[Number(match[1])]![match[2]!] = array;
  }
  const cores = parts.map((arrays, i) =>
    restore({ detector: name, settings: inner, facts: facts[i], arrays })
  );
  return new LayersCore({ settings, layers, cores, state });
}

/** The core of a custom scorer. It cannot be saved. */
export class CustomCore implements ScorerCore {
  readonly name: string;
  readonly settings = {};
  readonly samples = 0;
  readonly keys: Float64Array = new Float64Array();
  readonly usedText = "features";
  readonly #scorer: Scorer;

  /** A core around a scorer. */
  constructor(scorer: Scorer, name: string) {
    this.#scorer = scorer;
    this.name = name;
  }

  async score(input: FeatureInput, options: RunOptions): Promise<Scored> {
    const scores = await this.#scorer.score(input, options);
    return { scores, keys: this.keys };
  }

  async explain(input: FeatureInput, row: number): Promise<Explanation> {
    return await this.#scorer.explain(input, row);
  }

  open(): Promise<OpenCore> {
    return Promise.resolve({
      leavesOut: false,
      score: (set) => this.#scorer.score(set, { progress: false }),
      close: () => Promise.resolve(),
    });
  }

  pack(): never {
    const rule = `detector "${this.name}" must be made by defineDetector()`;
    throw new TypeError(cannot("write scorer", rule, "another one"));
  }
}
