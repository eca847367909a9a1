import { assert, assertEquals, assertThrows } from "@std/assert";
import { VIEW } from "../../lib/display/attach_view.ts";
import type { Figure } from "../../lib/display/figure.ts";
import type { FigureBlock, View } from "../../lib/display/view.ts";
import { scoreHistogram } from "../../lib/metrics/score_histogram.ts";

function blockOf(figure: Figure): FigureBlock {
  const found =
    (figure as unknown as Record<symbol, () => (o: object) => View>)[
      VIEW
    ]!;
  return found.call(figure)({}).blocks[0] as FigureBlock;
}

Deno.test("scoreHistogram() draws a series a name, of copies", async () => {
  const known = Float32Array.of(3, 1, 2, 4);
  const figure = scoreHistogram({ known, unknown: [7, Infinity, NaN] });
  known[0] = 100;
  assertEquals(figure.title, "Scores: known, unknown");
  const block = blockOf(figure);
  assertEquals(
    block.summary,
    "known: 4 scores, 1 to 4, median 2.5; " +
      "unknown: 3 scores, 7 to 7, median 7, 2 not finite left out",
  );
  const spec = await block.figure();
  assert(spec.kind === "histogram");
  assertEquals(spec.series[0], {
    name: "known",
    values: Float64Array.of(3, 1, 2, 4),
  });
});

Deno.test("scoreHistogram() shows a series of which nothing is finite", () => {
  const { summary } = blockOf(scoreHistogram({ a: [NaN] }));
  assertEquals(summary, "a: 1 score, 1 not finite left out");
});

Deno.test("scoreHistogram() is frozen and prints itself", () => {
  const figure = scoreHistogram({ a: [1] });
  assert(Object.isFrozen(figure));
  assert(Deno.inspect(figure).includes("a: 1 score, 1 to 1, median 1"));
});

Deno.test("scoreHistogram() draws and labels the threshold", async () => {
  const { summary, figure } = blockOf(
    scoreHistogram({ a: [1, 2] }, { threshold: 1.23456, title: "Energy" }),
  );
  assertEquals(summary, "a: 2 scores, 1 to 2, median 1.5; threshold 1.235");
  const spec = await figure();
  assert(spec.kind === "histogram");
  assertEquals(spec.title, "Energy");
  const name = "threshold 1.235";
  assertEquals(spec.guides, [{ axis: "x", at: 1.23456, name }]);
});

Deno.test("scoreHistogram() names a threshold that would make the bars lines", async () => {
  const drawn = async (threshold: number) => {
    const { figure, summary } = blockOf(
      scoreHistogram({ a: [1, 2, 3] }, { threshold }),
    );
    const spec = await figure();
    assert(spec.kind === "histogram");
    return { guides: spec.guides!.length, notes: spec.notes, summary };
  };
  assertEquals((await drawn(40)).guides, 1); // 18.5 ranges beyond
  assertEquals(await drawn(1e6), {
    guides: 0,
    notes: ["threshold 1,000,000 is far beyond the scores"],
    summary: "a: 3 scores, 1 to 3, median 2; threshold 1,000,000",
  });
  assertEquals((await drawn(-1e6)).guides, 0);
  assertEquals((await drawn(-1e308)).guides, 0);
});

Deno.test("scoreHistogram() refuses what it cannot draw", () => {
  const bad = (
    scores: unknown,
    errorClass: typeof TypeError | typeof RangeError,
    part: string,
  ) => {
    const run = () => scoreHistogram(scores as Record<string, number[]>);
    assertThrows(run, errorClass, part);
  };
  bad({}, RangeError, "at least one series");
  bad({ a: [] }, RangeError, `"a" must hold at least one score`);
  bad({ a: 1 }, TypeError, `"a" must be an array of numbers`);
  bad({ a: "12" }, TypeError, `"a" must be an array of numbers`);
  bad({ a: [1, "2"] }, TypeError, `"a[1]" must be a number`);
  bad({ a: Promise.resolve([1]) }, TypeError, "write await before it");
  bad(Promise.resolve({}), TypeError, "write await before it");
  bad([1, 2], TypeError, "an object of arrays by name");
  bad(Float32Array.of(1), TypeError, "an object of arrays by name");
  bad(undefined, TypeError, "an object of arrays by name");
  const draw = (options: object) => () => scoreHistogram({ a: [1] }, options);
  assertThrows(draw({ threshold: NaN }), RangeError, `"threshold" must be`);
  assertThrows(draw({ threshold: "1" }), TypeError, `"threshold" must be`);
  assertThrows(draw({ treshold: 1 }), TypeError, `did you mean "threshold"`);
});

Deno.test("scoreHistogram() counts the series in its title where these are many", () => {
  const titleOf = (count: number) =>
    scoreHistogram(Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`s${i}`, [i]]),
    )).title;
  assertEquals(titleOf(4), "Scores: s0, s1, s2, s3");
  assertEquals(titleOf(30), "Scores: 30 series");
});
