import {
  cannot,
  checkAwaited,
  checkInteger,
  checkOneOf,
  checkOptions,
  quote,
  shapeText,
  sizeOf,
} from "../check.ts";
import { attachView } from "../display/attach_view.ts";
import type {
  Dataset,
  FeatureArray,
  FeatureInput,
  FeatureSet,
  NdArray,
} from "../types.ts";
import { frozenArray } from "./rows.ts";
import { neighborsView, type ShownNeighbors } from "./view/neighbors_view.ts";

/**
 * Settings of {@linkcode nearest}.
 *
 * @category Feature sets
 */
export interface NearestOptions {
  /** The feature to compare; required if a set has several. */
  readonly layer?: string;
  /**
   * Number of neighbours per query, at most the number of samples of the set.
   * @default {10}
   */
  readonly neighbors?: number;
  /** Cosine distance, `1 − cos`, or Euclidean distance. @default {"cosine"} */
  readonly metric?: "cosine" | "euclidean";
  /**
   * The dataset of the set: neighbours are shown as its images, found by id.
   */
  readonly images?: Dataset;
  /**
   * The dataset of the queries, whose images are shown beside the neighbours.
   */
  readonly queryImages?: Dataset;
}

/**
 * Neighbours of each query, nearest first. Shows itself.
 *
 * @category Feature sets
 */
export interface Neighbors {
  /** `Q` lists of `K` ids. */
  readonly ids: readonly (readonly (string | number)[])[];
  /** `[Q, K]`, in the unit of the feature; without unit for cosine. */
  readonly distances: NdArray<Float64Array>;
}

/** Number of samples compared at once. */
const BATCH = 8192;
const ACTION = "find neighbours";

class ShownList implements Neighbors {
  readonly ids: Neighbors["ids"];
  readonly distances: NdArray<Float64Array>;
  readonly #shown: ShownNeighbors;

  static {
    attachView(
      ShownList.prototype as Neighbors,
      (self) => neighborsView((self as ShownList).#shown),
    );
  }

  constructor(shown: ShownNeighbors & { readonly distances: Float64Array }) {
    this.ids = Object.freeze(shown.ids.map((row) => Object.freeze(row)));
    const shape = [shown.ids.length, shown.ids[0]?.length ?? 0];
    this.distances = frozenArray(shown.distances, shape, "float64");
    this.#shown = shown;
    Object.freeze(this);
  }
}

/**
 * Finds the samples of a set whose features are nearest to those of each query.
 * The search is exact, ranked in float64, and needs constant memory for feature
 * files.
 *
 * Samples at equal distance are in their order in the set. A query that is in
 * the set finds itself. The cosine distance `1 − a · b / (|a| |b|)` is 1 if a
 * feature is zero in all units. Feature maps are compared value by value; pool
 * them first if the position should not matter. {@linkcode imageGrid} draws the
 * images of the ids as a figure that can be saved.
 *
 * @category Feature sets
 * @param set The set to search: a feature set, `openFeatures(…)`, or a function
 * that returns a stream.
 * @param query The samples to find neighbours for.
 * @param options Layer, number of neighbours, distance, and images to show.
 * @returns Ids and distances, `[Q, K]`, which show themselves.
 * @throws {TypeError} If a set has several layers and none is named, widths
 * differ, or a value is NaN or infinite.
 * @throws {RangeError} If there are fewer samples than neighbours.
 *
 * @example The two nearest of three
 * ```ts
 * import { featureSet, nearest } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const point = (...data: number[]) => ({
 *   features: [{ data: Float32Array.from(data), shape: [data.length / 2, 2], dtype: "float32" }],
 *   layerNames: ["pool"],
 * } as const);
 * const set = featureSet({ ...point(0, 0, 3, 4, 6, 8), ids: ["a", "b", "c"] });
 * const query = featureSet(point(3, 3));
 * const found = await nearest(set, query, { neighbors: 2, metric: "euclidean" });
 * assert.deepEqual(found.ids, [["b", "a"]]);
 * ```
 */
export async function nearest(
  set: FeatureInput,
  query: FeatureSet,
  options: NearestOptions = {},
): Promise<Neighbors> {
  checkSets(set, query);
  const { layer, neighbors, metric, images, queryImages } = checked(options);
  const isCosine = metric === "cosine";
  const queries = rowsOf(query, layer, "query");
  const wanted = matrixOf(queries, 0, queries.rows, isCosine);
  const best = new BestRows(queries.rows, neighbors);
  for await (const some of setsOf(set)) {
    const rows = rowsOf(some, layer, "set");
    checkWidth(rows, queries);
    for (let start = 0; start < rows.rows; start += BATCH) {
      const end = Math.min(start + BATCH, rows.rows);
      const bank = matrixOf(rows, start, end, isCosine);
      await best.offer(bank, wanted, (row) => some.ids[start + row]!);
    }
  }
  if (best.numRows < neighbors) {
    const rule =
      `"neighbors" must be <= the ${best.numRows} samples of the set`;
    throw new RangeError(cannot(ACTION, rule, neighbors));
  }
  const distances = isCosine
    ? best.distances.map((d) => d * d / 2) // |a − b|² = 2 (1 − cos) of unit rows
    : best.distances;
  return new ShownList({
    queries: query.ids,
    ids: best.ids,
    distances,
    metric: isCosine ? "cosine distance" : "Euclidean distance",
    images,
    queryImages,
  });
}

function checkSets(set: FeatureInput, query: FeatureSet): void {
  checkAwaited(set, ACTION, "the set");
  checkAwaited(query, ACTION, "the query");
  if (!isInput(set)) {
    const rule = "the set must be a feature set, opened features or a function";
    const hint = "pass what predict() or openFeatures() gives";
    throw new TypeError(cannot(ACTION, rule, set, hint));
  }
  if (isSet(query)) return;
  const rule = "the query must be a feature set";
  const hint = "pass a set, as predict() returns it";
  throw new TypeError(cannot(ACTION, rule, query, hint));
}

/** The options with their defaults, checked. */
function checked(options: NearestOptions) {
  checkOptions(options, ACTION, [
    ...["layer", "neighbors", "metric", "images", "queryImages"],
  ]);
  const { neighbors = 10, metric = "cosine" } = options;
  checkInteger(neighbors, ACTION, "neighbors");
  checkOneOf(metric, ACTION, "metric", ["cosine", "euclidean"]);
  for (const name of ["images", "queryImages"] as const) {
    const data: unknown = options[name];
    if (data === undefined) continue;
    checkAwaited(data, ACTION, `"${name}"`);
    if (typeof data === "object" && data !== null) continue;
    const rule = `"${name}" must be a dataset`;
    const hint = 'pass a source, as in imageFolder("photos")';
    throw new TypeError(cannot(ACTION, rule, data, hint));
  }
  return { ...options, neighbors, metric };
}

/** A feature as rows. */
interface Rows {
  readonly data: FeatureArray["data"];
  readonly rows: number;
  readonly columns: number;
  readonly ids: ArrayLike<string | number>;
  readonly shape: readonly number[];
  readonly what: string;
}

function rowsOf(
  set: FeatureSet,
  layer: string | undefined,
  what: string,
): Rows {
  const { layerNames, penultimate, ids } = set;
  if (layer === undefined && layerNames.length > 1) {
    const rule = `"layer" must be one of ${quote([...layerNames])}`;
    throw new TypeError(cannot(ACTION, rule, "undefined", "name one of them"));
  }
  const feature = layer !== undefined
    ? set.layer(layer)
    : set.features[0] ?? penultimate;
  if (feature === undefined) {
    const hint = "extract a layer, or the penultimate";
    const rule = `the ${what} must have a feature`;
    throw new TypeError(cannot(ACTION, rule, "none", hint));
  }
  const { data, shape } = feature;
  const [rows = 0, ...rest] = shape;
  return { data, rows, columns: sizeOf(rest), ids, shape, what };
}

function checkWidth(rows: Rows, queries: Rows): void {
  const [a, b] = [rows, queries].map(({ shape }) => shapeText(shape.slice(1)));
  if (a === b) return;
  const rule = `each sample of the query must have shape ${a}, as in the set`;
  throw new TypeError(cannot(ACTION, rule, queries.shape.slice(1)));
}

/**
 * Some rows in float64. For cosines each is scaled to length 1; a zero row gets
 * an extra unit, orthogonal to all rows of the other side.
 */
function matrixOf(
  { data, columns, ids, what }: Rows,
  start: number,
  end: number,
  isUnit: boolean,
): { data: Float64Array; rows: number; columns: number } {
  const width = isUnit ? columns + 2 : columns;
  const values = new Float64Array((end - start) * width); // [rows, D (+ 2)]
  for (let row = 0; row < end - start; row++) {
    const one = values.subarray(row * width, (row + 1) * width);
    const from = (start + row) * columns;
    let sum = 0;
    for (let i = 0; i < columns; i++) {
      const value = data[from + i]!;
      one[i] = value;
      sum += value * value;
    }
    if (!Number.isFinite(sum)) {
      const rule = `the features of the ${what} must be finite`;
      const id = `NaN or infinite in sample ${quote(ids[start + row])}`;
      throw new TypeError(
        cannot(ACTION, rule, id, "leave it out by select()"),
      );
    }
    if (!isUnit) continue;
    const length = Math.sqrt(sum);
    if (length === 0) one[what === "query" ? columns : columns + 1] = 1;
    else for (let i = 0; i < columns; i++) one[i]! /= length;
  }
  return { data: values, rows: end - start, columns: width };
}

function isSet(value: unknown): boolean {
  const { layerNames, ids } = (value ?? {}) as Partial<FeatureSet>;
  return Array.isArray(layerNames) && ids !== undefined;
}

function isInput(value: unknown): boolean {
  const { stream } = (value ?? {}) as { stream?: unknown };
  return typeof value === "function" || typeof stream === "function" ||
    isSet(value);
}

async function* setsOf(input: FeatureInput): AsyncGenerator<FeatureSet> {
  if (typeof input === "function") yield* streamOf(input());
  else if ("stream" in input) yield* input.stream({ batch: BATCH });
  else yield input;
}

/** Checks that a function returned a stream of feature sets. */
async function* streamOf(stream: unknown): AsyncGenerator<FeatureSet> {
  const what = "what the function returns";
  checkAwaited(stream, ACTION, what);
  const isStream = typeof stream === "object" && stream !== null &&
    Symbol.asyncIterator in stream;
  if (!isStream) {
    const rule = `${what} must be a stream of feature sets`;
    throw new TypeError(cannot(ACTION, rule, stream));
  }
  for await (const set of stream as AsyncIterable<unknown>) {
    if (!isSet(set)) {
      const rule = `each element of ${what} must be a feature set`;
      throw new TypeError(cannot(ACTION, rule, set));
    }
    yield set as FeatureSet;
  }
}

/** Keeps the nearest rows of all that were offered. */
class BestRows {
  readonly ids: (string | number)[][];
  readonly distances: Float64Array; // [Q, K]
  numRows = 0;
  readonly #count: number;

  constructor(queries: number, count: number) {
    this.ids = Array.from({ length: queries }, () => []);
    this.distances = new Float64Array(queries * count).fill(Infinity);
    this.#count = count;
  }

  /**
   * Offers rows; each query keeps those that are nearer than its current ones.
   */
  async offer(
    bank: { data: Float64Array; rows: number; columns: number },
    queries: { data: Float64Array; rows: number; columns: number },
    idOf: (row: number) => string | number,
  ): Promise<void> {
    const neighbors = Math.min(this.#count, bank.rows);
    if (neighbors === 0) return;
    this.numRows += bank.rows;
    const { openNearest } = await import("../linalg/nearest_rows.ts");
    const search = await openNearest(bank, {
      neighbors,
      queries: queries.rows,
    });
    try {
      const { indices, distances } = await search.find(queries);
      for (let q = 0; q < queries.rows; q++) {
        for (let k = 0; k < neighbors; k++) {
          const at = q * neighbors + k;
          if (!this.#insert(q, distances[at]!, () => idOf(indices[at]!))) break;
        }
      }
    } finally {
      await search.close();
    }
  }

  /**
   * Inserts a row after all rows at equal or smaller distance; returns false if
   * the list is full of those.
   */
  #insert(query: number, distance: number, id: () => string | number): boolean {
    const count = this.#count;
    const list = this.distances.subarray(query * count, (query + 1) * count);
    let at = count;
    while (at > 0 && distance < list[at - 1]!) at--;
    if (at === count) return false;
    list.copyWithin(at + 1, at, count - 1);
    list[at] = distance;
    const ids = this.ids[query]!;
    ids.splice(at, 0, id());
    ids.length = Math.min(ids.length, count);
    return true;
  }
}
