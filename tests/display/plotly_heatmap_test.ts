import { assertEquals } from "@std/assert";
import { heatmapPlotly } from "../../lib/display/plotly_heatmap.ts";
import { SPECS } from "./_specs.ts";

Deno.test("heatmapPlotly() writes the values of a static image, in colours that can be read", () => {
  const spec = { ...SPECS.heatmap, z: [12345, 1, 0, 12000] };
  const [trace] = heatmapPlotly(spec).data as [Record<string, unknown>];
  const cell = (ink: string, text: string) =>
    `<span style="color:${ink}">${text}</span>`;
  assertEquals(trace["text"], [
    [cell("#000", "12,345"), cell("#fff", "1")],
    [cell("#fff", "0"), cell("#000", "12,000")],
  ]);
  assertEquals(trace["texttemplate"], "%{text}");
  assertEquals(trace["textfont"], { size: 11 });
  const plain = heatmapPlotly({ ...spec, annotated: false });
  assertEquals("text" in (plain.data[0] as object), false);
});

Deno.test("heatmapPlotly() keeps cells apart whatever their names are", () => {
  const xTicks = ["a", "a (2)", "a", ""];
  const spec = { ...SPECS.heatmap, z: [1, 2, 3, 4], height: 1, width: 4 };
  const [trace] = heatmapPlotly({ ...spec, xTicks, yTicks: ["r"] })
    .data as [Record<string, unknown>];
  assertEquals(trace["x"], ["a", "a (2)", "a (3)", '""']);
});
