/**
 * Rows of features that lie somewhere: in memory, in a file. Writers take parts
 * one after the other and read a few rows of one column at a time.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { cannot, sizeOf } from "../check.ts";
import { crc32Combine } from "../formats/crc32_combine.ts";
import type { RowRange } from "../formats/safetensors.ts";
import { sizeOfType, type StoredArray } from "../formats/stored_array.ts";
import type { FeatureSet, LinearHead, SkippedSample } from "../types.ts";
import {
  type ColumnSpec,
  type Description,
  headChecksum,
  type IdSpec,
  VERSION,
} from "./_description.ts";
import { type Ids, joinKinds, kindOfIds } from "./_ids.ts";

/** Rows of features that can be read. */
export interface Part {
  /** What they are called in messages. */
  readonly name: string;
  /** What to do where they turn out to be damaged. */
  readonly advice?: string | undefined;
  /** What they are. */
  readonly description: Description;
  /** The head's weights, where there are any. */
  readonly head?: LinearHead | undefined;
  /** Reads rows of one column, in memory that only the reader may look at. */
  read(column: string, rows: RowRange): StoredArray | Promise<StoredArray>;
  /** Reads identities. */
  ids(rows: RowRange): Ids | Promise<Ids>;
  /** Closes what is open. */
  close(): void;
}

/** Names that are no layer's. */
const PREFIX = "sonde.";
export const PENULTIMATE = "sonde.penultimate";
export const LOGITS = "sonde.logits";
export const LABEL = "sonde.label";
export const NON_FINITE = "sonde.nonFinite";

const ACTION = "write features";

/** What is known of rows besides the set that holds them. */
export interface PartFacts {
  /** Samples that the source left out among them. */
  readonly skipped?: readonly SkippedSample[];
  /** The run that made them. */
  readonly run?: string | undefined;
  /** Which samples of the dataset they cover, those that were left out too. */
  readonly range?: RowRange | undefined;
}

/**
 * The rows of a feature set. Shares its arrays.
 *
 * @param set The set.
 * @param facts What is known besides.
 * @returns The part.
 * @throws {RangeError} If a layer has a name that is kept for something else.
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
    read: (column, rows) => rowsOf(arrays.get(column)!, rows),
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
 * Some rows of a part, as a part.
 *
 * @param part The rows.
 * @param rows Which of them.
 * @returns The rows; what is known besides goes with the first.
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
 * What the rows of several parts are together.
 *
 * @param parts At least one; all of the same columns.
 * @returns The description of all rows.
 * @throws {TypeError} If the parts do not go together.
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
 * Identities as they are checked: their kind, and a checksum that does not
 * depend on how they are kept.
 *
 * @param ids The identities.
 * @returns What a file says of them.
 */
export function idSpec(ids: Ids): IdSpec {
  const lines = idLines(ids);
  return { kind: kindOfIds(ids), crc32: crc32(lines), bytes: lines.length };
}

/**
 * The bytes over which the checksum of identities is taken.
 *
 * @param ids The identities.
 * @returns JSON, one a line.
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
 * The bytes of an array. They are not copied.
 *
 * @param array The array.
 * @returns Its bytes.
 */
export function bytesOf({ data }: StoredArray): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** Some rows of an array, which share its memory. */
function rowsOf(
  { data, shape, dtype }: StoredArray,
  { start, end }: RowRange,
): StoredArray {
  const [, ...rest] = shape;
  const width = sizeOf(rest);
  return {
    data: data.subarray(start * width, end * width),
    shape: [end - start, ...rest],
    dtype,
  };
}

function checkText(text: string, what: string): void {
  if (text.isWellFormed()) return;
  const rule = `every ${what} must be text that UTF-8 can hold`;
  throw new TypeError(cannot(ACTION, rule, text));
}
