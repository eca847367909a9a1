/**
 * Converts rows of files to feature sets.
 *
 * @module
 */
import type { StoredArray } from "../formats/stored_array.ts";
import { makeFeatureSet } from "../features/feature_set.ts";
import { frozenArray } from "../features/rows.ts";
import type {
  FeatureArray,
  FeatureSet,
  LinearHead,
  NdArray,
} from "../types.ts";
import { badFeatures, type Description } from "./_description.ts";
import type { Ids } from "./_ids.ts";
import { LABEL, LOGITS, NON_FINITE, PENULTIMATE } from "./part.ts";

/** Allowed types of the columns of a file. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  [PENULTIMATE]: ["float32"],
  [LOGITS]: ["float32"],
  [LABEL]: ["int32"],
  [NON_FINITE]: ["bool"],
};
const FEATURE_TYPES = ["float32", "float16", "int32"];
const RANKS: Readonly<Record<string, number>> = {
  [PENULTIMATE]: 1,
  [LOGITS]: 1,
  [LABEL]: 0,
  [NON_FINITE]: 0,
};

/**
 * Checks that columns are those of a feature set.
 *
 * @param description The description of the file.
 * @param name The file, for messages.
 * @throws {SyntaxError} If they are not.
 */
export function checkSetColumns(
  { columns, specs }: Description,
  name: string,
): void {
  const layers = columns.filter((column) => !(column.name in TYPES));
  for (const { name: column, dtype, shape } of columns) {
    const types = TYPES[column] ?? FEATURE_TYPES;
    if (!types.includes(dtype)) {
      const rule = `"${column}" must be of one of ${types.join(", ")}`;
      throw badFeatures(name, rule, dtype);
    }
    const rank = RANKS[column];
    if (rank === undefined || shape.length === rank) continue;
    throw badFeatures(name, `"${column}" must be of rank ${rank + 1}`, [
      null,
      ...shape,
    ]);
  }
  const names = specs.map((spec) => spec.name);
  const isSame = names.length === layers.length &&
    layers.every((column, i) => column.name === names[i]);
  const hasMarks = columns.some((column) => column.name === NON_FINITE);
  if (isSame && hasMarks) return;
  const found = columns.map((column) => column.name);
  const rule = `its columns must be those of layers ${JSON.stringify(names)}`;
  throw badFeatures(name, rule, found);
}

/** Read rows. */
export interface StoredRows {
  /** Columns by name. */
  readonly arrays: ReadonlyMap<string, StoredArray>;
  /** Their ids. */
  readonly ids: Ids;
}

/**
 * Creates a feature set from read rows.
 *
 * @param description The description of the file.
 * @param rows The rows.
 * @param head The head's weights.
 * @returns The set, which shares the arrays.
 */
export function setOfRows(
  { specs, classNames, activation, source }: Description,
  { arrays, ids }: StoredRows,
  head: LinearHead | undefined,
): FeatureSet {
  const nonFinite: number[] = [];
  (arrays.get(NON_FINITE)!.data as Uint8Array).forEach((mark, row) => {
    if (mark !== 0) nonFinite.push(row);
  });
  return makeFeatureSet({
    features: specs.map(({ name }) => arrays.get(name) as FeatureArray),
    layerNames: specs.map(({ name }) => name),
    specs,
    penultimate: arrays.get(PENULTIMATE) as NdArray | undefined,
    logits: arrays.get(LOGITS) as NdArray | undefined,
    labels: arrays.get(LABEL) as NdArray<Int32Array> | undefined,
    classNames,
    ids: Object.freeze(ids),
    head: head && copyOf(head),
    activation,
    nonFinite,
    source,
  });
}

/** Copies the head, which the caller may change. */
function copyOf({ kernel, bias }: LinearHead): LinearHead {
  const copy = ({ data, shape, dtype }: NdArray): NdArray =>
    frozenArray(data.slice(), shape, dtype);
  return { kernel: copy(kernel), bias: copy(bias) };
}
