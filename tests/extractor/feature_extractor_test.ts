import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  FeatureExtractor,
  half,
  loadModel,
  type NdArray,
  pool,
  type tf,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { counted } from "../support/backends.ts";
import {
  array,
  branched,
  convnet,
  free,
  mlp,
  nested,
  numbers,
  predicted,
  shared,
} from "./_models.ts";

const QUIET = { progress: false };

// ---- immutability ----

counted(
  "every setting returns a new extractor and leaves the one before",
  async () => {
    const model = mlp();
    const base = new FeatureExtractor(model);
    const before = String(Deno.inspect(base));
    const settings: ((extractor: FeatureExtractor) => FeatureExtractor)[] = [
      (e) => e.layers([0]),
      (e) => e.penultimate(),
      (e) => e.input("head"),
      (e) => e.head("head"),
      (e) => e.react(0.5),
      (e) => e.ash(0.5),
      (e) => e.scale(0.5),
      (e) => e.vra(0.1, 0.5),
      (e) => e.perturb({ epsilon: 0.1 }),
      (e) => e.layers([0]).postprocess(half()),
      (e) => e.batch(3),
      (e) => e.engine("tfjs", { backend: "cpu" }),
    ];
    const shown = settings.map((set) => Deno.inspect(set(base)));
    assertEquals(new Set([before, ...shown]).size, settings.length + 1);
    assertEquals(Deno.inspect(base), before);
    const { features, logits } = await base.predict(array([2, 4]), QUIET);
    assertEquals([features.length, logits?.shape], [0, [2, 3]]);
    free(model);
  },
);

counted("two branches of one extractor do not touch each other", async () => {
  const model = mlp();
  const x = array([3, 4]);
  const base = new FeatureExtractor(model).layers(["hidden"]);
  const left = base.layers(["head"]).react(0.1);
  const right = base.penultimate().batch(1);
  const [a, b, c] = await Promise.all(
    [base, left, right].map((extractor) => extractor.predict(x, QUIET)),
  );
  assertEquals(a!.layerNames, ["hidden"]);
  assertEquals(b!.layerNames, ["head"]);
  assertEquals(c!.layerNames, ["hidden"]);
  assertEquals([a!.penultimate, b!.penultimate], [undefined, undefined]);
  assertEquals(c!.penultimate!.shape, [3, 5]);
  assertAllClose(c!.logits!, a!.logits!, { atol: 1e-6 });
  assertNotEquals(b!.logits!.data, a!.logits!.data);
  free(model);
});

counted("a later setting replaces an earlier one", async () => {
  const model = mlp();
  const x = array([3, 4]);
  const base = new FeatureExtractor(model);
  const twice = await base.react(9).react(0.2).predict(x, QUIET);
  const once = await base.react(0.2).predict(x, QUIET);
  assertEquals(twice.logits, once.logits);
  assertEquals(twice.source, once.source);
  free(model);
});

counted("what was passed to a setting may change afterwards", async () => {
  const model = mlp();
  const ids = ["hidden"];
  const steps = { hidden: [half()] };
  const options = { epsilon: 0, temperature: 2 };
  const extractor = new FeatureExtractor(model).layers(ids)
    .postprocess(steps).perturb(options);
  const before = Deno.inspect(extractor);
  ids.push("head");
  steps.hidden.pop();
  options.epsilon = 9;
  assertEquals(Deno.inspect(extractor), before);
  const set = await extractor.predict(array([2, 4]), QUIET);
  assertEquals(set.features.map(({ dtype }) => dtype), ["float16"]);
  free(model);
});

counted("an extractor is no thenable", () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model);
  assert(!("then" in extractor));
  free(model);
});

// ---- subclasses ----

class Mine extends FeatureExtractor {
  tag = "none";
  #secret = 42;

  secret(): number {
    return this.#secret;
  }
}

counted("a setting of a subclass returns the subclass, with its fields", () => {
  const model = mlp();
  const mine = new Mine(model);
  mine.tag = "set";
  const next = mine.layers([0]).react(0.5).batch(2);
  assert(next instanceof Mine);
  assertEquals([next.tag, next.secret()], ["set", 42]);
  assertStrictEquals(next.model, mine.model);
  assertEquals(Object.getPrototypeOf(next), Mine.prototype);
  free(model);
});

counted("a subclass may set itself up in its constructor", async () => {
  class Last extends FeatureExtractor {
    constructor(model: ConstructorParameters<typeof FeatureExtractor>[0]) {
      super(model);
      return this.layers([-1]);
    }
  }
  const model = mlp();
  const last = new Last(model).batch(2);
  assert(last instanceof Last);
  const set = await last.predict(array([3, 4]), QUIET);
  assertEquals(set.layerNames, ["head"]);
  free(model);
});

// ---- settings ----

counted(
  "layers() accepts names, paths, indices, globs, patterns and predicates",
  async () => {
    const model = nested();
    const extractor = new FeatureExtractor(model);
    const names = async (...args: Parameters<typeof extractor.layers>) =>
      (await extractor.layers(...args).plan()).layerNames;
    assertEquals(await names("stem"), ["stem"]);
    assertEquals(await names(["outer/inner/deep", "stem"]), [
      "outer/inner/deep",
      "stem",
    ]);
    assertEquals(await names([1, -1]), ["stem", "head"]);
    assertEquals(await names("outer/*"), [
      "outer/before",
      "outer/inner",
      "outer/after",
    ]);
    assertEquals(await names(/deep/), [
      "outer/inner/deep",
      "outer/inner/deeper",
    ]);
    assertEquals(await names((row) => row.numParameters === 12), ["stem"]);
    assertThrows(
      // @ts-expect-error: one list, as the message says
      () => extractor.layers("stem", "head"),
      TypeError,
      'must be one list: current value is ["stem", "head"]; write .layers(["a"',
    );
    free(model);
  },
);

counted("input() feeds what a layer receives", async () => {
  const model = branched();
  const x = array([4, 3]);
  const base = new FeatureExtractor(model).layers(["left", "sum"]);
  const whole = await base.layers(["stem", "left", "right", "sum"])
    .predict(x, QUIET);
  const stem = whole.layer("stem") as NdArray;
  // The right branch needs the stem, which is what "left" receives.
  const cut = await base.input("left").predict(stem, QUIET);
  assertAllClose(cut.layer("left"), whole.layer("left"), { rtol: 1e-6 });
  assertAllClose(cut.logits!, whole.logits!, { rtol: 1e-5 });
  const merged = await base.layers(["sum"]).input("sum").predict({
    left: whole.layer("left") as NdArray,
    right: whole.layer("right") as NdArray,
  }, QUIET);
  assertAllClose(merged.layer("sum"), whole.layer("sum"), { rtol: 1e-6 });
  free(model);
});

counted("input() starts at a nested model, and inside it", async () => {
  const model = nested();
  const whole = await new FeatureExtractor(model)
    .layers(["stem", "outer/before", "outer"]).predict(array([3, 3]), QUIET);
  for (
    const [id, fed] of [["outer", "stem"], ["outer/inner", "outer/before"]]
  ) {
    const cut = await new FeatureExtractor(model).layers(["outer"]).input(id!)
      .predict(whole.layer(fed!) as NdArray, QUIET);
    assertAllClose(cut.features[0]!, whole.layer("outer"), { rtol: 1e-5 });
    assertAllClose(cut.logits!, whole.logits!, { rtol: 1e-5 });
  }
  free(model);
});

counted(
  "input() names what a cut leaves out, before anything runs",
  async () => {
    const model = branched();
    const late = new FeatureExtractor(model).layers(["sum"]).input("right");
    assertEquals((await late.plan()).layerNames, ["sum"]);
    const cut = new FeatureExtractor(model).layers(["left"]).input("sum");
    const text =
      'Cannot compute "left" as it must come after what is fed: current value is ["left", "right"]';
    // What is fed is there, too.
    assertEquals((await cut.plan()).skipped.includes("left"), true);
    const before = new FeatureExtractor(model).layers(["stem"]).input("sum");
    await assertRejects(
      () => before.plan(),
      TypeError,
      text.replace('"left" as', '"stem" as'),
    );
    free(model);
  },
);

counted(
  "head() selects logits before the activation of the layer",
  async () => {
    const model = convnet();
    const x = array([2, 8, 8, 2]);
    const found = await new FeatureExtractor(model).predict(x, QUIET);
    const named = await new FeatureExtractor(model).head("head")
      .predict(x, QUIET);
    assertEquals(named.logits, found.logits);
    assertEquals(named.head, found.head);
    assertEquals(named.activation, "softmax");
    assertEquals(named.source, found.source);
    free(model);
  },
);

counted(
  "head() may be a layer in the middle, whatever its activation",
  async () => {
    const model = mlp();
    const x = array([3, 4]);
    const set = await new FeatureExtractor(model).head("hidden")
      .layers(["hidden"]).penultimate().predict(x, QUIET);
    assertAllClose(set.penultimate!, x);
    assertEquals(set.activation, "none");
    const relu = set.logits!.data.map((value) => Math.max(0, value));
    assertAllClose(relu, set.features[0]!.data, { atol: 1e-6 });
    const { kernel, bias } = set.head!;
    const product = [0, 1, 2].flatMap((row) =>
      [0, 1, 2, 3, 4].map((unit) =>
        [0, 1, 2, 3].reduce(
          (sum, i) => sum + x.data[row * 4 + i]! * kernel.data[i * 5 + unit]!,
          bias.data[unit]!,
        )
      )
    );
    assertAllClose(set.logits!.data, product, { atol: 1e-5 });
    free(model);
  },
);

/** Penultimate and head of the small network, worked out on the host. */
async function known(model: tf.LayersModel, x: NdArray) {
  const set = await new FeatureExtractor(model).penultimate()
    .predict(x, QUIET);
  const { kernel, bias } = set.head!;
  const [, width] = kernel.shape as [number, number];
  const [, units] = set.penultimate!.shape as [number, number];
  const logits = (a: ArrayLike<number>) => {
    const rows = a.length / units;
    return Array.from({ length: rows * width }, (_, i) => {
      const [row, unit] = [Math.floor(i / width), i % width];
      let sum = bias.data[unit]!;
      for (let j = 0; j < units; j++) {
        sum += a[row * units + j]! * kernel.data[j * width + unit]!;
      }
      return sum;
    });
  };
  return { a: set.penultimate!.data, units, logits };
}

counted(
  "react() and vra() clip the penultimate, and leave features as they are",
  async () => {
    const model = mlp();
    const x = array([4, 4]);
    const { a, logits } = await known(model, x);
    const base = new FeatureExtractor(model).layers(["hidden"]).penultimate();
    const react = await base.react(0.3).predict(x, QUIET);
    assertAllClose(react.logits!.data, logits(a.map((v) => Math.min(v, 0.3))), {
      atol: 1e-5,
    });
    assertAllClose(react.features[0]!.data, a);
    assertAllClose(react.penultimate!.data, a);
    const vra = await base.vra(0.2, 0.6).predict(x, QUIET);
    const between = a.map((v) => v < 0.2 ? 0 : Math.min(v, 0.6));
    assertAllClose(vra.logits!.data, logits(between), { atol: 1e-5 });
    free(model);
  },
);

counted(
  "scale() and ash() weigh rows by what exceeds their percentile",
  async () => {
    const model = mlp();
    const x = array([4, 4], 3);
    const { a, units, logits } = await known(model, x);
    const scaled = Float32Array.from(a);
    const pruned = Float32Array.from(a);
    for (let row = 0; row < 4; row++) {
      const values = [...a.slice(row * units, (row + 1) * units)];
      const sorted = values.toSorted((p, q) => p - q);
      const threshold = sorted[2]!; // index 0.5 · 4 of five, no interpolation
      const kept = values.filter((v) => v > threshold);
      const sum = (list: number[]) => list.reduce((p, q) => p + q, 0);
      const factor = kept.length === 0 ? 1 : Math.exp(sum(values) / sum(kept));
      values.forEach((value, i) => {
        scaled[row * units + i] = value * factor;
        const stays = kept.length === 0 || value > threshold;
        pruned[row * units + i] = stays ? value * factor : 0;
      });
    }
    const base = new FeatureExtractor(model);
    const scale = await base.scale(0.5).predict(x, QUIET);
    assertAllClose(scale.logits!.data, logits(scaled), {
      rtol: 1e-4,
      atol: 1e-4,
    });
    const ash = await base.ash(0.5, { interpolation: "linear" }).predict(
      x,
      QUIET,
    );
    assertAllClose(ash.logits!.data, logits(pruned), {
      rtol: 1e-4,
      atol: 1e-4,
    });
    free(model);
  },
);

counted(
  "postprocess() runs built-in steps, then custom ones, on every layer or by layer",
  async () => {
    const model = convnet();
    const x = array([3, 8, 8, 2]);
    const base = new FeatureExtractor(model).layers(["conv", "pool"]);
    const raw = await base.predict(x, QUIET);
    const pooled = await base.postprocess(pool("max")).predict(x, QUIET);
    const means = raw.pooled("max");
    assertAllClose(pooled.features[0]!, means.features[0]!);
    assertAllClose(pooled.features[1]!, means.features[1]!);
    assertEquals(pooled.specs.map(({ form }) => form), ["pooled", "pooled"]);
    const doubled = (feature: tf.Tensor) => feature.mul(2);
    const mixed = await base.postprocess({
      conv: [pool("max"), doubled],
    }).predict(x, QUIET);
    const twice = means.features[0]!.data.map((value) => value * 2);
    assertAllClose(mixed.features[0]!.data, twice);
    assertAllClose(mixed.features[1]!, raw.features[1]!);
    assertEquals(mixed.specs.map(({ form }) => form), ["own", "raw"]);
    free(model);
  },
);

counted(
  "fitReact() measures NumPy's linear quantile over samples and units",
  async () => {
    const model = mlp();
    const x = array([6, 4]);
    const { a, logits } = await known(model, x);
    const sorted = a.toSorted();
    const quantile = (q: number) => {
      const at = (sorted.length - 1) * q;
      const low = Math.floor(at);
      const [p, r] = [sorted[low]!, sorted[Math.ceil(at)]!];
      return p + (r - p) * (at - low);
    };
    const base = new FeatureExtractor(model).batch(4);
    for (const [options, q] of [[{}, 0.9], [{ quantile: 0.7 }, 0.7]] as const) {
      const fitted = await base.fitReact(x, { ...QUIET, ...options });
      const set = await fitted.predict(x, QUIET);
      const bound = quantile(q);
      assertAllClose(
        set.logits!.data,
        logits(a.map((v) => Math.min(v, bound))),
        { atol: 1e-5 },
      );
    }
    free(model);
  },
);

counted("findLayer() and getWeights() are those of the model", async () => {
  const model = mlp();
  const extractor = new FeatureExtractor(model);
  assertEquals(extractor.findLayer(-1).name, "head");
  assertEquals(extractor.findLayer("hidden", { offset: 1 }).name, "head");
  const { kernel, bias } = await extractor.getWeights("head");
  assertEquals(kernel!.data, numbers(15, 3));
  assertEquals([kernel!.shape, bias!.shape], [[5, 3], [3]]);
  free(model);
});

counted(
  "a model that is loaded can be closed, and is of no use then",
  async () => {
    const path = new URL(
      "../data/layers_models/shared/model.json",
      import.meta.url,
    );
    const model = await loadModel(path);
    const extractor = new FeatureExtractor(model);
    await model.close();
    const closed = 'Cannot extract features as model "';
    await assertRejects(() => extractor.open(), TypeError, closed);
    await assertRejects(
      () => extractor.plan(),
      TypeError,
      "must be open and intact",
    );
    assertThrows(() => new FeatureExtractor(model), TypeError, "must be open");
    assertThrows(() => extractor.layers([0]), TypeError, "must be open");
  },
);

counted(
  "predict() matches several inputs by name, and names a missing one",
  async () => {
    const model = shared();
    const extractor = new FeatureExtractor(model);
    const [a, b] = [array([2, 3]), array([2, 2])];
    const [expected] = await predicted(model, [a, b]);
    const { logits } = await extractor.predict({ b, a }, QUIET);
    assertAllClose(logits!, expected!, { atol: 1e-5 });
    await assertRejects(
      () => extractor.predict({ a } as never, QUIET),
      TypeError,
      '"b" is missing',
    );
    free(model);
  },
);
