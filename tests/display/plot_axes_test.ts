import { assert, assertEquals } from "@std/assert";
import { marginsOf, plotSvg, sideWidth } from "../../lib/display/plot_axes.ts";
import { textWidth } from "../../lib/display/text_width.ts";
import { THEMES } from "../../lib/display/theme.ts";
import { labelsOf, layoutFaults } from "./_svg_texts.ts";

const FRAME = { kind: "lines", title: "", xLabel: "x", yLabel: "y" } as const;
const X = { domain: [0, 1], ticks: [0, 1], labels: ["0", "1"] } as const;

Deno.test("marginsOf() holds the widest tick label and the axis labels", () => {
  const labels = ["-0.0035", "1"];
  const { left, right, bottom } = marginsOf(FRAME, X, labels, 500);
  assertEquals(left, Math.ceil(18 + textWidth("-0.0035", 11) + 9));
  assertEquals([right, bottom], [8, 9 + 11 + 18]);
  const bare = marginsOf({ ...FRAME, xLabel: "", yLabel: "" }, X, labels, 500);
  assertEquals([left - bare.left, bottom - bare.bottom], [18, 18]);
  assertEquals(sideWidth(labels), left + 8);
});

Deno.test("marginsOf() holds the ends of labels beside and below the axes", () => {
  const long = { ...X, labels: ["10,000,000,000", "20,000,000,000"] };
  const { left, right } = marginsOf(FRAME, long, ["1"], 500);
  const half = Math.ceil(textWidth("20,000,000,000", 11) / 2);
  assertEquals([left, right], [half, half]);
  const inside = { ...long, ticks: [0.2, 0.8] };
  assertEquals(marginsOf(FRAME, inside, ["1"], 500).right, 8);
  const rotated = marginsOf(FRAME, { ...long, isRotated: true }, ["1"], 500);
  assertEquals([rotated.right, rotated.bottom], [8, 27 + 2 * half]);
});

Deno.test("plotSvg() draws axes with the labels that are passed", async () => {
  const margins = marginsOf(FRAME, X, X.labels, 200);
  const size = { width: 260, height: 180 };
  const parts = await plotSvg(
    FRAME,
    {
      ...size,
      margins,
      theme: THEMES.light,
      x: X,
      y: { ...X, labels: ["a", "b"] },
    },
    (plot) => [plot.dot([0.5], { x: (v: number) => v, y: (v: number) => v })],
  );
  const svg = `<svg>${parts.join("")}</svg>`;
  assertEquals(labelsOf(svg).toSorted(), ["0", "1", "a", "b", "x", "y"]);
  assertEquals(layoutFaults({ svg, ...size }), []);
  assert(svg.includes("<circle") && !/<style|class=/.test(svg));
});
