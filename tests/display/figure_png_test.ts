import { assert, assertEquals } from "@std/assert";
import { figurePng, svgPng } from "../../lib/display/figure_png.ts";
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
