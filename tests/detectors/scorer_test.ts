import { assert, assertEquals, assertRejects } from "@std/assert";
import { pathToFileURL } from "node:url";
import { calibration, pValues } from "../../lib/detectors/conformal.ts";
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { energy } from "../../lib/detectors/energy.ts";
import { loadScorer } from "../../lib/detectors/load_scorer.ts";
import { mahalanobis } from "../../lib/detectors/mahalanobis.ts";
import { SampleKeys, sharedPart } from "../../lib/detectors/sample_keys.ts";
import { FittedScorer } from "../../lib/detectors/scorer.ts";
import { viewOf } from "../../lib/display/attach_view.ts";
import { viewText } from "../../lib/display/text.ts";
import { makeFeatureSet } from "../../lib/features/feature_set.ts";
import {
  fromSafetensors,
  toSafetensors,
} from "../../lib/formats/safetensors.ts";
import type { FeatureSet, Scorer } from "../../lib/types.ts";
import { blobs, streamOf } from "../support/detector_sets.ts";

const KNOWN = blobs({ samples: 40 });
const HELD_OUT = blobs({ samples: 25, seed: 2 });
const UNKNOWN = blobs({ samples: 10, seed: 3, unknown: true });
const knn = () => deepKnn({ neighbors: 3 });

function withIds(set: FeatureSet, name: string): FeatureSet {
  return makeFeatureSet({
    ...set,
    ids: Array.from(set.ids, (i) => `${name}${i}`),
  });
}

async function saved(scorer: Scorer): Promise<Uint8Array<ArrayBuffer>> {
  const file = await Deno.makeTempFile();
  try {
    await scorer.save(file);
    return await Deno.readFile(file);
  } finally {
    await Deno.remove(file);
  }
}

// ---- calibration ----

Deno.test("pValues() counts known scores as high, and the sample itself", () => {
  const known = Float64Array.of(1, 2, 2, 4);
  const scores = Float64Array.of(0, 1, 2, 3, 4, 5);
  assertEquals([...pValues(scores, known)], [1, 1, 0.8, 0.4, 0.4, 0.2]);
});

Deno.test("calibration() sets the threshold where p-values exceed 1 - tpr", () => {
  for (const count of [10, 19, 20, 39, 57, 99, 100]) {
    for (const tpr of [0.5, 0.8, 0.9]) {
      const known = Float64Array.from(
        { length: count },
        (_, i) => (i * 7) % 13,
      );
      const { threshold, scores } = calibration(known, tpr, "calibrate");
      const queries = Float64Array.from({ length: 28 }, (_, i) => i / 2 - 0.5);
      const p = pValues(queries, scores);
      queries.forEach((score, i) =>
        assertEquals(score > threshold, p[i]! <= 1 - tpr, `${count} ${tpr}`)
      );
    }
  }
});

Deno.test("calibrate() refuses fewer known samples than 1 / (1 - tpr)", async () => {
  const scorer = await knn().fit(KNOWN);
  await assertRejects(
    () => scorer.calibrate(HELD_OUT.select((row) => row < 19)),
    RangeError,
    'there must be at least 20 known samples for a "tpr" of 0.95: current value is 19',
  );
  await scorer.calibrate(HELD_OUT.select((row) => row < 20));
  await scorer.calibrate(HELD_OUT.select((row) => row < 10), { tpr: 0.9 });
  for (const tpr of [0, 1, NaN]) {
    await assertRejects(() => scorer.calibrate(HELD_OUT, { tpr }), RangeError);
  }
});

Deno.test("calibrate() accepts scores, sets and streams", async () => {
  const scorer = await knn().fit(KNOWN);
  const scores = await scorer.score(HELD_OUT);
  const deciding = await Promise.all(
    [scores, [...scores], HELD_OUT, streamOf(HELD_OUT, 7)].map((known) =>
      scorer.calibrate(known)
    ),
  );
  const [first, ...others] = await Promise.all(
    deciding.map((one) => one.decide(UNKNOWN)),
  );
  for (const other of others) assertEquals(other, first);
  assertEquals([...first!.unknown], new Array(10).fill(1));
  assert(first!.pValues.every((p) => p === 1 / 26));
  assertEquals(deciding[0]!.tpr, 0.95);
});

Deno.test("calibrate() refuses what are no scores, and keeps a copy", async () => {
  const scorer = await knn().fit(KNOWN);
  const wrong: [unknown, string][] = [
    [[], "at least 20 known samples"],
    [Array(20).fill(NaN), "scores must be numbers, also in row 0"],
    [[1, ...Array(20).fill("2")], 'also in row 1: current value is "2"'],
    [
      BigInt64Array.from(Array(20).fill(1n)),
      "also in row 0: current value is 1n",
    ],
    [[HELD_OUT], "make a set with extractor.predict(dataset)"],
  ];
  for (const [known, message] of wrong) {
    const run = () => scorer.calibrate(known as number[]);
    await assertRejects(run, Error, message);
  }
  const scores = Float32Array.from({ length: 20 }, (_, i) => i);
  const deciding = await scorer.calibrate(scores);
  const before = await deciding.decide(UNKNOWN);
  scores.fill(-1);
  assertEquals(await deciding.decide(UNKNOWN), before);
  assertEquals(deciding.threshold, 19);
});

Deno.test("calibrate() warns when samples were fitted on, by ids or by contents", async () => {
  const scorer = await knn().fit(KNOWN);
  assertEquals((await scorer.calibrate(HELD_OUT)).warnings, []);
  const [warning] = (await scorer.calibrate(KNOWN)).warnings;
  assert(warning!.startsWith("about 100 % of the samples"));
  // Numbers are positions: samples of other contents are others.
  const named = await knn().fit(withIds(KNOWN, "a"));
  assertEquals((await named.calibrate(withIds(KNOWN, "b"))).warnings, []);
  const same = await named.calibrate(withIds(HELD_OUT, "a"));
  assertEquals(same.warnings.length, 1);
  const loaded = await loadScorer(await saved(same));
  assert("warnings" in loaded);
  assertEquals(loaded.warnings, same.warnings);
});

Deno.test("calibrate() checks tpr before it reads features", async () => {
  const never = () => {
    throw new Error("was read");
  };
  await assertRejects(
    () => energy().calibrate(never, { tpr: 2 }),
    RangeError,
    '"tpr" must be finite and > 0 and < 1',
  );
});

Deno.test("decide() refuses features by other settings than those of the calibration, also from a file", async () => {
  const of = (set: FeatureSet, model: string, settings: object = {}) =>
    makeFeatureSet({
      ...set,
      source: { model, settings: JSON.stringify(settings) },
    });
  const perturbation = { epsilon: 0.1, temperature: 1000 };
  const wrong: [FeatureSet, string][] = [
    [of(UNKNOWN, "b"), 'of the model of the calibration, "a"'],
    [
      of(UNKNOWN, "a", { perturbation }),
      'perturbation of the features must be that of the calibration, none: current value is "{',
    ],
  ];
  const known = of(HELD_OUT, "a");
  for (const fitted of [energy(), await knn().fit(KNOWN)]) {
    const scorer = await fitted.calibrate(known);
    const loaded = await loadScorer(await saved(scorer));
    assert("decide" in loaded);
    for (const deciding of [scorer, loaded]) {
      for (const [set, message] of wrong) {
        await assertRejects(() => deciding.decide(set), TypeError, message);
        assertEquals((await deciding.score(set)).length, 10);
      }
      await deciding.decide(of(UNKNOWN, "a"));
      await deciding.decide(UNKNOWN); // without a source
    }
  }
  const shaped = of(HELD_OUT, "a", { shaping: ["react", { threshold: 1 }] });
  const scorer = await energy().calibrate(shaped);
  await assertRejects(
    () => scorer.decide(of(UNKNOWN, "a")),
    TypeError,
    "shaping of the features must be that of the calibration",
  );
});

Deno.test("SampleKeys keeps the smallest keys of many samples, and estimates what is shared", () => {
  const keysOf = (from: number, count: number) => {
    const keys = new SampleKeys();
    for (let i = from; i < from + count; i += 1000) {
      keys.add(Array.from({ length: 1000 }, (_, j) => `sample ${i + j}`), []);
    }
    assertEquals(keys.count, count);
    return keys.keys();
  };
  const many = keysOf(0, 50_000);
  assertEquals(many.length, 10_000);
  assertEquals(sharedPart(keysOf(60_000, 20_000), many), 0);
  const half = sharedPart(keysOf(40_000, 20_000), many);
  assert(half > 0.45 && half < 0.55, `${half}`);
});

// ---- files ----

Deno.test("save() writes a safetensors file whose arrays have the state's names", async () => {
  const scorer = await knn().fit(KNOWN);
  const { arrays, metadata } = fromSafetensors(await saved(scorer), "scorer");
  assertEquals([...arrays.keys()].sort(), [
    "bank",
    "ids",
    "rows",
    "sonde.keys",
  ]);
  assertEquals(arrays.get("bank")!.shape, [40, 6]);
  const facts = JSON.parse(metadata["sonde.scorer"]!);
  assertEquals(facts.detector, "deepKnn");
  assertEquals(facts.settings.neighbors, 3);
  assertEquals(facts.fit.samples, 40);
});

Deno.test("loadScorer() refuses a file that was cut, altered, or is another's", async () => {
  const scorer = await (await knn().fit(KNOWN)).calibrate(HELD_OUT);
  const bytes = await saved(scorer);
  await assertRejects(
    () => loadScorer(bytes.subarray(0, bytes.length - 3)),
    SyntaxError,
    "is it cut?",
  );
  const flipped = bytes.slice();
  flipped[flipped.length - 5]! ^= 1;
  await assertRejects(
    () => loadScorer(flipped),
    SyntaxError,
    "as it was saved",
  );
  // A lower tpr in the header alone.
  const text = new TextDecoder("latin1").decode(bytes);
  const at = text.indexOf('tpr\\":0.95') + 9;
  const altered = bytes.slice();
  altered[at] = "0".charCodeAt(0);
  await assertRejects(
    () => loadScorer(altered),
    SyntaxError,
    "as it was saved",
  );
  const other = toSafetensors(
    new Map([["a", {
      data: Float32Array.of(1),
      shape: [1],
      dtype: "float32",
    }]]),
  );
  await assertRejects(
    () => loadScorer(other),
    SyntaxError,
    "must be a file of scorer.save()",
  );
});

Deno.test("loadScorer() refuses features of another layer or model than the fit's", async () => {
  const source = { model: "a", settings: "{}" };
  const known = makeFeatureSet({ ...KNOWN, source });
  const loaded = await loadScorer(await saved(await knn().fit(known)));
  const other = makeFeatureSet({ ...KNOWN, source: { ...source, model: "b" } });
  await assertRejects(() => loaded.score(other), TypeError, '"a"');
  const layer = makeFeatureSet({
    ...KNOWN,
    penultimate: undefined,
    features: [KNOWN.penultimate!],
    layerNames: ["x"],
    specs: [{ name: "x", form: "raw" }],
  });
  await assertRejects(() => loaded.score(layer), TypeError, ".penultimate()");
});

Deno.test("save() accepts only paths and file: URLs, also as strings", async () => {
  const folder = await Deno.makeTempDir();
  const scorer = await knn().fit(KNOWN);
  const path = `${folder}/a b.safetensors`;
  const url = pathToFileURL(path);
  const targets = [path, url, url.href];
  for (const target of targets) {
    await scorer.save(target);
    assertEquals((await loadScorer(target)).name, "deepKnn");
    await Deno.remove(path);
  }
  for (const target of ["http://a/b", new URL("http://a/b"), "", 5 as never]) {
    await assertRejects(
      () => scorer.save(target),
      TypeError,
      "Cannot write scorer as its target must be a path or a file: URL",
    );
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("save() leaves what was there when it fails, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const scorer = await knn().fit(KNOWN);
    await assertRejects(() => scorer.save(`${folder}/none/a.safetensors`));
    await assertRejects(
      () => scorer.save(new URL("https://a.org/b")),
      TypeError,
    );
    const target = new URL(`file://${folder}/a.safetensors`);
    await scorer.save(target);
    assertEquals(
      [...Deno.readDirSync(folder)].map(({ name }) => name),
      ["a.safetensors"],
    );
    const loaded = await loadScorer(target);
    assertEquals(await loaded.score(UNKNOWN), await scorer.score(UNKNOWN));
    assertEquals(
      await (await loadScorer(target.href)).score(UNKNOWN),
      await scorer.score(UNKNOWN),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("explain() names the class, by the fit or by the set itself", async () => {
  const classNames = ["cat", "dog", "owl"];
  const named = makeFeatureSet({ ...UNKNOWN, classNames });
  const plain = await energy().explain(UNKNOWN, 4);
  assertEquals(plain.className, undefined);
  const found = await energy().explain(named, 4);
  assertEquals(found.className, classNames[found.class!]);
  const fitted = await mahalanobis().fit(
    makeFeatureSet({ ...KNOWN, classNames }),
  );
  const { class: label, className } = await fitted.explain(UNKNOWN, 4);
  assertEquals(className, classNames[label!]);
});

// ---- how it shows itself ----

Deno.test("a scorer shows what it uses, its settings and its threshold", async () => {
  const scorer = await knn().fit(KNOWN);
  assert(scorer instanceof FittedScorer);
  const text = viewText(viewOf(scorer, {})!);
  assert(text.startsWith("deepKnn, fitted on 40 samples"), text);
  assert(text.includes("penultimate (6)") && text.includes("neighbors"), text);
  const deciding = await scorer.calibrate(
    Float64Array.from({ length: 20 }, (_, i) => i),
  );
  assert(viewText(viewOf(deciding, {})!).includes("threshold"));
  assert(viewText(viewOf(energy(), {})!).startsWith("energy"));
});
