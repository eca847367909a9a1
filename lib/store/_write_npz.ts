/**
 * Writes features as one `.npz` archive.
 *
 * @module
 */
import type { ByteSink } from "../formats/byte_sink.ts";
import { fixedStrings, npyHead } from "../formats/npy_writer.ts";
import type { StoredArray } from "../formats/stored_array.ts";
import { ZipWriter } from "../formats/zip_writer.ts";
import { columnPieces, idPieces } from "./_column_pieces.ts";
import { descriptionText } from "./_description.ts";
import { encodeIds, ID, IS_NUMBER, textOf } from "./_ids.ts";
import { bytesOf, joinedDescription, type Part } from "./part.ts";
import { checkFeatureNames, checkId } from "./writable.ts";
import { BIAS, DESCRIPTION, KERNEL } from "./_write_safetensors.ts";

/**
 * Writes parts as one archive of NumPy's arrays: one per column under its name,
 * `sonde.id` as numbers or strings, and the description as UTF-8 bytes.
 *
 * @param sink The destination.
 * @param parts The parts, in order; at least one.
 * @throws {RangeError} If a name is not a valid member name, or an id ends with
 * a zero character, which NumPy's strings drop.
 */
export async function writeNpz(
  sink: ByteSink,
  parts: readonly Part[],
): Promise<void> {
  const description = joinedDescription(parts);
  const { samples, columns } = description;
  const layers = columns.map(({ name }) => name);
  checkFeatureNames(layers.filter((name) => !name.startsWith("sonde.")), "npz");
  const zip = new ZipWriter(sink);
  for (const { name, dtype, shape } of columns) {
    const head = npyHead(dtype, [samples, ...shape]);
    await zip.add(`${name}.npy`, behind(head, columnPieces(parts, name)));
  }
  await addIds(zip, parts, samples, description.ids.kind);
  const { head } = parts[0]!;
  if (head !== undefined) {
    await addArray(zip, KERNEL, head.kernel as StoredArray);
    await addArray(zip, BIAS, head.bias as StoredArray);
  }
  const data = new TextEncoder().encode(descriptionText(description));
  const text = { data, shape: [data.length], dtype: "uint8" } as const;
  await addArray(zip, DESCRIPTION, text);
  zip.finish();
}

async function addIds(
  zip: ZipWriter,
  parts: readonly Part[],
  samples: number,
  kind: "int64" | "float64" | "string" | "mixed",
): Promise<void> {
  if (kind === "int64" || kind === "float64") {
    const head = npyHead(kind, [samples]);
    await zip.add(`${ID}.npy`, behind(head, encoded(parts, kind, ID)));
    return;
  }
  let characters = 1;
  for await (const ids of idPieces(parts)) {
    for (const id of ids) {
      checkId(id);
      characters = Math.max(characters, [...textOf(id)].length);
    }
  }
  const head = npyHead({ characters }, [samples]);
  const strings = async function* () {
    for await (const ids of idPieces(parts)) {
      yield fixedStrings(ids.map(textOf), characters);
    }
  };
  await zip.add(`${ID}.npy`, behind(head, strings()));
  if (kind === "string") return;
  const marks = encoded(parts, kind, IS_NUMBER);
  await zip.add(`${IS_NUMBER}.npy`, behind(npyHead("bool", [samples]), marks));
}

async function* encoded(
  parts: readonly Part[],
  kind: "int64" | "float64" | "mixed",
  name: string,
): AsyncGenerator<Uint8Array> {
  for await (const ids of idPieces(parts)) {
    yield bytesOf(encodeIds(ids, kind).get(name)!);
  }
}

async function addArray(
  zip: ZipWriter,
  name: string,
  array: StoredArray,
): Promise<void> {
  const head = npyHead(array.dtype, array.shape);
  await zip.add(`${name}.npy`, [head, bytesOf(array)]);
}

async function* behind(
  head: Uint8Array,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield head;
  yield* pieces;
}
