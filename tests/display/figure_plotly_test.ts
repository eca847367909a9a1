import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { figurePlotly } from "../../lib/display/figure_plotly.ts";
import { hoverFormat, plotlyText } from "../../lib/display/plotly_layout.ts";
import type { FigureSpec } from "../../lib/display/view.ts";
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

Deno.test("figurePlotly() draws guides as lines with names", () => {
  const threshold = { axis: "x", at: 7, name: "<at> 7" } as const;
  const histogram = { ...SPECS.histogram, guides: [threshold] };
  const { layout } = figurePlotly(histogram) as { layout: Trace };
  const [shape] = layout.shapes;
  assertEquals([shape.xref, shape.x0, shape.x1], ["x", 7, 7]);
  assertEquals([shape.yref, shape.y0, shape.y1], ["paper", 0, 1]);
  const [text] = layout.annotations;
  assertEquals([text.x, text.yref, text.y], [7, "paper", 1]);
  assertEquals(text.text, "&lt;at&gt; 7");
  const rate = { axis: "y", at: 0.95, name: "rate" } as const;
  const lines = { ...SPECS.lines, guides: [rate] };
  const { shapes } = figurePlotly(lines)!.layout as Trace;
  assertEquals([shapes[0].yref, shapes[0].y0, shapes[0].x1], ["y", 0.95, 1]);
  assertEquals(figurePlotly(SPECS.lines)!.layout["shapes"], undefined);
  const far = { ...threshold, at: 1e305 };
  assertEquals(figurePlotly({ ...histogram, guides: [far] }), undefined);
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

const PLAIN = {
  kind: "heatmap",
  title: "t",
  xLabel: "x",
  yLabel: "y",
} as const;

Deno.test("figurePlotly() says that it leaves out the values of many cells", () => {
  const notes = (side: number) =>
    figurePlotly({
      ...{ ...PLAIN, annotated: true },
      ...{ z: Array<number>(side * side).fill(1234), height: side },
      width: side,
    })!.notes;
  assertEquals(notes(10), []);
  assertEquals(notes(30), ["the cells are too small for their values"]);
});

Deno.test("figurePlotly() shows values that are not finite in grey", () => {
  const plotOf = (z: number[]) =>
    figurePlotly({ ...PLAIN, z, height: 1, width: 2 });
  assertEquals(plotOf([1, NaN])!.layout["plot_bgcolor"], "rgb(150,150,150)");
  assertEquals(plotOf([1, 2])!.layout["plot_bgcolor"], "rgba(0,0,0,0)");
  // Nothing would be drawn, so the figure is static.
  assertEquals(plotOf([NaN, Infinity]), undefined);
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
  const groups = [{ name: "a", x: [0, 1], y: [1, 0], images: [1, -1] }];
  assertEquals(figurePlotly({ ...SPECS.scatter, groups })!.notes, [
    ...["1 of 2 points show their image"],
  ]);
});

Deno.test("figurePlotly() shortens names that have no space, and says them on hover", () => {
  const groups = [{ name: LONG_NAME, x: [1], y: [2] }];
  const long = `${LONG_NAME} ${LONG_NAME}`;
  const spec = { ...SPECS.scatter, groups, xLabel: long, yLabel: long };
  for (const figureWidth of [310, 640]) {
    const { data, layout } = figurePlotly({ ...spec, figureWidth }) as {
      data: Trace;
      layout: Trace;
    };
    assertMatch(data[0].name, /…$/);
    assert(textWidth(data[0].name, 12) <= 180);
    for (
      const [{ title }, room] of [[layout.xaxis, figureWidth], [
        layout.yaxis,
        layout.height,
      ]]
    ) {
      assertMatch(title.text, /…$/);
      assert(textWidth(title.text, 12) <= room - 120);
    }
    assertEquals(layout.hoverlabel.namelength, -1);
    assertEquals(layout.title, undefined); // the page writes it, and breaks it
  }
});

Deno.test("figurePlotly() counts few things in whole numbers", () => {
  const { layout } = figurePlotly({
    ...SPECS.histogram,
    series: [{ name: "a", values: [1, 2, 2] }],
  }) as { layout: Trace };
  assertEquals(layout.yaxis.dtick, 1);
  const { xTicks: _, yTicks: __, ...plain } = SPECS.heatmap;
  const matrix = figurePlotly(plain) as { layout: Trace };
  assertEquals(matrix.layout.xaxis.dtick, 1);
});

Deno.test("figurePlotly() leaves space for names below the columns", () => {
  const names = (name: string) => ({ ...SPECS.heatmap, xTicks: [name, name] });
  const heightOf = (name: string) =>
    Number(
      figurePlotly({ ...names(name), figureWidth: 310 })!.layout["height"],
    );
  assert(heightOf(LONG_NAME) > heightOf("a") + 100);
});

Deno.test("figurePlotly() writes names below columns across or upwards, not at an angle", () => {
  const angleOf = (...xTicks: string[]) => {
    const size = { z: xTicks.map((_, i) => i), height: 1 };
    const spec = { ...PLAIN, ...size, width: xTicks.length, xTicks };
    const { xaxis } = figurePlotly(spec)!.layout;
    return (xaxis as Record<string, unknown>)["tickangle"];
  };
  assertEquals(angleOf("0", "1", "2"), 0);
  assertEquals(angleOf("balloon", "boat", "mushroom"), -90);
  const plain = { ...PLAIN, z: [1, 2], height: 1, width: 2 };
  const { xaxis } = figurePlotly(plain)!.layout;
  assert(!("tickangle" in (xaxis as object)));
});

Deno.test("figurePlotly() places averaged cells over the middle of their blocks", () => {
  const z = new Float32Array(1000);
  const { xTicks: _, yTicks: __, ...plain } = SPECS.heatmap;
  const [trace] = traces({ ...plain, z, height: 1000, width: 1 });
  assertEquals([trace.y0, trace.dy, trace.x0, trace.dx], [1, 3, 0, 1]);
});

Deno.test("figurePlotly() keeps values beyond float32, and leaves larger ones static", () => {
  const [trace] = traces({ ...SPECS.heatmap, z: [1e299, 0, 0, 0] });
  assertEquals(floats(trace.z), [1e299, 0, 0, 0]);
  for (const spec of specsOf(DATA["widest"]!, "a")) {
    assertEquals(figurePlotly(spec), undefined);
  }
});

Deno.test("figurePlotly() leaves plotly no tags in outside text", () => {
  const title = '<a href="javascript:alert(1)">x</a>';
  for (const spec of Object.values(SPECS)) {
    const plot = figurePlotly({ ...spec, xLabel: title } as FigureSpec);
    assert(!JSON.stringify(plot?.layout ?? "").includes("<a"));
  }
  assertEquals(plotlyText("<b>%{x}&"), "&lt;b&gt;%&#123;x}&amp;");
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

Deno.test("hoverFormat() tells the values of a range apart, and counts exactly", () => {
  assertEquals(hoverFormat(), ":.6~g");
  assertEquals(hoverFormat([0, 123_456]), ":.6~g");
  assertEquals(hoverFormat([1e9, 1e9 + 4]), ":.11~g");
});
