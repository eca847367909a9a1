/**
 * Plain data for the notebook's kernel, which takes nothing else: a symbol in
 * a message ends its process, and typed arrays, big integers and cycles are
 * errors there.
 *
 * @module
 */
import type { Json } from "./figure_plotly.ts";

/**
 * Copies a value as JSON has it. Big integers become text, typed arrays
 * arrays, numbers that are not finite null; functions and symbols are dropped.
 *
 * @param value Anything without cycles.
 * @returns Plain data; null for what has no form in JSON.
 * @throws {TypeError} If the value holds itself.
 */
export function jsonSafe(value: unknown): Json {
  const text: string | undefined = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return String(part);
    if (typeof part === "string") return part.toWellFormed();
    if (!ArrayBuffer.isView(part)) return part;
    return part instanceof DataView
      ? Array.from(
        new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
      )
      : Array.from(part as unknown as ArrayLike<unknown>);
  });
  return text === undefined ? null : JSON.parse(text);
}
