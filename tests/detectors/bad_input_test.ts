/** What the whole family refuses, and that the advice works. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { energy } from "../../lib/detectors/energy.ts";
import { mahalanobis } from "../../lib/detectors/mahalanobis.ts";
import { maxLogit } from "../../lib/detectors/max_logit.ts";
import { vim } from "../../lib/detectors/vim.ts";
import { featureSet, makeFeatureSet } from "../../lib/features/feature_set.ts";
import { accuracy } from "../../lib/metrics/accuracy.ts";
import type { FeatureSet } from "../../lib/types.ts";
import { blobs, matrix, streamOf, TINY_FIT } from "../support/detector_sets.ts";

const KNOWN = blobs({ samples: 30 });
const knn = () => deepKnn({ neighbors: 3 });

function layers(
  arrays: Readonly<Record<string, number>>,
  rows = 8,
): FeatureSet {
  return featureSet({
    features: Object.values(arrays).map((columns) =>
      matrix(Array.from({ length: rows * columns }, (_, i) => i % 7), columns)
    ),
    layerNames: Object.keys(arrays),
  });
}

Deno.test("scoring before fitting is refused with the advice to fit first", async () => {
  const detector = mahalanobis() as unknown as {
    score(set: FeatureSet): Promise<Float64Array>;
  };
  await assertRejects(
    () => detector.score(KNOWN),
    TypeError,
    "Cannot score with mahalanobis() as the detector must be fitted first: " +
      'current value is "not fitted"; write const scorer = await mahalanobis().fit(known), ' +
      "and then scorer.score(…)",
  );
  // What it shows of itself holds only what there is.
  assertEquals(Object.keys(mahalanobis()), ["name", "fit"]);
});

Deno.test("a fit without labels is refused with detectors that need none", async () => {
  const { labels: _, ...rest } = KNOWN;
  const bare = makeFeatureSet({ ...rest, labels: undefined });
  await assertRejects(
    () => mahalanobis().fit(bare),
    TypeError,
    "Cannot fit mahalanobis() as features must carry labels: current value is " +
      "undefined; load the dataset with labels, or use a detector that needs none, " +
      "as energy() or deepKnn()",
  );
  await knn().fit(bare);
  await energy().score(bare);
  const negative = featureSet({
    penultimate: KNOWN.penultimate,
    labels: Array.from(KNOWN.labels!.data, (label, i) => i === 4 ? -1 : label),
  });
  await assertRejects(
    () => mahalanobis().fit(negative),
    RangeError,
    "labels must be >= 0, in row 4 too: current value is -1",
  );
});

Deno.test("columns that differ from those of the fit are refused", async () => {
  const scorer = await knn().fit(layers({ pen: 4 }));
  await assertRejects(
    () => scorer.score(layers({ pen: 5 })),
    TypeError,
    'Cannot score with deepKnn() as layer "pen" must have the 4 columns of the fit: current value is [8, 5]',
  );
  const change = async function* () {
    await Promise.resolve();
    yield layers({ pen: 4 });
    yield layers({ pen: 5 });
  };
  await assertRejects(() => knn().fit(change), TypeError, "4 columns");
});

Deno.test("a layer that is not the fit's is refused, with the nearest name", async () => {
  const scorer = await knn().fit(layers({ pen: 4 }));
  await assertRejects(
    () => scorer.score(layers({ pen2: 4 })),
    TypeError,
    'the set must have layer "pen" of the fit: current value is ["pen2"]; ' +
      'extract with .layers(["pen"]); nearest name is "pen2"',
  );
  // Others beside it do not matter.
  const scores = await scorer.score(layers({ conv: 2, pen: 4 }));
  assertEquals(scores, await scorer.score(layers({ pen: 4 })));
  const other = await knn().fit(TINY_FIT);
  await assertRejects(
    () => other.score(layers({ pen: 2 })),
    TypeError,
    "extract with .penultimate()",
  );
});

Deno.test("several layers are refused by naming perLayer, none by naming layers", async () => {
  await assertRejects(
    () => knn().fit(layers({ a: 2, b: 3 })),
    TypeError,
    'it must get features of one layer: current value is ["a", "b"]; ' +
      "extract with .penultimate(), or use perLayer(detector) for all layers",
  );
  const { logits, labels } = KNOWN;
  await assertRejects(
    () => knn().fit(featureSet({ logits, labels: labels!.data })),
    TypeError,
    "extract with .penultimate(), or with .layers([…])",
  );
});

Deno.test("a detector that needs the input of the head uses the layer of its width", async () => {
  const { penultimate, logits, head } = KNOWN;
  const known = featureSet({
    features: [matrix(new Array(30 * 4).fill(1), 4), penultimate!],
    layerNames: ["conv", "pen"],
    logits,
    head,
  });
  const scorer = await vim({ dims: 2 }).fit(known);
  const expected = await (await vim({ dims: 2 }).fit(KNOWN)).score(KNOWN);
  assertEquals(await scorer.score(known), expected);
});

Deno.test("feature maps are refused by naming pool, and set.pooled() works", async () => {
  const set = makeFeatureSet({
    features: [{
      data: Float32Array.from({ length: 8 * 4 * 3 }, (_, i) => i % 5),
      shape: [8, 2, 2, 3],
      dtype: "float32",
    }],
    layerNames: ["conv"],
    specs: [{ name: "conv", channels: "last", form: "raw" }],
    ids: [0, 1, 2, 3, 4, 5, 6, 7],
    nonFinite: [],
  });
  await assertRejects(
    () => knn().fit(set),
    TypeError,
    'features of layer "conv" must be of shape [N, D]: current value is ' +
      '[8, 2, 2, 3]; extract with .postprocess(pool("mean")), or call set.pooled("mean")',
  );
  const scorer = await knn().fit(set.pooled("mean"));
  assertEquals((await scorer.score(set.pooled("mean"))).length, 8);
});

Deno.test("rows whose inputs were not finite are named by number and id", async () => {
  const set = makeFeatureSet({
    ...KNOWN,
    ids: Array.from(KNOWN.ids, (id) => `${id}.png`),
    nonFinite: [2, 9],
  });
  const message =
    'the inputs of all rows must be finite, of row 2 ("2.png"), ' +
    'row 9 ("9.png") too';
  await assertRejects(() => knn().fit(set), RangeError, message);
  const scorer = await knn().fit(KNOWN);
  await assertRejects(() => scorer.score(set), RangeError, message);
  // What the message says to do.
  const rest = set.select((row) => !Array.from(set.nonFinite).includes(row));
  assertEquals((await scorer.score(rest)).length, 28);
});

Deno.test("rows of a stream are counted from its start in messages", async () => {
  const values = Array.from(KNOWN.penultimate!.data);
  values[20 * 6] = Infinity;
  const set = featureSet({ penultimate: matrix(values, 6) });
  await assertRejects(
    () => knn().fit(streamOf(set, 8)),
    RangeError,
    "features must be finite, in row 20 too: current value is Infinity",
  );
});

Deno.test("streams are functions that return the whole stream in each call", async () => {
  const stream = streamOf(KNOWN, 8);
  await assertRejects(
    () => knn().fit(stream() as never),
    TypeError,
    "pass a function, as in () => extractor.stream(dataset)",
  );
  await assertRejects(
    () => knn().fit((() => KNOWN) as never),
    TypeError,
    "the function must return a stream of feature sets",
  );
  const once = stream();
  await assertRejects(
    () => vim({ dims: 2 }).fit(() => once), // reads twice
    RangeError,
    "a new stream of the same samples in each call, 30 as in the first one: current value is 0",
  );
  const wrong = async function* () {
    await Promise.resolve();
    yield [1, 2, 3];
  };
  await assertRejects(
    () => knn().fit(wrong as never),
    TypeError,
    "feature sets",
  );
});

Deno.test("stored features are read by their stream", async () => {
  const stored = {
    samples: 30,
    specs: [],
    stream: () => streamOf(KNOWN, 11)(),
    load: () => Promise.resolve(KNOWN),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const scorer = await knn().fit(stored);
  assertEquals(
    await scorer.score(stored),
    await (await knn().fit(KNOWN)).score(KNOWN),
  );
});

// ---- progress and stop ----

Deno.test("fit() and score() report progress, and can be aborted", async () => {
  const seen: number[] = [];
  const scorer = await knn().fit(streamOf(KNOWN, 8), {
    onProgress: ({ samples }) => seen.push(samples),
  });
  assertEquals(seen, [8, 16, 24, 30]);
  const totals: (number | undefined)[] = [];
  await scorer.score(KNOWN, { onProgress: ({ total }) => totals.push(total) });
  assertEquals(totals, [30]);
  const stop = new AbortController();
  await assertRejects(
    () =>
      knn().fit(streamOf(KNOWN, 8), {
        signal: stop.signal,
        onProgress: () => stop.abort(),
      }),
    DOMException,
    "Run was stopped after 8",
  );
  const waiting = async function* () {
    yield KNOWN;
    await new Promise(() => {}); // never ends
  };
  const other = new AbortController();
  const fitting = knn().fit(waiting, {
    signal: other.signal,
    onProgress: () => other.abort(new RangeError("enough")),
  });
  await assertRejects(() => fitting, RangeError, "enough");
  await assertRejects(
    () => scorer.score(KNOWN, { sgnal: stop.signal } as never),
    TypeError,
    'did you mean "signal"',
  );
});

Deno.test("logits and penultimates of time steps are refused", async () => {
  // As of a head that is applied at each of two time steps.
  const steps = (units: number) => ({
    data: Float32Array.from({ length: 4 * units }, (_, i) => i % 3),
    shape: [2, 2, units],
    dtype: "float32" as const,
  });
  const set = makeFeatureSet({
    ...featureSet({ labels: [0, 1] }),
    penultimate: steps(4),
    logits: steps(3),
  });
  for (const detector of [energy(), maxLogit()]) {
    await assertRejects(
      () => detector.score(set),
      TypeError,
      "logits must be of shape [N, C]: current value is [2, 2, 3]",
    );
  }
  await assertRejects(
    () => deepKnn({ neighbors: 1 }).fit(set),
    TypeError,
    "features of the penultimate must be of shape [N, D]: current value is [2, 2, 4]",
  );
  assertThrows(() => accuracy(set), TypeError, "logits that are classes");
});
