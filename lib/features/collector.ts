/**
 * Batches on their way to a feature set.
 *
 * Memory is what matters here. Where the number of samples is known, every
 * array is made once and written into, so that the results are held once; where
 * it is not, batches are kept and joined layer by layer, each layer's batches
 * being let go before the next is joined.
 *
 * @module
 */
import { cannot, checkInteger } from "../check.ts";
import type {
  FeatureArray,
  FeatureSet,
  FeatureSource,
  FeatureSpec,
  LinearHead,
  NdArray,
  OutputActivation,
} from "../types.ts";
import { Column } from "./_column.ts";
import { makeFeatureSet } from "./feature_set.ts";
import type { FeatureData } from "./fields.ts";

/** What one batch gave. */
export interface CollectedBatch {
  /** One array a layer, `[rows, …]`. */
  readonly features: readonly FeatureArray[];
  /** `[rows, D]`, where it was asked for. */
  readonly penultimate?: NdArray | undefined;
  /** `[rows, C]`, where the model has any. */
  readonly logits?: NdArray | undefined;
  /** Class indices, `[rows]`, where the dataset has any. */
  readonly labels?: Int32Array | undefined;
  /** The dataset's own identities, `[rows]`; without them, positions count. */
  readonly ids?: ArrayLike<string | number> | undefined;
  /** Rows of this batch whose inputs are not finite, ascending. */
  readonly nonFinite: readonly number[];
  /** How many samples the batch holds. */
  readonly rows: number;
  /** How far in the dataset it ends, for who goes on there. */
  readonly end?: number | undefined;
  /** How many samples the dataset left out until then. */
  readonly numSkipped?: number | undefined;
}

/** What is the same for all batches. */
export interface CollectedFields {
  /** Names of the layers, in the order of their features. */
  readonly layerNames: readonly string[];
  /** What each feature is. */
  readonly specs: readonly FeatureSpec[];
  /** Names of the classes, where the dataset knows them. */
  readonly classNames?: readonly string[] | undefined;
  /** The head's weights, where it is linear. */
  readonly head?: LinearHead | undefined;
  /** What the logits go through in the model. */
  readonly activation?: OutputActivation | undefined;
  /** What made the features. */
  readonly source?: FeatureSource | undefined;
}

/** Settings of a {@linkcode FeatureCollector}. */
export interface FeatureCollectorOptions {
  /** How many samples are to come, if that is known; more or fewer are taken too. */
  readonly total?: number | undefined;
  /** Names of the layers, for messages. */
  readonly layerNames?: readonly string[] | undefined;
  /** The position of the first sample, for ids that are positions. @default {0} */
  readonly start?: number | undefined;
}

const ACTION = "join batches";
const OPTIONAL = ["penultimate", "logits", "labels", "ids"] as const;

/** Collects batches. Made for one run: after `finish` it is of no more use. */
export class FeatureCollector {
  readonly #total: number | undefined;
  readonly #names: readonly string[];
  readonly #start: number;
  #features: Column<FeatureData>[] = [];
  #others: { [name: string]: Column<FeatureData> } = {};
  #ids: (string | number)[] = [];
  #nonFinite: number[] = [];
  #present: readonly string[] | undefined;
  #rows = 0;
  #isFinished = false;

  /**
   * An empty collector.
   *
   * @param options What is known beforehand.
   * @throws {RangeError} If `total` or `start` is no whole number.
   */
  constructor(options: FeatureCollectorOptions = {}) {
    const { total, layerNames = [], start = 0 } = options;
    if (total !== undefined) {
      checkInteger(total, "collect features", "total", 0);
    }
    this.#total = total;
    this.#names = layerNames;
    this.#start = checkInteger(start, "collect features", "start", 0);
  }

  /** How many samples were added. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds a batch. Its arrays are the collector's from here on, and may be empty
   * afterwards.
   *
   * @param batch What the batch gave.
   * @throws {TypeError} If an array is of another shape or type than in the
   * batches before, or labels, ids, logits or penultimate are there in only some.
   */
  add(batch: CollectedBatch): void {
    const { rows, features } = batch;
    if (this.#isFinished) {
      const rule = "the collector must not be finished";
      throw new TypeError(cannot(ACTION, rule, "finished"));
    }
    this.#checkPresent(batch);
    this.#checkRows(batch);
    features.forEach((feature, i) => this.#layer(i).add(feature));
    const { penultimate, logits, labels, ids } = batch;
    if (penultimate) this.#other("penultimate").add(penultimate);
    if (logits) this.#other("logits").add(logits);
    if (labels) {
      const array = { data: labels, shape: [rows], dtype: "int32" } as const;
      this.#other("labels").add(array);
    }
    if (ids) { for (let i = 0; i < rows; i++) this.#ids.push(ids[i]!); }
    for (const row of batch.nonFinite) this.#nonFinite.push(this.#rows + row);
    this.#rows += rows;
  }

  /**
   * Joins what was added into a feature set, and lets go of it.
   *
   * @param fixed What is the same for all batches.
   * @returns The set.
   * @throws {RangeError} If no batch was added.
   */
  finish(fixed: CollectedFields): FeatureSet {
    if (this.#present === undefined || this.#isFinished) {
      throw new RangeError(
        cannot(ACTION, "there must be at least one batch", 0),
      );
    }
    this.#isFinished = true;
    const features: FeatureArray[] = [];
    for (const column of this.#features) features.push(column.finish());
    const others = this.#others;
    const start = this.#start;
    const ids = this.#present.includes("ids")
      ? this.#ids
      : Array.from({ length: this.#rows }, (_, i) => start + i);
    return makeFeatureSet({
      ...fixed,
      features,
      penultimate: others.penultimate?.finish() as NdArray | undefined,
      logits: others.logits?.finish() as NdArray | undefined,
      labels: others.labels?.finish() as NdArray<Int32Array> | undefined,
      ids: Object.freeze(ids),
      nonFinite: this.#nonFinite,
    });
  }

  /** Leaves out the logits of all batches, those before and those to come. */
  omitLogits(): void {
    delete this.#others.logits;
    this.#present = this.#present?.filter((name) => name !== "logits");
  }

  #layer(index: number): Column<FeatureData> {
    return this.#features[index] ??= new Column(
      this.#layerName(index),
      this.#total,
    );
  }

  #layerName(index: number): string {
    const name = this.#names[index];
    return name === undefined ? `feature ${index}` : `layer "${name}"`;
  }

  #other(name: string): Column<FeatureData> {
    return this.#others[name] ??= new Column(name, this.#total);
  }

  #checkPresent(batch: CollectedBatch): void {
    const present = OPTIONAL.filter((name) => batch[name] !== undefined);
    const before = this.#present ??= present;
    const odd = OPTIONAL.find((name) =>
      present.includes(name) !== before.includes(name)
    );
    if (odd !== undefined) {
      const rule = `every batch or none must have ${odd}`;
      const value = present.includes(odd)
        ? "a batch with them after one without"
        : "a batch without them after one with";
      throw new TypeError(cannot(ACTION, rule, value));
    }
    if (this.#rows > 0 && batch.features.length !== this.#features.length) {
      const rule = `every batch must have ${this.#features.length} features`;
      throw new TypeError(cannot(ACTION, rule, batch.features.length));
    }
  }

  #checkRows(batch: CollectedBatch): void {
    const counts: [string, number | undefined][] = [
      ...batch.features.map(({ shape }, i) =>
        [this.#layerName(i), shape[0]] as [string, number | undefined]
      ),
      ["penultimate", batch.penultimate?.shape[0] ?? batch.rows],
      ["logits", batch.logits?.shape[0] ?? batch.rows],
      ["labels", batch.labels?.length ?? batch.rows],
      ["ids", batch.ids?.length ?? batch.rows],
    ];
    for (const [name, count] of counts) {
      if (count === batch.rows) continue;
      const rule = `${name} must have the ${batch.rows} rows of its batch`;
      throw new TypeError(cannot(ACTION, rule, count));
    }
  }
}
