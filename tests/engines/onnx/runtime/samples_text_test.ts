import { assertEquals } from "@std/assert";
import { samplesText } from "../../../../lib/engines/onnx/runtime/samples_text.ts";

Deno.test("samplesText() names one sample, and several by the first and the last", () => {
  assertEquals(samplesText(7, 1), "sample 7");
  assertEquals(samplesText(0, 64), "samples 0 to 63");
  assertEquals(samplesText(64, 2), "samples 64 to 65");
});
