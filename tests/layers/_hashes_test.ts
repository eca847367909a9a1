import { assertEquals } from "@std/assert";
import { fingerprint64, sipHash } from "../../lib/layers/_hashes.ts";
import HASHES from "../data/text_layers/hashes.json" with { type: "json" };

const BINS = BigInt(2 ** 31 - 1);

Deno.test("fingerprint64() and sipHash() are TensorFlow's, for strings of any length", () => {
  HASHES.texts.forEach((text, i) => {
    assertEquals(Number(fingerprint64(text) % BINS), HASHES.fast[i], text);
    const strong = sipHash(text, [1n, 2n ** 40n]);
    assertEquals(Number(strong % BINS), HASHES.strong[i], text);
  });
});

Deno.test("sipHash() gives the value of its paper's appendix", () => {
  const key = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n] as const;
  const text = String.fromCharCode(...Array.from({ length: 15 }, (_, i) => i));
  assertEquals(sipHash(text, key), 0xa129ca6149be45e5n);
});
