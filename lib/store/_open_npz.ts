/**
 * Opens features in one `.npz` archive.
 *
 * @module
 */
import { type ByteSource, fileSource } from "../formats/byte_source.ts";
import {
  fromNpy,
  readNpy,
  readNpyHeader,
  readNpyTextHeader,
  readNpyTextRows,
} from "../formats/npy.ts";
import { readSafetensor, type RowRange } from "../formats/safetensors.ts";
import { ZipArchive } from "../formats/zip.ts";
import {
  badFeatures,
  type Description,
  parseDescription,
} from "./_description.ts";
import { fromStrings, ID, IS_NUMBER } from "./_ids.ts";
import { checkColumn, headOf } from "./_open_safetensors.ts";
import type { Part } from "./part.ts";
import { DESCRIPTION } from "./_write_safetensors.ts";

/**
 * Opens an archive of features.
 *
 * @param path The file.
 * @returns Its rows; the caller closes them.
 * @throws {SyntaxError} If it is truncated, damaged, or not written by Sonde.
 */
export async function openNpzFeatures(path: string): Promise<Part> {
  const source = fileSource(path);
  try {
    return await partOf(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

async function partOf(source: ByteSource): Promise<Part> {
  const { name } = source;
  const archive = new ZipArchive(source);
  const label = (member: string) => `${name}/${member}.npy`;
  const array = (member: string) =>
    fromNpy(archive.bytes(`${member}.npy`), label(member));
  const has = (member: string) => archive.members.has(`${member}.npy`);
  const bytes = has(DESCRIPTION) ? array(DESCRIPTION).data : undefined;
  const text = bytes && new TextDecoder().decode(bytes as Uint8Array);
  const description = parseDescription(text, name);
  const { samples, columns } = description;
  const members = new Map<string, ByteSource>();
  for (const { name: column } of [...columns, { name: ID }]) {
    if (!has(column)) {
      const names = [...archive.members.keys()];
      throw badFeatures(name, `it must hold "${column}.npy"`, names);
    }
    members.set(column, await archive.part(`${column}.npy`));
  }
  const headers = new Map(columns.map((column) => {
    const header = readNpyHeader(members.get(column.name)!);
    checkColumn(name, column, samples, header);
    return [column.name, header];
  }));
  const readIds = await idReader(archive, members.get(ID)!, description);
  return {
    name,
    description,
    head: headOf(description, name, array),
    read: (column, rows) =>
      readSafetensor(members.get(column)!, headers.get(column)!, rows),
    ids: readIds,
    close: () => source.close(),
  };
}

/** Reader of ids: numbers, or fixed-length strings. */
async function idReader(
  archive: ZipArchive,
  source: ByteSource,
  { ids: { kind }, samples }: Description,
): Promise<(rows: RowRange) => (string | number)[]> {
  if (kind === "int64" || kind === "float64") {
    const header = readNpyHeader(source);
    return (rows) => {
      const { data } = readSafetensor(source, header, rows);
      return Array.from(data as ArrayLike<number | bigint>, Number);
    };
  }
  const header = readNpyTextHeader(source);
  if (header === undefined || String(header.shape) !== String([samples])) {
    const found = header?.shape ?? "no strings";
    throw badFeatures(source.name, `it must hold ${samples} ids`, found);
  }
  const strings = ({ start, end }: RowRange) =>
    readNpyTextRows(source, header, start, end);
  if (kind === "string") return strings;
  const { data } = readNpy(await archive.part(`${IS_NUMBER}.npy`));
  return (rows) =>
    fromStrings(
      strings(rows),
      (data as Uint8Array).subarray(rows.start, rows.end),
    );
}
