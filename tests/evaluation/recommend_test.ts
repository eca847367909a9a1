import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { DETECTORS } from "../../lib/detectors/detectors.ts";
import { FeatureExtractor } from "../../lib/extractor/feature_extractor.ts";
import { recommend } from "../../lib/evaluation/recommend.ts";
import { featureSet, makeFeatureSet } from "../../lib/features/feature_set.ts";
import type { FeatureSetArrays } from "../../lib/features/fields.ts";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { tf } from "../../lib/tf.ts";
import type { LayerRow, Model } from "../../lib/types.ts";

/** A model of layers, of which kinds and inputs matter. */
function model(...kinds: (string | readonly [string, string])[]): Model {
  const layers = kinds.map((kind, i): LayerRow => ({
    name: `layer${i}`,
    kind: typeof kind === "string" ? kind : kind[0],
    inbound: typeof kind === "string" ? [] : [kind[1]],
    config: {},
    outputs: [],
    numParameters: 0,
  }));
  return { layers, format: "keras" } as unknown as Model;
}

const CONVOLUTIONS = model("InputLayer", "Conv2D", "Dense");
const TRANSFORMER = model("Conv2D", "MultiHeadAttention", "Dense");

function array(
  count: number,
  width: number,
  value: (random: number, column: number) => number,
) {
  const random = seededRandom(width);
  const data = Float32Array.from(
    { length: count * width },
    (_, i) => value(random(), i % width),
  );
  return { data, shape: [count, width], dtype: "float32" } as const;
}

/** 60 samples of a model: `classes` logits over 4 units of a ReLU, half zero. */
function known(classes: number, more: FeatureSetArrays = {}) {
  return featureSet({
    logits: array(60, classes, (random) => random),
    labels: Array.from({ length: 60 }, (_, i) => i % classes),
    penultimate: array(60, 4, (random) => Math.max(0, random - 0.5)),
    head: {
      kernel: array(4, classes, (random) => random),
      bias: { ...array(1, classes, (random) => random), shape: [classes] },
    },
    ...more,
  });
}

const namesOf = (...args: Parameters<typeof recommend>) =>
  recommend(...args).map(({ name }) => name);

const warningsOf = (name: string, ...args: Parameters<typeof recommend>) =>
  recommend(...args).find((found) => found.name === name)!.warnings.join("\n");

Deno.test("recommend() names Mahalanobis distances and gen on transformers, and warns of ASH and SCALE", () => {
  const expected = ["mdsPlusPlus", "rmds", "gen", "msp"];
  const graphs = [
    model("Softmax", ["BatchMatMulV2", "layer0"]),
    model("Softmax", ["MatMul", "layer0"]),
    model("TransformerEncoder"),
  ];
  for (const transformer of [TRANSFORMER, ...graphs]) {
    assertEquals(namesOf(transformer, known(10)), expected);
    for (const name of ["gen", "msp"]) {
      const warnings = warningsOf(name, transformer, known(1000));
      assertStringIncludes(warnings, "no ash() and no scale() on a transf");
    }
  }
  const { reason } = recommend(TRANSFORMER, known(10))[0]!;
  assertStringIncludes(reason, `a transformer ("layer1")`);
  const labels = undefined;
  assertEquals(namesOf(TRANSFORMER, known(10, { labels })), [
    ...["deepKnn", "gen", "msp"],
  ]);
  // Labels of one class give no relative distances.
  const ones = known(10, { labels: Array(60).fill(1) });
  assertEquals(namesOf(TRANSFORMER, ones), ["deepKnn", "gen", "msp"]);
  assertEquals(namesOf(CONVOLUTIONS, ones), [
    ...["deepKnn", "fdbd", "vim", "msp"],
  ]);
  const noVectors = known(10, { penultimate: undefined, head: undefined });
  assertEquals(namesOf(TRANSFORMER, noVectors), ["gen", "msp"]);
  // A softmax at the end, or before something else, is no attention.
  const head = model("MatMul", "Softmax", ["Add", "layer1"]);
  assertEquals(namesOf(head, known(10))[0], "deepKnn");
});

Deno.test("recommend() names shaping and scores of logits with many classes", () => {
  const set = known(100);
  assertEquals(namesOf(CONVOLUTIONS, set), ["energy", "nci", "gen", "msp"]);
  const { reason, warnings } = recommend(CONVOLUTIONS, set)[0]!;
  assertStringIncludes(reason, "a convolutional network of 100 classes");
  assert(/with 4\d %|5\d % zeros in the penultimate/.test(reason), reason);
  assertEquals(warnings, []);
  const head = undefined;
  assertEquals(namesOf(model("Dense"), known(100, { head })), [
    ...["energy", "gen", "msp"],
  ]);
  const penultimate = array(60, 4, (random) => random - 0.5);
  const signed = known(100, { penultimate });
  assertEquals(namesOf(CONVOLUTIONS, signed), ["rmds", "gen", "msp"]);
  assertStringIncludes(
    warningsOf("gen", CONVOLUTIONS, signed),
    "of the penultimate is negative",
  );
});

Deno.test("recommend() names distances with few classes, and warns of shaping", () => {
  const names = ["deepKnn", "rmds", "fdbd", "vim", "msp"];
  assertEquals(namesOf(CONVOLUTIONS, known(99)), names);
  assertEquals(namesOf(model("Dense"), known(10)), names);
  assertStringIncludes(
    warningsOf("msp", CONVOLUTIONS, known(10)),
    "lower the AUROC with few classes",
  );
  const penultimate = array(60, 4, (random) => Math.max(0, random - 0.95));
  assertStringIncludes(
    warningsOf("msp", CONVOLUTIONS, known(10, { penultimate })),
    "have nothing to prune",
  );
});

Deno.test("recommend() lists detectors of a known subspace first", () => {
  const copied = array(60, 4, (random) => random);
  for (let row = 0; row < 60; row++) {
    copied.data[4 * row + 3] = copied.data[4 * row]!;
  }
  const penultimate = copied;
  const set = known(10, { penultimate });
  const found = recommend(CONVOLUTIONS, set);
  assertEquals(found.map(({ name }) => name), [
    ...["vim", "deepKnn", "rmds", "fdbd", "msp"],
  ]);
  assertStringIncludes(
    found[0]!.reason,
    "span 3 dimensions of the 4 units of penultimate that vary",
  );
  const singular = "the covariance is singular (rank 3 of 4)";
  assertStringIncludes(warningsOf("rmds", CONVOLUTIONS, set), singular);
  // Units that are always zero are no subspace that is left.
  const dead = known(10, {
    penultimate: array(60, 4, (random, column) => column === 3 ? 0 : random),
  });
  assertEquals(namesOf(CONVOLUTIONS, dead)[0], "deepKnn");
  assertStringIncludes(warningsOf("rmds", CONVOLUTIONS, dead), singular);
  const none = known(10, { penultimate, logits: undefined, head: undefined });
  assertEquals(namesOf(CONVOLUTIONS, none)[0], "residual");
  // Too few samples say nothing about the subspace.
  const few = known(10).select([0, 1, 2]);
  assertEquals(namesOf(CONVOLUTIONS, few)[0], "deepKnn");
  assertStringIncludes(
    warningsOf("rmds", CONVOLUTIONS, few),
    "3 samples do not show",
  );
  assertStringIncludes(
    warningsOf("deepKnn", CONVOLUTIONS, few),
    `"neighbors" must be lower than its default of 50`,
  );
  // Of many wide samples only some are looked at; that is no want of samples.
  const wide = featureSet({
    penultimate: array(800, 600, (random) => random),
    labels: Array.from({ length: 800 }, (_, i) => i % 2),
  });
  assertEquals(warningsOf("rmds", CONVOLUTIONS, wide), "");
});

Deno.test("recommend() uses the vectors of the head's width, and names missing parts of the set", () => {
  const features = [
    array(60, 4, (random) => random - 0.5),
    array(60, 7, (random) => random),
  ];
  const set = known(100, { features, penultimate: undefined });
  assertStringIncludes(
    recommend(CONVOLUTIONS, set)[0]!.reason,
    "negative features",
  );
  const logits = known(10, { penultimate: undefined, head: undefined });
  assertEquals(namesOf(CONVOLUTIONS, logits), ["msp"]);
  assertStringIncludes(
    warningsOf("msp", CONVOLUTIONS, logits),
    "with .penultimate(), detectors of distances",
  );
  const map = { ...array(60, 8, (random) => random), shape: [60, 2, 2, 2] };
  const { labels, logits: scores } = logits;
  const maps = featureSet({ features: [map], labels, logits: scores });
  assertStringIncludes(
    warningsOf("msp", CONVOLUTIONS, maps),
    `with .postprocess(pool("mean"))`,
  );
});

Deno.test("recommend() names no vim where the largest logits are not above 0, and warns of few units", async () => {
  const lower = known(3, { logits: array(60, 3, (random) => random - 5) });
  assertEquals(namesOf(CONVOLUTIONS, lower).includes("vim"), false);
  const dependent = array(60, 4, (random) => random);
  for (let row = 0; row < 60; row++) {
    dependent.data[4 * row] = dependent.data[4 * row + 1]!;
  }
  const inSpace = { penultimate: dependent };
  assertEquals(namesOf(CONVOLUTIONS, known(3, inSpace))[0], "vim");
  const logits = lower.logits!;
  const found = namesOf(CONVOLUTIONS, known(3, { ...inSpace, logits }));
  assertEquals(found[0], "residual");
  assertEquals(found.includes("vim"), false);
  const flat = array(60, 4, (_, column) => column);
  flat.data.forEach((_, i) => i % 4 === 0 && (flat.data[i] = i));
  assertEquals(
    namesOf(CONVOLUTIONS, known(3, { penultimate: flat })).includes("vim"),
    false, // of one dimension, nothing is left
  );
  for (const penultimate of [array(60, 4, (random) => random), dependent]) {
    const spread = known(3, { penultimate });
    const { warnings } = recommend(CONVOLUTIONS, spread)
      .find(({ name }) => name === "vim")!;
    assertStringIncludes(warnings[0]!, "pass vim({ dims: 2 })");
    await assertRejects(() => DETECTORS.vim().fit(spread), RangeError, "dims");
    await DETECTORS.vim({ dims: 2 }).fit(spread);
  }
});

Deno.test("recommend() recognises logits that are not those of classes", () => {
  const several = known(10, { activation: "sigmoid" });
  assertEquals(namesOf(CONVOLUTIONS, several), ["deepKnn", "rmds", "maxLogit"]);
  const one = known(1, { activation: "sigmoid" }); // two classes
  assertEquals(namesOf(CONVOLUTIONS, one).at(-1), "msp");
});

Deno.test("recommend() names detectors that there are, and shows them", () => {
  const transformer = recommend(TRANSFORMER, known(10));
  const sets = [known(10), known(100), known(10, { activation: "sigmoid" })];
  const all = sets.flatMap((set) => recommend(CONVOLUTIONS, set));
  for (const { name, reason } of [...transformer, ...all]) {
    assert(name in DETECTORS, name);
    assert(reason.length > 10);
  }
  assert(Object.isFrozen(transformer) && Object.isFrozen(transformer[0]));
  const text = Deno.inspect(transformer);
  assert(text.startsWith("4 detectors to try\n\ndetector "), text);
  assertStringIncludes(text, "no ash() and no scale()");
});

Deno.test("recommend() refuses what it cannot measure", () => {
  const bad = (
    args: readonly unknown[],
    type: typeof TypeError | typeof RangeError,
    part: string,
  ) => {
    const [first, second] = args as Parameters<typeof recommend>;
    assertThrows(() => recommend(first, second), type, part);
  };
  const set = known(10);
  bad([Promise.resolve(CONVOLUTIONS), set], TypeError, "write await before it");
  bad([CONVOLUTIONS, Promise.resolve(set)], TypeError, "write await before it");
  const layers = [tf.layers.dense({ units: 2, inputShape: [4] })];
  const inMemory = tf.sequential({ layers });
  const advice = "pass the result of loadModel(), or extractor.model";
  bad([inMemory, set], TypeError, advice);
  recommend(new FeatureExtractor(inMemory).model, set); // as advised
  bad([set, CONVOLUTIONS], TypeError, "must be a model");
  bad([CONVOLUTIONS, [1]], TypeError, "second argument must be a feature set");
  const empty = featureSet({ labels: [1] });
  bad([CONVOLUTIONS, empty], TypeError, 'features: current value is "neither"');
  // As of a head that is applied at each of three time steps.
  const data = new Float32Array(6);
  const steps = { data, shape: [1, 3, 2], dtype: "float32" } as const;
  const perStep = makeFeatureSet({
    ...empty,
    logits: steps,
    penultimate: steps,
  });
  bad([CONVOLUTIONS, perStep], TypeError, "logits [N, C] or features");
  bad([CONVOLUTIONS, set.select([])], RangeError, "at least one sample");
  const nan = array(60, 4, (random) => random > 0.9 ? NaN : 1);
  bad(
    [CONVOLUTIONS, known(4, { penultimate: nan })],
    RangeError,
    "penultimate must be finite",
  );
  bad([CONVOLUTIONS, known(4, { logits: nan })], RangeError, "logits must be");
});
