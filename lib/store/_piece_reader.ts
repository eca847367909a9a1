/**
 * Reads pieces of any length in requested lengths.
 *
 * @module
 */
import type { Ids } from "./_ids.ts";

/** Reads bytes from pieces. */
export class PieceReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  /**
   * Begins before the first piece.
   *
   * @param pieces The pieces; each may be overwritten when the next is requested.
   */
  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /**
   * Reads the next bytes.
   *
   * @param length Their number; the pieces must have them.
   * @returns New bytes.
   */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#pieces.next();
        if (done) break;
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, length - at);
      bytes.set(piece, at);
      at += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return bytes;
  }

  /** Reads to the end, where checksums are compared. */
  async finish(): Promise<void> {
    while (!(await this.#pieces.next()).done);
  }
}

/** Reads ids from pieces. */
export class IdReader {
  readonly #pieces: AsyncIterator<Ids>;
  #rest: Ids = [];

  /**
   * Begins before the first piece.
   *
   * @param pieces The pieces.
   */
  constructor(pieces: AsyncIterable<Ids>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /**
   * Reads the next ids.
   *
   * @param count Their number; the pieces must have them.
   * @returns The ids.
   */
  async take(count: number): Promise<(string | number)[]> {
    const ids: (string | number)[] = [];
    while (ids.length < count) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#pieces.next();
        if (done) break;
        this.#rest = value;
      }
      const some = this.#rest.slice(0, count - ids.length);
      for (const id of some) ids.push(id);
      this.#rest = this.#rest.slice(some.length);
    }
    return ids;
  }

  /** Reads to the end, where the checksum is compared. */
  async finish(): Promise<void> {
    while (!(await this.#pieces.next()).done);
  }
}
