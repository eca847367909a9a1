import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { viewOf } from "../../lib/display/attach_view.ts";
import { bundlesOf } from "../../lib/display/bundle.ts";
import { type Figure, makeFigure } from "../../lib/display/figure.ts";
import { figureGrid } from "../../lib/display/figure_grid.ts";
import { figureSvg } from "../../lib/display/figure_svg.ts";
import { viewText } from "../../lib/display/text.ts";
import type { FigureBlock, FigureSpec } from "../../lib/display/view.ts";
import { SPECS } from "./_specs.ts";
import { layoutFaults, svgTexts } from "./_svg_texts.ts";

function figure(spec: FigureSpec): Figure {
  const { title } = spec;
  return makeFigure({ title, summary: `a ${spec.kind}`, figure: () => spec });
}

const LINES = figure(SPECS.lines);
const POINTS = figure(SPECS.scatter);

function specOf(made: Figure): Promise<FigureSpec> {
  const block = viewOf(made, {})!.blocks[0] as FigureBlock;
  return Promise.resolve(block.figure());
}

Deno.test("figureGrid() puts figures side by side", async () => {
  const grid = figureGrid([LINES, POINTS], { caption: "Both at once" });
  assertEquals(grid.title, "Curve, Points");
  const image = await figureSvg(await specOf(grid));
  const at = (text: string) =>
    svgTexts(image.svg).find((found) => found.text === text)!;
  assertEquals(at("Curve").top, at("Points").top);
  assert(at("Points").left > at("Curve").right);
  assert(at("Both at once").top > at("PC 1").bottom);
  assertEquals(layoutFaults(image), []);
});

Deno.test("figureGrid() arranges in columns, and takes grids", async () => {
  const row = figureGrid([LINES, POINTS]);
  const grid = figureGrid([row, figure(SPECS.heatmap)], {
    columns: 1,
    title: "All",
    width: 700,
  });
  assertEquals(grid.title, "All");
  const image = await figureSvg(await specOf(grid));
  assertEquals(layoutFaults(image), []);
  assert(image.width <= 700);
  const top = (text: string) =>
    svgTexts(image.svg).find((found) => found.text === text)!.top;
  assert(top("All") < top("Curve") && top("Curve") < top("Matrix"));
});

Deno.test("figureGrid() is each figure's summary as text, and interactive on a page", async () => {
  const view = viewOf(figureGrid([LINES, POINTS]), {})!;
  assertMatch(viewText(view), /\[Curve: a lines\]\n\[Points: a scatter\]$/);
  const [page] = await bundlesOf(view, "html");
  const html = String(page!.data["text/html"]);
  assertEquals(html.match(/<script>/g)?.length, 2);
  assertEquals(html.match(/display:inline-block/g)?.length, 2);
  const [image, ...more] = await bundlesOf(view, "png");
  assertEquals([Object.keys(image!.data)[0], more.length], ["image/png", 0]);
  const plots = await bundlesOf(view, "mime");
  assertEquals(plots.length, 2);
});

Deno.test("figureGrid() refuses what is no figure", () => {
  assertThrows(
    () => figureGrid([LINES, 3 as unknown as Figure]),
    TypeError,
    "figures[1] must be a figure: current value is 3",
  );
  assertThrows(() => figureGrid([]), RangeError, "at least one figure");
  assertThrows(() => figureGrid(LINES as unknown as Figure[]), TypeError);
  assertThrows(() => figureGrid([LINES], { columns: 0 }), RangeError);
  assertThrows(
    () => figureGrid([LINES], { columns: 7 }),
    RangeError,
    `"columns" must be at most 6`,
  );
  assertThrows(() => figureGrid([LINES], { rows: 2 } as object), TypeError);
});
