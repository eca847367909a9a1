import { cannot } from "../check.ts";
import type { ByteSource } from "./byte_source.ts";

/** A part of a file, and what it is. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly what: string;
}

/** What HDF5 writes where there is no address. */
const NOWHERE = 2n ** 64n - 1n;
const STEP = 2 ** 20;

/**
 * What each byte of a file is for. Nothing may be two things, and what is
 * nothing must be empty: so a damaged address cannot lead to bytes that look
 * right, as those that it should lead to are then left over.
 */
export class Hdf5Ledger {
  readonly #source: ByteSource;
  readonly #spans: Span[] = [];
  readonly #starts = new Set<number>();

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Reads bytes that are one thing, and nothing else. */
  read(at: number, length: number, what: string): DataView<ArrayBuffer> {
    this.claim(at, length, what);
    return this.peek(at, length, what);
  }

  /** Reads bytes of which it is not said yet what they are. */
  peek(at: number, length: number, what: string): DataView<ArrayBuffer> {
    this.#checkInside(at, length, what);
    const bytes = new Uint8Array(length);
    this.#source.read(at, bytes);
    return new DataView(bytes.buffer);
  }

  /** Says what bytes are. */
  claim(at: number, length: number, what: string): void {
    this.#checkInside(at, length, what);
    if (length === 0) return;
    if (this.#starts.has(at)) this.fail(`${what} must have its own bytes`, at);
    this.#starts.add(at);
    this.#spans.push({ from: at, to: at + length, what });
  }

  /** Checks that all bytes up to an end are one thing, or empty. */
  settle(end: number): void {
    const spans = this.#spans.toSorted((a, b) => a.from - b.from);
    let at = 0;
    let last = "the start";
    for (const { from, to, what } of spans) {
      if (from < at) this.fail(`${what} must have its own bytes`, last);
      this.#checkEmpty(at, from, last);
      at = to;
      last = what;
    }
    this.#checkEmpty(at, end, last);
  }

  /** A number of eight bytes. */
  long(view: DataView, at: number, what: string): number {
    const value = view.getBigUint64(at, true);
    if (value > BigInt(this.#source.size) * 2n ** 20n) {
      this.fail(`${what} must lie in the file`, value);
    }
    return Number(value);
  }

  /** An address, or undefined where there is none. */
  address(view: DataView, at: number, what: string): number | undefined {
    if (view.getBigUint64(at, true) === NOWHERE) return undefined;
    return this.long(view, at, what);
  }

  fail(rule: string, value: unknown): never {
    throw new SyntaxError(
      cannot(`read HDF5 "${this.#source.name}"`, rule, value),
    );
  }

  #checkInside(at: number, length: number, what: string): void {
    const isInside = Number.isSafeInteger(at) && at >= 0 && length >= 0 &&
      at + length <= this.#source.size;
    if (!isInside) this.fail(`${what} must lie in the file`, at);
  }

  #checkEmpty(from: number, to: number, after: string): void {
    for (let at = from; at < to; at += STEP) {
      const view = this.peek(at, Math.min(STEP, to - at), "a gap");
      const found = new Uint8Array(view.buffer).findIndex((byte) => byte !== 0);
      if (found < 0) continue;
      this.fail(
        `bytes that are of nothing must be empty, as after ${after}`,
        `byte ${at + found}`,
      );
    }
  }
}
