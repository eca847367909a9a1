import { assertEquals } from "@std/assert";
import { tokensOf } from "../../lib/layers/_tokens.ts";

const PLAIN = { standardize: undefined, split: undefined, ngrams: undefined };

Deno.test("tokensOf() lowers A to Z alone, and strips the punctuation of ASCII", () => {
  const tokens = (standardize: "lower" | "strip_punctuation") =>
    tokensOf(["ÄB-c's “x”"], { ...PLAIN, standardize });
  assertEquals(tokens("lower"), ["Äb-c's “x”"]);
  assertEquals(tokens("strip_punctuation"), ["ÄBcs “x”"]);
});

Deno.test("tokensOf() splits at the white space of ASCII, or into characters", () => {
  const split = (split: "whitespace" | "character", text: string) =>
    tokensOf([text], { ...PLAIN, split });
  assertEquals(split("whitespace", " a\t b\u00a0c\n\n"), ["a", "b\u00a0c"]);
  assertEquals(split("whitespace", "  "), []);
  assertEquals(split("character", "a😀\ud800"), ["a", "😀", "\ufffd"]);
});

Deno.test("tokensOf() groups tokens, sizes one after another", () => {
  const grouped = (ngrams: number[]) =>
    tokensOf(["a b c"], { ...PLAIN, split: "whitespace", ngrams });
  assertEquals(grouped([1, 2]), ["a", "b", "c", "a b", "b c"]);
  assertEquals(grouped([3, 4]), ["a b c"]);
});
