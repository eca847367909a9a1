/**
 * What bad cuts, steps, engines and promises get: an error in the house form, where the
 * mistake was made, and no tensor more or less than before.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  FeatureExtractor,
  half,
  pool,
  tf,
  UnsupportedByEngineError,
} from "@sonde/sonde";
import { counted, hasAdapter } from "../support/backends.ts";
import { refuses, wrong } from "./_bad_input.ts";
import {
  array,
  branched,
  convnet,
  filled,
  free,
  mlp,
  shared,
} from "./_models.ts";

counted(
  "a cut that leaves a needed tensor out names it, before anything runs",
  async () => {
    const model = branched();
    const left = new FeatureExtractor(model).layers(["sum"]).head("left");
    const merge = filled((() => {
      const input = tf.input({ shape: [3], name: "x" });
      const dense = (name: string) => tf.layers.dense({ name, units: 3 });
      const a = dense("a").apply(input) as tf.SymbolicTensor;
      const b = dense("b").apply(a) as tf.SymbolicTensor;
      const c = dense("c").apply(b) as tf.SymbolicTensor;
      const sum = tf.layers.add({ name: "sum" }).apply([a, c]);
      const output = dense("head").apply(sum) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: output });
    })());
    await assertRejects(
      () => new FeatureExtractor(merge).layers(["sum"]).input("c").plan(),
      TypeError,
      'Cannot compute "sum" as all that it needs must come from what is fed, and it needs "a": current value is ["b"]; cut the input earlier, or select other layers',
    );
    await assertRejects(
      () => left.input("sum").predict(array([1, 4])),
      TypeError,
      'Cannot compute "stem" as it must come after what is fed: current value is ["left", "right"]',
    );
    const two = shared();
    await assertRejects(
      () => new FeatureExtractor(two).input("twice").plan(),
      TypeError,
      'Cannot compute "head" as all that it needs must come from what is fed, and it needs "twice:1": current value is ["a"]',
    );
    for (const one of [model, merge, two]) free(one);
  },
);

counted("steps that are none are refused where they are passed", () => {
  const steps =
    "a step must be a function, or come from pool(), flatten(), normalize(), half() or gramStatistics()";
  refuses(convnet, [
    [
      (e) => e.postprocess(wrong("mean")),
      TypeError,
      `Cannot set postprocess as ${steps}: current value is "mean"`,
    ],
    [
      (e) => e.postprocess(wrong([pool("mean"), half()])),
      TypeError,
      `Cannot set postprocess as ${steps}: current value is [an Object, an Object]; pass the steps one after another, not as an array`,
    ],
    [
      (e) => e.layers(["conv"]).postprocess({ conv: wrong({ name: "pool" }) }),
      TypeError,
      `Cannot set postprocess as ${steps}: current value is an Object`,
    ],
    [
      (e) => e.postprocess(wrong(half)),
      TypeError,
      `Cannot set postprocess as ${steps}: current value is function "half"; call it, as in .postprocess(half())`,
    ],
    [
      (e) => e.layers("conv").postprocess({ conv: wrong(pool) }),
      TypeError,
      `Cannot set postprocess as ${steps}: current value is function "pool"; call it, as in .postprocess(pool("mean"))`,
    ],
    [
      (e) => e.layers("conv").postprocess({ of_another: half() }),
      TypeError,
      'Cannot set postprocess as each layer of the record must be among the selected ones: current value is "of_another"; selected are "conv"',
    ],
    [
      (e) => e.postprocess(wrong(new Map([["conv", half()]]))),
      TypeError,
      `Cannot set postprocess as ${steps}: current value is a Map`,
    ],
    [
      (e) => e.postprocess(wrong(Promise.resolve(half()))),
      TypeError,
      "Cannot set postprocess as a step must be a value: current value is a Promise; write await before it",
    ],
    [
      (e) => e.postprocess({ conv: half() }),
      TypeError,
      'Cannot set postprocess as each layer of the record must be among the selected ones: current value is "conv"; select it by .layers([…]) before',
    ],
    [
      (e) => e.layers(["conv"]).postprocess({ convs: half() }),
      TypeError,
      'Cannot set postprocess as each layer of the record must be among the selected ones: current value is "convs"; nearest name is "conv"',
    ],
    [
      (e) => e.layers(["conv"]).postprocess({ conv: half() }).layers(["flat"]),
      TypeError,
      'Cannot set layers as each layer of the record must be among the selected ones: current value is "conv"; call .postprocess() before, which removes the steps',
    ],
    [
      () => pool(wrong("median")),
      RangeError,
      'Cannot create pool() as "kind" must be one of "mean", "max": current value is "median"',
    ],
  ]);
});

counted(
  "built-in steps after custom ones are refused before anything runs",
  async () => {
    const model = convnet();
    const extractor = new FeatureExtractor(model).layers(["conv"])
      .postprocess((x) => x.relu(), pool("mean"));
    await assertRejects(
      () => extractor.plan(),
      TypeError,
      'Cannot postprocess layer "conv" as built-in steps must come before custom functions: current value is "pool',
    );
    free(model);
  },
);

counted("engines and backends that are not there are named", async () => {
  refuses(mlp, [
    [
      (e) => e.engine(wrong("torch")),
      RangeError,
      'Cannot set engine as "kind" must be one of "auto", "onnx", "tfjs": current value is "torch"',
    ],
    [
      (e) => e.engine("tfjs", { backend: wrong("webgl") }),
      RangeError,
      'Cannot set engine as "backend" must be one of "wasm", "cpu", "webgpu": current value is "webgl"',
    ],
    [
      (e) => e.engine(wrong(Promise.resolve("tfjs"))),
      TypeError,
      'Cannot set engine as "kind" must be a value: current value is a Promise; write await before it',
    ],
  ]);
  if (hasAdapter) return;
  const model = mlp();
  const extractor = new FeatureExtractor(model)
    .engine("tfjs", { backend: "webgpu" });
  await assertRejects(
    () => extractor.predict(array([1, 4])),
    UnsupportedByEngineError,
    'Cannot run as a WebGPU adapter must be there; use .engine("tfjs", { backend: "wasm" }): current engine is "tfjs:webgpu"',
  );
  free(model);
});

counted(
  "a promise instead of a value is an error that names await",
  async () => {
    const model = mlp();
    const extractor = new FeatureExtractor(model);
    const late = Promise.resolve(array([1, 4]));
    assertThrows(
      () => extractor.layers(wrong(Promise.resolve([0]))),
      TypeError,
      "Cannot set layers as the ids must be a value: current value is a Promise; write await before it",
    );
    assertThrows(
      () => extractor.perturb(wrong(Promise.resolve({ epsilon: 1 }))),
      TypeError,
      "write await before it",
    );
    for (
      const run of [
        () => extractor.predict(wrong(late)),
        () => extractor.stream(wrong(late)).next(),
        () => extractor.predictTensor(wrong(late)),
        () => extractor.fitReact(wrong(late)),
        () => extractor.predict(array([1, 4]), wrong(Promise.resolve({}))),
        () => extractor.predict([array([1, 4]), wrong(Promise.resolve([0]))]),
      ]
    ) await assertRejects(run, TypeError, "write await before it");
    free(model);
  },
);

Deno.test(
  "a layer that keeps a state is refused before anything runs",
  async () => {
    const model = filled(tf.sequential({
      layers: [
        tf.layers.simpleRNN({
          name: "rnn",
          units: 2,
          stateful: true,
          batchInputShape: [2, 3, 1],
        }),
      ],
    }));
    const before = tf.memory().numTensors;
    await assertRejects(
      () => new FeatureExtractor(model).layers([0]).plan(),
      TypeError,
      'Cannot run layer "rnn" as it must not be stateful: its rows would depend on the batches before: current value is "SimpleRNN"; make the model with stateful: false',
    );
    assertEquals(tf.memory().numTensors, before);
  },
);

counted(
  "a subclass whose constructor needs more than a model is refused",
  () => {
    class Needy extends FeatureExtractor {
      constructor(model: tf.LayersModel, options: { readonly tag: string }) {
        super(model);
        options.tag.trim();
      }
    }
    const model = mlp();
    const needy = new Needy(model, { tag: "x" });
    assertThrows(
      () => needy.layers([0]),
      TypeError,
      'Cannot make the next extractor as the constructor of "Needy" must work with a model alone: current value is function "Needy"; give its other parameters default values',
    );
    free(model);
  },
);
