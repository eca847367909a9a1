import { assert, assertEquals, assertThrows } from "@std/assert";
import { FeatureExtractor, KerasFeatureExtractor, type tf } from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import { free, mlp } from "./_models.ts";

class Derived extends FeatureExtractor {
  count = 1;
  #secret = 2;
  secret(): number {
    return this.#secret;
  }
}

counted(
  "a setting of a subclass returns an object of it, with public fields copied",
  async () => {
    const model = mlp();
    const from = new Derived(model);
    from.count = 5;
    const next = from.layers([-1]).batch(3);
    assert(next instanceof Derived && next !== from);
    assertEquals([next.count, next.secret(), from.count], [5, 2, 5]);
    assertEquals((await next.plan()).layerNames.length, 1);
    assertEquals((await from.plan()).layerNames, []);
    free(model);
  },
);

counted(
  "a subclass whose constructor calls settings is cloned, and not without end",
  async () => {
    class Pooled extends FeatureExtractor {
      readonly hidden: FeatureExtractor;
      constructor(model: tf.LayersModel) {
        super(model);
        this.hidden = this.layers([0]).batch(2);
      }
    }
    class Configured extends FeatureExtractor {
      #secret = 3;
      constructor(model: tf.LayersModel) {
        super(model);
        return this.layers([0]).batch(2);
      }
      secret(): number {
        return this.#secret;
      }
    }
    const model = mlp();
    const pooled = new Pooled(model).layers([-1]).penultimate();
    assert(pooled instanceof Pooled);
    assertEquals((await pooled.plan()).layerNames, [model.layers[1]!.name]);
    assertEquals((await pooled.hidden.plan()).layerNames, [
      model.layers[0]!.name,
    ]);
    const configured = new Configured(model).batch(3);
    assertEquals((await configured.plan()).layerNames, [model.layers[0]!.name]);
    free(model);
  },
);

counted(
  "a constructor that needs more than a model is named, and others work after it",
  () => {
    class Needy extends FeatureExtractor {
      constructor(model: tf.LayersModel, tag: string) {
        super(model);
        tag.trim();
      }
    }
    const model = mlp();
    const needy = new Needy(model, "x");
    const error = assertThrows(
      () => needy.batch(2),
      TypeError,
      'the constructor of "Needy" must work with a model alone',
    );
    assert(error.cause instanceof TypeError);
    assert(new Derived(model).batch(2) instanceof Derived);
    free(model);
  },
);

counted(
  "an extractor is made of a model of TF.js, of a model, or of an extractor",
  async () => {
    const model = mlp();
    const plain = new FeatureExtractor(model);
    assertEquals(plain.model.layers.length, 2);
    assert(new FeatureExtractor(plain.model).model === plain.model);
    const seed = new KerasFeatureExtractor(model, { featureLayersId: [0] });
    const copy = new FeatureExtractor(seed);
    assert(!(copy instanceof KerasFeatureExtractor));
    assertEquals((await copy.plan()).layerNames, [model.layers[0]!.name]);
    for (const value of [null, 7, {}, { layers: [] }, () => 0]) {
      assertThrows(
        () => new FeatureExtractor(value as never),
        TypeError,
        "Cannot create extractor as the model must come from loadModel(), or be a tf.LayersModel or tf.GraphModel",
      );
    }
    free(model);
  },
);
