import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { View } from "../../lib/display/view.ts";
import {
  type DrawnImages,
  needsTitle,
  sized,
  specHtml,
  viewHtml,
} from "../../lib/display/view_html.ts";
import { GRID, SPECS } from "./_specs.ts";

const LEVEL = { isInteractive: false, zoom: 2 };

Deno.test("sized() gives the figures of a grid their width and theme", () => {
  const inner = { ...GRID, figures: [SPECS.lines], figureWidth: 500 };
  const grid = sized({
    ...GRID,
    figures: [SPECS.lines, inner],
    figureWidth: 824,
    theme: "dark",
  });
  assert(grid.kind === "grid");
  const [lines, nested] = grid.figures;
  assertEquals([lines!.figureWidth, lines!.theme], [398, "dark"]);
  assert(nested!.kind === "grid");
  assertEquals([nested!.figureWidth, nested!.figures[0]!.figureWidth], [
    ...[500, 236],
  ]);
  assertEquals(sized(SPECS.lines), SPECS.lines);
});

Deno.test("specHtml() draws an image once for a zoom", async () => {
  const images: DrawnImages = new Map();
  const first = await specHtml(SPECS.images, "text", LEVEL, images);
  const [drawn] = images.values();
  images.set(SPECS.images, drawn!.map((image) => ({ ...image, width: 77 })));
  const again = await specHtml(SPECS.images, "text", LEVEL, images);
  assert(!first.includes('width="77"'));
  assertStringIncludes(again, 'width="77"');
});

Deno.test("specHtml() gives a square heat map the height of its static image", async () => {
  const spec = { ...SPECS.heatmap, isSquare: true };
  const level = { isInteractive: true, zoom: 1 };
  const html = await specHtml(spec, "text", level, new Map());
  const [, height] = /<img [^>]* height="(\d+)"/.exec(html)!;
  assertStringIncludes(html, `"layout":{"height":${height},`);
});

Deno.test("viewHtml() says which figure is left out", async () => {
  const block = {
    kind: "figure",
    title: "Curve",
    summary: "rises",
    figure: () => SPECS.lines,
  } as const;
  const view: View = { title: "t", blocks: [block] };
  assertEquals(
    await viewHtml(view, new Map(), LEVEL, new Map()),
    `<div class="tex2jax_ignore mathjax_ignore"><p><b>t</b></p>\n<p>[Curve: rises]<br>The image is left out, as it is too large for a notebook</p></div>`,
  );
});

Deno.test("needsTitle() leaves a title to the figure that shows it", () => {
  const figure = () => SPECS.lines;
  const block = {
    kind: "figure",
    title: "Curve",
    summary: "",
    figure,
  } as const;
  assertEquals(needsTitle({ title: "Curve", blocks: [block] }), false);
  assertEquals(needsTitle({ title: "Run", blocks: [block] }), true);
  assertEquals(needsTitle({ title: "", blocks: [] }), false);
});
