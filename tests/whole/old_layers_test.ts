/**
 * Layers of old versions of Keras, LoRA, resizing and quantisation, in files of
 * the real Keras: `tests/data/make_old_layers.py`.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { inTurn } from "../support/extent.ts";

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const FOLDER = new URL("../data/old_layers/", import.meta.url);
const EXPECTED: Readonly<Record<string, { x: Values; y: Values }>> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);
/** Files that must be refused, and what the error says. */
const REFUSED: Readonly<Record<string, string>> = {
  "quantized_lora.h5":
    'current value is "lora_kernel_a, lora_kernel_b"; save the model as .keras',
  "quantized_float8.keras": 'current value is "float8"; save it in Python',
};

Deno.test("a feature with time steps on its first axis is refused, also of as many samples", async () => {
  const input = {
    shape: [5, 5, 3],
    data: new Float32Array(75),
    dtype: "float32" as const,
  };
  await using model = await loadModel(new URL("time_major.h5", FOLDER));
  await assertRejects(
    () => new FeatureExtractor(model).layers(["rnn"]).predict(input),
    TypeError,
    'Cannot take layer "rnn" as its first axis must be that of the samples: current value is [5, null, 4]',
  );
});

for (const [at, [name, { x, y }]] of Object.entries(EXPECTED).entries()) {
  const says = REFUSED[name];
  if (says !== undefined) {
    Deno.test(`loadModel() refuses ${name} by name`, async () => {
      await assertRejects(
        async () => await (await loadModel(new URL(name, FOLDER))).close(),
        Error,
        says,
      );
    });
    continue;
  }
  Deno.test(`loadModel() computes ${name} as Keras does`, async () => {
    const input = {
      shape: x.shape,
      data: Float32Array.from(x.data),
      dtype: "float32" as const,
    };
    for (const engine of inTurn(["onnx", "tfjs"] as const, at)) {
      await using model = await loadModel(new URL(name, FOLDER));
      const last = name === "sizes_losses.h5" ? "head" : -1;
      const set = await new FeatureExtractor(model).layers([last])
        .engine(engine).predict(input);
      const found = set.features[0]!;
      assertEquals(found.shape, y.shape);
      const most = Math.max(...y.data.map(Math.abs));
      assertAllClose([...found.data] as number[], [...y.data], {
        rtol: 0,
        atol: 1e-5 * most,
      });
    }
  });
}
