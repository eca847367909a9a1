/** What messages of detectors tell to do works. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  deepKnn,
  defineDetector,
  energy,
  FeatureExtractor,
  type FeatureSet,
  featureSet,
  fitTemperature,
  loadScorer,
  mahalanobis,
  maxLogit,
  msp,
  nci,
  perLayer,
  residual,
  type Scorer,
  tf,
  vim,
} from "@sonde/sonde";
import { blobs, matrix, rowSet, streamOf } from "../support/detector_sets.ts";

const KNOWN = blobs({ samples: 30 });
const knn = () => deepKnn({ neighbors: 3 });

/** Fails with advice, and does not when it is followed. */
async function follows(
  run: () => unknown,
  advice: string,
  followed: () => Promise<unknown>,
): Promise<void> {
  const error = await assertRejects(async () => await run(), Error);
  assert(error.message.includes(advice), error.message);
  await followed();
}

async function bytesOf(scorer: Scorer): Promise<Uint8Array> {
  const file = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    await scorer.save(file);
    return await Deno.readFile(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("loadScorer() accepts the file that scorer.save wrote, not its folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/scorer.safetensors`;
    await (await knn().fit(KNOWN)).save(file);
    await follows(
      () => loadScorer(folder),
      "pass the file that scorer.save wrote",
      () => loadScorer(file),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("perLayer(detector) accepts several layers", async () => {
  const two = featureSet({
    features: [KNOWN.penultimate!, KNOWN.logits!],
    layerNames: ["pen", "logits"],
  });
  await follows(
    () => knn().fit(two),
    "use perLayer(detector) for all layers",
    () => perLayer(knn()).fit(two),
  );
});

Deno.test("a stream is accepted as a function, which can be called again", async () => {
  const stream = streamOf(KNOWN, 8);
  await follows(
    () => knn().fit(stream() as never),
    "pass a function, as in () => extractor.stream(dataset), which can be called again",
    () => knn().fit(() => stream()),
  );
});

Deno.test("logits are there with a head that is named, classes of sigmoids are not needed by maxLogit() and deepKnn()", async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 3, inputShape: [2], name: "classes" }),
      tf.layers.dense({ units: 2, activation: "relu", name: "last" }),
    ],
  });
  const extractor = new FeatureExtractor(model);
  const xs = tf.ones([4, 2]);
  const bare = await extractor.logits(false).layers([-1]).predict(xs);
  await follows(
    () => msp().score(bare),
    "name the head with .head(…)",
    async () => msp().score(await extractor.head("classes").predict(xs)),
  );
  tf.dispose(xs);
  model.dispose();
  const sigmoids = rowSet({
    penultimate: [[1, 2], [2, 1], [3, 3], [1, 1]],
    logits: [[1, 2], [0, 1], [3, 1], [1, 1]],
    activation: "sigmoid",
  });
  await follows(
    () => msp().score(sigmoids),
    "use maxLogit(), or a detector of features, as deepKnn()",
    async () => {
      await maxLogit().score(sigmoids);
      await (await knn().fit(sigmoids)).score(sigmoids);
    },
  );
});

Deno.test("a missing head can be passed to featureSet()", async () => {
  const { penultimate, logits, head } = KNOWN;
  await follows(
    () => nci().fit(featureSet({ penultimate, logits })),
    "pass head to featureSet({ … })",
    () => nci().fit(featureSet({ penultimate, logits, head })),
  );
});

Deno.test("a scorer's file that was altered is saved again", async () => {
  const scorer = await knn().fit(KNOWN);
  const altered = await bytesOf(scorer);
  altered[altered.length - 1]! ^= 1;
  await follows(
    () => loadScorer(altered),
    "save the scorer again",
    async () => await loadScorer(await bytesOf(scorer)),
  );
});

Deno.test("equal features of a class need a detector without a covariance", async () => {
  const equal = rowSet({
    penultimate: [[1, 2], [1, 2], [5, 4], [5, 4]],
    labels: [0, 0, 1, 1],
  });
  await follows(
    () => mahalanobis().fit(equal),
    "use a detector without a covariance",
    () => knn().fit(equal),
  );
});

Deno.test("few known samples calibrate with a lower tpr", async () => {
  const scorer = await knn().fit(KNOWN);
  const few = blobs({ samples: 10, seed: 2 });
  await follows(
    () => scorer.calibrate(few, { tpr: 0.95 }),
    'pass more, or a lower "tpr"',
    () => scorer.calibrate(few, { tpr: 0.9 }),
  );
});

Deno.test("a temperature needs held-out samples that are wrong here and there", async () => {
  const set = (...labels: number[]): FeatureSet =>
    rowSet({ logits: labels.map(() => [2, 0]), labels });
  await follows(
    () => fitTemperature(set(0, 0, 0)),
    "pass more held-out samples",
    () => fitTemperature(set(0, 0, 0, 1)),
  );
});

Deno.test("a custom detector's scorer is loaded with { detectors }", async () => {
  const mine = defineDetector({
    name: "mine",
    uses: { logits: "any" },
    open: () => ({ score: ({ rows }) => new Float64Array(rows) }),
  });
  const bytes = await bytesOf(mine);
  await follows(
    () => loadScorer(bytes),
    "pass { detectors: [mine] }",
    () => loadScorer(bytes, { detectors: [mine] }),
  );
});

Deno.test("perLayer() accepts a detector of features", async () => {
  const error = assertThrows(() => perLayer(energy()), TypeError);
  assert(error.message.includes("use deepKnn(), …"), error.message);
  assertEquals(perLayer(knn()).name, "perLayer");
  const set = featureSet({ features: [KNOWN.penultimate!] });
  await perLayer(knn()).fit(set);
});

Deno.test("vim() that has no residual works with lower dims, others replace it where logits are negative", async () => {
  await follows(
    () => vim({ dims: 6 }).fit(KNOWN),
    'pass a lower "dims"',
    () => vim({ dims: 5 }).fit(KNOWN),
  );
  const line = featureSet({
    penultimate: matrix([1, 1, 2, 2, 3, 3, 4, 4], 2),
    logits: matrix([1, 0, 1, 0, 1, 0, 2, 0], 2),
  });
  await follows(
    () => vim({ dims: 1 }).fit(line),
    'pass a lower "dims", or use maxLogit()',
    () => maxLogit().score(line),
  );
  const { penultimate } = KNOWN;
  const logits = matrix(Array(60).fill(-5), 2);
  const negative = featureSet({ penultimate, logits });
  await follows(
    () => vim({ dims: 2 }).fit(negative),
    "use residual() and energy()",
    async () => {
      await (await residual({ dims: 2 }).fit(negative)).score(negative);
      await energy().score(negative);
    },
  );
});

Deno.test("perLayer() that is not fitted advises to fit it with a detector", async () => {
  const set = featureSet({ features: [KNOWN.penultimate!] });
  const unfitted = perLayer(knn()) as unknown as Scorer;
  await follows(
    () => unfitted.score(set),
    "write const scorer = await perLayer(detector).fit(known), and then " +
      "scorer.score(…)",
    async () => (await perLayer(knn()).fit(set)).score(set),
  );
});

Deno.test("labels of NumPy and of strings are converted as the message advises", async () => {
  const { penultimate } = KNOWN;
  const labels = BigInt64Array.from(KNOWN.labels!.data, BigInt);
  const wrong = labels as unknown as number[];
  await follows(
    () => featureSet({ penultimate, labels: wrong }),
    "current value is 0n; pass Array.from(labels, Number)",
    () => {
      const numbers = Array.from(labels, Number);
      return mahalanobis().fit(featureSet({ penultimate, labels: numbers }));
    },
  );
  const strings = Array(30).fill("cat") as unknown as number[];
  await follows(
    () => featureSet({ penultimate, labels: strings }),
    'pass class indices, and the names in "classNames"',
    () => {
      const indices = new Int32Array(30);
      const set = featureSet({
        ...{ penultimate, labels: indices },
        classNames: ["cat"],
      });
      return mahalanobis().fit(set);
    },
  );
});

Deno.test("a buffer of a scorer's file becomes bytes", async () => {
  const { buffer } = await bytesOf(await knn().fit(KNOWN));
  await follows(
    () => loadScorer(buffer as unknown as Uint8Array),
    "current value is an ArrayBuffer; pass new Uint8Array(buffer)",
    () => loadScorer(new Uint8Array(buffer)),
  );
});
