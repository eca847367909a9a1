import { assertEquals } from "@std/assert";
import { roundHalfToEven } from "../../lib/math/round_half_to_even.ts";

Deno.test("roundHalfToEven() rounds halves to the even integer", () => {
  const values = [0, 0.5, 1.5, 2.5, 3.5, 0.49, 0.51, 7, 9.5];
  const expected = [0, 0, 2, 2, 4, 0, 1, 7, 10]; // numpy.rint
  assertEquals(values.map(roundHalfToEven), expected);
});
