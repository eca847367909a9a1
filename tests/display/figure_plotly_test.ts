import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { figurePlotly } from "../../lib/display/figure_plotly.ts";
import { textWidth } from "../../lib/display/text_width.ts";
import { DATA, LONG_NAME, SPECS, specsOf } from "./_specs.ts";

// deno-lint-ignore no-explicit-any
type Trace = any;

function floats({ dtype, bdata }: { dtype: string; bdata: string }): number[] {
  const bytes = Uint8Array.from(Buffer.from(bdata, "base64"));
  assert(dtype === "f4" || dtype === "f8");
  return dtype === "f4"
    ? [...new Float32Array(bytes.buffer)]
    : [...new Float64Array(bytes.buffer)];
}

function traces(spec: Parameters<typeof figurePlotly>[0]): Trace[] {
  return [...figurePlotly(spec)!.data];
}

Deno.test("figurePlotly() draws a histogram as bars that were counted here", () => {
  const [known, unknown] = traces(SPECS.histogram);
  assertEquals(known.type, "bar");
  assertEquals(floats(known.x), [0, 1, 2]);
  assertEquals(floats(known.width), [1, 1, 1]);
  assertEquals(floats(known.y), [0.4, 0.4, 0.2].map(Math.fround));
  assertEquals(unknown.name, "&lt;unknown&gt;");
  const { layout } = figurePlotly(SPECS.histogram)!;
  assertEquals(layout["barmode"], "overlay");
  assertEquals(layout["showlegend"], true);
});

Deno.test("figurePlotly() draws points and curves", () => {
  const [zero, one] = traces(SPECS.scatter);
  assertEquals([zero.mode, floats(zero.x), floats(zero.y)], [
    "markers",
    [0, 1],
    [1, 0],
  ]);
  assertEquals(one.name, "one");
  const [square] = traces(SPECS.lines);
  assertEquals([square.mode, floats(square.y)], ["lines", [0, 1, 4]]);
});

Deno.test("figurePlotly() draws a heat map with rows downwards", () => {
  const [trace] = traces(SPECS.heatmap);
  assertEquals(floats(trace.z), [3, 1, 0, 4]);
  assertEquals(trace.z.shape, "2, 2");
  assertEquals([trace.zmin, trace.zmax], [0, 4]);
  const { layout } = figurePlotly(SPECS.heatmap)! as { layout: Trace };
  assertEquals(layout.yaxis.autorange, "reversed");
  assertEquals([layout.xaxis.type, trace.x], ["category", ["a", "&lt;b&gt;"]]);
});

Deno.test("figurePlotly() keeps cells of one name apart", () => {
  const [trace] = traces({ ...SPECS.heatmap, xTicks: ["a", "a"] });
  assertEquals(trace.x, ["a", "a (2)"]);
});

Deno.test("figurePlotly() makes the cells of a confusion matrix square", () => {
  const { layout } = figurePlotly({ ...SPECS.heatmap, isSquare: true })!;
  assertEquals((layout as Trace).yaxis.scaleanchor, "x");
});

Deno.test("figurePlotly() writes no SI prefix anywhere", () => {
  for (const [kind, values] of Object.entries(DATA)) {
    for (const spec of specsOf(values, "a")) {
      const plot = figurePlotly(spec);
      if (plot === undefined) continue;
      const { xaxis, yaxis } = plot.layout as { xaxis: Trace; yaxis: Trace };
      assertEquals([xaxis.exponentformat, yaxis.exponentformat], ["e", "e"]);
      const [trace] = plot.data as Trace[];
      if (spec.kind === "heatmap") {
        assertEquals(trace.colorbar.exponentformat, "e");
      }
      // Formats of d3: "s" is SI, "g" is plain or has an exponent.
      const formats = [...JSON.stringify(plot).matchAll(/%\{[xyz]:([^}]*)\}/g)];
      for (const [, format] of formats) assertMatch(format!, /^\.\d+~g$/, kind);
    }
  }
});

Deno.test("figurePlotly() says on hover what bins and points hold", () => {
  const values = DATA["tiny"]!;
  const [bars] = traces({
    ...SPECS.histogram,
    series: [{ name: "a", values }],
  });
  assertEquals(bars.hovertext, [
    ...["3e-11 to 3.5e-11", "3.5e-11 to 4e-11", "4e-11 to 4.5e-11"],
    ...["4.5e-11 to 5e-11", "5e-11 to 5.5e-11"],
  ]);
  const details = [["id: 7", "label: <cat>"], ["id: 9", "label: dog"]];
  const [points] = traces({
    ...SPECS.scatter,
    groups: [{ name: "a", x: [0, 1], y: [1, 0], details, images: [1, -1] }],
  });
  assertEquals(points.hovertext, [
    ...["id: 7<br>label: &lt;cat&gt;", "id: 9<br>label: dog"],
  ]);
  assertEquals(points.customdata, [1, -1]);
});

Deno.test("figurePlotly() breaks titles and shortens names that have no room", () => {
  const title = `${LONG_NAME} ${LONG_NAME}`;
  const groups = [{ name: LONG_NAME, x: [1], y: [2] }];
  const spec = { ...SPECS.scatter, title, groups, xLabel: title };
  const plot = figurePlotly(spec) as { data: Trace; layout: Trace };
  const lines: string[] = plot.layout.title.text.split("<br>");
  assert(lines.length >= 3);
  for (const line of lines) assert(textWidth(line, 15) <= 600);
  assert(plot.layout.margin.t >= 28 + 20 * lines.length);
  assertMatch(plot.data[0].name, /…$/);
  assert(textWidth(plot.data[0].name, 12) <= 180);
  assertMatch(plot.layout.xaxis.title.text, /…$/);
  assertEquals(plot.layout.hoverlabel.namelength, -1);
});

Deno.test("figurePlotly() places averaged cells over the middle of their blocks", () => {
  const z = new Float32Array(1000);
  const { xTicks: _, yTicks: __, ...plain } = SPECS.heatmap;
  const [trace] = traces({ ...plain, z, height: 1000, width: 1 });
  assertEquals([trace.y0, trace.dy, trace.x0, trace.dx], [1, 3, 0, 1]);
});

Deno.test("figurePlotly() keeps values beyond float32", () => {
  const [trace] = traces({ ...SPECS.heatmap, z: [1e300, 0, 0, 0] });
  assertEquals(floats(trace.z), [1e300, 0, 0, 0]);
});

Deno.test("figurePlotly() leaves plotly no tags in outside text", () => {
  const title = '<a href="javascript:alert(1)">x</a>';
  for (const spec of Object.values(SPECS)) {
    const plot = figurePlotly({ ...spec, title });
    assert(!JSON.stringify(plot ?? "").includes("<a"));
  }
});

Deno.test("figurePlotly() keeps values that float32 would merge", () => {
  const [trace] = traces({
    ...SPECS.scatter,
    groups: [{ name: "a", x: [1e9 + 1, 1e9 + 2], y: [3e-46, 6e-46] }],
  });
  assertEquals(floats(trace.x), [1e9 + 1, 1e9 + 2]);
  assertEquals(floats(trace.y), [3e-46, 6e-46]);
});

Deno.test("figurePlotly() leaves grids of images to be static", () => {
  assertEquals(figurePlotly(SPECS.images), undefined);
});
