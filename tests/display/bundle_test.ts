import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { bundleOf, bundlesOf } from "../../lib/display/bundle.ts";
import { setRenderer } from "../../lib/display/renderer.ts";
import { viewText } from "../../lib/display/text.ts";
import type { Block, FigureSpec, View } from "../../lib/display/view.ts";
import { SPECS } from "./_specs.ts";
import { slowTest } from "../support/extent.ts";

function figure(spec: FigureSpec): Block {
  const { title } = spec;
  return { kind: "figure", title, summary: "an image", figure: () => spec };
}

const TABLE: Block = {
  kind: "table",
  columns: [{ name: "<layer>" }],
  rows: [["<script>alert(1)</script>"]],
};
const VIEW: View = {
  title: "A <view>",
  blocks: [TABLE, ...Object.values(SPECS).map(figure), {
    kind: "text",
    text: "end & all",
  }],
};

/** Drawn once: five images take a second of processor time. */
let whole: ReturnType<typeof bundleOf> | undefined;
const wholeBundle = () => whole ??= bundleOf(VIEW);

function bytes(bundle: unknown): number {
  return new TextEncoder().encode(JSON.stringify(bundle)).length;
}

Deno.test("bundleOf() gives one page and the same as text", async () => {
  const bundle = await wholeBundle();
  assertEquals(Object.keys(bundle), ["text/html", "text/plain"]);
  assertEquals(bundle["text/plain"], viewText(VIEW));
  const html = String(bundle["text/html"]);
  assertEquals(html.match(/<img /g)?.length, 5);
  assertEquals(html.match(/Plotly.newPlot/g)?.length, 4); // images stay static
  assertEquals(html.match(/<script>/g)?.length, 5); // which colours them
  assertEquals(html.match(/data:image\/svg\+xml/g)?.length, 1);
  assertEquals(JSON.parse(JSON.stringify(bundle)), bundle);
});

Deno.test("bundleOf() escapes everything that comes from outside", async () => {
  const html = String((await wholeBundle())["text/html"]);
  const page = html.replace(/<script>\(\(\)=>[^]*?<\/script>/g, "");
  assert(!/<script|<layer|<view|<known|<b>A <v/.test(page));
  assertStringIncludes(page, "&lt;script&gt;alert(1)&lt;/script&gt;");
  assertStringIncludes(page, "A &lt;view&gt;");
});

Deno.test("bundleOf() says a figure's title once", async () => {
  const { title } = SPECS.lines;
  const bundle = await bundleOf({ title, blocks: [figure(SPECS.lines)] });
  assert(!String(bundle["text/html"]).includes("<b>Curve</b>"));
});

slowTest("bundleOf() stays below 2 MB when the figures do not", async () => {
  // Noise cannot be compressed: 400 × 400 cells are 0.85 MB as numbers.
  const z = Float32Array.from({ length: 160_000 }, (_, i) => Math.sin(i * i));
  const heatmap: FigureSpec = { ...SPECS.heatmap, z, height: 400, width: 400 };
  const blocks = Array.from({ length: 8 }, () => figure(heatmap));
  const bundle = await bundleOf({ title: "many", blocks });
  assert(bytes(bundle) <= 2_000_000);
  assertStringIncludes(
    String(bundle["text/html"]),
    "too large for a notebook",
  );
  const two = await bundleOf({ title: "two", blocks: blocks.slice(0, 2) });
  assert(bytes(two) <= 2_000_000);
  assertEquals(String(two["text/html"]).match(/<img /g)?.length, 2);
  assert(!String(two["text/html"]).includes("<script>"));
});

Deno.test("bundleOf() stays below 2 MB when the text does not", async () => {
  const text = "é".repeat(100_000);
  const blocks = Array.from(
    { length: 30 },
    () => ({ kind: "text", text }) as const,
  );
  const bundle = await bundleOf({ title: "long", blocks });
  assert(bytes(bundle) <= 2_000_000);
  assertStringIncludes(String(bundle["text/plain"]), "too long");
});

Deno.test("bundleOf() tells in words what could not be drawn", async () => {
  const block: Block = {
    kind: "figure",
    title: "PCA",
    summary: "3 points",
    figure: () => Promise.reject(new RangeError("too few points")),
  };
  assertEquals(await bundleOf({ title: "set", blocks: [block] }), {
    "text/plain":
      "set\n\n[PCA: 3 points]\n\nCannot show this as it failed with RangeError: too few points",
  });
  await assertRejects(
    () => bundlesOf({ title: "set", blocks: [block] }, "html"),
    RangeError,
    "too few points",
  );
});

Deno.test("bundleOf() reports a rejection that is no error", async () => {
  const block: Block = {
    kind: "figure",
    title: "PCA",
    summary: "3 points",
    figure: () => Promise.reject("x"),
  };
  const bundle = await bundleOf({ title: "set", blocks: [block] });
  assertStringIncludes(
    String(bundle["text/plain"]),
    "Cannot show this as it failed with x",
  );
});

Deno.test("bundlesOf() gives each figure its own image for png", async () => {
  const view = {
    title: "t",
    blocks: [TABLE, figure(SPECS.lines), figure(SPECS.images), TABLE],
  };
  const outputs = await bundlesOf(view, "png");
  assertEquals(outputs.map(({ data }) => Object.keys(data)[0]), [
    "text/html",
    "image/png",
    "image/png",
    "text/html",
  ]);
  const [first, lines, maps, last] = outputs;
  assertEquals(
    first!.data["text/plain"],
    `t\n\n${viewText({ title: "", blocks: [TABLE] })}`,
  );
  assertEquals(lines!.data["text/plain"], "[Curve: an image]");
  assertEquals(lines!.metadata["image/png"], { width: 640, height: 390 }); // at 1280 by 780 pixels
  assertEquals(String(maps!.data["image/png"]).slice(0, 5), "iVBOR");
  assertEquals(
    last!.data["text/plain"],
    viewText({ title: "", blocks: [TABLE] }),
  );
  assert(!JSON.stringify(outputs).includes("<script>("));
});

Deno.test("bundlesOf() gives plotly's own type for mime", async () => {
  const view = { title: "Curve", blocks: [figure(SPECS.lines)] };
  const [output, ...more] = await bundlesOf(view, "mime");
  assertEquals(more, []);
  const { data } = output!;
  assertEquals(Object.keys(data), [
    "application/vnd.plotly.v1+json",
    "text/plain",
  ]);
  assertStringIncludes(
    JSON.stringify(data),
    '"title":{"text":"Curve","x":0.01,"xanchor":"left"}',
  );
});

Deno.test("bundleOf() keeps to the renderer that is set", async () => {
  setRenderer("png");
  try {
    const one = await bundleOf({
      title: "Curve",
      blocks: [figure(SPECS.lines)],
    });
    assertEquals(Object.keys(one), ["image/png", "text/plain"]);
    const blocks = [TABLE, figure(SPECS.heatmap), figure(SPECS.images)];
    const bundle = await bundleOf({ title: "two", blocks });
    const html = String(bundle["text/html"]);
    assertEquals(html.match(/<img /g)?.length, 2);
    assert(!html.includes("<script>("));
  } finally {
    setRenderer("html");
  }
});
