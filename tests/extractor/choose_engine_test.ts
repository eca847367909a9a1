import { assertEquals, assertThrows } from "@std/assert";
import { fromLayersModel, tf, UnsupportedByEngineError } from "@sonde/sonde";
import { chooseEngine } from "../../lib/extractor/choose_engine.ts";
import { resolve } from "../../lib/extractor/compile.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import type { ModelGraph } from "../../lib/models/model_graph.ts";
import { counted } from "../support/backends.ts";
import { filled, free, mlp } from "./_models.ts";

function resolved(model: tf.LayersModel) {
  const graph = fromLayersModel(model) as ModelGraph;
  return resolve(graph, { ...DEFAULTS, layers: [graph.findNode(0)] });
}

counted("chooseEngine() takes wasm, or what was asked for", () => {
  const model = mlp();
  const program = resolved(model);
  const { backend, reason } = chooseEngine(program, DEFAULTS);
  assertEquals(backend, "wasm");
  assertEquals(reason.startsWith("models of TF.js run on TF.js; "), true);
  const tfjs = chooseEngine(program, { engine: "tfjs", backend: undefined });
  assertEquals(tfjs.reason.startsWith('engine "tfjs" was asked for; '), true);
  for (const backend of ["cpu", "wasm", "webgpu"] as const) {
    assertEquals(chooseEngine(program, { engine: "auto", backend }), {
      engine: "tfjs",
      backend,
      reason: `backend "${backend}" was asked for`,
    });
  }
  free(model);
});

counted("chooseEngine() keeps away from what wasm computes wrong", () => {
  const model = filled(tf.sequential({
    layers: [
      tf.layers.conv3dTranspose({
        name: "up",
        filters: 1,
        kernelSize: 2,
        inputShape: [2, 2, 2, 1],
      }),
    ],
  }));
  const program = resolved(model);
  assertEquals(
    chooseEngine(program, DEFAULTS).reason,
    'models of TF.js run on TF.js; "cpu" because of "up" (Conv3DTranspose): "wasm" computes it wrong',
  );
  assertThrows(
    () => chooseEngine(program, { engine: "tfjs", backend: "wasm" }),
    UnsupportedByEngineError,
    'Cannot run layer "up" (Conv3DTranspose) as its backend must give right numbers, and "wasm" computes it wrong; use .engine("tfjs", { backend: "cpu" }): current engine is "tfjs:wasm"',
  );
  free(model);
});
