import { assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel, tf, UnsupportedByEngineError } from "@sonde/sonde";
import {
  checkBackend,
  chooseBackend,
  isForCard,
} from "../../lib/extractor/choose_backend.ts";
import { resolve } from "../../lib/extractor/compile.ts";
import { DEFAULTS, type Settings } from "../../lib/extractor/settings.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { counted } from "../support/backends.ts";
import { free, mlp } from "./_models.ts";

function resolved(model: tf.LayersModel, settings: Partial<Settings> = {}) {
  const graph = modelGraphOf(fromLayersModel(model))!;
  const layers = [graph.findNode(0)];
  return resolve(graph, { ...DEFAULTS, layers, ...settings });
}

counted(
  "chooseBackend() leaves out the backend that computes a layer wrong, which checkBackend() refuses",
  () => {
    const up = {
      name: "up",
      filters: 1,
      kernelSize: 2,
      inputShape: [2, 2, 2, 1],
    };
    const model = tf.sequential({ layers: [tf.layers.conv3dTranspose(up)] });
    const program = resolved(model);
    assertEquals(chooseBackend(program, "so").backend, "cpu");
    checkBackend(program, "cpu");
    assertThrows(
      () => checkBackend(program, "wasm"),
      UnsupportedByEngineError,
      'use .engine("tfjs", { backend: "cpu" })',
    );
    free(model);
  },
);

counted("isForCard() leaves custom code to the processor", () => {
  const model = mlp();
  assertEquals(isForCard(resolved(model)), true);
  const custom = resolved(model, { postprocess: [(x) => tf.square(x)] });
  assertEquals(isForCard(custom), false);
  free(model);
});
