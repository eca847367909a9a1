import {
  chooseEngine,
  type EngineChoice,
} from "../../lib/extractor/choose_engine.ts";
import { resolve } from "../../lib/extractor/compile.ts";
import { FeatureExtractor } from "../../lib/extractor/feature_extractor.ts";
import { DEFAULTS, type Settings } from "../../lib/extractor/settings.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { counted } from "../support/backends.ts";
import { modelPath } from "../support/keras_models.ts";
import { openOnnxModel } from "../support/onnx_models.ts";
import { filled, free, mlp } from "./_models.ts";
import {
  fromLayersModel,
  loadModel,
  pool,
  tf,
  UnsupportedByEngineError,
} from "@sonde/sonde";
import { assert, assertEquals, assertRejects } from "@std/assert";

const FASTEST = '"wasm" is its fastest backend without a graphics card';

function resolved(model: tf.LayersModel, settings: Partial<Settings> = {}) {
  const graph = modelGraphOf(fromLayersModel(model))!;
  const layers = [graph.findNode(0)];
  return resolve(graph, { ...DEFAULTS, layers, ...settings });
}

/** A choice of the native engine, which comes with the recorded program. */
function withoutRecording(choice: EngineChoice) {
  assert(choice.engine === "onnx");
  const { recording, ...rest } = choice;
  assert(recording !== undefined);
  return rest;
}

counted("chooseEngine() chooses wasm, or what was requested", async () => {
  const model = mlp();
  const program = resolved(model, { postprocess: [(x) => tf.square(x)] });
  const obstacle = `a function of the caller's postprocesses "hidden"`;
  assertEquals(await chooseEngine(program, DEFAULTS), {
    engine: "tfjs",
    backend: "wasm",
    reason: `"tfjs" because ${obstacle}; ${FASTEST}`,
  });
  const tfjs = await chooseEngine(program, { ...DEFAULTS, engine: "tfjs" });
  assertEquals(tfjs.reason, `engine "tfjs" was requested; ${FASTEST}`);
  for (const backend of ["cpu", "wasm", "webgpu"] as const) {
    assertEquals(await chooseEngine(program, { ...DEFAULTS, backend }), {
      engine: "tfjs",
      backend,
      reason: `backend "${backend}" was requested`,
    });
  }
  await assertRejects(
    () => chooseEngine(program, { ...DEFAULTS, engine: "onnx" }),
    UnsupportedByEngineError,
    `Cannot run the model as ${obstacle}; use .engine("tfjs") or leave the engine out: current engine is "onnx"`,
  );
  free(model);
});

counted("chooseEngine() keeps away from what wasm computes wrong", async () => {
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
    (await chooseEngine(program, { ...DEFAULTS, engine: "tfjs" })).reason,
    'engine "tfjs" was requested; "cpu" because of "up" (Conv3DTranspose): "wasm" computes it wrong',
  );
  await assertRejects(
    () =>
      chooseEngine(program, { ...DEFAULTS, engine: "tfjs", backend: "wasm" }),
    UnsupportedByEngineError,
    'Cannot run layer "up" (Conv3DTranspose) as its backend must give right numbers, and "wasm" computes it wrong; use .engine("tfjs", { backend: "cpu" }): current engine is "tfjs:wasm"',
  );
  free(model);
});

counted(
  "chooseEngine() takes the native engine where it can run everything",
  async () => {
    await using model = await loadModel(modelPath("k3_unet.keras"));
    const graph = modelGraphOf(model)!;
    const settings = { ...DEFAULTS, layers: [graph.findNode(-1)] };
    const chosen = await chooseEngine(resolve(graph, settings), settings);
    assertEquals(withoutRecording(chosen), {
      engine: "onnx",
      threads: undefined,
      reason: "every layer can run on the native engine, which is the fastest",
    });
    const asked = { ...settings, engine: "onnx", threads: 1 } as const;
    const other = await chooseEngine(resolve(graph, asked), asked);
    assertEquals(withoutRecording(other), {
      engine: "onnx",
      threads: 1,
      reason: 'engine "onnx" was requested',
    });
  },
);

counted(
  "chooseEngine() names what keeps a program from the native engine",
  async () => {
    await using model = await loadModel(modelPath("k3_text.keras"));
    const graph = modelGraphOf(model)!;
    const layers = [graph.findNode("head")];
    const own = (x: tf.Tensor) => tf.square(x);
    const cases: [Partial<Settings>, string][] = [
      [
        { perturbation: { epsilon: 0.1, temperature: 1 } },
        "perturb() needs gradients",
      ],
      [
        { postprocess: [own] },
        'a function of the caller\'s postprocesses "head"',
      ],
      [{
        postprocess: [pool("mean", { channels: "last" })],
        layers: [graph.findNode("embedding")],
      }, ""],
    ];
    for (const [change, why] of cases) {
      const settings = { ...DEFAULTS, layers, ...change };
      const choice = await chooseEngine(resolve(graph, settings), settings);
      if (why === "") assertEquals(choice.engine, "onnx");
      else {assert(
          choice.reason.startsWith(`"tfjs" because ${why}; `),
          choice.reason,
        );}
    }
  },
);

counted("chooseEngine() chooses a graphics card if there is one", async () => {
  const card = () => Promise.resolve("H100");
  const uneven = filled(tf.sequential({
    layers: [
      tf.layers.batchNormalization({ axis: 1, inputShape: [3, 2], name: "bn" }),
    ],
  }));
  const obstacle =
    '"tfjs" because "bn" (BatchNormalization) has another meaning in TF.js';
  const program = resolved(uneven);
  const choose = (find: () => Promise<string | undefined>) =>
    chooseEngine(program, DEFAULTS, find);
  assertEquals(await choose(card), {
    engine: "tfjs",
    backend: "webgpu",
    reason: `${obstacle}; "webgpu" because there is a card, "H100"`,
  });
  assertEquals(
    (await choose(() => Promise.resolve(undefined))).reason,
    `${obstacle}; ${FASTEST}`,
  );
  free(uneven);
});

counted("chooseEngine() looks for no card that it must not use", async () => {
  const model = mlp();
  const asked = () => Promise.reject(new Error("asked"));
  const own = { postprocess: [(x: tf.Tensor) => tf.square(x)] };
  const gradients = { perturbation: { epsilon: 0.1, temperature: 1 } };
  const cases: [Partial<Settings>, string][] = [
    [{}, "onnx"],
    [own, "tfjs wasm"],
    [gradients, "tfjs wasm"],
    [{ engine: "tfjs" }, "tfjs wasm"],
  ];
  for (const [change, wanted] of cases) {
    const settings = { ...DEFAULTS, ...change };
    const choice = await chooseEngine(resolved(model, change), settings, asked);
    const found = choice.engine === "tfjs" ? `tfjs ${choice.backend}` : "onnx";
    assertEquals(found, wanted);
  }
  free(model);
});

Deno.test("chooseEngine() runs ONNX files on ONNX Runtime, and says so", async () => {
  await using model = await openOnnxModel("opset7");
  const plan = await new FeatureExtractor(model).plan();
  assertEquals(plan.engine, "onnx");
  assertEquals(plan.reason, "an ONNX file is run by ONNX Runtime");
});

Deno.test("chooseEngine() refuses gradients, functions on tensors and other engines", async () => {
  await using model = await openOnnxModel("opset7");
  const extractor = new FeatureExtractor(model);
  const refused = (run: () => Promise<unknown>, text: string) =>
    assertRejects(run, UnsupportedByEngineError, text);
  await refused(
    () => extractor.perturb({ epsilon: 0.1 }).plan(),
    "ONNX Runtime gives none",
  );
  await refused(
    () => extractor.layers("dense").postprocess((x) => x.relu()).plan(),
    'Cannot postprocess layer "dense"',
  );
  await refused(() => extractor.engine("tfjs").plan(), 'engine is "tfjs"');
  await refused(
    () => extractor.engine("tfjs", { backend: "cpu" }).plan(),
    'engine is "tfjs:cpu"',
  );
});

Deno.test("chooseEngine() chooses the processor for batches that are not worth a card", async () => {
  await using model = await loadModel("notebooks/models/keras/digits.keras");
  const graph = modelGraphOf(model)!;
  const unasked = () => Promise.reject(new Error("asked"));
  const settings = { ...DEFAULTS, engine: "onnx", device: "auto" } as const;
  const program = resolve(graph, settings);
  const choice = await chooseEngine(program, settings, unasked);
  assert(choice.engine === "onnx");
  assertEquals(choice.device, "cpu");
  assert(/takes .* multiplications, less than 1e\+10/.test(choice.reason));
  const large = { ...settings, batchSize: 10_000 };
  const none = await chooseEngine(
    program,
    large,
    () => Promise.resolve(undefined),
  );
  assertEquals(
    none.reason,
    'engine "onnx" was requested; "cpu" because there is no graphics card',
  );
});

Deno.test("the device is part of the source of a set, as it was chosen", async () => {
  await using model = await loadModel("notebooks/models/keras/digits.keras");
  const extractor = new FeatureExtractor(model).layers([-2]);
  const x = {
    data: new Float32Array(784),
    shape: [1, 28, 28, 1],
    dtype: "float32",
  } as const;
  const plain = await extractor.predict(x);
  for (const device of ["cpu", "auto"] as const) {
    const set = await extractor.engine("onnx", { device }).predict(x);
    assertEquals(set.source, plain.source);
  }
  const asked = { ...DEFAULTS, device: "webgpu" } as const;
  assertEquals(
    JSON.parse(resolve(modelGraphOf(model)!, asked).settings).device,
    "webgpu",
  );
});
