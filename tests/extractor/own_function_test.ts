import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { ownName } from "../../lib/extractor/own_function.ts";

Deno.test("ownName() gives one name to a function, and another to the next", () => {
  const make = () => (x: number) => x * 2;
  const [first, second] = [make(), make()];
  assertEquals(ownName(first), ownName(first));
  assertNotEquals(ownName(first), ownName(second));
  assertMatch(ownName(first), /^own [0-9a-f-]{36}$/);
});
