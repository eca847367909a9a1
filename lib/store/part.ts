/**
 * Rows of features in memory or in a file. Writers process parts in order, and
 * read a few rows of one column at a time.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { cannot, sizeOf } from "../check.ts";
import { crc32Combine } from "../formats/crc32_combine.ts";
import type { RowRange } from "../formats/safetensors.ts";
import { sizeOfType, type StoredArray } from "../formats/stored_array.ts";
import { rowView } from "../math/row_view.ts";
import type { FeatureSet, LinearHead, SkippedSample } from "../types.ts";
import {
  type ColumnSpec,
  type Description,
  headChecksum,
  type IdSpec,
  VERSION,
} from "./_description.ts";
import { type Ids, joinKinds, kindOfIds } from "./_ids.ts";

export { VERSION };

/** Rows of features that can be read. */
export interface Part {
  /** Their name in messages. */
  readonly name: string;
  /** Advice if they are damaged. */
  readonly advice?: string | undefined;
  /** Their description. */
  readonly description: Description;
  /** The head's weights, if there are any. */
  readonly head?: LinearHead | undefined;
  /** Reads rows of one column; the array must not be changed. */
  read(column: string, rows: RowRange): StoredArray | Promise<StoredArray>;
  /** Reads ids. */
  ids(rows: RowRange): Ids | Promise<Ids>;
  /** Closes what is open. */
  close(): void;
}

/** Names of columns other than layers. */
const PREFIX = "sonde.";
export const PENULTIMATE = "sonde.penultimate";
export const LOGITS = "sonde.logits";
export const LABEL = "sonde.label";
export const NON_FINITE = "sonde.nonFinite";

const ACTION = "write features";

/** Further facts about rows, besides their set. */
export interface PartFacts {
  /** Samples that the source skipped among them. */
  readonly skipped?: readonly SkippedSample[];
  /** The run that made them. */
  readonly run?: string | undefined;
  /** The samples of the dataset that they cover, including skipped ones. */
  readonly range?: RowRange | undefined;
}

/**
 * Creates a part from a feature set. Shares its arrays.
 *
 * @param set The set.
 * @param facts Further facts.
 * @returns The part.
 * @throws {RangeError} If a layer has a reserved name.
 * @throws {TypeError} If a name or an id cannot be written as UTF-8.
 */
export function partOfSet(set: FeatureSet, facts: PartFacts = {}): Part {
  const arrays = columnsOf(set);
  const ids = Array.from(set.ids);
  const { specs, classNames, activation, source, head } = set;
  for (const text of classNames ?? []) checkText(text, "class name");
  const description: Description = {
    version: VERSION,
    samples: ids.length,
    ids: idSpec(ids),
    columns: [...arrays].map(([name, array]) => ({
      name,
      dtype: array.dtype,
      shape: array.shape.slice(1),
      crc32: crc32(bytesOf(array)),
    })),
    specs,
    classNames,
    activation,
    source,
    head: head?.kernel.shape,
    headCrc32: head && headChecksum(head),
    skipped: facts.skipped ?? [],
    run: facts.run,
    range: facts.range,
  };
  return {
    name: "feature set",
    description,
    head,
    read: (column, rows) => rowView(arrays.get(column)!, rows.start, rows.end),
    ids: ({ start, end }) => ids.slice(start, end),
    close() {},
  };
}

function columnsOf(set: FeatureSet): Map<string, StoredArray> {
  const arrays = new Map<string, StoredArray>();
  set.layerNames.forEach((name, i) => {
    checkText(name, "layer name");
    if (name.startsWith(PREFIX)) {
      const rule = `no layer must have a name that begins with "${PREFIX}"`;
      throw new RangeError(cannot(ACTION, rule, name, "rename the layer"));
    }
    arrays.set(name, set.features[i] as StoredArray);
  });
  const { penultimate, logits, labels, nonFinite } = set;
  if (penultimate) arrays.set(PENULTIMATE, penultimate as StoredArray);
  if (logits) arrays.set(LOGITS, logits as StoredArray);
  if (labels) arrays.set(LABEL, labels as StoredArray);
  const isBad = new Uint8Array(set.ids.length);
  for (let i = 0; i < nonFinite.length; i++) isBad[nonFinite[i]!] = 1;
  const shape = [set.ids.length];
  return arrays.set(NON_FINITE, { data: isBad, shape, dtype: "bool" });
}

/**
 * Selects rows of a part.
 *
 * @param part The rows.
 * @param rows The range.
 * @returns The rows; further facts stay with the first.
 */
export async function slicePart(part: Part, rows: RowRange): Promise<Part> {
  const { description } = part;
  const columns = await Promise.all(description.columns.map(async (column) => {
    const array = await part.read(column.name, rows);
    return { ...column, crc32: crc32(bytesOf(array)) };
  }));
  const ids = await part.ids(rows);
  const isFirst = rows.start === 0;
  const { start } = rows;
  return {
    ...part,
    description: {
      ...description,
      samples: rows.end - rows.start,
      ids: { ...idSpec(ids), kind: description.ids.kind },
      columns,
      head: isFirst ? description.head : undefined,
      headCrc32: isFirst ? description.headCrc32 : undefined,
      skipped: isFirst ? description.skipped : [],
    },
    head: isFirst ? part.head : undefined,
    read: (column, range) =>
      part.read(column, { start: start + range.start, end: start + range.end }),
    ids: (range) => ids.slice(range.start, range.end),
  };
}

/**
 * Joins the descriptions of several parts.
 *
 * @param parts At least one; all of the same columns.
 * @returns The description of all rows.
 * @throws {TypeError} If the parts are incompatible.
 */
export function joinedDescription(parts: readonly Part[]): Description {
  const [first, ...rest] = parts.map(({ description }) => description);
  let joined: Description = { ...first!, weights: undefined };
  for (const [i, next] of rest.entries()) {
    checkAlike(joined, next, parts[i + 1]!.name);
    joined = {
      ...joined,
      samples: joined.samples + next.samples,
      columns: joined.columns.map((column, c) => ({
        ...column,
        crc32: crc32Combine(
          column.crc32,
          next.columns[c]!.crc32,
          next.samples * rowBytes(column),
        ),
      })),
      ids: joinedIds(joined.ids, next.ids),
      skipped: [...joined.skipped, ...next.skipped],
    };
  }
  return joined;
}

function joinedIds(a: IdSpec, b: IdSpec): IdSpec {
  return {
    kind: joinKinds([a.kind, b.kind]),
    crc32: crc32Combine(a.crc32, b.crc32, b.bytes),
    bytes: a.bytes + b.bytes,
  };
}

/**
 * Checks that two files hold the same columns of the same model.
 *
 * @param a The one.
 * @param b The other.
 * @param name The other's name, for messages.
 * @throws {TypeError} If they do not.
 */
export function checkAlike(a: Description, b: Description, name: string): void {
  const kinds = [a, b].map((description) =>
    JSON.stringify([
      description.columns.map(({ name, dtype, shape }) => [name, dtype, shape]),
      description.specs,
      description.source,
      description.classNames,
    ])
  );
  if (kinds[0] === kinds[1]) return;
  const rule = `"${name}" must hold the same columns as the part before it`;
  const columns = b.columns.map((column) => column.name);
  throw new TypeError(cannot("join features", rule, columns));
}

/**
 * Describes ids: their kind, and a checksum that is independent of the
 * encoding.
 *
 * @param ids The ids.
 * @returns Their description.
 */
function idSpec(ids: Ids): IdSpec {
  const lines = idLines(ids);
  return { kind: kindOfIds(ids), crc32: crc32(lines), bytes: lines.length };
}

/**
 * The bytes of the ids' checksum.
 *
 * @param ids The ids.
 * @returns JSON, one id per line.
 */
export function idLines(ids: Ids): Uint8Array {
  let text = "";
  for (const id of ids) {
    text += typeof id === "string" ? JSON.stringify(id) : String(id);
    text += "\n";
  }
  return new TextEncoder().encode(text);
}

/**
 * Bytes of one row of a column.
 *
 * @param column The column.
 * @returns The bytes.
 */
export function rowBytes({ shape, dtype }: ColumnSpec): number {
  return sizeOf(shape) * sizeOfType(dtype);
}

/**
 * The bytes of an array, without copying.
 *
 * @param array The array.
 * @returns Its bytes.
 */
export function bytesOf({ data }: StoredArray): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function checkText(text: string, what: string): void {
  if (text.isWellFormed()) return;
  const rule = `every ${what} must be text that UTF-8 can hold`;
  throw new TypeError(cannot(ACTION, rule, text));
}
