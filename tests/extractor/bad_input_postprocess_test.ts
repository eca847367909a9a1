/**
 * What postprocessings get that throw, give no tensor, or another number of
 * rows, from the outside: an error that names the layer, and no tensor more.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, half, normalize, type tf } from "@sonde/sonde";
import { counted, onBackends } from "../support/backends.ts";
import { array, convnet, free } from "./_models.ts";

const QUIET = { progress: false };

onBackends(
  "functions that fail end a run, and name the layer",
  async ({ name }) => {
    const model = convnet();
    const base = new FeatureExtractor(model).layers(["conv", "pool"]).batch(2)
      .engine("tfjs", { backend: name });
    const cases: [(x: tf.Tensor) => unknown, string][] = [
      [
        function tooMuch(x) {
          x.square();
          throw new Error("too much");
        },
        'Cannot postprocess layer "conv" as "tooMuch" throws: too much',
      ],
      [
        (x) => x.square().dataSync(),
        'Cannot postprocess layer "conv" as its function must return a tensor of 2 rows: current value is a ',
      ],
      [
        (x) => x.mean(0),
        "must return a tensor of 2 rows: current value is [6, 6, 4]",
      ],
      [(x) => x.sum(), "must return a tensor of 2 rows: current value is []"],
      [() => null, "must return a tensor of 2 rows: current value is null"],
      [
        async (x) => await Promise.resolve(x),
        "current value is a Promise; make it synchronous",
      ],
    ];
    for (const [step, text] of cases) {
      if (name === "webgpu" && text.endsWith("a ")) continue; // no dataSync there
      await assertRejects(
        () =>
          base.postprocess(...[step as never]).predict(
            array([3, 8, 8, 2]),
            QUIET,
          ),
        Error,
        text,
      );
    }
    free(model);
  },
);

counted("half() names the layer whose values are beyond float16", async () => {
  const model = convnet();
  const extractor = new FeatureExtractor(model).layers(["pool", "conv"])
    .postprocess({ conv: half() }).batch(2);
  const x = array([3, 8, 8, 2]);
  const fits = await extractor.predict(x, QUIET);
  assertEquals(fits.features.map(({ dtype }) => dtype), ["float32", "float16"]);
  x.data.fill(1e6, 2 * 128);
  await assertRejects(
    () => extractor.predict(x, QUIET),
    RangeError,
    'Cannot keep layer "conv" as float16 as its values must lie within ±65504, in row 2 too',
  );
  const small = extractor.postprocess({ conv: [normalize(), half()] });
  assertEquals((await small.predict(x, QUIET)).features[1]!.dtype, "float16");
  free(model);
});
