import { assert, assertEquals } from "@std/assert";
import { histogramSvg, pointsSvg } from "../../lib/display/chart_svg.ts";
import { SPECS } from "./_specs.ts";
import { labelsOf, layoutFaults, svgTexts } from "./_svg_texts.ts";

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

/** Ends of the dashed lines of a figure. */
function dashed(svg: string): number[][] {
  return [...svg.matchAll(/<g [^>]*stroke-dasharray[^>]*>(.*?)<\/g>/g)]
    .map(([, lines]) =>
      ["x1", "x2", "y1", "y2"].map((name) =>
        Number(new RegExp(` ${name}="([^"]*)"`).exec(lines!)![1])
      )
    );
}

Deno.test("histogramSvg() draws a guide from top to bottom, beyond the bars too", async () => {
  for (const at of [1, 40, -40]) {
    const guides = [{ axis: "x", at, name: `threshold ${at}` }] as const;
    const image = await histogramSvg({ ...SPECS.histogram, guides });
    assertEquals(layoutFaults(image), []);
    assert(labelsOf(image.svg).includes(`threshold ${at}`));
    const [ends, ...more] = dashed(image.svg);
    assertEquals(more, []);
    const [x1, x2, y1, y2] = ends as [number, number, number, number];
    assertEquals(x1, x2);
    assert(Math.abs(y1 - y2) > 100);
    const name = svgTexts(image.svg).find(({ text }) =>
      text.startsWith("threshold")
    )!;
    // The line is at its value among the ticks, and its name beside it.
    assert(at > 1 ? name.right < x1 + 12 : name.left > x1 + 12);
    const tick = svgTexts(image.svg).find(({ text }) => text === String(at));
    if (tick) assert(Math.abs((tick.left + tick.right) / 2 - x1 - 12) < 1);
  }
});

Deno.test("pointsSvg() draws a guide from left to right", async () => {
  const guides = [{ axis: "y", at: 3, name: "three" }] as const;
  const image = await pointsSvg({ ...SPECS.lines, guides });
  assertEquals(layoutFaults(image), []);
  assert(labelsOf(image.svg).includes("three"));
  const [[x1, x2, y1, y2]] = dashed(image.svg) as [number[]];
  assertEquals(y1, y2);
  assert(Math.abs(x1! - x2!) > 300);
});

Deno.test("histogramSvg() draws one value among many thousand", async () => {
  const values = new Float32Array(50_000).fill(0.5);
  values[0] = 9.5;
  const series = [{ name: "a", values }];
  const { svg } = await histogramSvg({ ...SPECS.histogram, series });
  const heights = [...svg.matchAll(/<rect height="([^"]*)" width="[^"]*" y=/g)]
    .map(([, height]) => Number(height));
  const bars = heights.filter((height) => height > 0);
  assertEquals(bars.length, 2, svg);
  assert(Math.abs(Math.min(...bars) - 1) < 1e-6);
});
