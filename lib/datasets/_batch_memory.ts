/**
 * Facts about the batches of a built-in source. A run releases their memory
 * after use, so that the next batches reuse it.
 *
 * Batches of other sources, and of sources that wrap a built-in one, are the
 * caller's: their memory is left alone and all their values are checked.
 *
 * @module
 */
import type { DataSource } from "../types.ts";

/** The memory of a batch. */
export interface BatchMemory {
  /** Whether all its inputs are known to be finite. */
  readonly isFinite: boolean;
  /** Gives the memory back; the batch must not be used afterwards. */
  readonly release: () => void;
}

const sources = new WeakSet<object>();
const memories = new WeakMap<object, BatchMemory>();

/**
 * Marks a source as a built-in one.
 *
 * @param source The source.
 */
export function markBuiltIn(source: DataSource): void {
  sources.add(source);
}

/**
 * Whether batches come from a built-in source, as it makes them.
 *
 * @param source The source.
 * @returns Whether {@linkcode memoryOf} may be trusted on its batches.
 */
export function isBuiltIn(source: DataSource): boolean {
  return sources.has(source) && !Object.hasOwn(source, "batches");
}

/**
 * Stores facts about a batch.
 *
 * @param batch The batch.
 * @param memory The facts.
 */
export function keepMemory(batch: object, memory: BatchMemory): void {
  memories.set(batch, memory);
}

/**
 * Returns the facts about a batch.
 *
 * @param batch A batch of a built-in source.
 * @returns The facts; undefined for other batches.
 */
export function memoryOf(batch: unknown): BatchMemory | undefined {
  return typeof batch === "object" && batch !== null
    ? memories.get(batch)
    : undefined;
}
