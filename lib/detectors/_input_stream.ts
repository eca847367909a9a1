/**
 * Reads feature sets, stored features, and functions that return streams, as
 * streams of sets.
 *
 * @module
 */
import { cannot, checkAwaited } from "../check.ts";
import type { FeatureInput, FeatureSet } from "../types.ts";

/** An input that can be read as often as needed. */
export interface InputStream {
  /** Number of samples, if known. */
  readonly total: number | undefined;
  /** Reads it from the start. */
  read(): AsyncIterable<FeatureSet>;
}

/** Number of samples read from files at once. */
const STORED_BATCH = 1024;

/**
 * Converts an input to a stream.
 *
 * @param input A set, stored features, or a function that returns a stream.
 * @param action The action, for messages.
 * @returns The input, which can be read several times.
 * @throws {TypeError} If it is none of these, or a promise.
 */
export function inputStream(input: FeatureInput, action: string): InputStream {
  checkAwaited(input, action, "the features");
  if (typeof input === "function") {
    return { total: undefined, read: () => called(input, action) };
  }
  if (isFeatureSet(input)) {
    return { total: input.ids.length, read: () => once(input) };
  }
  if (isRecord(input) && typeof input.stream === "function") {
    const stored = input;
    return {
      total: stored.samples,
      read: () => checked(stored.stream({ batch: STORED_BATCH }), action),
    };
  }
  const isStream = isRecord(input) && Symbol.asyncIterator in input;
  const rule = "features must be a feature set, stored features, or a " +
    "function that returns a stream";
  const hint = isStream
    ? "pass a function, as in () => extractor.stream(dataset), which can be called again"
    : "make a set with extractor.predict(dataset) or featureSet({ … })";
  throw new TypeError(cannot(action, rule, input, hint));
}

/**
 * Whether a value is a feature set.
 *
 * @param value Anything.
 * @returns True if it has the arrays of one.
 */
function isFeatureSet(value: unknown): value is FeatureSet {
  return isRecord(value) && Array.isArray(value.features) &&
    Array.isArray(value.layerNames) && isRecord(value.ids);
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}

async function* once(set: FeatureSet): AsyncGenerator<FeatureSet> {
  yield set;
}

function called(
  input: () => AsyncIterable<FeatureSet>,
  action: string,
): AsyncIterable<FeatureSet> {
  const stream: unknown = input();
  checkAwaited(stream, action, "the result of the function");
  const isStream = isRecord(stream) && Symbol.asyncIterator in stream;
  if (!isStream) {
    const rule = "the function must return a stream of feature sets";
    const hint = "as () => extractor.stream(dataset) does";
    throw new TypeError(cannot(action, rule, stream, hint));
  }
  return checked(stream as unknown as AsyncIterable<FeatureSet>, action);
}

async function* checked(
  stream: AsyncIterable<FeatureSet>,
  action: string,
): AsyncGenerator<FeatureSet> {
  for await (const set of stream) {
    if (isFeatureSet(set)) {
      yield set;
      continue;
    }
    const rule = "a stream must yield feature sets";
    throw new TypeError(cannot(action, rule, set));
  }
}
