import { assert, assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel, type Model } from "@sonde/sonde";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { assertAllClose } from "../support/all_close.ts";

/** An output of a model, as Keras computes it. */
interface Expected {
  readonly layer: string;
  /** Whether it depends on the other samples of a batch. */
  readonly depends: boolean;
  /** Of batches of six; absent if a sample is not one row. */
  readonly y?: readonly number[];
  readonly shape?: readonly number[];
}

const FOLDER = new URL("../data/mixed_samples/", import.meta.url);
const CASES: {
  readonly x: readonly number[];
  readonly any: readonly Expected[];
  readonly fixed: readonly Expected[];
} = JSON.parse(await Deno.readTextFile(new URL("expected.json", FOLDER)));
const ROWS = 6;
const WARNINGS = {
  any:
    /^results depend on \.batch\(\): ".*" computes? over all samples of a batch$/,
  fixed:
    /^results depend on the order of the samples: ".*" computes? over all 6 samples of a run$/,
  ordered:
    /^results depend on the order of the samples: ".*" treats? samples by their position in a batch, as a constant with a row for each does$/,
};

function samples(count: number) {
  const data = Float32Array.from(CASES.x.slice(0, count * 12));
  return { data, shape: [count, 4, 3], dtype: "float32" } as const;
}

for (const name of ["any", "fixed"] as const) {
  for (const engine of ["onnx", "tfjs"] as const) {
    Deno.test(`${name}.keras on ${engine}: outputs that depend on other samples are named, and as in Keras`, async () => {
      await using model = await loadModel(new URL(`${name}.keras`, FOLDER));
      const kept = CASES[name].filter(({ y }) => y !== undefined);
      for (const depends of [false, true]) {
        const wanted = kept.filter((one) => one.depends === depends);
        const ids = wanted.map(({ layer }) => outputOf(model, layer));
        const extractor = new FeatureExtractor(model).layers(ids)
          .logits(false).engine(engine).batch(ROWS);
        const { features } = await extractor.predict(samples(2 * ROWS));
        for (const [i, { layer, y, shape }] of wanted.entries()) {
          assertEquals(features[i]!.shape, shape, layer);
          assertAllClose(features[i]!.data, y!, { atol: 2e-5, rtol: 2e-5 });
        }
      }
    });
  }

  Deno.test(`plan() warns of each output of ${name}.keras that depends on other samples, and of no other`, async () => {
    await using model = await loadModel(new URL(`${name}.keras`, FOLDER));
    for (const { layer, depends, y } of CASES[name]) {
      if (y === undefined) continue;
      const extractor = new FeatureExtractor(model)
        .layers([outputOf(model, layer)]).logits(false);
      const { warnings } = await extractor.plan();
      assertEquals(warnings.length, depends ? 1 : 0, `${layer}: ${warnings}`);
      if (depends) assert(WARNINGS[name].test(warnings[0]!), warnings[0]);
    }
  });
}

Deno.test("a layer that does not have one row for each sample is refused in our words, on every engine", async () => {
  for (const name of ["any", "fixed"] as const) {
    await using model = await loadModel(new URL(`${name}.keras`, FOLDER));
    for (const engine of ["onnx", "tfjs"] as const) {
      for (const { layer } of CASES[name].filter(({ y }) => y === undefined)) {
        const extractor = new FeatureExtractor(model)
          .layers([outputOf(model, layer)]).logits(false).engine(engine);
        await assertRejects(
          () => extractor.predict(samples(ROWS)),
          TypeError,
          `Cannot take layer "${layer}`,
        );
      }
    }
  }
});

Deno.test("a model of a fixed batch size runs any number of samples where rows are apart, and refuses to pad others", async () => {
  await using model = await loadModel(new URL("fixed.keras", FOLDER));
  for (const engine of ["onnx", "tfjs"] as const) {
    const extractor = new FeatureExtractor(model).logits(false).engine(engine)
      .batch(4);
    const kept = CASES.fixed.filter(({ y }) => y !== undefined);
    const apart = kept.filter(({ depends }) => !depends);
    const { features } = await extractor
      .layers(apart.map(({ layer }) => outputOf(model, layer)))
      .predict(samples(ROWS + 1));
    for (const [i, { y, shape, layer }] of apart.entries()) {
      assertEquals(features[i]!.shape, [ROWS + 1, ...shape!.slice(1)], layer);
      const first = y!.slice(0, features[i]!.data.length);
      assertAllClose(features[i]!.data, first, { atol: 2e-5, rtol: 2e-5 });
    }
    const [mixed] = kept.filter(({ depends }) => depends);
    await assertRejects(
      () => extractor.layers([mixed!.layer]).predict(samples(ROWS + 1)),
      RangeError,
      "the number of samples must be a multiple of 6, which the model takes at once: a last batch cannot be padded",
    );
  }
});

Deno.test("constants with a row for each sample of a fixed batch are named, and a last batch has those of the first samples", async () => {
  const { x, outputs }: {
    readonly x: readonly number[];
    readonly outputs: readonly Required<Expected>[];
  } = JSON.parse(await Deno.readTextFile(new URL("ordered.json", FOLDER)));
  await using model = await loadModel(new URL("ordered.keras", FOLDER));
  const data = Float32Array.from(x.slice(0, 6 * 6));
  for (const engine of ["onnx", "tfjs"] as const) {
    const extractor = new FeatureExtractor(model).logits(false).engine(engine);
    for (const { layer, depends, y, shape } of outputs) {
      const one = extractor.layers([layer]);
      const { warnings } = await one.plan();
      assertEquals(warnings.length, depends ? 1 : 0, `${layer}: ${warnings}`);
      if (depends) assert(WARNINGS.ordered.test(warnings[0]!), warnings[0]);
      const inputs = { data, shape: [6, 2, 3], dtype: "float32" } as const;
      const { features: [feature] } = await one.predict(inputs);
      assertEquals(feature!.shape, [6, ...shape.slice(1)], layer);
      const first = y.slice(0, feature!.data.length);
      assertAllClose(feature!.data, first, { atol: 2e-6, rtol: 2e-6 });
    }
  }
});

/** The id of a layer's first output. */
function outputOf(model: Model, layer: string): string {
  const { row } = modelGraphOf(model)!.findNode(layer);
  return row.outputs.length > 1 ? `${layer}[0]` : layer;
}
