import { assert, assertEquals } from "@std/assert";
import {
  figurePng,
  fittingZoom,
  rasterSvg,
  svgPng,
} from "../../lib/display/figure_png.ts";
import { frameSvg } from "../../lib/display/svg_frame.ts";
import type { FigureSpec } from "../../lib/display/view.ts";
import { SPECS } from "./_specs.ts";

for (const [name, spec] of Object.entries<FigureSpec>(SPECS)) {
  Deno.test(`figurePng() draws ${name} at two pixels for one`, async () => {
    const { png, width, height } = await figurePng(spec);
    const header = new DataView(png.buffer, 16);
    assertEquals([...png.subarray(1, 4)], [80, 78, 71]);
    assertEquals(header.getUint32(0), 2 * width);
    assertEquals(header.getUint32(4), 2 * height);
  });
}

Deno.test("svgPng() draws letters, for which it brings its font", async () => {
  const blank = await svgPng(frameSvg({ title: "", body: [] }));
  const written = await svgPng(frameSvg({ title: "WWWWWWWW", body: [] }));
  assert(written.png.length > blank.png.length + 500);
});

Deno.test("rasterSvg() says that characters without a glyph are boxes", async () => {
  const note = "□: a character that DejaVu Sans lacks";
  for (const [name, spec] of Object.entries<FigureSpec>(SPECS)) {
    const titled = (title: string) => rasterSvg({ ...spec, title });
    assert((await titled("三")).svg.includes(note), name);
    assert(!(await titled("Ünïcödé Ω Ж …")).svg.includes(note), name);
  }
});

Deno.test("fittingZoom() draws what would not fit the memory smaller", () => {
  assertEquals(fittingZoom({ width: 640, height: 400 }, 2), 2);
  const zoom = fittingZoom({ width: 1000, height: 200_000 }, 2);
  assertEquals(zoom, 0.5); // 50 million pixels
});
