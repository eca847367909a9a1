import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { makeFigure } from "../../lib/display/figure.ts";
import { SPECS } from "./_specs.ts";

const FIGURE = makeFigure({
  title: "Curve <1>",
  summary: "rises",
  figure: () => SPECS.lines,
  options: { title: "Curve <1>", xLabel: "epoch", caption: "one run" },
});

async function saved(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir();
  try {
    await FIGURE.save(`${folder}/${name}`);
    return await Deno.readFile(`${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("save() writes SVG, PNG and a page that needs no network", async () => {
  const svg = new TextDecoder().decode(await saved("x.svg"));
  assertMatch(svg, /^<svg xmlns=[^]*<\/svg>$/);
  for (const text of ["Curve &lt;1&gt;", "epoch", "one run"]) {
    assert(svg.includes(`>${text}</text>`), text);
  }
  const png = await saved("x.PNG");
  assertEquals([...png.subarray(0, 4)], [137, 80, 78, 71]);
  const page = new TextDecoder().decode(await saved("x.html"));
  assertMatch(page, /^<!doctype html>[^]*<title>Curve &lt;1&gt;<\/title>/);
  assert(
    page.includes("DecompressionStream") && page.includes("Plotly.newPlot"),
  );
  assert(page.includes('"caption":"one run"'));
  assert(!/(src|href)="http/.test(page));
});

Deno.test("save() takes a file URL", async () => {
  const folder = await Deno.makeTempDir();
  const target = new URL(`file://${folder}/a%20b.svg`);
  await FIGURE.save(target);
  assert((await Deno.stat(target)).size > 100);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("save() refuses other extensions", async () => {
  for (const target of ["x.jpg", "x", "a.svg/x"]) {
    await assertRejects(
      () => FIGURE.save(target),
      RangeError,
      `its target must end in ".svg", ".png" or ".html": current value is "${target}"`,
    );
  }
});
