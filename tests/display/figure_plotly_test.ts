import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { figurePlotly } from "../../lib/display/figure_plotly.ts";
import { SPECS } from "./_specs.ts";

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
  assertEquals(layout.xaxis.ticktext, ["a", "&lt;b&gt;"]);
});

Deno.test("figurePlotly() places averaged cells over the middle of their blocks", () => {
  const z = new Float32Array(1000);
  const [trace] = traces({ ...SPECS.heatmap, z, height: 1000, width: 1 });
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

Deno.test("figurePlotly() leaves grids of maps to be pictures", () => {
  assertEquals(figurePlotly(SPECS.maps), undefined);
});
