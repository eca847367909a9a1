import { assert, assertEquals } from "@std/assert";
import { figureSvg } from "../../lib/display/figure_svg.ts";
import type { FigureSpec } from "../../lib/display/view.ts";
import { SPECS } from "./_specs.ts";

/** Rounds numbers, and leaves out bytes that depend on the version of zlib. */
function normalized(svg: string): string {
  return svg.replace(/base64,[^"]*/g, "base64,…")
    .replace(
      /-?\d+\.\d+/g,
      (digits) => String(Number(Number(digits).toFixed(2))),
    )
    .replaceAll("><", ">\n<").trim() + "\n";
}

/** After a change that is meant: UPDATE_SNAPSHOTS=1, and look at the pictures. */
const isUpdate = Deno.env.has("UPDATE_SNAPSHOTS");

for (const [name, spec] of Object.entries<FigureSpec>(SPECS)) {
  Deno.test(`figureSvg() draws ${name} as in its snapshot`, async () => {
    const svg = normalized((await figureSvg(spec)).svg);
    const file = new URL(`./snapshots/${name}.svg.txt`, import.meta.url);
    if (isUpdate) await Deno.writeTextFile(file, svg);
    assertEquals(svg, await Deno.readTextFile(file));
  });

  Deno.test(`figureSvg() escapes outside text in ${name}`, async () => {
    const title = `</text><script>alert("x")</script>`;
    const { svg } = await figureSvg({ ...spec, title });
    assert(!svg.includes("<script"));
    assert(svg.includes("&lt;script&gt;"));
  });
}

Deno.test("figureSvg() draws figures without any values", async () => {
  const empty: FigureSpec[] = [
    { ...SPECS.histogram, series: [] },
    { ...SPECS.histogram, series: [{ name: "a", values: [] }] },
    { ...SPECS.scatter, groups: [] },
    { ...SPECS.lines, lines: [{ name: "a", x: [NaN], y: [1] }] },
    { ...SPECS.heatmap, z: [], height: 0, width: 3 },
    { ...SPECS.images, images: [] },
  ];
  const notes = [
    "no finite values",
    "no finite values",
    "no points",
    "no points",
    "no values",
    "no images",
  ];
  for (const [i, spec] of empty.entries()) {
    const { svg, height } = await figureSvg(spec);
    assert(svg.includes(notes[i]!), `${spec.kind}: ${notes[i]}`);
    assert(Number.isFinite(height));
  }
});
