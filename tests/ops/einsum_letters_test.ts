import { assertEquals, assertThrows } from "@std/assert";
import { einsumLetters } from "../../lib/ops/einsum_letters.ts";

Deno.test("einsumLetters() gives a letter for each axis", () => {
  assertEquals(einsumLetters("abc, cd -> abd", 3, 2), {
    a: ["a", "b", "c"],
    b: ["c", "d"],
    result: ["a", "b", "d"],
  });
  assertEquals(einsumLetters("a,a->", 1, 1).result, []);
});

Deno.test("einsumLetters() counts an ellipsis' axes from the last", () => {
  assertEquals(einsumLetters("...c,cd->...d", 3, 2), {
    a: ["1", "0", "c"],
    b: ["c", "d"],
    result: ["1", "0", "d"],
  });
  const both = einsumLetters("...a,b...->...ab", 3, 2);
  assertEquals(both.b, ["b", "0"]);
  assertEquals(both.result, ["1", "0", "a", "b"]);
});

Deno.test("einsumLetters() throws when an equation cannot be read", () => {
  for (const wrong of ["ab,bc", "ab->ab", "ab,b1->a", "aa,ab->b", "ab,bc->d"]) {
    assertThrows(() => einsumLetters(wrong, 2, 2), SyntaxError, wrong);
  }
  assertThrows(() => einsumLetters("...a,ab->b", 3, 2), SyntaxError, "...a");
  assertThrows(() => einsumLetters("ab,bc->ac", 3, 2), TypeError, '"ab"');
  assertThrows(() => einsumLetters("...ab,bc->ac", 1, 2), TypeError, "...ab");
});
