import { assertEquals, assertThrows } from "@std/assert";
import {
  customFunction,
  customTable,
  findCustom,
} from "../../lib/layers/custom_objects.ts";

const one = () => ({ weights: [], call: () => [] });
const two = () => ({ weights: [], call: () => [] });

Deno.test("findCustom() finds names with and without their package", () => {
  assertEquals(findCustom({ Twice: one }, "Twice", "my>Twice"), one);
  assertEquals(findCustom({ "my>Twice": one }, "Twice", "my>Twice"), one);
  assertEquals(findCustom({ "my>Twice": one }, "Twice"), one);
  assertEquals(findCustom({ Twice: one }, "my>Twice"), one);
  assertEquals(findCustom({ "other>Twice": one }, "my>Twice"), undefined);
  const both = { "my>Twice": one, "other>Twice": two };
  assertEquals(findCustom(both, "Twice", "other>Twice"), two);
  assertEquals(findCustom(both, "Twice"), undefined);
  assertEquals(findCustom({}, "constructor"), undefined);
});

Deno.test("customFunction() gives functions, not aliases", () => {
  assertEquals(customFunction({ A: one, B: "Dense" }, "A"), one);
  assertEquals(customFunction({ A: one, B: "Dense" }, "B"), undefined);
});

Deno.test("customTable() joins both, and refuses what is none or differs", () => {
  assertEquals(customTable({ A: one }, { B: two }), { A: one, B: two });
  assertEquals(customTable({ A: one }, { A: one }), { A: one });
  assertThrows(
    () => customTable({ A: one }, { A: two }),
    TypeError,
    "not in both",
  );
  assertThrows(
    () => customTable({ A: 3 as unknown as string }, {}),
    TypeError,
    'custom object "A" must be a function, or the name of a known class',
  );
});
