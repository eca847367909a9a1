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

Deno.test("save() says where there is no folder, or no place for a file", async () => {
  const folder = await Deno.makeTempDir();
  await assertRejects(
    () => FIGURE.save(`${folder}/nodir/f.png`),
    Deno.errors.NotFound,
    `Cannot save figure as its folder must be there: current value is "${folder}/nodir/f.png"; make it with Deno.mkdir(`,
  );
  await Deno.mkdir(`${folder}/nodir`, { recursive: true });
  await FIGURE.save(`${folder}/nodir/f.svg`);
  await Deno.mkdir(`${folder}/x.svg`);
  await assertRejects(
    () => FIGURE.save(`${folder}/x.svg`),
    Deno.errors.IsADirectory,
    "its target must be a file",
  );
  await Deno.remove(folder, { recursive: true });
  await assertRejects(
    () => FIGURE.save(new URL("https://example.org/x.svg")),
    TypeError,
    'must be a path or a file: URL: current value is "https://example.org/x.svg"',
  );
  await assertRejects(
    () => FIGURE.save(3 as unknown as string),
    TypeError,
    "current value is 3",
  );
});

Deno.test("titles, captions and labels of figures hold nothing that steers a terminal", async () => {
  const bad = "a\u001b[31m\u202eb\u0007c\u2028d\u0085e";
  const figure = makeFigure({
    title: bad,
    summary: bad,
    figure: () => SPECS.lines,
    options: { title: bad, caption: bad, xLabel: bad, yLabel: bad },
  });
  const display = (figure as unknown as Record<symbol, () => Promise<object>>)[
    Symbol.for("Jupyter.display")
  ]!;
  const strings = Object.values(await display.call(figure)).map(String);
  const folder = await Deno.makeTempDir();
  for (const name of ["x.svg", "x.html"]) {
    await figure.save(`${folder}/${name}`);
    const text = await Deno.readTextFile(`${folder}/${name}`);
    // The script of plotly is not ours, and has such characters in its strings.
    strings.push(text.replaceAll(/<script[^>]*>[^]*?<\/script>/g, ""));
  }
  await Deno.remove(folder, { recursive: true });
  assert(
    strings.length > 2 && strings.some((text) => text.includes("\\u202e")),
  );
  for (const text of strings) {
    const found = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.exec(
      text.replaceAll("\n", ""),
    );
    assertEquals(found, null, text.slice(0, 300));
  }
});
