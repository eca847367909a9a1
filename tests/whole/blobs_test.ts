/**
 * The blobs of the tests of oodeel, from points of the plane to scores: a model,
 * features of one layer or two, shaped or perturbed or not, and detectors on
 * them. The bounds are those of oodeel's tests.
 *
 * @module
 */
import { assert } from "@std/assert";
import {
  deepKnn,
  type Detector,
  energy,
  entropy,
  FeatureExtractor,
  fromLayersModel,
  mahalanobis,
  maxLogit,
  msp,
  type NdArray,
  odin,
  perLayer,
  tf,
  vim,
} from "@sonde/sonde";
import { RUNS_ALL } from "../support/extent.ts";
import { areasOf, blobsNetwork } from "../support/detector_cases.ts";

const { points, labels, weights } = blobsNetwork();

function network(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 64, activation: "relu", inputShape: [2] }),
      tf.layers.dense({ units: 2, activation: "softmax" }),
    ],
  });
  const tensors = weights.map(({ data, shape }) => tf.tensor(data, [...shape]));
  model.setWeights(tensors);
  tf.dispose(tensors);
  return model;
}

const BLOBS = new FeatureExtractor(fromLayersModel(network()));

type Points = ReturnType<typeof blobsNetwork>["points"];

/** Every `step`-th point. */
function thinned(step: number): { points: Points; labels: Int32Array } {
  const thin = ({ data, shape }: NdArray): NdArray => {
    const rows = Array.from(
      { length: Math.floor(shape[0]! / step) },
      (_, i) => [data[2 * i * step]!, data[2 * i * step + 1]!],
    );
    const values = Float32Array.from(rows.flat());
    return { data: values, shape: [rows.length, 2], dtype: "float32" };
  };
  const { fit, known, unknown } = points;
  const kept = { fit: thin(fit), known: thin(known), unknown: thin(unknown) };
  const count = kept.fit.shape[0]!;
  return {
    points: kept,
    labels: Int32Array.from({ length: count }, (_, i) => labels[i * step]!),
  };
}

async function check(
  detector: Detector,
  extractor: FeatureExtractor,
  [leastAuroc, mostFpr]: readonly [number, number],
  step = RUNS_ALL ? 1 : 8,
): Promise<void> {
  const { points, labels } = thinned(step);
  const fit = await extractor.predict([points.fit, labels]);
  const scorer = await detector.fit(fit);
  const [auroc, fpr] = areasOf(
    await scorer.score(await extractor.predict(points.known)),
    await scorer.score(await extractor.predict(points.unknown)),
  );
  const isGood = auroc >= leastAuroc && fpr <= mostFpr;
  assert(isGood, `${detector.name}: AUROC ${auroc}, FPR ${fpr}`);
}

const OF_LOGITS = [odin(), maxLogit(), msp(), energy(), entropy()];

Deno.test("detectors of logits tell the blobs after ReAct, SCALE and ASH as well as oodeel asks", async () => {
  const react = await BLOBS.fitReact(points.fit, { quantile: 0.9 });
  for (const detector of OF_LOGITS) {
    await check(detector, react, [0.95, 0.05]);
    await check(detector, BLOBS.scale(0.85), [0.95, 0.2]);
  }
  for (const detector of [odin(), maxLogit(), energy()]) {
    await check(detector, BLOBS.ash(0.8), [0.5, 0.5]);
  }
});

Deno.test("odin() and mahalanobis() tell perturbed blobs as well as oodeel asks", async () => {
  const perturbed = BLOBS.perturb({ epsilon: 0.014, temperature: 1000 });
  await check(odin(), perturbed, [0.95, 0.05]);
  await check(mahalanobis(), perturbed.penultimate(), [0.95, 0.05]);
});

for (const aggregate of ["standardized", "fisher", "max"] as const) {
  Deno.test(`perLayer(…, { aggregate: "${aggregate}" }) tells the blobs by two layers as well as oodeel asks`, async () => {
    const two = BLOBS.layers([-2, -1]);
    await check(perLayer(deepKnn(), { aggregate }), two, [0.95, 0.05], 4);
    await check(perLayer(mahalanobis(), { aggregate }), two, [0.95, 0.05], 4);
    await check(
      perLayer(vim({ dims: 0.9 }), { aggregate }),
      two,
      [0.9, 0.6],
      4,
    );
  });
}
