/**
 * Writes features as one safetensors file.
 *
 * @module
 */
import type { ByteSink } from "../formats/byte_sink.ts";
import { safetensorsHead, type TensorEntry } from "../formats/safetensors.ts";
import type { StoredArray } from "../formats/stored_array.ts";
import { columnPieces, idPieces } from "./_column_pieces.ts";
import { descriptionText } from "./_description.ts";
import { encodeIds, ID, type IdKind, IS_NUMBER, OFFSETS } from "./_ids.ts";
import { bytesOf, joinedDescription, type Part } from "./part.ts";

/** The metadata key of the description. */
export const DESCRIPTION = "sonde";
/** The head's weights. */
export const KERNEL = "sonde.head.kernel";
export const BIAS = "sonde.head.bias";

/**
 * Writes parts as one safetensors file.
 *
 * @param sink The destination.
 * @param parts The parts, in order; at least one.
 */
export async function writeSafetensors(
  sink: ByteSink,
  parts: readonly Part[],
): Promise<void> {
  const description = joinedDescription(parts);
  const { samples, ids: { kind } } = description;
  const entries = new Map<string, TensorEntry>();
  for (const { name, dtype, shape } of description.columns) {
    entries.set(name, { dtype, shape: [samples, ...shape] });
  }
  const textBytes = await numTextBytes(parts, kind);
  for (const [name, array] of encodeIds([], kind)) {
    const rows = name === OFFSETS ? samples + 1 : samples;
    const isText = name === ID && textBytes !== undefined;
    entries.set(name, { ...array, shape: [isText ? textBytes : rows] });
  }
  const { head } = parts[0]!;
  const constants = new Map<string, StoredArray>();
  if (head !== undefined) {
    constants.set(KERNEL, head.kernel as StoredArray);
    constants.set(BIAS, head.bias as StoredArray);
  }
  for (const [name, array] of constants) entries.set(name, array);
  const { bytes, names } = safetensorsHead(entries, {
    [DESCRIPTION]: descriptionText(description),
  });
  sink.write(bytes);
  for (const name of names) {
    const constant = constants.get(name);
    if (constant !== undefined) sink.write(bytesOf(constant));
    else if ([ID, OFFSETS, IS_NUMBER].includes(name)) {
      await writeIds(sink, parts, kind, name);
    } else {
      for await (const piece of columnPieces(parts, name)) sink.write(piece);
    }
  }
}

/**
 * Number of bytes of the ids as strings; undefined if they are numbers.
 */
async function numTextBytes(
  parts: readonly Part[],
  kind: IdKind,
): Promise<number | undefined> {
  if (kind === "int64" || kind === "float64") return undefined;
  let sum = 0;
  for await (const ids of idPieces(parts)) {
    sum += encodeIds(ids, kind).get(ID)!.data.length;
  }
  return sum;
}

async function writeIds(
  sink: ByteSink,
  parts: readonly Part[],
  kind: IdKind,
  name: string,
): Promise<void> {
  let base = 0n;
  if (name === OFFSETS) sink.write(new Uint8Array(8)); // the first offset is 0
  for await (const ids of idPieces(parts)) {
    const array = encodeIds(ids, kind).get(name)!;
    if (name !== OFFSETS) {
      sink.write(bytesOf(array));
      continue;
    }
    const offsets = (array.data as BigInt64Array).subarray(1);
    for (let i = 0; i < offsets.length; i++) offsets[i]! += base;
    base = offsets.at(-1) ?? base;
    sink.write(bytesOf({ ...array, data: offsets }));
  }
}
