import { assertEquals, assertThrows } from "@std/assert";
import {
  checkOutput,
  feedOf,
  openStages,
  optionalKey,
} from "../../../lib/engines/onnx/file_stages.ts";
import { compile } from "../../../lib/extractor/compile.ts";
import { DEFAULTS } from "../../../lib/extractor/settings.ts";
import { Pacer } from "../../../lib/formats/pacer.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

Deno.test("openStages() opens what a program needs, and returns the shapes of its outputs", async () => {
  await using model = await openOnnxModel("opset7");
  const program = await compile(model, DEFAULTS);
  const calls = program.schedule.nodes.flatMap(({ call }) =>
    call.kind === "raw" ? [call.onnx!] : []
  );
  const opened = await openStages(
    program,
    calls,
    { threads: 1 },
    new Pacer(),
  );
  await opened.stages.close();
  assertEquals(opened.inputs, ["x"]);
  assertEquals(opened.outputs.map(({ type, shape }) => [type, shape]), [
    ["float32", [null, 3]],
  ]);
  assertEquals(optionalKey(program) === undefined, !program.logits?.isOptional);
  const [{ ref, spec }] = program.feeds as [typeof program.feeds[number]];
  assertEquals(feedOf(model.onnx!, ref, spec).shape, [null, 4]);
  const output = { name: "y", type: "float32", shape: [null, 3] } as const;
  for (const rows of [null, 1]) {
    checkOutput(ref, { ...output, shape: [rows, 3] }, model.onnx!);
  }
  assertThrows(
    () => checkOutput(ref, { ...output, shape: [7, 3] }, model.onnx!),
    TypeError,
    "it must return one row per sample",
  );
  assertThrows(
    () => checkOutput(ref, { ...output, type: "string" }, model.onnx!),
    TypeError,
    "it must return a tensor of numbers",
  );
});
