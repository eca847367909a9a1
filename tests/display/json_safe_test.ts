import { assertEquals, assertThrows } from "@std/assert";
import { jsonSafe } from "../../lib/display/json_safe.ts";

Deno.test("jsonSafe() turns everything that a kernel does not take into plain data", () => {
  const value = {
    big: 10n,
    floats: Float32Array.of(1, NaN),
    bytes: new DataView(Uint8Array.of(1, 2).buffer),
    symbol: Symbol("x"),
    list: [undefined, () => 1, -Infinity],
    gone: undefined,
    lone: "\ud800",
  };
  assertEquals(jsonSafe(value), {
    big: "10",
    floats: [1, null],
    bytes: [1, 2],
    list: [null, null, null],
    lone: "\ufffd",
  });
});

Deno.test("jsonSafe() gives null for what has no form in JSON", () => {
  assertEquals(jsonSafe(Symbol("x")), null);
  assertEquals(jsonSafe(undefined), null);
});

Deno.test("jsonSafe() refuses a value that holds itself", () => {
  const ring: { self?: unknown } = {};
  ring.self = ring;
  assertThrows(() => jsonSafe(ring), TypeError);
});
