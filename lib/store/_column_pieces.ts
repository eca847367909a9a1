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
    const check = new ColumnCheck(part, column);
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
    const check = new IdCheck(part, spec);
    for (const rows of ranges(samples, IDS_AT_ONCE)) {
      const ids = await part.ids(rows);
      check.add(ids);
      yield ids;
    }
    check.finish();
  }
}

/** Hint about a changed file. */
type CheckedPart = Pick<Part, "name" | "advice">;

/** Compares the values of a column with their checksum. */
export class ColumnCheck {
  readonly #part: CheckedPart;
  readonly #column: ColumnSpec;
  #crc = 0;

  /**
   * Starts before the first row.
   *
   * @param part The file, for messages.
   * @param column The column.
   */
  constructor(part: CheckedPart, column: ColumnSpec) {
    this.#part = part;
    this.#column = column;
  }

  /** Adds the bytes of the next rows. */
  add(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
  }

  /**
   * Compares the checksum after the last row.
   *
   * @throws {SyntaxError} If the values were changed.
   */
  finish(): void {
    const { name, crc32 } = this.#column;
    checkSum(this.#part, `column "${name}"`, crc32, this.#crc);
  }
}

/** Compares ids with their checksum. */
export class IdCheck {
  readonly #part: CheckedPart;
  readonly #spec: IdSpec;
  #crc = 0;

  /**
   * Starts before the first row.
   *
   * @param part The file, for messages.
   * @param spec The ids.
   */
  constructor(part: CheckedPart, spec: IdSpec) {
    this.#part = part;
    this.#spec = spec;
  }

  /** Adds the ids of the next rows. */
  add(ids: Ids): void {
    this.#crc = crc32(idLines(ids), this.#crc);
  }

  /**
   * Compares the checksum after the last row.
   *
   * @throws {SyntaxError} If they were changed.
   */
  finish(): void {
    checkSum(this.#part, "the ids", this.#spec.crc32, this.#crc);
  }
}

function checkSum(
  { name, advice = "the file was changed or is damaged: write it again" }:
    CheckedPart,
  what: string,
  expected: number,
  found: number,
): void {
  if (expected === found) return;
  throw badFeatures(
    name,
    `${what} must have checksum ${expected.toString(16)}`,
    found.toString(16),
    advice,
  );
}

/** Ranges of rows from 0 on. */
function* ranges(count: number, size: number): Generator<RowRange> {
  for (let start = 0; start < count; start += size) {
    yield { start, end: Math.min(start + size, count) };
  }
}
