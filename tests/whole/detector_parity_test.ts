/**
 * Compares every detector with formulas in float64, with oodeel 0.4 and
 * pytorch-ood 0.4, on exported and synthetic features, and the tables of
 * `lib/detectors/README.md` with the results.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { concatFeatures, type Detector, DETECTORS } from "@sonde/sonde";
import { ofEachKind } from "../support/extent.ts";
import { codesOf, markdownRows } from "../support/markdown_rows.ts";
import {
  areasOf,
  CASE_NAMES,
  type DetectorCase,
  detectorCase,
  type DetectorRun,
} from "../support/detector_cases.ts";

/** Of float64: what a sum over some hundred products is off. */
const ROUNDING = 1e-12;
const CASES = CASE_NAMES.map(detectorCase);
const README = markdownRows(
  Deno.readTextFileSync(
    new URL("../../lib/detectors/README.md", import.meta.url),
  ),
);

/** What our score is of a peer's, as the table writes it. */
const RELATIONS: Readonly<
  Record<string, (theirs: number, on: DetectorCase, run: DetectorRun) => number>
> = {
  "theirs": (x) => x,
  "theirs + 1": (x) => x + 1,
  "2 * theirs": (x) => 2 * x,
  "N * theirs": (x, { fit }) => fit.ids.length * x,
  "2 * N * theirs": (x, { fit }) => 2 * fit.ids.length * x,
  "D * theirs": (x, { fit }) => fit.penultimate!.shape[1]! * x,
  "sqrt(theirs)": Math.sqrt,
  "top * theirs": (x, { fit }, { options }) =>
    Math.min(Number(options.top ?? 100), fit.logits!.shape[1]!) * x,
  "log(C) * theirs": (x, { fit }) => Math.log(fit.logits!.shape[1]!) * x,
};

function detectorOf({ detector, options }: DetectorRun, on: string): Detector {
  const factory = DETECTORS[detector as keyof typeof DETECTORS] as (
    options: object,
  ) => Detector;
  return factory(on === "maps" ? { ...options, channels: "last" } : options);
}

async function scores(
  run: DetectorRun,
  on: DetectorCase,
): Promise<Float64Array> {
  const scorer = await detectorOf(run, on.name).fit(on.fit);
  return await scorer.score(on.query);
}

/** The call, as the tables write it. */
function callOf({ detector, options }: DetectorRun): string {
  const parts = Object.entries(options).map(([key, value]) =>
    `${key}: ${JSON.stringify(value).replaceAll(",", ", ")}`
  );
  return parts.length === 0
    ? `${detector}()`
    : `${detector}({ ${parts.join(", ")} })`;
}

function spreadOf(values: Float64Array): number {
  const sorted = values.toSorted();
  return sorted.at(-1)! - sorted[0]!;
}

/** The largest distance of numbers, those of a peer that are not finite left out. */
function distance(a: Float64Array, b: Float64Array): number {
  return a.reduce(
    (most, x, i) =>
      Number.isFinite(b[i]) ? Math.max(most, Math.abs(x - b[i]!)) : most,
    0,
  );
}

/** Whether no two numbers are in one order here and in the other there. */
function sameRanks(a: Float64Array, b: Float64Array): boolean {
  const order = Array.from(a.keys()).filter((i) => Number.isFinite(b[i]))
    .sort((i, j) => a[i]! - a[j]! || b[i]! - b[j]!);
  return order.every((i, at) => at === 0 || b[order[at - 1]!]! <= b[i]!);
}

for (const on of CASES) {
  for (const name of new Set(on.runs.map(({ detector }) => detector))) {
    const runs = on.runs.filter(({ detector }) => detector === name);
    Deno.test(`${name}() equals the float64 formula on ${on.name}`, async () => {
      const kindOf = ({ refused }: DetectorRun) => String(refused);
      for (const run of ofEachKind(runs, 2, kindOf)) {
        if (run.refused !== undefined) {
          await assertRejects(() => scores(run, on), Error, "Cannot ");
          continue;
        }
        const found = await scores(run, on);
        const { data } = on.query.penultimate ?? on.query.features[0]!;
        const size = Math.max(...Array.from(data, Math.abs));
        const allowed = Math.max(
          1e-6 * spreadOf(run.numpy!),
          ROUNDING * size,
        );
        const off = distance(found, run.numpy!);
        assert(off <= allowed, `${callOf(run)} is ${off} off, of ${allowed}`);
      }
    });
  }
}

/** Rows of the table of parity by call and peer. */
const PARITY = new Map(
  README.filter(({ section, cells }) =>
    section.startsWith("Parity") && cells.length === 5
  )
    .map(({ cells }) => {
      const [call, peer, ours, differs] = cells;
      return [`${codesOf(call!)[0]} ${peer}`, {
        relation: codesOf(ours!)[0]!,
        differs: differs === "–" ? [] : differs!.split(", "),
      }] as const;
    }),
);

Deno.test("lib/detectors/README.md has a row for each call that a peer computed, and no other", () => {
  const found = CASES.flatMap(({ runs }) =>
    runs.flatMap((run) =>
      Object.keys(run.peers).map((peer) => `${callOf(run)} ${peer}`)
    )
  );
  assertEquals([...PARITY.keys()].sort(), [...new Set(found)].sort());
});

for (const peer of ["oodeel", "pytorch-ood"] as const) {
  for (const on of CASES) {
    const runs = on.runs.filter(({ peers }) => peers[peer] !== undefined);
    if (runs.length === 0) continue;
    Deno.test(`detectors agree with ${peer} on ${on.name} where lib/detectors/README.md says so, and nowhere else`, () => {
      for (const run of runs) {
        const { relation, differs } = PARITY.get(`${callOf(run)} ${peer}`)!;
        // The formula equals our scores to 1e-6, as the tests above assert.
        const ours = run.numpy!;
        const theirs = run.peers[peer]!.map((x) =>
          RELATIONS[relation]!(x, on, run)
        );
        assert(theirs.filter((x) => !Number.isFinite(x)).length <= 1);
        const isClose = distance(ours, theirs) <= 1e-3 * spreadOf(ours);
        const agrees = isClose || sameRanks(ours, theirs);
        const text = `${callOf(run)}: ${relation} ${isClose}`;
        assertEquals(agrees, !differs.includes(on.name), text);
      }
    });
  }
}

/** What oodeel's own tests ask of its detectors, and what we ask of all. */
const LEAST_AUROC = 0.95;
const MOST_FPR = 0.05;

const BLOBS = CASES.find(({ name }) => name === "blobs")!;
const AREAS = README.filter(({ section }) => section === "The blobs")
  .map(({ cells: [call, ours, oodeel] }) => ({
    run: BLOBS.runs.find((run) => callOf(run) === codesOf(call!)[0])!,
    ours,
    oodeel,
  }));

for (const { run, ours, oodeel } of AREAS) {
  Deno.test(`${callOf(run)} tells the blobs as lib/detectors/README.md says`, async () => {
    const scorer = await detectorOf(run, "blobs").fit(BLOBS.fit);
    const all = concatFeatures(BLOBS.known, BLOBS.unknown);
    const found = await scorer.score(all);
    const numKnown = BLOBS.known.ids.length;
    const [auroc, fpr] = areasOf(
      found.subarray(0, numKnown),
      found.subarray(numKnown),
    );
    assert(auroc >= LEAST_AUROC && fpr <= MOST_FPR, `${auroc}, ${fpr}`);
    assertEquals(`${auroc.toFixed(5)} / ${fpr.toFixed(5)}`, ours);
    const [theirAuroc, theirFpr] = run.areas.oodeel!;
    assertEquals(`${theirAuroc.toFixed(5)} / ${theirFpr.toFixed(5)}`, oodeel);
  });
}

Deno.test("lib/detectors/README.md has a row for each detector of oodeel on the blobs", () => {
  const names = BLOBS.runs.filter(({ areas }) => areas.oodeel !== undefined)
    .map(({ detector }) => detector);
  const listed = AREAS.map(({ run }) => run.detector);
  assertEquals([...new Set(listed)].sort(), [...new Set(names)].sort());
});

Deno.test("lib/detectors/README.md says which detectors come later, and they are not there", () => {
  const later = README.filter(({ section, cells }) =>
    section.startsWith("Parity") && cells[1] === "comes later"
  ).map(({ cells: [name] }) => codesOf(name!)[0]!.toLowerCase());
  assertEquals(later, ["rankfeat", "nac"]);
  const names = Object.keys(DETECTORS).map((name) => name.toLowerCase());
  assertEquals(later.filter((name) => names.includes(name)), []);
});
