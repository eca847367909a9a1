import { assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../lib/errors.ts";
import { readModel } from "../../lib/models/read_model.ts";

const DIGITS = new URL(
  "../../notebooks/models/keras/digits.keras",
  import.meta.url,
);

const OPSET7 = new URL("../data/onnx_models/opset7.onnx", import.meta.url);

function noRuntime(): Promise<void> {
  throw new Error("the runtime was started");
}

Deno.test("readModel() tells a model by its content, from a path, a URL, bytes or a Blob", async () => {
  const bytes = await Deno.readFile(DIGITS);
  const path = decodeURIComponent(DIGITS.pathname);
  for (const source of [path, DIGITS, bytes, new Blob([bytes])]) {
    await using model = await readModel(source, {}, noRuntime);
    assertEquals(model.format, "keras");
  }
  await assertRejects(
    () => readModel(new TextEncoder().encode("<!doctype html>"), {}, noRuntime),
    ModelFormatError,
  );
});

Deno.test("readModel() starts the runtime for an ONNX file, and for no other", async () => {
  let starts = 0;
  const started = () => Promise.resolve(void starts++);
  await using keras = await readModel(DIGITS, {}, started);
  assertEquals([keras.format, starts], ["keras", 0]);
  await using onnx = await readModel(OPSET7, {}, started);
  assertEquals([onnx.format, starts], ["onnx", 1]);
});
