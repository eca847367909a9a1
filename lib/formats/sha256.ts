/**
 * SHA-256: by Web Cryptography for a few bytes, which needs no import, and by
 * Node for many.
 *
 * @module
 */
import { joinBytes } from "./byte_source.ts";
import type { Hash } from "node:crypto";
import { nodeCrypto } from "./builtin_modules.ts";

/**
 * Up to this many bytes, copies of all parts are held. Web Cryptography needs
 * them at once, but loading Node's module takes 30 ms (Linux, Deno 2.9.6).
 */
const MOST_HELD = 2 ** 20;

/**
 * SHA-256 of a text.
 *
 * @param text The text.
 * @returns 64 hexadecimal digits.
 */
export function sha256(text: string): Promise<string> {
  return new Sha256().update(text).digest();
}

/** SHA-256 of bytes that come in parts. */
export class Sha256 {
  readonly #held: Uint8Array[] = [];
  #size = 0;
  #hash: Hash | undefined;

  /**
   * Appends a part.
   *
   * @param part A text or bytes, which may be changed afterwards.
   * @returns This hash.
   */
  update(part: string | Uint8Array): this {
    const bytes = typeof part === "string"
      ? new TextEncoder().encode(part)
      : part;
    this.#size += bytes.length;
    if (this.#hash === undefined && this.#size > MOST_HELD) {
      this.#hash = nodeCrypto().createHash("sha256");
      for (const held of this.#held.splice(0)) this.#hash.update(held);
    }
    if (this.#hash === undefined) this.#held.push(bytes.slice());
    else this.#hash.update(bytes);
    return this;
  }

  /**
   * The hash of all parts.
   *
   * @returns 64 hexadecimal digits.
   */
  async digest(): Promise<string> {
    if (this.#hash !== undefined) return this.#hash.digest("hex");
    const digest = await crypto.subtle.digest(
      "SHA-256",
      joinBytes(this.#held),
    );
    return new Uint8Array(digest).toHex();
  }
}
