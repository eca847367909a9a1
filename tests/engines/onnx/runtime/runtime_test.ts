import { assert, assertEquals } from "@std/assert";
import {
  defaultThreads,
  messageOf,
  refusedByRuntime,
  samplesText,
} from "../../../../lib/engines/onnx/runtime/runtime.ts";
import { UnsupportedByEngineError } from "../../../../lib/errors.ts";

Deno.test("defaultThreads() is the number of processors that may be used", () => {
  assertEquals(defaultThreads(), navigator.hardwareConcurrency);
});

Deno.test("refusedByRuntime() reports the first line of an error of the runtime", () => {
  const cause = new Error("Non-zero status code\nat some line");
  const message = messageOf(cause);
  assertEquals(message, "Non-zero status code");
  const error = refusedByRuntime("run sample 3", message, cause);
  assert(error instanceof UnsupportedByEngineError);
  assertEquals(error.cause, cause);
  assert(error.message.startsWith(
    'Cannot run sample 3 as its runtime says "Non-zero status code"',
  ));
});

Deno.test("samplesText() names one sample, or the first and the last", () => {
  assertEquals(samplesText(3, 1), "sample 3");
  assertEquals(samplesText(0, 64), "samples 0 to 63");
});
