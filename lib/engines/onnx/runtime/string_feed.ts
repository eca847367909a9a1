/**
 * Strings as an input of ONNX Runtime.
 *
 * @module
 */
import { cannot } from "../../../check.ts";
import type { OnnxFeed } from "./messages.ts";

/** Strings with a shape, as in the batches of a dataset. */
export interface Strings {
  readonly data: readonly string[];
  readonly shape: readonly number[];
}

/**
 * Whether the values of an input are strings.
 *
 * @param data The values: typed as numbers, because sessions have one type for all inputs.
 * @returns True if they are strings.
 */
export function isStrings(data: unknown): data is readonly string[] {
  return Array.isArray(data);
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/**
 * Encodes strings for the runtime: in UTF-8, each followed by a zero byte, as it
 * reads them.
 *
 * @param strings The strings.
 * @param name The input, for messages.
 * @returns The input, whose values are bytes.
 * @throws {RangeError} If a string contains a zero, which would end it.
 */
export function stringFeed({ data, shape }: Strings, name: string): OnnxFeed {
  const row = data.findIndex((text) => text.includes("\0"));
  if (row >= 0) {
    const rule = `strings of input "${name}" must have no zero character`;
    throw new RangeError(
      cannot(
        "run the model",
        rule,
        data[row],
        `it is number ${row} of a batch`,
      ),
    );
  }
  const bytes = ENCODER.encode(data.map((text) => `${text}\0`).join(""));
  return { type: "string", array: { data: bytes, shape, dtype: "uint8" } };
}

/**
 * Decodes what {@linkcode stringFeed} encodes.
 *
 * @param bytes The bytes.
 * @returns The strings.
 */
export function stringsOf(bytes: Uint8Array): string[] {
  return DECODER.decode(bytes).split("\0").slice(0, -1);
}
