/**
 * A feature set: named arrays with a common first axis.
 *
 * It is an immutable value. Every method returns a new set; unchanged data is
 * shared between the two, and never written to. {@linkcode featureSet} checks
 * the arrays of a user; {@linkcode makeFeatureSet} creates a set from arrays of
 * the extractor without checks.
 *
 * @module
 */
import { tf } from "../tf.ts";
import {
  cannot,
  checkAwaited,
  checkNoOptions,
  checkOneOf,
  checkOptions,
  nearestNames,
  printableMessage,
  quote,
  refuseMore,
} from "../check.ts";
import { attachView } from "../display/attach_view.ts";
import type {
  FeatureArray,
  FeatureSet,
  FeatureSource,
  FeatureSpec,
  LinearHead,
  NdArray,
  OutputActivation,
  PoolOptions,
} from "../types.ts";
import { checkArrays } from "./check_arrays.ts";
import type { FeatureSetArrays, FeatureSetFields } from "./fields.ts";
import { poolMaps } from "./pool_maps.ts";
import { frozenArray, takeRows } from "./rows.ts";
import { featureSetView, SET_OPTIONS } from "./view/view.ts";

class ArrayFeatureSet implements FeatureSet {
  static {
    refuseMore(
      ArrayFeatureSet.prototype,
      ...["layer(name)", "select(rows)", "pooled(kind, options)", "tensors()"],
    );
  }

  readonly features: readonly FeatureArray[];
  readonly layerNames: readonly string[];
  readonly specs: readonly FeatureSpec[];
  readonly ids: ArrayLike<string | number>;
  readonly nonFinite: ArrayLike<number>;
  // Declared only, so that absent fields are not properties.
  declare readonly penultimate?: NdArray;
  declare readonly logits?: NdArray;
  declare readonly labels?: NdArray<Int32Array>;
  declare readonly classNames?: readonly string[];
  declare readonly head?: LinearHead;
  declare readonly activation?: OutputActivation;
  declare readonly source?: FeatureSource;

  constructor(fields: FeatureSetFields) {
    const { penultimate, logits, labels, classNames, head, source } = fields;
    this.features = Object.freeze(fields.features.map(frozen));
    this.layerNames = Object.freeze([...fields.layerNames]);
    this.specs = Object.freeze(
      fields.specs.map((spec) => Object.freeze({ ...spec })),
    );
    this.ids = fields.ids;
    this.nonFinite = Object.freeze(Array.from(fields.nonFinite));
    if (penultimate !== undefined) this.penultimate = frozen(penultimate);
    if (logits !== undefined) this.logits = frozen(logits);
    if (labels !== undefined) this.labels = frozen(labels);
    if (classNames !== undefined) {
      this.classNames = Object.freeze([...classNames]);
    }
    if (head !== undefined) {
      const { kernel, bias } = head;
      this.head = Object.freeze({ kernel: frozen(kernel), bias: frozen(bias) });
    }
    if (fields.activation !== undefined) this.activation = fields.activation;
    if (source !== undefined) this.source = Object.freeze({ ...source });
    Object.freeze(this);
  }

  layer(name: string): FeatureArray {
    const index = this.layerNames.indexOf(name);
    if (index >= 0) return this.features[index]!;
    const near = nearestNames(String(name), this.layerNames);
    const hint = near.length > 0
      ? `nearest names are ${near.map(quote).join(", ")}`
      : `names are ${quote([...this.layerNames])}`;
    throw new RangeError(
      printableMessage(
        `Cannot find layer ${quote(name)} in the feature set: ${hint}`,
      ),
    );
  }

  select(rows: ArrayLike<number> | ((row: number) => boolean)): FeatureSet {
    const chosen = checkRows(rows, this.ids.length);
    const bad = new Set(Array.from(this.nonFinite));
    const nonFinite: number[] = [];
    chosen.forEach((row, i) => {
      if (bad.has(row)) nonFinite.push(i);
    });
    const { penultimate, logits, labels } = this;
    return new ArrayFeatureSet({
      ...this,
      features: this.features.map((feature) => takeRows(feature, chosen)),
      penultimate: penultimate && takeRows(penultimate, chosen),
      logits: logits && takeRows(logits, chosen),
      labels: labels && takeRows(labels, chosen),
      ids: Object.freeze(Array.from(chosen, (row) => this.ids[row]!)),
      nonFinite,
    });
  }

  pooled(kind: "mean" | "max", options: PoolOptions = {}): FeatureSet {
    const action = "pool features";
    checkOneOf(kind, action, "kind", ["mean", "max"]);
    checkOptions(options, action, ["channels"]);
    if (options.channels !== undefined) {
      checkOneOf(options.channels, action, "channels", ["first", "last"]);
    }
    if (this.features.every(({ shape }) => shape.length < 3)) return this;
    const specs = [...this.specs];
    const features = this.features.map((feature, i) => {
      if (feature.shape.length < 3) return feature;
      const { name, channels = "unknown" } = specs[i]!;
      const where = options.channels ?? channels;
      if (where === "unknown") {
        const rule = `the channel axis of layer "${name}" must be known`;
        throw new TypeError(
          cannot(action, rule, where, `pass { channels: "last" } or "first"`),
        );
      }
      specs[i] = { name, form: "pooled" };
      return poolMaps(feature, kind, where);
    });
    const source = this.source && {
      model: this.source.model,
      settings: JSON.stringify({
        of: this.source.settings,
        pooled: { kind, ...options },
      }),
    };
    return new ArrayFeatureSet({ ...this, features, specs, source });
  }

  tensors(): { features: tf.Tensor[]; logits?: tf.Tensor; labels?: tf.Tensor } {
    const { logits, labels } = this;
    return tf.tidy(() => ({
      features: this.features.map(toTensor),
      ...(logits && { logits: toTensor(logits) }),
      ...(labels && { labels: toTensor(labels) }),
    }));
  }
}

attachView(
  ArrayFeatureSet.prototype as FeatureSet,
  (set, options) => featureSetView(set, options),
  SET_OPTIONS,
);

function frozen<T extends ArrayBufferView>(array: NdArray<T>): NdArray<T> {
  return frozenArray(array.data, array.shape, array.dtype);
}

/** Copies an array: on some backends TF.js keeps the array that is passed. */
function toTensor({ data, shape }: FeatureArray): tf.Tensor {
  const copy = data instanceof Float16Array
    ? Float32Array.from(data)
    : data.slice();
  const dtype = copy instanceof Int32Array ? "int32" : "float32";
  return tf.tensor(copy, [...shape], dtype);
}

function checkRows(
  rows: ArrayLike<number> | ((row: number) => boolean),
  count: number,
): readonly number[] {
  const action = "select rows of feature set";
  checkAwaited(rows, action, "the rows");
  if (typeof rows === "function") {
    return Array.from({ length: count }, (_, row) => row).filter((row) => {
      const keep: unknown = rows(row);
      if (typeof keep === "boolean") return keep;
      const rule = "the function must give true or false for every row";
      throw new TypeError(cannot(action, rule, keep));
    });
  }
  if (typeof rows !== "object" || rows === null || !("length" in rows)) {
    const rule = "the rows must be an array of row numbers or a function";
    throw new TypeError(cannot(action, rule, rows));
  }
  return Array.from(rows, (row, i) => {
    if (Number.isSafeInteger(row) && row >= 0 && row < count) return row;
    const rule = `"rows[${i}]" must be a row number from 0 to ${count - 1}`;
    throw typeof row === "number"
      ? new RangeError(cannot(action, rule, row))
      : new TypeError(cannot(action, rule, row));
  });
}

/**
 * Creates a feature set from valid fields. Shares their data.
 *
 * @param fields The fields; `ids` is not copied.
 * @returns The set.
 */
export function makeFeatureSet(fields: FeatureSetFields): FeatureSet {
  return new ArrayFeatureSet(fields);
}

/**
 * Creates a feature set from arrays, such as features of another tool.
 *
 * The arrays are neither copied nor changed, and must not be changed
 * afterwards; labels and ids are copied. All must have the same number of
 * samples. Without `source`, nothing can detect that the set was made by
 * another model.
 *
 * @category Feature sets
 * @param arrays The arrays: at least one of `features`, `penultimate`,
 * `logits`, `labels` and `ids`.
 * @returns The set, in which every feature is of the form `"raw"`.
 * @throws {TypeError} If an array is of the wrong type or shape, numbers of
 * samples differ, an option is unknown, or a value is a promise.
 * @throws {RangeError} If a label is not a class index, or a layer is named
 * twice.
 *
 * @example Logits of two samples
 * ```ts
 * import { featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(9, 0, 1, 1);
 * const logits = { data, shape: [2, 2], dtype: "float32" } as const;
 * const set = featureSet({ logits, labels: [0, 1] });
 * assert.deepEqual(set.select([1]).labels?.data, Int32Array.of(1));
 * ```
 */
export function featureSet(arrays: FeatureSetArrays): FeatureSet {
  checkNoOptions(arguments, "make feature set", "featureSet(arrays)", 1);
  return makeFeatureSet(checkArrays(arrays));
}
