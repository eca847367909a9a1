/**
 * What an extractor gives is what TF.js itself gives, where it can: its own
 * taps by `tf.model`, and its own `predict`. Where it cannot, in nested models,
 * the parts are run one after another.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  type FeatureArray,
  FeatureExtractor,
  type NdArray,
  tf,
  UnsupportedByEngineError,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { type Backend, onBackends } from "../support/backends.ts";
import { assertRowsClose } from "../support/rows_close.ts";
import {
  array,
  branched,
  convnet,
  Doubling,
  filled,
  free,
  mlp,
  nested,
  outputOf,
  Parts,
  predicted,
  rowsOf,
  shared,
  tapped,
  twoOutputs,
} from "./_models.ts";

const QUIET = { progress: false };

function close(
  actual: FeatureArray | undefined,
  expected: NdArray,
  { rtol }: Backend,
): void {
  assertRowsClose(actual as NdArray, expected, rtol);
}

function on(model: tf.LayersModel, { name }: Backend): FeatureExtractor {
  return new FeatureExtractor(model).engine("tfjs", { backend: name });
}

onBackends(
  "predict() returns TF.js' taps of a convolutional network",
  async (backend) => {
    const model = convnet();
    const x = array([7, 8, 8, 2]);
    const names = ["conv", "norm", "pool", "flat", "drop", "head"];
    const expected = await tapped(
      model,
      names.map((name) => outputOf(model, name)),
      [x],
    );
    const set = await on(model, backend).layers(names).predict(x, QUIET);
    assertEquals(set.layerNames, names);
    expected.forEach((array, i) => close(set.features[i], array, backend));
    free(model);
  },
);

onBackends(
  "predict() returns the same in batches of 1, 2 and 7 of 7 rows",
  async (backend) => {
    const model = convnet();
    const x = array([7, 8, 8, 2]);
    const extractor = on(model, backend).layers(["pool", "head"]);
    const whole = await extractor.batch(7).predict(x, QUIET);
    for (const size of [1, 2]) {
      const cut = await extractor.batch(size).predict(x, QUIET);
      close(cut.features[0], whole.features[0] as NdArray, backend);
      close(cut.features[1], whole.features[1] as NdArray, backend);
      close(cut.logits, whole.logits!, backend);
    }
    free(model);
  },
);

onBackends(
  "logits go through the softmax to the model's own output",
  async (backend) => {
    const model = convnet();
    const x = array([5, 8, 8, 2]);
    const [expected] = await predicted(model, [x]);
    const { logits, activation } = await on(model, backend).predict(x, QUIET);
    assertEquals(activation, "softmax");
    const softmax = tf.tidy(() =>
      tf.softmax(tf.tensor(logits!.data, [5, 3])).dataSync().slice()
    );
    const { rtol } = backend;
    assertAllClose(softmax, expected!.data, { rtol: 0, atol: rtol });
    free(model);
  },
);

onBackends("predict() reaches layers two models deep", async (backend) => {
  const model = nested();
  const x = array([4, 3]);
  const names = ["stem", "outer/before", "outer/inner/deep", "outer/inner"];
  const set = await on(model, backend).layers([
    ...names,
    "outer/inner/deeper",
    "outer",
  ]).predict(x, QUIET);
  const outer = model.getLayer("outer") as tf.LayersModel;
  const inner = outer.getLayer("inner") as tf.LayersModel;
  const [stem, whole] = await tapped(model, [
    outputOf(model, "stem"),
    model.getLayer("head").input as tf.SymbolicTensor,
  ], [x]);
  const [before] = await tapped(outer, [outputOf(outer, "before")], [stem!]);
  const [deep, deeper] = await tapped(inner, [
    outputOf(inner, "deep"),
    outputOf(inner, "deeper"),
  ], [before!]);
  for (
    const [i, array] of [stem, before, deep, deeper, deeper, whole].entries()
  ) {
    close(set.features[i], array!, backend);
  }
  free(model);
});

onBackends(
  "predict() reaches both calls of a shared layer, inputs in order or by name",
  async (backend) => {
    const model = shared();
    const a = array([4, 3]);
    const b = array([4, 2], 5);
    const expected = await tapped(model, [
      outputOf(model, "twice", 0),
      outputOf(model, "twice", 1),
      outputOf(model, "both"),
    ], [a, b]);
    const extractor = on(model, backend).layers(["twice", "twice:1", "both"]);
    const [logits] = await predicted(model, [a, b]);
    for (const dataset of [[a, b], { b, a }, { xs: [a, b] }]) {
      const set = await extractor.predict(dataset, QUIET);
      expected.forEach((array, i) => close(set.features[i], array, backend));
      close(set.logits, logits!, backend);
    }
    free(model);
  },
);

onBackends(
  "predict() returns features of a model with several outputs, and no logits",
  async (backend) => {
    const model = twoOutputs();
    const x = array([3, 3]);
    const expected = await predicted(model, [x]);
    const set = await on(model, backend).layers(["left", "right"])
      .predict(x, QUIET);
    assertEquals(set.logits, undefined);
    expected.forEach((array, i) => close(set.features[i], array, backend));
    free(model);
  },
);

onBackends("predict() runs branches and their merge", async (backend) => {
  const model = branched();
  const x = array([6, 3]);
  const names = ["stem", "left", "right", "sum"];
  const expected = await tapped(
    model,
    names.map((name) => outputOf(model, name)),
    [x],
  );
  const set = await on(model, backend).layers(names).penultimate()
    .predict(x, QUIET);
  expected.forEach((array, i) => close(set.features[i], array, backend));
  close(set.penultimate, expected[3]!, backend);
  close(set.logits, (await predicted(model, [x]))[0]!, backend);
  free(model);
});

onBackends(
  "predict() runs custom layers, also those with two outputs",
  async (backend) => {
    const input = tf.input({ shape: [3], name: "x" });
    const doubled = new Doubling({ name: "doubled" })
      .apply(input) as tf.SymbolicTensor;
    const [plus, sum] = new Parts({ name: "parts" })
      .apply(doubled) as tf.SymbolicTensor[];
    const output = tf.layers.dense({ name: "head", units: 2 }).apply(
      tf.layers.concatenate().apply([plus!, sum!]),
    ) as tf.SymbolicTensor;
    const model = filled(tf.model({ inputs: input, outputs: output }));
    const x = array([3, 3]);
    const set = await on(model, backend).layers(["doubled", "parts"])
      .predict(x, QUIET);
    assertEquals(set.layerNames, ["doubled", "parts[0]", "parts[1]"]);
    const twice = x.data.map((value) => value * 2);
    assertAllClose(set.layer("doubled").data, twice, { rtol: 1e-6 });
    assertAllClose(set.layer("parts[0]").data, twice.map((v) => v + 1), {
      rtol: 1e-5,
    });
    assertEquals(set.layer("parts[1]").shape, [3, 1]);
    const sums = [0, 1, 2].map((row) =>
      twice.slice(row * 3, row * 3 + 3).reduce((all, v) => all + v, 0)
    );
    assertAllClose(set.layer("parts[1]").data, sums, { atol: 1e-5 });
    close(set.logits, (await predicted(model, [x]))[0]!, backend);
    free(model);
  },
);

/** Tokens of 4 rows, with zeros before or after them. */
function tokens(side: "left" | "right"): NdArray<Int32Array> {
  const rows = [[1, 2, 3, 4, 5], [3, 1], [2], [5, 4, 3]].map((row) => {
    const zeros = Array<number>(5 - row.length).fill(0);
    return side === "left" ? [...zeros, ...row] : [...row, ...zeros];
  });
  return { data: Int32Array.from(rows.flat()), shape: [4, 5], dtype: "int32" };
}

function recurrent(layers: readonly tf.layers.Layer[]): tf.LayersModel {
  return filled(tf.sequential({ layers: [...layers] }));
}

const embedding = () =>
  tf.layers.embedding({
    name: "embedding",
    inputDim: 6,
    outputDim: 3,
    inputLength: 5,
    maskZero: true,
  });
const MASKED: Record<string, () => tf.LayersModel> = {
  "an LSTM": () =>
    recurrent([
      embedding(),
      tf.layers.lstm({ name: "first", units: 4, returnSequences: true }),
      tf.layers.lstm({ name: "second", units: 3 }),
      tf.layers.dense({ name: "head", units: 2 }),
    ]),
  "layers that hand the mask on": () =>
    recurrent([
      embedding(),
      tf.layers.dropout({ name: "first", rate: 0.5 }),
      tf.layers.gru({ name: "second", units: 3 }),
      tf.layers.dense({ name: "head", units: 2 }),
    ]),
  "a Bidirectional": () =>
    recurrent([
      embedding(),
      tf.layers.dropout({ name: "first", rate: 0.5 }),
      tf.layers.bidirectional({
        name: "second",
        layer: tf.layers.lstm({ units: 3 }) as InstanceType<typeof tf.RNN>,
        mergeMode: "concat",
      }),
      tf.layers.dense({ name: "head", units: 2 }),
    ]),
  "a decoder, to which TF.js hands the encoder's mask": () =>
    recurrent([
      embedding(),
      tf.layers.lstm({ name: "first", units: 4 }),
      tf.layers.repeatVector({ n: 5 }),
      tf.layers.lstm({ name: "second", units: 3 }),
      tf.layers.dense({ name: "head", units: 2 }),
    ]),
};

for (const [name, create] of Object.entries(MASKED)) {
  onBackends(`predict() masks ${name} as TF.js does`, async (backend) => {
    const model = create();
    const names = ["first", "second"];
    if (backend.name === "webgpu") {
      await assertRejects(
        () => on(model, backend).layers(names).predict(tokens("left"), QUIET),
        UnsupportedByEngineError,
        '"webgpu" computes it wrong where steps are masked; use .engine("tfjs", { backend: "cpu" })',
      );
      return free(model);
    }
    const outputs = names.map((name) => outputOf(model, name));
    for (const side of ["left", "right"] as const) {
      const x = tokens(side);
      const expected = await tapped(model, outputs, [x]);
      const set = await on(model, backend).layers(names).predict(x, QUIET);
      expected.forEach((array, i) => close(set.features[i], array, backend));
      close(set.logits, (await predicted(model, [x]))[0]!, backend);
      // A layer by itself is what it is among others.
      const alone = await on(model, backend).layers(["second"])
        .predict(x, QUIET);
      close(alone.features[0], expected[1]!, backend);
    }
    free(model);
  });
}

onBackends("predict() masks steps that Masking leaves out", async (backend) => {
  const model = recurrent([
    tf.layers.masking({ name: "masking", maskValue: 0, inputShape: [4, 2] }),
    tf.layers.simpleRNN({ name: "rnn", units: 3 }),
    tf.layers.dense({ name: "head", units: 2 }),
  ]);
  if (backend.name === "webgpu") return free(model); // refused, see above
  const x = array([3, 4, 2]);
  x.data.fill(0, 4, 8); // the last two steps of the first row
  const set = await on(model, backend).layers(["masking", "rnn"])
    .predict(x, QUIET);
  const expected = await tapped(model, [
    outputOf(model, "masking"),
    outputOf(model, "rnn"),
  ], [x]);
  expected.forEach((array, i) => close(set.features[i], array, backend));
  // Two steps alone give what the mask leaves of the four.
  const short = filled(tf.sequential({
    layers: [tf.layers.simpleRNN({ units: 3, inputShape: [2, 2] })],
  }));
  short.setWeights(model.getLayer("rnn").getWeights());
  const steps = { ...rowsOf(x, 0, 1), shape: [1, 2, 2] };
  const [alone] = await predicted(short, [{
    ...steps,
    data: steps.data.slice(0, 4),
  }]);
  const first = rowsOf(set.layer("rnn") as NdArray, 0, 1);
  assertAllClose(first.data, alone!.data, { rtol: 1e-4 });
  free(short);
  free(model);
});

onBackends(
  "predict() takes arguments of a call for nothing, as TF.js' own does",
  async (backend) => {
    const input = tf.input({ shape: [4], name: "x" });
    const dropped = tf.layers.dropout({ name: "drop", rate: 0.5 })
      .apply(input, { training: true }) as tf.SymbolicTensor;
    const output = tf.layers.dense({ units: 2 }).apply(dropped);
    const model = filled(
      tf.model({ inputs: input, outputs: output as tf.SymbolicTensor }),
    );
    const x = array([3, 4]);
    const set = await on(model, backend).layers(["drop"]).predict(x, QUIET);
    assertAllClose(set.features[0]!, x);
    close(set.logits, (await predicted(model, [x]))[0]!, backend);
    free(model);
  },
);

onBackends(
  "predict() runs the layers that are needed, and no others",
  async (backend) => {
    const early = new Doubling({ name: "early" });
    const late = new Doubling({ name: "late" });
    const input = tf.input({ shape: [3], name: "x" });
    const first = early.apply(input) as tf.SymbolicTensor;
    const head = tf.layers.dense({ name: "head", units: 2 })
      .apply(late.apply(first)) as tf.SymbolicTensor;
    const model = filled(tf.model({ inputs: input, outputs: [first, head] }));
    const extractor = on(model, backend).layers(["early"]);
    await extractor.batch(2).predict(array([4, 3]), QUIET);
    assertEquals([early.calls, late.calls], [2, 0]);
    assertEquals((await extractor.plan()).skipped, ["late", "head"]);
    free(model);
  },
);

onBackends("predict() leaves the model as it was", async (backend) => {
  const model = mlp();
  const x = array([3, 4]);
  const [before] = await predicted(model, [x]);
  const config = JSON.stringify(model.getConfig());
  const extractor = on(model, backend).layers([0]).penultimate();
  await extractor.react(0.5).predict(x, QUIET);
  await extractor.input("head").predict(array([3, 5]), QUIET);
  assertEquals(JSON.stringify(model.getConfig()), config);
  assertEquals((await predicted(model, [x]))[0], before);
  free(model);
});
