import { assertEquals } from "@std/assert";
import { FeatureExtractor, fromLayersModel, tf } from "@sonde/sonde";
import { nanForms } from "../../../lib/engines/tfjs/nan_run.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { counted } from "../../support/backends.ts";
import { Doubling } from "../../extractor/_models.ts";

const ENGINES = [
  ["onnx", {}],
  ["tfjs", { backend: "wasm" }],
  ["tfjs", { backend: "cpu" }],
] as const;

/** One NaN at the start of 16 numbers. */
const X = {
  data: Float32Array.from({ length: 16 }, (_, i) => i === 0 ? NaN : i),
  shape: [1, 4, 4, 1],
  dtype: "float32",
} as const;

const LAYERS = {
  maxPooling: () => tf.layers.maxPooling2d({ poolSize: 2 }),
  averagePooling: () => tf.layers.averagePooling2d({ poolSize: 2 }),
  relu: () => tf.layers.activation({ activation: "relu" }),
  relu6: () => tf.layers.reLU({ maxValue: 6 }),
  conv: () =>
    tf.layers.conv2d({
      filters: 1,
      kernelSize: 2,
      strides: 2,
      kernelInitializer: "ones",
      activation: "relu",
    }),
};

for (const [name, layer] of Object.entries(LAYERS)) {
  counted(`NaN in an input stays on every engine: ${name}`, async () => {
    const model = tf.sequential();
    model.add(tf.layers.inputLayer({ inputShape: [4, 4, 1] }));
    model.add(layer());
    for (const [engine, options] of ENGINES) {
      const extractor = new FeatureExtractor(model).layers([-1])
        .logits(false).engine(engine, options);
      const [feature] = (await extractor.predict(X)).features;
      assertEquals([...feature!.data].map(Number.isNaN).indexOf(true), 0);
      assertEquals([...feature!.data].filter(Number.isNaN).length, 1);
      const x = tf.tensor(X.data, [1, 4, 4, 1]);
      if (engine === "tfjs") {
        const { features } = await extractor.predictTensor(x);
        assertEquals(features[0]!.dataSync(), feature!.data as Float32Array);
        tf.dispose(features);
      }
      x.dispose();
    }
    model.dispose();
  });
}

counted(
  "nanForms() reads weights as they are now, and only where need be",
  async () => {
    const model = tf.sequential({
      layers: [tf.layers.dense({
        units: 1,
        inputShape: [1],
        useBias: false,
        name: "only",
      })],
    });
    const graph = modelGraphOf(fromLayersModel(model))!;
    const nodes = [graph.findNode("only")];
    const fed = (value: number) => [
      {
        data: Float32Array.of(value),
        shape: [1, 1],
        dtype: "float32" as const,
      },
    ];
    assertEquals(await nanForms(nodes, fed(1)), undefined);
    const weight = tf.ones([1, 1]);
    model.setWeights([weight]);
    const forms = await nanForms(nodes, fed(Infinity));
    assertEquals([...forms!.host.values()].map(({ data }) => [...data]), [[1]]);
    weight.dispose();
    model.dispose();
  },
);

Deno.test("nanForms() leaves custom classes to TF.js", async () => {
  const model = tf.sequential({ layers: [new Doubling({ inputShape: [2] })] });
  const node = modelGraphOf(fromLayersModel(model))!.listed.at(-1)!;
  const data = Float32Array.of(NaN, 0);
  const input = { data, shape: [1, 2], dtype: "float32" } as const;
  const forms = await nanForms([node], [input]);
  assertEquals(forms!.callOf(node), undefined);
  model.dispose();
});
