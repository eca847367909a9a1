/**
 * What the tests of bad input share.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { FeatureExtractor, type tf } from "@sonde/sonde";
import { free } from "./_models.ts";

export type Setting = (extractor: FeatureExtractor) => unknown;
export type ErrorClass = new (...args: never[]) => Error;

/** Each setting throws at once, with such a message. */
export function refuses(
  create: () => tf.LayersModel,
  cases: readonly (readonly [Setting, ErrorClass, string])[],
): void {
  const model = create();
  const extractor = new FeatureExtractor(model);
  for (const [set, kind, text] of cases) {
    const error = assertThrows(() => set(extractor), kind as typeof Error);
    assertEquals(error.message, text);
  }
  free(model);
}

// deno-lint-ignore no-explicit-any -- what a notebook does not check
export const wrong = (value: unknown): any => value;
