import { assertEquals, assertThrows } from "@std/assert";
import { engineSettings } from "../../lib/extractor/engine_settings.ts";

Deno.test("engineSettings() keeps what was asked for", () => {
  assertEquals(engineSettings("auto", {}), {
    engine: "auto",
    backend: undefined,
    threads: undefined,
  });
  assertEquals(engineSettings("tfjs", { backend: "cpu" }).backend, "cpu");
  assertEquals(engineSettings("auto", { backend: "cpu" }).backend, "cpu");
  assertEquals(engineSettings("onnx", { threads: 3 }).threads, 3);
  assertEquals(engineSettings("auto", { threads: 3 }).threads, 3);
});

Deno.test("engineSettings() refuses an option of the other engine", () => {
  assertThrows(
    () => engineSettings("onnx", { backend: "wasm" }),
    TypeError,
    'Cannot set engine as "backend" must be left out: it is an option of TF.js alone: current value is "wasm"; use "tfjs"',
  );
  assertThrows(
    () => engineSettings("auto", { backend: "wasm", threads: 2 }),
    TypeError,
    '"backend" must be left out',
  );
  assertThrows(
    () => engineSettings("tfjs", { threads: 2 }),
    TypeError,
    'Cannot set engine as "threads" must be left out: it is an option of ONNX alone: current value is 2; use "onnx"',
  );
});

Deno.test("engineSettings() refuses threads that are no positive integer", () => {
  for (const threads of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => engineSettings("onnx", { threads }), RangeError);
  }
});
