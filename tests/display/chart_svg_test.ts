import { assertEquals } from "@std/assert";
import { histogramSvg, pointsSvg } from "../../lib/display/chart_svg.ts";
import { SPECS } from "./_specs.ts";
import { labelsOf } from "./_svg_texts.ts";

Deno.test("histogramSvg() counts in whole numbers, and has a legend for several series", async () => {
  const series = [{ name: "a", values: [1, 2, 2] }];
  const one = labelsOf(
    (await histogramSvg({ ...SPECS.histogram, series })).svg,
  );
  assertEquals(one.filter((text) => text === "a"), []);
  assertEquals(one.at(-1), "count");
  assertEquals(one.slice(1, 4), ["0", "1", "2"]); // of the vertical axis
  const two = labelsOf((await histogramSvg(SPECS.histogram)).svg);
  assertEquals(two.slice(2, 4), ["known", "<unknown>"]);
  assertEquals(two.at(-1), "share of the series");
});

Deno.test("pointsSvg() draws a circle a point, and a path a curve", async () => {
  const points = (await pointsSvg(SPECS.scatter)).svg;
  assertEquals(points.match(/<circle /g)?.length, 3);
  assertEquals((await pointsSvg(SPECS.lines)).svg.match(/<circle /g), null);
});
