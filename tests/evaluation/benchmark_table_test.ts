import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { viewOf } from "../../lib/display/attach_view.ts";
import { figureSvg } from "../../lib/display/figure_svg.ts";
import type { FigureBlock } from "../../lib/display/view.ts";
import { makeBenchmarkTable } from "../../lib/evaluation/benchmark_table.ts";
import { featureSet } from "../../lib/features/feature_set.ts";
import type { Detector, FeatureInput } from "../../lib/types.ts";
import { labelsOf, layoutFaults } from "../display/_svg_texts.ts";
import { detector, KNOWN, run, set, SETS, UNKNOWN } from "./_made.ts";

Deno.test("makeBenchmarkTable() draws figures of the detector with the highest mean AUROC", () => {
  const interval = (value: number) => ({ value, low: value, high: value });
  const measured = [[0.9, 0.4], [0.7, 0.7], [0.99]].map((areas, i) => {
    const name = ["a", "b", "failed on one"][i]!;
    const scores = Float64Array.of(1, 2);
    const rows = ["near", "far"].map((unknown, k) => {
      const row = { detector: name, unknown, fitMs: 1, scoreMs: 1 };
      const auroc = interval(areas[k] ?? 0);
      const others = { auprIn: auroc, auprOut: auroc, fpr95: auroc };
      return areas[k] === undefined
        ? { detector: name, unknown, error: new Error("no") }
        : { ...row, ...others, auroc, detectionError: auroc };
    });
    const entry = { ...SETS, name, detector: detector(name) };
    const unknown = { near: scores, far: scores };
    return { entry, rows, scores: { known: scores, unknown } };
  });
  assertEquals(makeBenchmarkTable(measured).figure().title, "b");
});

Deno.test("benchmark() shows itself where every detector failed", async () => {
  const failing = detector("unfit", undefined, () => {
    throw new Error("no labels");
  });
  const table = await run({ detectors: [failing] });
  assertStringIncludes(Deno.inspect(table), "no labels");
  assertThrows(() => table.figure(), RangeError, "must have scores");
});

Deno.test("benchmark() exports CSV and Markdown", async () => {
  const named = { name: 'a "b", c|d', detector: detector("x") };
  const { toCsv, toMarkdown, rows } = await run({ detectors: [named] });
  const [header, line, ...more] = toCsv().split("\r\n");
  assertEquals(
    header,
    "detector,unknown,auroc,aurocLow,aurocHigh,auprIn,auprInLow,auprInHigh," +
      "auprOut,auprOutLow,auprOutHigh,fpr95,fpr95Low,fpr95High," +
      "detectionError,detectionErrorLow,detectionErrorHigh,fitMs,scoreMs,error",
  );
  assert(line!.startsWith('"a ""b"", c|d",near,'));
  const numbers = line!.split(",").slice(3).map(Number);
  const { auroc, fitMs } = rows[0]!;
  assertEquals(numbers.slice(0, 3), [auroc!.value, auroc!.low, auroc!.high]);
  assertEquals(numbers[15], fitMs);
  assertEquals(more.length, 2);
  const lines = toMarkdown().split("\n");
  assertEquals(
    lines[0],
    "| detector | unknown | AUROC | AUPR-In | AUPR-Out | FPR95 | detection error | fit ms | score ms |",
  );
  assertEquals(lines[1], `| --- | --- |${" ---: |".repeat(7)}`);
  assert(lines[2]!.startsWith(String.raw`| a "b", c\|d | near | 0.7625 (`));
  assertEquals(lines.length, 5);
});

Deno.test("benchmark() shows the table, ROC curves, and the best detector's histogram, curves and decisions", async () => {
  const table = await run();
  const { title, blocks } = viewOf(table, {})!;
  assertEquals(title, "Benchmark of 2 detectors on 2 unknown sets");
  const figures = blocks.slice(1) as FigureBlock[];
  assertEquals(figures.map((block) => `${block.title}: ${block.summary}`), [
    "ROC curves: known against near: AUROC plain 0.7625, negated 0.2375",
    "ROC curves: known against far: AUROC plain 1.0000, negated 0.0000",
    "plain: scores: known: 20 scores, 0 to 19, median 9.5; " +
    "near: 4 scores, 5 to 35, median 20; " +
    "far: 2 scores, 100 to 200, median 150; threshold 18",
    "plain: ROC curves: near: AUROC 0.7625, FPR95 0.7500; " +
    "far: AUROC 1.0000, FPR95 0.0000",
    `plain: decisions in the plane of layer "layer": ` +
    "known: 19 of 20 kept; near: 2 of 4 found; far: 2 of 2 found",
  ]);
  const plane = await figures.at(-1)!.figure();
  assert(plane.kind === "scatter");
  assertEquals(plane.groups.map(({ name, x }) => `${name}: ${x.length}`), [
    ...["known, kept: 19", "known, taken for unknown: 1"],
    ...["near, missed: 2", "near, found: 2", "far, found: 2"],
  ]);
  for (const { figure } of figures) {
    assertEquals(layoutFaults(await figureSvg(await figure())), []);
  }
  const grid = viewOf(table.figure("negated"), {})!.blocks[0] as FigureBlock;
  const { svg } = await figureSvg(await grid.figure());
  assert(labelsOf(svg).includes("threshold -1"));
});

Deno.test("benchmark() leaves out the plane where features are streams, or those of another layer", async () => {
  const stream = async function* () {
    yield await Promise.resolve(KNOWN);
  };
  const reading = detector("reading");
  const streamed: Detector = {
    name: "streamed",
    fit: async (known) => {
      const scorer = await reading.fit(known);
      const score = (input: FeatureInput) =>
        scorer.score(input === stream ? KNOWN : input);
      return { ...scorer, score };
    },
  };
  const far = featureSet({
    features: UNKNOWN.far.features,
    layerNames: ["other"],
  });
  for (
    const change of [
      { detectors: [streamed], known: stream },
      { unknown: { ...UNKNOWN, far } },
    ]
  ) {
    const titles = viewOf(await run(change), {})!.blocks.slice(1)
      .map((block) => (block as FigureBlock).title);
    assertEquals(titles.length, 4);
    assert(titles.every((title) => !title.includes("plane")));
  }
});

Deno.test("benchmark() draws a fair part of many samples in the plane", async () => {
  const many = (from: number, count: number) =>
    set(...Array.from({ length: count }, (_, i) => from + i));
  const table = await run({
    detectors: [detector("plain")],
    known: many(0, 1600),
    unknown: { far: many(5000, 800) },
  });
  const block = viewOf(table, {})!.blocks.at(-1) as FigureBlock;
  const spec = await block.figure();
  assert(spec.kind === "scatter");
  assertEquals(spec.notes, ["999 of 2400 samples"]);
  const [kept, selected, found] = spec.groups.map(({ x }) => x.length);
  assertEquals([kept! + selected!, found], [666, 333]);
});
