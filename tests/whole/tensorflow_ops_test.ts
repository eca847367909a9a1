/**
 * Raw operations as Keras 2 wrote them before 2.4:
 * `tests/data/make_tensorflow_ops.py`.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel, ModelFormatError } from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const FOLDER = new URL("../data/tensorflow_ops/", import.meta.url);
const EXPECTED: Readonly<Record<string, { x: Values; y: Values }>> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);

for (const [name, { x, y }] of Object.entries(EXPECTED)) {
  if (name === "unknown") continue;
  Deno.test(`TensorFlowOpLayer means what its operation computes: ${name}`, async () => {
    await using model = await loadModel(new URL(`${name}.h5`, FOLDER));
    const input = {
      shape: x.shape,
      data: Float32Array.from(x.data),
      dtype: "float32" as const,
    };
    for (const engine of ["onnx", "tfjs"] as const) {
      const set = await new FeatureExtractor(model).logits(false)
        .layers([model.layers.at(-1)!.name]).engine(engine).predict(input);
      const [found] = set.features;
      assertEquals(found!.shape, y.shape);
      assertAllClose(Float32Array.from(found!.data as Float32Array), y.data, {
        rtol: 1e-5,
        atol: 1e-6,
      });
    }
  });
}

Deno.test("an operation that is not known is named as TensorFlow's", async () => {
  await assertRejects(
    () => loadModel(new URL("unknown.h5", FOLDER)),
    ModelFormatError,
    "tf.raw_ops.BesselI0",
  );
});
