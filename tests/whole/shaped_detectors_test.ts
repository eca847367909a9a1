/**
 * Shaping and every detector: those of logits alone take shaped logits; those
 * of features and logits refuse logits that are shaped beside features that are
 * not, and the advice of the message works.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Detector,
  DETECTORS,
  FeatureExtractor,
  type FeatureSet,
  tf,
} from "@sonde/sonde";
import { normals } from "../support/detector_sets.ts";

/** Settings that suit some dozens of samples. */
const SETTINGS: Readonly<Record<string, object>> = {
  deepKnn: { neighbors: 5 },
  dice: { percentile: 0.5 },
  gram: { quantile: 0.2 },
  openMax: { tail: 4 },
  vim: { dims: 3 },
};
/** Detectors that do not look at the logits. */
const OF_FEATURES = ["mahalanobis", "rmds", "mdsPlusPlus"];
OF_FEATURES.push("deepKnn", "residual", "gmm");
const OF_LOGITS = ["msp", "maxLogit", "entropy", "energy", "gen", "odin"];
OF_LOGITS.push("klMatching", "openMax");

const COUNT = 60;
const UNITS = 6;

/** Three classes in a plane, and a network that tells them. */
function samples(): { readonly xs: tf.Tensor; readonly ys: Int32Array } {
  const ys = Int32Array.from({ length: COUNT }, (_, i) => i % 3);
  const noise = normals(2 * COUNT, 4);
  const rows = Array.from(ys, (label, i) => [
    3 * Math.cos(2 * label) + 0.5 * noise[2 * i]!,
    3 * Math.sin(2 * label) + 0.5 * noise[2 * i + 1]!,
  ]);
  return { xs: tf.tensor2d(rows), ys };
}

function network(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: UNITS, activation: "relu", inputShape: [2] }),
      tf.layers.dense({ units: 3, activation: "softmax" }),
    ],
  });
  const angles = Array.from({ length: UNITS }, (_, i) => i * Math.PI / 3);
  const directions = [angles.map(Math.cos), angles.map(Math.sin)];
  const head = angles.map((angle) =>
    [0, 2, 4].map((label) => Math.cos(angle - label))
  );
  const weights = [
    tf.tensor2d(directions),
    tf.fill([UNITS], 0.5),
    tf.tensor2d(head),
    tf.fill([3], 1),
  ];
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

const { xs, ys } = samples();
const EXTRACTOR = new FeatureExtractor(network())
  .engine("tfjs", { backend: "cpu" });
const SHAPED = EXTRACTOR.react(2);
const sets: Promise<FeatureSet[]> = Promise.all([
  EXTRACTOR.penultimate().predict([xs, ys]),
  SHAPED.penultimate().predict([xs, ys]),
  SHAPED.penultimate({ shaped: true }).predict([xs, ys]),
]);

for (const [name, factory] of Object.entries(DETECTORS)) {
  const create = () =>
    (factory as (options?: object) => Detector)(SETTINGS[name]);
  const usesBoth = ![...OF_FEATURES, ...OF_LOGITS].includes(name);

  Deno.test(`${name}() ${usesBoth ? "refuses shaped logits beside features that are not, and takes both shaped" : "goes with shaping"}`, async () => {
    const [plain, mixed, shaped] = await sets as [
      FeatureSet,
      FeatureSet,
      FeatureSet,
    ];
    const fitted = await create().fit(shaped);
    const scores = await fitted.score(shaped);
    assert(scores.every(Number.isFinite));
    const unshaped = await (await create().fit(plain)).score(plain);
    assertEquals(String(scores) === String(unshaped), false);
    if (usesBoth) {
      await assertRejects(
        async () => await (await create().fit(mixed)).score(mixed),
        TypeError,
        "extract with .penultimate({ shaped: true })",
      );
      return;
    }
    const found = await (await create().fit(mixed)).score(mixed);
    const expected = OF_LOGITS.includes(name) ? scores : unshaped;
    assertEquals(found, expected);
  });
}
