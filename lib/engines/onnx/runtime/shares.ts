/**
 * The rows of one run in shares for several graphs, and what they give as what
 * one would have given.
 *
 * @module
 */
import { sizeOf } from "../../../check.ts";
import type { NdArray } from "../../../types.ts";
import type { OnnxResult } from "./messages.ts";
import { rowsFrom } from "./row_chunks.ts";

type Results = Readonly<Record<string, OnnxResult>>;

/** Rows of a run that one graph computes. */
export interface Share {
  /** One array for each feed, as views. */
  readonly inputs: readonly NdArray<ArrayBufferView>[];
  /** The first row, counted from that of the run. */
  readonly start: number;
  /** How many there are. */
  readonly count: number;
}

/**
 * Cuts the rows into shares that differ by one row at most.
 *
 * @param inputs One array for each feed, of as many rows.
 * @param most How many shares there may be.
 * @returns The shares, none of them empty.
 */
export function sharesOf(
  inputs: readonly NdArray<ArrayBufferView>[],
  most: number,
): Share[] {
  const rows = inputs[0]!.shape[0]!;
  const numShares = Math.min(most, rows);
  return Array.from({ length: numShares }, (_, i) => {
    const start = Math.floor(i * rows / numShares);
    const count = Math.floor((i + 1) * rows / numShares) - start;
    const parts = inputs.map((input) => rowsFrom(input, start, count));
    return { inputs: parts, start, count };
  });
}

/**
 * Joins what the shares gave.
 *
 * @param shares What each gave, in order; all outputs have a row for each sample.
 * @returns The same as one.
 */
export function joinShares(shares: readonly Results[]): Results {
  const [first, ...others] = shares;
  if (others.length === 0) return first!;
  const joined = Object.entries(first!).map(([name, { type, shape }]) => {
    const parts = shares.map((share) => share[name]!);
    const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
    const sizes = [rows, ...shape.slice(1)];
    const Values = parts[0]!.data.constructor as Float32ArrayConstructor;
    const data = new Values(sizeOf(sizes));
    let at = 0;
    for (const part of parts) {
      data.set(part.data as Float32Array, at);
      at += part.data.length;
    }
    return [name, { data, shape: sizes, type }];
  });
  return Object.fromEntries(joined);
}
