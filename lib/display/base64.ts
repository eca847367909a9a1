/**
 * Base64, for pages and plotly.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/**
 * Writes bytes as base64.
 *
 * @param bytes The bytes, or a typed array.
 * @returns The text.
 */
export function toBase64(bytes: ArrayBufferView): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("base64");
}

/**
 * Writes bytes as a `data:` URL.
 *
 * @param type The MIME type.
 * @param bytes The bytes, or text.
 * @returns The URL.
 */
export function dataUrl(type: string, bytes: Uint8Array | string): string {
  const data = typeof bytes === "string"
    ? new TextEncoder().encode(bytes)
    : bytes;
  return `data:${type};base64,${toBase64(data)}`;
}
