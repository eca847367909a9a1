import { checkRun, engineSettings } from "../../lib/extractor/options.ts";
import { UnsupportedByEngineError } from "../../lib/errors.ts";
import type { RunOptions } from "../../lib/types.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("engineSettings() keeps what was requested", () => {
  assertEquals(engineSettings("auto", {}), {
    engine: "auto",
    backend: undefined,
    threads: undefined,
    device: undefined,
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

Deno.test("engineSettings() refuses threads that would only wait for each other", () => {
  const most = Math.max(64, 4 * navigator.hardwareConcurrency);
  assertEquals(engineSettings("onnx", { threads: most }).threads, most);
  assertThrows(
    () => engineSettings("onnx", { threads: most + 1 }),
    RangeError,
    `Cannot set engine as "threads" must be at most ${most} on this machine: current value is ${
      most + 1
    }; leave it out to use all its processors`,
  );
});

function refused(options: unknown): Error {
  return assertThrows(() => checkRun("predict", [], options as RunOptions));
}

Deno.test("checkRun() accepts the options of a run, and further ones", () => {
  const { signal } = new AbortController();
  checkRun("predict", [], {});
  checkRun("predict", [], { signal, onProgress: () => {}, progress: false });
  const more = { quantile: 0.5 } as RunOptions;
  checkRun("fit react", [], more, ["quantile"]);
});

Deno.test("checkRun() refuses options of another type, and others", () => {
  for (
    const [options, rule] of [
      [{ signal: true }, '"signal" must be an AbortSignal'],
      [{ onProgress: 1 }, '"onProgress" must be a function'],
      [{ progress: "yes" }, '"progress" must be true or false'],
      [{ batch: 3 }, '"batch"'],
      [Promise.resolve({}), "await"],
    ] as const
  ) {
    const { name, message } = refused(options);
    assertEquals([name, message.includes(rule)], ["TypeError", true], message);
  }
});

Deno.test("checkRun() throws where the run is stopped already", () => {
  const { name, message } = refused({ signal: AbortSignal.abort() });
  assertEquals([name, message.includes("before it began")], [
    ...["AbortError", true],
  ]);
});

Deno.test("checkRun() names the setting for what is no option of a run", () => {
  for (
    const [options, call] of [
      [{ batchSize: 8 }, ".batch(…)"],
      [{ "batch_size": 8 }, ".batch(…)"],
      [{ backend: "cpu" }, '.engine("tfjs", { backend })'],
      [{ layers: [] }, ".layers(…)"],
    ] as const
  ) {
    const [key] = Object.keys(options);
    assertEquals(
      refused(options).message,
      `Cannot predict as every option must be one of "signal", "onProgress", "progress": current value is "${key}"; set it on the extractor, with ${call}`,
    );
  }
  assertEquals(
    refused(new Int32Array(3)).message,
    "Cannot predict as its options must be an object: current value is an Int32Array; labels are a part of the dataset, as in [x, y]",
  );
});

Deno.test("engineSettings() keeps the device, of the native engine alone", () => {
  assertEquals(engineSettings("onnx", { device: "webgpu" }).device, "webgpu");
  assertThrows(
    () => engineSettings("auto", { device: "webgpu" }),
    TypeError,
    'Cannot set engine as "device" must be left out: it is an option of ONNX alone: current value is "webgpu"; use "onnx"',
  );
  assertThrows(
    () => engineSettings("onnx", { device: "gpu" as "webgpu" }),
    RangeError,
    '"webgpu"',
  );
});

Deno.test("engineSettings() refuses half precision by name", () => {
  assertEquals(engineSettings("onnx", { precision: "single" }).engine, "onnx");
  assertThrows(
    () => engineSettings("onnx", { precision: "half" }),
    UnsupportedByEngineError,
    '"precision" must be "single"',
  );
});
