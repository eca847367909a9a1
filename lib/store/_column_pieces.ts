/**
 * Reads the values of one column over all parts, piece by piece, and the ids in
 * the same way. The values are verified by the checksums of the parts.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { RowRange } from "../formats/safetensors.ts";
import { badFeatures, type ColumnSpec, type IdSpec } from "./_description.ts";
import type { Ids } from "./_ids.ts";
import { bytesOf, idLines, type Part, rowBytes } from "./part.ts";

/** Number of bytes of values read at once. */
const PIECE_BYTES = 2 ** 22;
/** Number of ids read at once. */
const IDS_AT_ONCE = 2 ** 14;

/**
 * The values of a column.
 *
 * @param parts The parts, in order.
 * @param name The column.
 * @returns Its bytes, row by row; each piece is valid until the next is
 * requested.
 * @throws {SyntaxError} If a part was changed after it was written.
 */
export async function* columnPieces(
  parts: readonly Part[],
  name: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const part of parts) {
    const { columns, samples } = part.description;
    const column = columns.find((column) => column.name === name)!;
    const check = new Checksum(part, column);
    const size = Math.max(1, Math.floor(PIECE_BYTES / rowBytes(column)));
    for (const rows of ranges(samples, size)) {
      const bytes = bytesOf(await part.read(name, rows));
      check.add(bytes);
      yield bytes;
    }
    check.finish();
  }
}

/**
 * The ids of all parts.
 *
 * @param parts The parts, in order.
 * @returns The ids, in pieces.
 * @throws {SyntaxError} If a part was changed after it was written.
 */
export async function* idPieces(parts: readonly Part[]): AsyncGenerator<Ids> {
  for (const part of parts) {
    const { ids: spec, samples } = part.description;
    const check = new Checksum(part, spec);
    for (const rows of ranges(samples, IDS_AT_ONCE)) {
      const ids = await part.ids(rows);
      check.addIds(ids);
      yield ids;
    }
    check.finish();
  }
}

/** Compares the bytes of rows with their checksum in a file. */
export class Checksum {
  readonly #part: Pick<Part, "name" | "advice">;
  readonly #what: string;
  readonly #expected: number;
  #crc = 0;

  /**
   * Starts before the first row.
   *
   * @param part The file, for messages.
   * @param of The column, or the ids.
   */
  constructor(
    part: Pick<Part, "name" | "advice">,
    of: ColumnSpec | IdSpec,
  ) {
    this.#part = part;
    this.#what = "name" in of ? `column "${of.name}"` : "the ids";
    this.#expected = of.crc32;
  }

  /** Adds the bytes of the next rows. */
  add(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
  }

  /** Adds the ids of the next rows. */
  addIds(ids: Ids): void {
    this.add(idLines(ids));
  }

  /**
   * Compares the checksum after the last row.
   *
   * @throws {SyntaxError} If the rows were changed.
   */
  finish(): void {
    const [expected, found] = [this.#expected, this.#crc];
    if (expected === found) return;
    const { name, advice } = this.#part;
    throw badFeatures(
      name,
      `${this.#what} must have checksum ${expected.toString(16)}`,
      found.toString(16),
      advice ?? "the file was changed or is damaged: write it again",
    );
  }
}

/** Ranges of rows from 0 on. */
function* ranges(count: number, size: number): Generator<RowRange> {
  for (let start = 0; start < count; start += size) {
    yield { start, end: Math.min(start + size, count) };
  }
}
