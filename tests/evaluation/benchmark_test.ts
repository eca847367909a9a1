import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  benchmark,
  type BenchmarkOptions,
} from "../../lib/evaluation/benchmark.ts";
import { energy } from "../../lib/detectors/energy.ts";
import { featureSet, makeFeatureSet } from "../../lib/features/feature_set.ts";
import { oodMetrics } from "../../lib/metrics/ood_metrics.ts";
import type { Detector, Scorer } from "../../lib/types.ts";
import { matrix } from "../support/detector_sets.ts";
import { detector, FIT, KNOWN, run, set, UNKNOWN } from "./_made.ts";

Deno.test("benchmark() returns one row per detector and unknown set, with the metrics of their scores", async () => {
  const { rows, ...table } = await run({ confidence: 0.9, seed: 5 });
  assertEquals(
    rows.map(({ detector, unknown }) => `${detector} ${unknown}`),
    ["plain near", "plain far", "negated near", "negated far"],
  );
  const known = Array.from({ length: 20 }, (_, i) => i);
  const [near] = rows;
  const { auroc, fpr95, auprIn, auprOut, detectionError } = near!;
  assertEquals(
    { auroc, auprIn, auprOut, fpr95, detectionError },
    oodMetrics(known, [5, 15, 25, 35], { confidence: 0.9, seed: 5 }),
  );
  assertEquals(rows[1]!.auroc!.value, 1);
  assertEquals(rows[3]!.auroc!.value, 0);
  assert(rows.every(({ fitMs, scoreMs }) => fitMs! >= 0 && scoreMs! >= 0));
  const scores = table.scores("negated");
  assertEquals(scores.unknown["far"], Float64Array.of(-100, -200));
  scores.known[0] = 9; // a copy
  assertEquals(table.scores("negated").known[0], -0);
});

Deno.test("benchmark() uses the name and the features of an entry", async () => {
  const fitted: unknown[] = [];
  const own = set(-1, -2, -3);
  const one = detector("one", undefined, (known) => fitted.push(known));
  const { rows, scores } = await run({
    detectors: [
      one,
      { name: "other fit", detector: one, fit: own },
      {
        name: "other sets",
        detector: one,
        known: set(50, 51),
        unknown: { far: set(60, 61), near: set(70, 71, 72) },
      },
    ],
  });
  assertEquals(fitted, [FIT, own, FIT]);
  const names = ["one", "one", "other fit", "other fit"];
  names.push("other sets", "other sets");
  assertEquals(rows.map(({ detector }) => detector), names);
  assertEquals(scores("other sets").unknown["near"]!.length, 3);
  assertEquals(scores("other fit").known.length, 20);
});

Deno.test("benchmark() makes a row of a failure, and continues", async () => {
  const failing = detector("unfit", undefined, () => {
    throw new TypeError("Cannot fit | as labels are missing");
  });
  const noKnown = detector("no known", (score, input) => {
    if (input === KNOWN) throw new Error("no known");
    return score;
  });
  const noNear = detector("no near", (score, input) => {
    if (input === UNKNOWN.near) throw "a string";
    return score;
  });
  const nan = detector("nan", (score) => score === 25 ? NaN : score);
  const few = detector("few");
  const short: Detector = {
    name: "short",
    fit: async (known) => ({
      ...await few.fit(known),
      score: () => Promise.resolve(Float64Array.of(1, 2)),
    }),
  };
  const table = await run({
    detectors: [failing, noKnown, noNear, nan, short, detector("good")],
  });
  const messages = table.rows.map(({ error }) => error?.message);
  const missing = "Cannot fit | as labels are missing";
  assertEquals(messages.slice(0, 7), [
    ...[missing, missing, "no known", "no known", "a string", undefined],
    `Cannot score with "nan" as every score must be finite, also "near[2]": current value is NaN; leave out the samples without a score`,
  ]);
  const counts = "there must be a score for each of 20 samples";
  assertStringIncludes(messages[8]!, counts);
  assertEquals(messages.slice(10), [undefined, undefined]);
  assertEquals(table.rows[0]!.auroc, undefined);
  // Views and exports say why.
  const text = Deno.inspect(table);
  assertStringIncludes(text, missing);
  assertStringIncludes(table.toMarkdown(), "Cannot fit \\| as labels");
  assertStringIncludes(table.toCsv(), `unfit,near,,,`);
  // The best is one that failed on no set.
  const { title } = table.figure();
  assertEquals(title, "good");
  assertEquals(Object.keys(table.scores("no near").unknown), ["far"]);
  const error = assertThrows(
    () => table.scores("unfit"),
    RangeError,
    `detector "unfit" must have scores`,
  );
  assertEquals((error.cause as Error).message, missing);
  assertThrows(() => table.scores("god"), RangeError, `as "good"`);
});

Deno.test("benchmark() makes a row of samples by other settings than the known ones", async () => {
  const sourced = (numbers: readonly number[], settings: object, model = "m") =>
    makeFeatureSet({
      ...featureSet({
        logits: {
          data: Float32Array.from(numbers),
          shape: [numbers.length / 2, 2],
          dtype: "float32",
        },
      }),
      source: { model, settings: JSON.stringify(settings) },
    });
  const shaping = ["react", { threshold: 1 }];
  const perturbation = { epsilon: 0.1, temperature: 1000 };
  const { rows } = await benchmark({
    detectors: [energy()],
    fit: sourced([9, 1, 8, 1], {}),
    known: sourced([7, 1, 6, 1], {}),
    unknown: {
      alike: sourced([1, 0, 2, 1], {}),
      shaped: sourced([1, 0, 2, 1], { shaping }),
      perturbed: sourced([1, 0, 2, 1], { perturbation }),
      other: sourced([1, 0, 2, 1], {}, "n"),
    },
  });
  assertEquals(rows[0]!.error, undefined);
  const rules = ["shaping", "perturbation"].map((part) =>
    `${part} of the features must be that of the known samples, none`
  );
  [...rules, 'of the model of the known samples, "m"'].forEach((rule, i) => {
    assertStringIncludes(rows[i + 1]!.error!.message, rule);
  });
  assert(rows.every((row) => Object.isFrozen(row)));
});

Deno.test("benchmark() reports the samples fitted and scored, whatever detectors report", async () => {
  const seen: number[] = [];
  let total: number | undefined;
  const eager = detector("eager", undefined, (_, options) => {
    options?.onProgress?.({ samples: 2, samplesPerSecond: 0 });
    options?.onProgress?.({ samples: 1000, samplesPerSecond: 0 });
  });
  await run({
    detectors: [eager, detector("silent")],
    onProgress: (progress) => {
      seen.push(progress.samples);
      total = progress.total;
    },
  });
  const each = 3 + 20 + 4 + 2;
  assertEquals(total, 2 * each);
  assertEquals(seen.at(-1), 2 * each);
  assertEquals(seen.slice(0, 3), [2, 3, 23]);
  assertEquals(seen, seen.toSorted((a, b) => a - b));
});

Deno.test("benchmark() is stopped by its signal, and that is no row", async () => {
  const controller = new AbortController();
  let fits = 0;
  const stopping = detector("stopping", undefined, (_, options) => {
    fits++;
    assertEquals(options?.signal, controller.signal);
    controller.abort();
    throw new Error("left early");
  });
  const stopped = run({
    detectors: [stopping, detector("next", undefined, () => fits++)],
    signal: controller.signal,
  });
  const error = await assertRejects(() => stopped, DOMException);
  assertEquals(error.name, "AbortError");
  assertEquals(fits, 1);
  await assertRejects(
    () => run({ signal: AbortSignal.abort() }),
    DOMException,
  );
});

Deno.test("benchmark() can be aborted while a detector ignores the signal", async () => {
  const controller = new AbortController();
  const never: Detector = {
    name: "never",
    fit() {
      queueMicrotask(() => controller.abort());
      return new Promise<Scorer>(() => {});
    },
  };
  const { signal } = controller;
  const stopped = run({ detectors: [never], signal });
  const error = await assertRejects(() => stopped, DOMException);
  assertEquals(error.name, "AbortError");
});

Deno.test("benchmark() checks its signal between resamples", async () => {
  // It is read about ten times for the steps of the detector.
  let reads = 0;
  const real = new AbortController().signal;
  const signal = new Proxy(real, {
    get(target, key) {
      if (key === "aborted") return ++reads > 200;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const error = await assertRejects(
    () => run({ detectors: [detector("plain")], signal }),
    DOMException,
  );
  assertEquals(error.name, "AbortError");
});

Deno.test("benchmark() is stopped by the Stop button of a notebook", async () => {
  // In a process of its own: `deno test` takes SIGINT for itself.
  const url = (path: string) =>
    JSON.stringify(new URL(`../../lib/${path}`, import.meta.url));
  const script = `
    import { listenToStop } from ${url("display/stop_signal.ts")};
    import { benchmark } from ${url("evaluation/benchmark.ts")};
    import { featureSet } from ${url("features/feature_set.ts")};
    const set = (labels) => featureSet({ labels });
    listenToStop();
    const never = {
      name: "never",
      fit() {
        Deno.kill(Deno.pid, "SIGINT");
        return new Promise(() => {});
      },
    };
    const sets = { fit: set([1]), known: set([2]), unknown: { a: set([3]) } };
    await benchmark({ detectors: [never], ...sets })
      .catch(({ name, message }) => console.log(name, message));
    Deno.exit();`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    env: { NO_COLOR: "1" },
  });
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout);
  assert(text.startsWith("AbortError "), new TextDecoder().decode(stderr));
  assertStringIncludes(text, "after 0 of 3 samples");
});

Deno.test("benchmark() refuses known samples that it fits on, and known as unknown", async () => {
  const refused = (change: Partial<BenchmarkOptions>, part: string) =>
    assertRejects(() => run(change), RangeError, part);
  const rule = `"known" must not be what is fitted on`;
  await refused({ known: FIT }, rule);
  await refused({ known: set(0.1, 0.2, 0.3) }, rule); // the same numbers
  await refused({ known: FIT.select([0, 1]) }, rule);
  await refused(
    { unknown: { a: KNOWN.select([1, 2]) } },
    `"unknown" "a" must hold other samples than "known"`,
  );
  await refused({ unknown: { a: FIT } }, `other samples than "fit"`);
  const own = { name: "own", detector: detector("a"), fit: KNOWN };
  await refused({ detectors: [own] }, `"detectors[0].known" must not be`);
  const letters = ["a", "b", "c", "d", "e"];
  const all = set(...letters.map((_, i) => i + 70.5));
  const paths = (...ids: string[]) => {
    const rows = ids.map((id) => letters.indexOf(id));
    const { features, layerNames } = all.select(rows);
    return featureSet({ features, layerNames, ids });
  };
  await refused({ fit: paths("a", "b"), known: paths("b", "a", "c") }, rule);
  // Files of two folders may have the same names.
  const { features: others } = set(50.5, 51.5, 52.5);
  const layerNames = ["layer"];
  const ids = ["a", "b", "c"];
  const named = featureSet({ features: others, layerNames, ids });
  await run({ fit: paths("a", "b"), known: named });
  // Features of other layers are not compared: ids decide.
  const wide = {
    features: [matrix([1, 2, 3, 4, 5, 6], 3)],
    ids: ["a", "b"],
  };
  await refused({ fit: featureSet(wide), known: paths("b", "a") }, rule);
  // Few distinct numbers are in common by their nature.
  const leaves = (...scores: number[]) => {
    const data = Float32Array.from(scores);
    const array = { data, shape: [scores.length / 2, 2] };
    return featureSet({ features: [{ ...array, dtype: "float32" }] });
  };
  const coarse = { known: leaves(1, 0, 1, 0, 2, 0), fit: leaves(1, 0, 2, 0) };
  assertEquals((await run(coarse)).rows.length, 4);
  // Some samples in common may be chance.
  const fit = paths("a", "b", "c");
  const { rows } = await run({ fit, known: paths("a", "d", "e") });
  assertEquals(rows.length, 4);
});

Deno.test("benchmark() refuses what it cannot run", async () => {
  const refused = (change: object, part: string, type = TypeError) =>
    assertRejects(() => run(change), type, part);
  const promise = Promise.resolve(KNOWN);
  await refused({ fit: promise }, "write await before it");
  await refused({ known: promise }, "write await before it");
  await refused({ unknown: promise }, "write await before it");
  await refused({ unknown: { a: promise } }, "write await before it");
  await refused({ detectors: [promise] }, "write await before it");
  await refused({ detectors: detector("a") }, `"detectors" must be an array`);
  await refused({ detectors: [] }, "must hold at least one", RangeError);
  await refused({ detectors: [detector] }, "call the factory");
  await refused({ detectors: [{ name: "a" }] }, "must be a detector");
  const made = detector("b");
  const scorer = { name: "a", detector: await made.fit(FIT) };
  const hint = "a fitted scorer cannot be fitted again; pass what made it";
  await refused({ detectors: [scorer] }, hint);
  await run({ detectors: [{ ...scorer, detector: made }] }); // as advised
  const entry = { name: "a", detector: detector("a"), unknwon: {} };
  await refused({ detectors: [entry] }, `did you mean "unknown"`);
  await refused({ detectors: [detector("")] }, "must be a name");
  const twice = [detector("a"), detector("a")];
  const advice = `pass it as { name: "…", detector }`;
  await refused({ detectors: twice }, advice, RangeError);
  await run({ detectors: [twice[0]!, { name: "b", detector: twice[1]! }] });
  const other = { name: "a", detector: detector("a"), unknown: { a: FIT } };
  await refused({ detectors: [other] }, `names as "unknown"`, RangeError);
  await refused({ unknown: {} }, "at least one set", RangeError);
  await refused({ unknown: KNOWN }, "write { name: set }");
  await refused({ known: [1, 2] }, "must be a feature set");
  await refused({ fit: undefined }, `"fit" must be a feature set`);
  await refused({ confidence: 95 }, `"confidence" must be`, RangeError);
  await refused({ tpr: 0.9 }, "every option must be one of");
  const run2 = benchmark as (options: unknown) => Promise<unknown>;
  await assertRejects(() => run2(undefined), TypeError, "{ detectors, fit");
  await assertRejects(() => run2(promise), TypeError, "write await before it");
});
