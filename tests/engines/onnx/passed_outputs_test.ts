import { assertEquals } from "@std/assert";
import { passedOutputs } from "../../../lib/engines/onnx/passed_outputs.ts";
import { recordOutputs } from "../../../lib/engines/onnx/record_outputs.ts";
import type { OnnxOutput } from "../../../lib/engines/onnx/runtime/messages.ts";
import { compile } from "../../../lib/extractor/compile.ts";
import { DEFAULTS } from "../../../lib/extractor/settings.ts";
import type { Settings } from "../../../lib/extractor/settings.ts";
import type { Ref } from "../../../lib/models/graph/graph.ts";
import type { ModelGraph } from "../../../lib/models/graph/model_graph.ts";
import { pool } from "../../../lib/postprocess/pool.ts";
import { react } from "../../../lib/shaping/react.ts";
import { openOnnxModel } from "../../support/onnx_models.ts";

/** A tensor of the model, as the runtime describes it. */
function outputOf({ node, index }: Ref): OnnxOutput {
  const { name, outputs } = node.row;
  return { name, type: "float32", shape: outputs[index]!.shape };
}

async function outputsOf(model: ModelGraph, settings: Partial<Settings>) {
  const program = await compile(model, { ...DEFAULTS, ...settings });
  const { names, graph } = recordOutputs(program, outputOf);
  return {
    passed: passedOutputs(program, outputOf),
    names,
    isRecorded: graph.outputs.length > 0,
  };
}

Deno.test("passedOutputs() names what recordOutputs() names, where no step is recorded", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const layers = model.findNodes([0, -1]);
  for (
    const settings of [
      {},
      { layers },
      { layers, wantsLogits: false },
      { penultimate: "plain" },
      { layers, penultimate: "plain", wantsLogits: false },
    ] as const
  ) {
    const { passed, names, isRecorded } = await outputsOf(model, settings);
    assertEquals(isRecorded, false);
    assertEquals(passed, names);
  }
});

Deno.test("passedOutputs() is undefined where a step follows", async () => {
  await using model = await openOnnxModel("torch_cnn");
  const layers = model.findNodes([0]);
  for (
    const settings of [
      { layers, postprocess: [pool("mean")] },
      { shaping: react(1) },
      { shaping: react(1), penultimate: "shaped", wantsLogits: false },
    ] as const
  ) {
    const { passed, isRecorded } = await outputsOf(model, settings);
    assertEquals([passed, isRecorded], [undefined, true]);
  }
  await using convolved = await openOnnxModel("torch_conv_head");
  const { passed, isRecorded } = await outputsOf(convolved, {});
  assertEquals([passed, isRecorded], [undefined, true]);
});
