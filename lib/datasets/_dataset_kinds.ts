/**
 * Detects the form of a dataset.
 *
 * @module
 */
import type { DataSource } from "../types.ts";
import type { AnyIterator } from "./dataset_elements.ts";
import { isObject } from "./tensor_likes.ts";

/** An iterable of batches. */
export type AnyIterable = Iterable<unknown> | AsyncIterable<unknown>;

/** Whether it is a source. */
export function isSource(value: unknown): value is DataSource {
  return isObject(value) && typeof value.batches === "function";
}

/** Whether it is an iterable of batches, not a string or typed array. */
export function isIterable(value: unknown): value is AnyIterable {
  return isObject(value) && !ArrayBuffer.isView(value) &&
    (Symbol.asyncIterator in value || Symbol.iterator in value);
}

/** The iterator of an iterable of batches. */
export function iteratorOf(value: AnyIterable): AnyIterator {
  return Symbol.asyncIterator in value
    ? value[Symbol.asyncIterator]()
    : value[Symbol.iterator]();
}
