/** Arguments that the whole family refuses: options, labels, signals, streams. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { DETECTORS } from "../../lib/detectors/detectors.ts";
import { energy } from "../../lib/detectors/energy.ts";
import { fitTemperature } from "../../lib/detectors/fit_temperature.ts";
import { mahalanobis } from "../../lib/detectors/mahalanobis.ts";
import { openMax } from "../../lib/detectors/open_max.ts";
import { she } from "../../lib/detectors/she.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import type { FeatureSet } from "../../lib/types.ts";
import { blobs, streamOf } from "../support/detector_sets.ts";

const KNOWN = blobs({ samples: 30 });
const knn = () => deepKnn({ neighbors: 3 });

Deno.test("detectors without options refuse any, and accept none or an empty object", () => {
  const factories = Object.entries(DETECTORS)
    .filter(([name]) =>
      ["msp", "maxLogit", "entropy", "klMatching", "fdbd", "gradNorm", "lts"]
        .concat("pnml").includes(name)
    ) as [string, (options?: unknown) => { readonly name: string }][];
  assertEquals(factories.length, 8);
  for (const [name, create] of factories) {
    assertThrows(
      () => create({ cutoff: 1 }),
      TypeError,
      `Cannot create ${name}() as ${name}() must be called without options: ` +
        `current value is "cutoff"; write ${name}()`,
    );
    assertThrows(() => create(5), TypeError, "current value is 5");
    assertThrows(() => create(null), TypeError, "current value is null");
    assertEquals(create().name, name);
    assertEquals(create({}).name, name); // as loadScorer() calls it
  }
});

Deno.test("a signal and a progress function of the wrong type are refused by name", async () => {
  const scorer = await knn().fit(KNOWN);
  const wrong: [object, string][] = [
    [{ signal: 5 }, '"signal" must be an AbortSignal: current value is 5'],
    [{ signal: new AbortController() }, "an AbortController; pass its signal"],
    [{ onProgress: 3 }, '"onProgress" must be a function'],
    [{ progress: 1 }, '"progress" must be true or false'],
  ];
  for (const [options, message] of wrong) {
    const runs = [
      () => knn().fit(KNOWN, options),
      () => scorer.score(KNOWN, options),
      () => scorer.calibrate(KNOWN, options),
      () => scorer.calibrate([1, 2], options),
      () => energy().score(KNOWN, options),
      () => fitTemperature(KNOWN, options),
    ];
    for (const run of runs) await assertRejects(run, TypeError, message);
  }
});

Deno.test("labels that are no classes of the logits are refused, with their row in the stream", async () => {
  const fromOne = (set: FeatureSet) => {
    const { penultimate, logits, labels } = set;
    const moved = Array.from(labels!.data, (label) => label + 1);
    return featureSet({ penultimate, logits, labels: moved });
  };
  const first = featureSet({
    penultimate: KNOWN.penultimate,
    logits: KNOWN.logits,
    labels: new Int32Array(30),
  });
  const stream = async function* () {
    await Promise.resolve();
    yield first;
    yield fromOne(KNOWN);
  };
  const classes = KNOWN.logits!.shape[1]!;
  const row = 30 + KNOWN.labels!.data.indexOf(classes - 1);
  for (const detector of [she(), openMax()]) {
    await assertRejects(
      () => detector.fit(stream),
      RangeError,
      `Cannot fit ${detector.name}() as labels must be below the ${classes} ` +
        `classes of the logits, in row ${row} too: current value is ${classes}; ` +
        "are they those of the model's classes, from 0?",
    );
    // Where all are classes, but none is right.
    const { penultimate, logits, labels } = KNOWN;
    const others = labels!.data.map((label) => (label + 1) % classes);
    await assertRejects(
      () => detector.fit(featureSet({ penultimate, logits, labels: others })),
      RangeError,
      "some samples must be classified correctly: current value is 0",
    );
  }
  // Means by label need no such labels.
  await mahalanobis().fit(fromOne(KNOWN));
});

Deno.test("a generator object in place of a stream function is named in the message", async () => {
  const called = streamOf(KNOWN, 10)() as unknown as FeatureSet;
  await assertRejects(
    () => knn().fit(called),
    TypeError,
    "current value is an AsyncGenerator; pass a function",
  );
});
