import { assert, assertEquals } from "@std/assert";
import { figureSvg } from "../../lib/display/figure_svg.ts";
import type { FigureSpec } from "../../lib/display/view.ts";
import { assertAllClose } from "../support/all_close.ts";
import { DATA, GRID, LONG_NAME, specsOf } from "./_specs.ts";
import {
  labelsOf,
  layoutFaults,
  type SvgText,
  svgTexts,
} from "./_svg_texts.ts";

for (const [kind, values] of Object.entries(DATA)) {
  for (const name of ["a", LONG_NAME]) {
    const widths = name === "a" ? [300] : [300, 200];
    for (const width of [undefined, ...widths]) {
      const size = width === undefined ? "" : `, ${width} px wide`;
      const names = name === "a" ? "" : ", long names";
      Deno.test(`figureSvg() cuts nothing and overlays no text: ${kind} data${names}${size}`, async () => {
        for (const spec of specsOf(values, name, width)) {
          const image = await figureSvg(spec);
          assertEquals(layoutFaults(image), [], spec.kind);
          // Long labels need more than the smallest width.
          const most = width === 200 ? 240 : width ?? 768;
          assert(image.width <= most, `${spec.kind} ${image.width}`);
          assert(!/="[^"]*(NaN|undefined|Infinity)/.test(image.svg), spec.kind);
        }
      });
    }
  }
}

Deno.test("layoutFaults() finds what is cut and what is over something else", () => {
  const text = (x: number, y: number, words: string) =>
    `<text x="${x}" y="${y}">${words}</text>`;
  const faults = (...strings: string[]) =>
    layoutFaults({
      svg: `<svg font-size="10">${strings.join("")}</svg>`,
      width: 50,
      height: 30,
    });
  assertEquals(faults(text(0, 10, "-1"), text(20, 10, "2")), []);
  assertEquals(faults(text(-3, 10, "-1")), ["cut: -1"]);
  assertEquals(faults(text(45, 10, "-1")), ["cut: -1"]);
  assertEquals(faults(text(0, 10, "10"), text(5, 12, "20")), [
    "over each other: 10 | 20",
  ]);
  const rotated = `<text x="0" y="10" transform="rotate(-90,0,10)">12</text>`;
  assertEquals(faults(rotated), ["cut: 12"]);
});

/** Numbers at a vertical axis with their heights, from top to bottom. */
function yTicks(strings: readonly SvgText[]): { value: number; y: number }[] {
  const numbers = strings.filter(({ text }) => /^-?[\d.,e+-]+$/.test(text));
  const edge = numbers.map(({ right }) => right.toFixed(1));
  const left = Math.min(...edge.map(Number)).toFixed(1); // of the axis
  return numbers.filter((_, i) => edge[i] === left).map((
    { text, top, bottom },
  ) => ({
    value: Number(text.replaceAll(",", "")),
    y: (top + bottom) / 2,
  })).sort((a, b) => a.y - b.y);
}

for (const [kind, values] of Object.entries(DATA)) {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) continue;
  Deno.test(`figureSvg() labels its axis with what is there: ${kind} data`, async () => {
    const [, scatter, lines] = specsOf(values, "a");
    for (const spec of [scatter, lines]) {
      const ticks = yTicks(svgTexts((await figureSvg(spec!)).svg));
      // Between denormal numbers there are no steps of powers of ten.
      const least = kind === "denormal" ? 2 : 3;
      assert(ticks.length >= least, `${ticks.length} ticks`);
      const [top, bottom] = [ticks[0]!, ticks.at(-1)!];
      const [low, high] = [Math.min(...finite), Math.max(...finite)];
      const spread = high / 2 - low / 2;
      assert(top.value / 2 - bottom.value / 2 >= 0.5 * spread);
      if (spread > 0) assert(top.value >= low && bottom.value <= high);
      // Each label is at the position of its value: none has lost a sign or digits.
      const share = ({ value }: { readonly value: number }) =>
        (value / 2 - bottom.value / 2) / (top.value / 2 - bottom.value / 2);
      assertAllClose(
        ticks.map(share),
        ticks.map(({ y }) => (bottom.y - y) / (bottom.y - top.y)),
        { atol: 2e-3 },
      );
    }
  });

  Deno.test(`figureSvg() labels its colours with what is there: ${kind} data`, async () => {
    const [, , , heatmap, , layer, each] = specsOf(values, "a");
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    const isOne = low === high;
    const number = (text: string) => Number(text.replaceAll(",", ""));
    for (const spec of [heatmap, layer]) {
      const labels = labelsOf((await figureSvg(spec!)).svg);
      const bar = labels.slice(-4, -1).map(number); // the caption is last
      const expected = isOne
        ? [Math.max(0, low), Math.min(0, low)]
        : [high, low];
      if (low === 0 && isOne) expected[0] = 1;
      assertAllClose([bar[0]!, bar[2]!], expected, { rtol: 1e-3 });
      assertEquals(new Set(bar).size, 3);
    }
    const labels = labelsOf((await figureSvg(each!)).svg);
    const found = labels.filter((text) => /…|^all/.test(text));
    assertEquals(found.length, 6);
    if (isOne) assertEquals(number(found[0]!.slice(4)), low);
    else {
      const ends = found[0]!.split(" … ").map(number);
      assertAllClose(ends, [low, high], { rtol: 5e-3 });
      assert(ends[0]! < ends[1]!);
      assertEquals(found[1], `all ${found[1]!.slice(4)}`);
    }
  });
}

Deno.test("figureSvg() puts figures side by side, none over another", async () => {
  const image = await figureSvg(GRID);
  assertEquals(layoutFaults(image), []);
  const top = (title: string) =>
    svgTexts(image.svg).find(({ text }) => text.startsWith(title))!.top;
  assertEquals(top("Scores of"), top("Points"));
  assert(top("Curve") > top("Points"));
  const narrow = await figureSvg({ ...GRID, figureWidth: 620 });
  assert(narrow.width < image.width && narrow.width <= 640);
  assertEquals(layoutFaults(narrow), []);
});

Deno.test("figureSvg() draws a dark variant of every kind", async () => {
  for (const spec of [...GRID.figures, GRID]) {
    const dark: FigureSpec = { ...spec, theme: "dark" };
    const { svg } = await figureSvg(dark);
    assert(!svg.includes('fill="rgb(255,255,255)"/>'), spec.kind);
    assert(svg.includes("#f2f2f2"), spec.kind);
  }
});
