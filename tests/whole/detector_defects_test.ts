/**
 * Defects of the detectors of oodeel, which must not occur here; one test for
 * each defect that applies.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  deepKnn,
  type Detector,
  DETECTORS,
  entropy,
  FeatureExtractor,
  type FeatureSet,
  featureSet,
  gram,
  mahalanobis,
  maxLogit,
  type NdArray,
  odin,
  perLayer,
  pool,
  she,
  tf,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { blobs, matrix, normals, rowSet } from "../support/detector_sets.ts";

/** Settings that suit some dozens of samples. */
const SETTINGS: Readonly<Record<string, object>> = {
  deepKnn: { neighbors: 5 },
  openMax: { tail: 4 },
};
const KNOWN = blobs({ samples: 45 });
const OTHER = blobs({ samples: 60, seed: 4 });
const QUERY = blobs({ samples: 9, seed: 3, unknown: true });

function all(): [name: string, create: () => Detector][] {
  return Object.entries(DETECTORS).map(([name, factory]) => [
    name,
    () => (factory as (options?: object) => Detector)(SETTINGS[name]),
  ]);
}

function withoutLabels({ penultimate, logits, head }: FeatureSet): FeatureSet {
  const rows = (array: NdArray) => {
    const columns = array.shape[1]!;
    return Array.from(
      { length: array.shape[0]! },
      (_, i) => [...array.data.subarray(i * columns, (i + 1) * columns)],
    );
  };
  return rowSet({
    penultimate: rows(penultimate!),
    logits: rows(logits!),
    kernel: rows(head!.kernel),
    bias: [...head!.bias.data],
    activation: "softmax",
  });
}

Deno.test("scores of a set without labels are those of the set with labels (oodeel: the second sample becomes a label)", async () => {
  const bare = withoutLabels(QUERY);
  assertEquals(bare.labels, undefined);
  for (const [, create] of all()) {
    const scorer = await create().fit(KNOWN);
    const expected = await scorer.score(QUERY);
    assertEquals(expected.length, 9);
    assertEquals(await scorer.score(bare), expected);
  }
});

Deno.test("a detector that was fitted before learns the new set alone (oodeel: refits accumulate)", async () => {
  for (const [name, create] of all()) {
    const detector = create();
    const first = await detector.fit(KNOWN);
    const before = await first.score(QUERY);
    const again = await detector.fit(OTHER);
    const fresh = await (await create().fit(OTHER)).score(QUERY);
    assertEquals(await again.score(QUERY), fresh, name);
    assertEquals(await first.score(QUERY), before, name);
  }
});

Deno.test("a class without a correctly classified sample leaves she() finite, as does one sample at a time (oodeel: NaN, a crash)", async () => {
  const known = rowSet({
    penultimate: [[1, 0], [2, 0], [0, 1], [0, 3]],
    logits: [[5, 0, 0], [5, 0, 0], [0, 5, 0], [0, 5, 0]],
    labels: [0, 0, 1, 2],
  });
  const query = rowSet({
    penultimate: [[1, 1], [2, 1], [1, 2]],
    logits: [[5, 0, 0], [0, 5, 0], [0, 0, 5]],
  });
  for (const pattern of ["predicted", "nearest"] as const) {
    const scorer = await she({ pattern }).fit(known);
    const scores = await scorer.score(query);
    assert(scores.every(Number.isFinite), `${pattern}: ${scores}`);
    for (const row of [0, 1, 2]) {
      assertEquals([...await scorer.score(query.select([row]))], [scores[row]]);
    }
  }
});

Deno.test("gram() scores a class that the fit never predicted (oodeel: KeyError)", async () => {
  const [row, other] = [[[1, 2]], [[3, 1]]];
  const known = rowSet({ penultimate: row, logits: [[5, 0]] });
  const scorer = await gram().fit(known);
  const query = rowSet({ penultimate: other, logits: [[0, 5]] });
  const [score] = await scorer.score(query);
  assert(Number.isFinite(score));
});

Deno.test("perLayer() reads a stream a few times, not once a batch (oodeel: all rows anew for each batch)", async () => {
  let reads = 0;
  const parts = Array.from(
    { length: 16 },
    (_, i) => KNOWN.select((row) => row % 16 === i),
  );
  const layered = parts.map((part) => layersOf(part));
  const scorer = await perLayer(deepKnn({ neighbors: 5 })).fit(
    async function* () {
      reads++;
      yield* layered;
    },
  );
  assertEquals((await scorer.score(layersOf(QUERY))).length, 9);
  assert(reads <= 12, `read ${reads} times`);
});

/** Two layers, without labels. */
function layersOf({ penultimate }: FeatureSet): FeatureSet {
  const { data, shape } = penultimate!;
  const double = matrix([...data].map((x) => x * x), shape[1]!);
  return featureSet({ features: [penultimate!, double] });
}

Deno.test("two layers without labels fit detectors that need none (oodeel: TypeError)", async () => {
  for (const aggregate of ["standardized", "fisher", "max"] as const) {
    const detector = perLayer(deepKnn({ neighbors: 5 }), { aggregate });
    const scorer = await detector.fit(layersOf(KNOWN));
    const scores = await scorer.score(layersOf(QUERY));
    assert(scores.every(Number.isFinite));
  }
});

Deno.test("entropy() is finite where probabilities vanish, odin() without a perturbation (oodeel: NaN, a crash)", async () => {
  const sure = rowSet({ logits: [[1000, 0, -1000], [0, 0, 0]] });
  assertAllClose(await entropy().score(sure), [0, Math.log(3)], { rtol: 1e-6 });
  const scores = await odin().score(sure);
  assert(scores[0]! < scores[1]!);
});

/** A small model of three classes; the softmax is a layer of its own if asked. */
function convnet(softmax: "fused" | "layer"): tf.LayersModel {
  const layers = [
    tf.layers.conv2d({
      filters: 4,
      kernelSize: 2,
      activation: "relu",
      inputShape: [4, 4, 1],
      name: "conv",
      kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
    }),
    tf.layers.flatten({ name: "flat" }),
    tf.layers.dense({
      units: 3,
      name: "head",
      kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }),
      ...(softmax === "fused" ? { activation: "softmax" } : {}),
    }),
    ...(softmax === "layer" ? [tf.layers.softmax()] : []),
  ];
  return tf.sequential({ layers });
}

const COUNT = 30;
const XS: NdArray = {
  data: Float32Array.from(normals(COUNT * 16, 8)),
  shape: [COUNT, 4, 4, 1],
  dtype: "float32",
};
const YS = Int32Array.from({ length: COUNT }, (_, i) => i % 3);

Deno.test("postprocessing goes with a detector that was never fitted (oodeel: AttributeError)", async () => {
  const model = convnet("fused");
  const extractor = new FeatureExtractor(model).layers("conv")
    .postprocess(pool("mean"));
  const set = await extractor.predict([XS, YS]);
  for (const detector of [mahalanobis(), deepKnn({ neighbors: 5 })]) {
    const scorer = await detector.fit(set); // of arrays with labels, which crash its DKNN
    assertEquals((await scorer.score(set)).length, COUNT);
  }
  model.dispose();
});

Deno.test("a perturbation takes arrays, and its temperature counts (oodeel: a crash, always 1000)", async () => {
  const model = convnet("fused");
  const plain = new FeatureExtractor(model).penultimate()
    .engine("tfjs", { backend: "cpu" });
  const at = (temperature: number) =>
    plain.perturb({ epsilon: 0.5, temperature }).predict([XS, YS]);
  const known = await plain.predict([XS, YS]);
  const scorers = [
    await mahalanobis().fit(known),
    await she({ pattern: "nearest" }).fit(
      await plain.predict([XS, predicted(known)]),
    ),
    await odin().fit(known),
  ];
  const [cold, warm] = [await at(0.02), await at(1000)];
  for (const scorer of scorers) {
    const scores = await scorer.score(cold);
    assert(scores.every(Number.isFinite));
    const isSame = String(scores) === String(await scorer.score(warm));
    assertEquals(isSame, false, scorer.name);
  }
  model.dispose();
});

function predicted({ logits }: FeatureSet): Int32Array {
  const { data, shape } = logits!;
  const columns = shape[1]!;
  return Int32Array.from({ length: shape[0]! }, (_, i) => {
    const row = [...data.subarray(i * columns, (i + 1) * columns)];
    return row.indexOf(Math.max(...row));
  });
}

Deno.test("a softmax that is a layer of its own does not reach detectors of logits (oodeel: probabilities as logits)", async () => {
  const [fused, layer] = [convnet("fused"), convnet("layer")];
  const scored = async (model: tf.LayersModel) =>
    await maxLogit().score(await new FeatureExtractor(model).predict(XS));
  assertAllClose(await scored(layer), await scored(fused), { rtol: 1e-5 });
  fused.dispose();
  layer.dispose();
});

Deno.test("the threshold of ReAct does not depend on the postprocessing of layers (oodeel: it does)", async () => {
  const model = convnet("fused");
  const plain = new FeatureExtractor(model);
  const pooled = plain.layers("conv").postprocess(pool("mean"));
  const scored = async (extractor: FeatureExtractor) => {
    const react = await extractor.fitReact(XS, { quantile: 0.6 });
    return await maxLogit().score(await react.predict(XS));
  };
  const found = await scored(pooled);
  assertAllClose(found, await scored(plain), { rtol: 1e-6 });
  const unshaped = await maxLogit().score(await plain.predict(XS));
  assertEquals(String(found) === String(unshaped), false);
  model.dispose();
});
