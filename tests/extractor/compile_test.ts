import { assertEquals, assertNotEquals } from "@std/assert";
import { FeatureExtractor, half, pool, tf } from "@sonde/sonde";
import { compile, resolve } from "../../lib/extractor/compile.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import { graphOf } from "../support/graph_of.ts";
import { counted } from "../support/backends.ts";
import { array, branched, convnet, filled, free, mlp } from "./_models.ts";

const QUIET = { progress: false };

async function settingsOf(
  extractor: FeatureExtractor,
  shape: number[],
): Promise<string> {
  const set = await extractor.predict(array(shape), QUIET);
  return set.source!.settings;
}

counted("settings have one text however they were set", async () => {
  const model = convnet();
  const base = new FeatureExtractor(model);
  const of = (extractor: FeatureExtractor) =>
    settingsOf(extractor, [1, 8, 8, 2]);
  assertEquals(
    await of(base.layers(["conv", "pool"]).react(1)),
    await of(base.react(0).react(1).layers([0]).layers(/^(conv|pool)$/)),
  );
  assertEquals(await of(base), await of(base.head("head")));
  assertEquals(await of(base), await of(base.input("conv")));
  assertEquals(await of(base), await of(base.batch(1)));
  assertEquals(
    await of(base),
    await of(base.engine("tfjs", { backend: "cpu" })),
  );
  assertEquals(
    await of(base.layers(["conv"]).postprocess(pool("max"))),
    await of(base.layers(["conv"]).postprocess({ conv: [pool("max")] })),
  );
  assertEquals(
    await of(base.layers(["conv"]).postprocess(pool("max"), half())),
    await of(base.layers("conv").postprocess({ conv: [pool("max"), half()] })),
  );
  free(model);
});

counted("settings are another text for another thing", async () => {
  const model = mlp();
  const base = new FeatureExtractor(model).layers(["hidden"]);
  const own = (x: tf.Tensor) => x.relu();
  const found = await Promise.all([
    base,
    base.layers(["head"]),
    base.layers(["hidden", "head"]),
    base.layers(["head", "hidden"]),
    base.penultimate(),
    base.head("hidden"),
    base.react(1),
    base.react(2),
    base.vra(0, 1),
    base.ash(0.5),
    base.ash(0.5, { variant: "p" }),
    base.scale(0.5),
    base.scale(0.5, { interpolation: "linear" }),
    base.perturb({ epsilon: 1 }),
    base.perturb({ epsilon: 1, temperature: 2 }),
    base.postprocess(half()),
    base.postprocess(pool("max")),
    base.postprocess(pool("mean")),
    base.postprocess(own),
    base.postprocess((x) => x.relu()),
  ].map((extractor) => settingsOf(extractor, [1, 4])));
  const cut = base.layers(["head"]).input("head");
  found.push(await settingsOf(cut, [1, 5]));
  assertEquals(new Set(found).size, 21);
  assertEquals(
    await settingsOf(base.postprocess(own), [1, 4]),
    await settingsOf(base.postprocess(own), [1, 4]),
  );
  free(model);
});

counted(
  "a head before its activation is another than the layer's output",
  async () => {
    const model = filled(tf.sequential({
      layers: [
        tf.layers.dense({
          name: "d",
          units: 3,
          activation: "relu",
          inputShape: [4],
        }),
        tf.layers.softmax(),
      ],
    }));
    const base = new FeatureExtractor(model);
    assertNotEquals(
      await settingsOf(base, [1, 4]),
      await settingsOf(base.head("d"), [1, 4]),
    );
    free(model);
  },
);

counted("a source names the model by what it computes", async () => {
  const [a, b, c] = [mlp(), mlp(), mlp("linear")];
  const sources = await Promise.all(
    [a, b, c].map(async (model) =>
      (await new FeatureExtractor(model).predict(array([1, 4]), QUIET)).source!
    ),
  );
  assertEquals(sources[0]!.model, sources[1]!.model);
  assertNotEquals(sources[0]!.model, sources[2]!.model);
  for (const model of [a, b, c]) free(model);
});

counted("resolve() orders what is needed, once", () => {
  const model = branched();
  const graph = graphOf(model);
  const layers = ["sum", "left"].map((name) => graph.findNode(name));
  const { schedule, specs, logits } = resolve(graph, { ...DEFAULTS, layers });
  const names = schedule.nodes.map(({ row }) => row.name);
  assertEquals([...names].sort(), ["head", "left", "right", "stem", "sum"]);
  assertEquals(names.indexOf("stem") < names.indexOf("left"), true);
  assertEquals(names.indexOf("right") < names.indexOf("sum"), true);
  assertEquals(specs.map(({ name }) => name), ["sum", "left"]);
  assertEquals(logits!.head!.weights.kernel.shape, [0, 0]);
  free(model);
});

counted("compile() reads the head's weights as they are now", async () => {
  const model = mlp();
  const graph = graphOf(model);
  const before = await compile(graph, DEFAULTS);
  const weights = [tf.ones([5, 3]), tf.zeros([3])];
  model.getLayer("head").setWeights(weights);
  tf.dispose(weights);
  const after = await compile(graph, DEFAULTS);
  assertNotEquals(before.head!.kernel.data, after.head!.kernel.data);
  assertEquals(after.head!.kernel.data, new Float32Array(15).fill(1));
  assertEquals(after.logits!.head!.weights, after.head!);
  free(model);
});
