import { assertEquals } from "@std/assert";
import { arithmetic, promoted } from "../../lib/ops/promotion.ts";

Deno.test("promoted() gives the type that holds all", () => {
  assertEquals(promoted("bool"), "bool");
  assertEquals(promoted("bool", "int32"), "int32");
  assertEquals(promoted("float32", "int32", "bool"), "float32");
});

Deno.test("arithmetic() counts booleans as integers", () => {
  assertEquals(arithmetic("bool", "bool"), "int32");
  assertEquals(arithmetic("int32"), "int32");
  assertEquals(arithmetic("bool", "float32"), "float32");
});
