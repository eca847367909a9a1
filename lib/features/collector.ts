/**
 * Collects batches into a feature set.
 *
 * To save memory: if the number of samples is known, every array is allocated
 * once and written into; otherwise the batches are kept and joined layer by
 * layer, and each layer's batches are released before the next layer is joined.
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

/** The results of one batch. */
export interface CollectedBatch {
  /** One array per layer, `[rows, …]`. */
  readonly features: readonly FeatureArray[];
  /** `[rows, D]`, if requested. */
  readonly penultimate?: NdArray | undefined;
  /** `[rows, C]`, if the model has any. */
  readonly logits?: NdArray | undefined;
  /** Class indices, `[rows]`, if the dataset has any. */
  readonly labels?: Int32Array | undefined;
  /** The ids from the dataset, `[rows]`; default: indices. */
  readonly ids?: ArrayLike<string | number> | undefined;
  /** Indices of the rows whose inputs are not finite, ascending. */
  readonly nonFinite: readonly number[];
  /** Number of samples of the batch. */
  readonly rows: number;
  /** Where in the dataset the batch ends, to continue from there. */
  readonly end?: number | undefined;
  /** Number of samples that the dataset skipped until then. */
  readonly numSkipped?: number | undefined;
}

/** Values that are the same for all batches. */
export interface CollectedFields {
  /** Names of the layers, in the order of their features. */
  readonly layerNames: readonly string[];
  /** Descriptions of the features. */
  readonly specs: readonly FeatureSpec[];
  /** Names of the classes, if the dataset knows them. */
  readonly classNames?: readonly string[] | undefined;
  /** The head's weights, if it is linear. */
  readonly head?: LinearHead | undefined;
  /** The activation after the logits in the model. */
  readonly activation?: OutputActivation | undefined;
  /** The model and settings that made the features. */
  readonly source?: FeatureSource | undefined;
}

/** Settings of a {@linkcode FeatureCollector}. */
export interface FeatureCollectorOptions {
  /** Expected number of samples, if known; more or fewer are accepted too. */
  readonly total?: number | undefined;
  /** Names of the layers, for messages. */
  readonly layerNames?: readonly string[] | undefined;
  /** The index of the first sample, for ids that are indices. @default {0} */
  readonly start?: number | undefined;
}

const ACTION = "join batches";
const OPTIONAL = ["penultimate", "logits", "labels", "ids"] as const;

/**
 * Collects the batches of one run. It must not be used after `finish`.
 */
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
   * @param options Expected number of samples, and names.
   * @throws {RangeError} If `total` or `start` is not an integer.
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
   * Adds a batch, or nothing if it is refused. The collector takes ownership of
   * its arrays, which may be empty afterwards.
   *
   * @param batch The results of the batch.
   * @throws {TypeError} If shape or type of an array differ from earlier
   * batches, or only some batches have labels, ids, logits or the penultimate.
   */
  add(batch: CollectedBatch): void {
    const { rows } = batch;
    if (this.#isFinished) {
      const rule = "the collector must not be finished";
      throw new TypeError(cannot(ACTION, rule, "finished"));
    }
    this.#checkPresent(batch);
    this.#checkRows(batch);
    const columns = this.#columns(batch);
    for (const [column, array] of columns) column.check(array);
    for (const [column, array] of columns) column.add(array);
    this.#present ??= presentIn(batch);
    const { ids } = batch;
    if (ids) { for (let i = 0; i < rows; i++) this.#ids.push(ids[i]!); }
    for (const row of batch.nonFinite) this.#nonFinite.push(this.#rows + row);
    this.#rows += rows;
  }

  /**
   * Joins the batches into a feature set, and releases them.
   *
   * @param fixed Values that are the same for all batches.
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

  /** Drops the logits of all batches, earlier and later ones. */
  omitLogits(): void {
    delete this.#others.logits;
    this.#present = this.#present?.filter((name) => name !== "logits");
  }

  /** The arrays of a batch, each with its column. */
  #columns(
    { features, penultimate, logits, labels, rows }: CollectedBatch,
  ): [Column<FeatureData>, NdArray<FeatureData>][] {
    const others = {
      penultimate,
      logits,
      labels: labels &&
        { data: labels, shape: [rows], dtype: "int32" } as const,
    };
    return [
      ...features.map((feature, i) =>
        [this.#layer(i), feature] as [Column<FeatureData>, FeatureArray]
      ),
      ...Object.entries(others).flatMap(([name, array]) =>
        array === undefined
          ? []
          : [[this.#other(name), array] as [Column<FeatureData>, NdArray]]
      ),
    ];
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
    const present = presentIn(batch);
    const before = this.#present ?? present;
    const partial = OPTIONAL.find((name) =>
      present.includes(name) !== before.includes(name)
    );
    if (partial !== undefined) {
      const rule = `every batch or none must have ${partial}`;
      const value = present.includes(partial)
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

/** The optional arrays that a batch has. */
function presentIn(batch: CollectedBatch): (typeof OPTIONAL)[number][] {
  return OPTIONAL.filter((name) => batch[name] !== undefined);
}
