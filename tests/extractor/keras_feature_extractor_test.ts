import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  FeatureExtractor,
  half,
  KerasFeatureExtractor,
  LayerNotFoundError,
  pool,
  tf,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { counted } from "../support/backends.ts";
import { array, convnet, filled, free, mlp, Parts } from "./_models.ts";

const QUIET = { progress: false };

counted(
  "KerasFeatureExtractor() selects the last layer by default",
  async () => {
    const model = mlp();
    const x = array([3, 4]);
    const set = await new KerasFeatureExtractor(model).predict(x, QUIET);
    assertEquals(set.layerNames, ["head"]);
    const none = new KerasFeatureExtractor(model, { featureLayersId: [] });
    assertEquals((await none.predict(x, QUIET)).features, []);
    const one = new KerasFeatureExtractor(model, {
      featureLayersId: -2 as never,
    });
    assertEquals((await one.predict(x, QUIET)).layerNames, ["hidden"]);
    free(model);
  },
);

counted(
  "KerasFeatureExtractor() returns what the settings of its base class return",
  async () => {
    const model = mlp();
    const x = array([3, 4]);
    const base = new FeatureExtractor(model).layers([-1]);
    const cases = [
      [{}, base],
      [{ featureLayersId: ["hidden", -1] }, base.layers(["hidden", "head"])],
      [{ headLayerId: "hidden" }, base.head("hidden")],
      [{ reactThreshold: 0.4 }, base.react(0.4)],
      [{ scalePercentile: 0.5 }, base.scale(0.5)],
      [{ ashPercentile: 0.5 }, base.ash(0.5)],
      [{ returnPenultimate: true }, base.penultimate()],
      [
        {
          reactThreshold: null,
          scalePercentile: null,
          ashPercentile: null,
          headLayerId: null,
          inputLayerId: null,
        },
        base,
      ],
    ] as const;
    for (const [options, expected] of cases) {
      const keras = new KerasFeatureExtractor(model, options);
      const [a, b] = await Promise.all([
        keras.predict(x, QUIET),
        expected.predict(x, QUIET),
      ]);
      assertEquals(a.source, b.source);
      assertEquals(a.logits, b.logits);
      assertEquals(a.features, b.features);
      assertEquals(a.penultimate, b.penultimate);
    }
    const cut = new KerasFeatureExtractor(model, { inputLayerId: 1 });
    const hidden = array([2, 5]);
    assertEquals(
      (await cut.predict(hidden, QUIET)).logits,
      (await base.input("head").predict(hidden, QUIET)).logits,
    );
    free(model);
  },
);

counted(
  "a setting returns an object of the class, without the defaults",
  async () => {
    const model = mlp();
    const keras = new KerasFeatureExtractor(model, {
      featureLayersId: ["hidden"],
    });
    const next = keras.react(0.5).batch(2);
    assert(next instanceof KerasFeatureExtractor);
    const set = await next.predict(array([3, 4]), {
      ...QUIET,
      postprocFns: [half()],
    });
    assertEquals(set.layerNames, ["hidden"]);
    assertEquals(set.features[0]!.dtype, "float16");
    class Mine extends KerasFeatureExtractor {
      #secret = 7;
      secret() {
        return this.#secret;
      }
    }
    assertEquals(new Mine(model).layers([0]).secret(), 7);
    free(model);
  },
);

counted(
  "predict() accepts one postprocessing for each layer, null for none",
  async () => {
    const model = convnet();
    const x = array([2, 8, 8, 2]);
    const keras = new KerasFeatureExtractor(model, {
      featureLayersId: ["conv", "pool"],
    });
    const raw = await keras.predict(x, QUIET);
    const fns = [pool("mean"), null];
    const set = await keras.predict(x, { ...QUIET, postprocFns: fns });
    assertAllClose(set.features[0]!, raw.pooled("mean").features[0]!, {
      atol: 1e-6,
    });
    assertEquals(set.features[1], raw.features[1]);
    assertEquals(fns.length, 2);
    const none = await keras.predict(x, { ...QUIET, postprocFns: null });
    assertEquals(none.features, raw.features);
    const inputs = tf.tensor(x.data, [...x.shape]);
    const tensors = await keras.predictTensor(inputs, { postprocFns: fns });
    assertEquals(tensors.features.map(({ shape }) => shape), [
      [2, 4],
      [2, 3, 3, 4],
    ]);
    tf.dispose([inputs, tensors.features, tensors.logits!]);
    const text =
      'Cannot postprocess as "postprocFns" must hold one function for each of the 2 layers: current value is';
    const hint = "; write null for a layer without postprocessing";
    for (const [wrong, value] of [[[null], "1"], [{}, "an Object"]] as const) {
      await assertRejects(
        () => keras.predict(x, { ...QUIET, postprocFns: wrong as never }),
        TypeError,
        `${text} ${value}${hint}`,
      );
    }
    free(model);
  },
);

counted(
  "predict() accepts one postprocessing for each output of a layer",
  async () => {
    const model = filled(tf.model((() => {
      const input = tf.input({ shape: [3], name: "x" });
      const outputs = new Parts({ name: "parts" })
        .apply(input) as tf.SymbolicTensor[];
      return { inputs: input, outputs };
    })()));
    const keras = new KerasFeatureExtractor(model, {
      featureLayersId: ["parts"],
    });
    const set = await keras.predict(array([2, 3]), {
      ...QUIET,
      postprocFns: [null, half()],
    });
    assertEquals(set.features.map(({ dtype }) => dtype), [
      "float32",
      "float16",
    ]);
    free(model);
  },
);

counted(
  "findLayer() finds by name, path and index, and goes on from there",
  () => {
    const model = mlp();
    const find = KerasFeatureExtractor.findLayer;
    assertEquals(find(model, "hidden").name, "hidden");
    assertEquals(find(model, -1).name, "head");
    assertEquals(find(model, -1, { indexOffset: -1 }).name, "hidden");
    assertEquals(find(new FeatureExtractor(model).model, 0).name, "hidden");
    assertThrows(() => find(model, "heads"), LayerNotFoundError, '"head"');
    assertThrows(
      () => find(model, 0, { indexOffset: 2 }),
      LayerNotFoundError,
      "the top level has 2 layers",
    );
    assertThrows(
      () => find(model, 0, { indexOffset: 0.5 }),
      TypeError,
      "must be an integer: current value is 0.5",
    );
    free(model);
  },
);

counted("prepareExtractor() opens", async () => {
  const model = mlp();
  const open = await new KerasFeatureExtractor(model).prepareExtractor();
  assertEquals(open.plan.layerNames, ["head"]);
  await open.close();
  free(model);
});
