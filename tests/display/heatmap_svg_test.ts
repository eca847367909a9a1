import { assert, assertEquals } from "@std/assert";
import { heatmapSvg } from "../../lib/display/heatmap_svg.ts";
import type { HeatmapSpec } from "../../lib/display/view.ts";
import { SPECS } from "./_specs.ts";
import { labelsOf, svgTexts } from "./_svg_texts.ts";

const MATRIX: HeatmapSpec = {
  kind: "heatmap",
  title: "t",
  xLabel: "x",
  yLabel: "y",
  z: Float32Array.from({ length: 12 }, (_, i) => i),
  height: 3,
  width: 4,
};

function sizeOf(svg: string): number[] {
  const [tag = ""] = /<image [^>]*>/.exec(svg) ?? [];
  return [/ width="(\d+)"/, / height="(\d+)"/]
    .map((size) => Number(size.exec(tag)?.[1]));
}

Deno.test("heatmapSvg() draws rows downwards, with their names", async () => {
  const { svg } = await heatmapSvg(SPECS.heatmap);
  const strings = svgTexts(svg);
  const named = strings.filter(({ text }) => ["a", "<b>"].includes(text))
    .toSorted((a, b) => a.left - b.left);
  const [first, second] = named.slice(0, 2).toSorted((a, b) => a.top - b.top);
  assertEquals([first!.text, second!.text], ["a", "<b>"]);
});

Deno.test("heatmapSvg() writes values into cells that have space", async () => {
  const values = (labels: string[]) =>
    labels.filter((text) => text === "1234").length;
  const spec = { ...MATRIX, z: Array(12).fill(1234), annotated: true };
  assertEquals(values(labelsOf((await heatmapSvg(spec)).svg)), 12 + 1); // the bar
  const narrow = { ...spec, z: Array(400).fill(1234), width: 40, height: 10 };
  assertEquals(values(labelsOf((await heatmapSvg(narrow)).svg)), 1);
  // What is requested and left out is named.
  const note = "the cells are too small for their values";
  assert((await heatmapSvg(narrow)).svg.includes(note));
  assert(!(await heatmapSvg(spec)).svg.includes(note));
  const unrequested = { ...narrow, annotated: false };
  assert(!(await heatmapSvg(unrequested)).svg.includes(note));
});

Deno.test("heatmapSvg() makes cells square where they must be", async () => {
  const [width, height] = sizeOf(
    (await heatmapSvg({ ...MATRIX, isSquare: true })).svg,
  );
  assertEquals(width! / 4, height! / 3);
  for (const figureWidth of [220, 300, 900]) {
    const image = await heatmapSvg({ ...MATRIX, isSquare: true, figureWidth });
    const [width, height] = sizeOf(image.svg);
    assert(Math.abs(width! / 4 - height! / 3) <= 1);
    assert(image.width <= figureWidth);
  }
});

Deno.test("heatmapSvg() says that there are no values", async () => {
  const { svg } = await heatmapSvg({ ...MATRIX, z: [], height: 0 });
  assert(labelsOf(svg).includes("no values"));
});
