import { assert, assertEquals, assertThrows } from "@std/assert";
import { viewOf } from "../../lib/display/attach_view.ts";
import { figureSvg } from "../../lib/display/figure_svg.ts";
import type { FigureBlock } from "../../lib/display/view.ts";
import { rocFigure } from "../../lib/metrics/roc_figure.ts";
import type { Scores } from "../../lib/metrics/scores.ts";
import { labelsOf, layoutFaults } from "../display/_svg_texts.ts";

const KNOWN = [1, 2, 3, 4];
const NUMBERS = "near: AUROC 0.6667, FPR95 0.5000; far: AUROC 1.0000, " +
  "FPR95 0.0000";

Deno.test("rocFigure() draws a curve a set, with AUROC and FPR95", async () => {
  const near = [2.5, 4.5, 2.5];
  const figure = rocFigure(KNOWN, { near, far: [5, 6] }, { title: "Both" });
  near[1] = 0; // copied
  assertEquals(figure.title, "Both");
  assertEquals(Deno.inspect(figure), `Both\n\n[Both: ${NUMBERS}]`);
  const block = viewOf(figure, {})!.blocks[0] as FigureBlock;
  const spec = await block.figure();
  assert(spec.kind === "lines");
  assertEquals(spec.notes, [NUMBERS]);
  const [first, second] = spec.lines;
  assertEquals([first!.name, second!.name], ["near", "far"]);
  // From the strictest threshold on: 4.5, 4, 3, 2.5, 2, 1; at 3 and 1 no turn.
  assertEquals([...first!.x as Float64Array], [0, 0, 0.5, 0.5, 1]);
  assertEquals([...first!.y as Float64Array], [0, 1 / 3, 1 / 3, 1, 1]);
  const image = await figureSvg(spec);
  assertEquals(layoutFaults(image), []);
  assert(labelsOf(image.svg).includes("TPR 0.95"));
});

Deno.test("rocFigure() writes the AUROC of many curves into the legend", async () => {
  const figureOf = async (count: number) => {
    const sets = Array.from({ length: count }, (_, i) => [`set ${i}`, [5, 6]]);
    const figure = rocFigure(KNOWN, Object.fromEntries(sets));
    const block = viewOf(figure, {})!.blocks[0] as FigureBlock;
    const spec = await block.figure();
    assert(spec.kind === "lines");
    return { first: spec.lines[0]!.name, notes: spec.notes!.join() };
  };
  assert((await figureOf(5)).notes.includes("set 4: AUROC 1.0000"));
  assertEquals(await figureOf(6), {
    first: "set 0 1.0000",
    notes: "AUROC behind each name",
  });
});

Deno.test("rocFigure() refuses what it cannot draw", () => {
  const bad = (
    [known, unknown]: readonly [unknown, unknown],
    type: typeof TypeError | typeof RangeError,
    part: string,
  ) => {
    const sets = unknown as Record<string, Scores>;
    assertThrows(() => rocFigure(known as Scores, sets), type, part);
  };
  const good = { a: [1] };
  bad([[], good], RangeError, `"known" must hold`);
  bad([Promise.resolve([1]), good], TypeError, "write await before it");
  bad([KNOWN, { a: Promise.resolve([1]) }], TypeError, "write await before it");
  bad([KNOWN, Promise.resolve(good)], TypeError, "write await before it");
  bad([KNOWN, { near: [NaN] }], RangeError, `also "near[0]"`);
  bad([KNOWN, {}], RangeError, "at least one set of scores");
  bad([KNOWN, [1, 2]], TypeError, "write { unknown: scores }");
  bad([KNOWN, Float64Array.of(1)], TypeError, "write { unknown: scores }");
  const options = { threshold: 1 } as object;
  assertThrows(() => rocFigure(KNOWN, good, options), TypeError, "threshold");
});
