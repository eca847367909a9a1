/**
 * Layers with options that are seldom set, of the real Keras:
 * `tests/data/make_option_layers.py`.
 */
import { assertEquals } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { inTurn } from "../support/extent.ts";

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const FOLDER = new URL("../data/option_layers/", import.meta.url);
const EXPECTED: Readonly<Record<string, { x: Values; y: Values }>> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);

for (const [at, [name, { x, y }]] of Object.entries(EXPECTED).entries()) {
  Deno.test(`a layer with seldom options computes as in Keras: ${name}`, async () => {
    await using model = await loadModel(new URL(name, FOLDER));
    const input = {
      shape: x.shape,
      data: Float32Array.from(x.data),
      dtype: "float32" as const,
    };
    for (const engine of inTurn(["onnx", "tfjs"] as const, at)) {
      const { features: [found] } = await new FeatureExtractor(model)
        .layers([model.layers.at(-1)!.name]).logits(false).engine(engine)
        .predict(input, { progress: false });
      assertEquals(found!.shape, y.shape);
      assertAllClose([...found!.data] as number[], [...y.data], {
        rtol: 0,
        atol: 1e-5 * Math.max(...y.data.map(Math.abs)),
      });
    }
  });
}
