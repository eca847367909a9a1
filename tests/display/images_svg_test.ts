import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { inflateSync } from "node:zlib";
import { MOST_IMAGES } from "../../lib/display/view.ts";
import { imagesSvg } from "../../lib/display/images_svg.ts";
import type { ImagesSpec } from "../../lib/display/view.ts";
import { SPECS } from "./_specs.ts";
import { labelsOf, svgTexts } from "./_svg_texts.ts";

const IMAGE = { caption: "", z: [0, 1, 2, 3], height: 2, width: 2 };

function grid(images: ImagesSpec["images"], more: Partial<ImagesSpec> = {}) {
  return imagesSvg({
    kind: "images",
    title: "t",
    scale: "layer",
    images,
    ...more,
  });
}

Deno.test("imagesSvg() escapes captions and names what is not finite", () => {
  const { svg } = imagesSvg(SPECS.images);
  assertStringIncludes(svg, ">0&lt;1</text>");
  assertStringIncludes(svg, "grey: not finite, in 1<");
});

Deno.test("imagesSvg() draws the first of many images, and says so", () => {
  const images = Array.from({ length: MOST_IMAGES + 4 }, () => IMAGE);
  const { svg } = grid(images);
  assertStringIncludes(svg, `first ${MOST_IMAGES} of ${MOST_IMAGES + 4}`);
});

Deno.test("imagesSvg() writes the extremes of each image under it, before averaging", () => {
  const z = new Float32Array(300 * 300);
  z[7] = -1e-7;
  z[8] = 12.345;
  const images = [
    { ...IMAGE, z, height: 300, width: 300, caption: "conv" },
    { ...IMAGE, z: [4, 4, 4, 4] },
    { ...IMAGE, z: [NaN, NaN, NaN, NaN] },
  ];
  const { svg } = grid(images);
  const labels = labelsOf(svg);
  assert(labels.includes("-1e-7 … 12.3"), labels.join());
  assert(labels.includes("all 4") && labels.includes("not finite"));
  assertMatch(labels.join(" "), /means over 3 × 3 positions/);
});

Deno.test("imagesSvg() has one colour bar for all, or says that each has its own scale", () => {
  const images = [IMAGE, { ...IMAGE, z: [0, 10, 20, 40] }];
  const shared = labelsOf(grid(images).svg);
  assertEquals(shared.slice(-3), ["40", "20", "0"]);
  const passed = labelsOf(grid(images, { range: [0, 80] }).svg);
  assertEquals(passed.slice(-3), ["80", "40", "0"]);
  const each = grid(images, { scale: "each" }).svg;
  assert(!each.includes("linearGradient"));
  assertStringIncludes(each, "each image on its own scale: dark lowest");
});

Deno.test("imagesSvg() draws inputs as they are, beside what is coloured", () => {
  const gray = {
    ...IMAGE,
    z: [0, 255, 128, 64],
    colors: "gray",
    caption: "in",
  };
  const z = Array.from({ length: 12 }, (_, i) => 20 * i);
  const rgb = { ...IMAGE, z, colors: "rgb" };
  const { svg } = grid([gray, rgb, IMAGE] as ImagesSpec["images"]);
  assertEquals(svg.match(/<image /g)?.length, 3); // a mosaic and two by themselves
  const labels = labelsOf(svg);
  assertEquals(labels.filter((text) => text.includes("…")), ["0 … 3"]);
  const [input] = svgTexts(svg).filter(({ text }) => text === "in");
  assert(input!.left < 20);
  const alone = grid([gray] as ImagesSpec["images"]).svg;
  assert(!alone.includes("linearGradient"));
});

Deno.test("imagesSvg() makes a full grid when the count can be divided", () => {
  // Cells of 72 pixels and 8 between: nine would fit, six fill two rows.
  const images = Array.from({ length: 12 }, () => ({ ...IMAGE, caption: "c" }));
  const { svg } = grid(images, { scale: "each" });
  const lefts = [...svg.matchAll(/<text x="(\d+)"[^>]*>c</g)].map((m) => m[1]);
  assertEquals(new Set(lefts).size, 6);
});

Deno.test("imagesSvg() begins a row where the spec says, however many would fit", () => {
  const images = Array.from({ length: 6 }, (_, i) => ({
    ...IMAGE,
    caption: `c${i}`,
  }));
  const leftsOf = (columns: number) => {
    const { svg } = grid(images, { columns });
    return svgTexts(svg).filter(({ text }) => text.startsWith("c"))
      .map(({ left }) => left);
  };
  const lefts = leftsOf(3);
  assertEquals(lefts.slice(3), lefts.slice(0, 3));
  assertEquals(new Set(leftsOf(6)).size, 6);
  const many = Array.from({ length: 24 }, () => ({
    ...IMAGE,
    caption: "a/long-name-of-a-file.jpg",
    z: new Uint8Array(96 * 96 * 3),
    height: 96,
    width: 96,
    colors: "rgb" as const,
  }));
  const wide = grid(many, { columns: 12 });
  assert(wide.width <= 744, String(wide.width));
  assertStringIncludes(wide.svg, ">long….jpg<");
});

Deno.test("imagesSvg() draws photographs as they are, without notes on a scale of colours", () => {
  const side = 200;
  const z = new Float32Array(side * side * 3).fill(50);
  const photo = { ...IMAGE, z, height: side, width: side, colors: "rgb" };
  const { svg } = grid([photo] as ImagesSpec["images"], { scale: "each" });
  assert(!/scale|means/.test(labelsOf(svg).join(" ")), svg);
  // A dark image stays dark: a pixel of the PNG in the SVG is 50, not 0 or 255.
  const [png] = [...svg.matchAll(/base64,([^"]+)"/g)].map((m) => m[1]!);
  const bytes = Uint8Array.from(atob(png!), (char) => char.charCodeAt(0));
  const at = bytes.findIndex((_, i) =>
    String.fromCharCode(...bytes.subarray(i, i + 4)) === "IDAT"
  );
  const pixels = inflateSync(bytes.subarray(at + 4));
  assertEquals([...pixels.subarray(0, 7)], [1, 50, 50, 50, 0, 0, 0]);
});

Deno.test("imagesSvg() enlarges images as far as the numbers below them reach", () => {
  const images = Array.from({ length: 6 }, () => ({
    ...IMAGE,
    z: Array.from({ length: 64 }, (_, i) => (i - 30) * 1.234e-12),
    height: 8,
    width: 8,
  }));
  const { svg } = grid(images, { figureWidth: 200, range: [-1, 1] });
  // One column: the numbers are wider than a quarter of the figure.
  const mosaic = /<image [^>]*width="(\d+)" height="(\d+)"/.exec(svg)!;
  const lefts = svgTexts(svg).filter(({ text }) => text.includes("e-11"));
  assertEquals(new Set(lefts.map(({ left }) => left)).size, 1);
  assert(Number(mosaic[2]) > 6 * 48, mosaic[0]);
});

Deno.test("imagesSvg() says that there are none", () => {
  assertMatch(grid([]).svg, />no images</);
});

Deno.test("imagesSvg() distinguishes images of nearly equal values in the numbers below", () => {
  const near = [0, 1, 2].map((i) => ({
    ...IMAGE,
    z: Array<number>(4).fill(1e6 + i / 8),
  }));
  for (const scale of ["layer", "each"] as const) {
    const labels = labelsOf(grid(near, { scale }).svg);
    assertEquals(labels.filter((text) => text.startsWith("all ")), [
      "all 1,000,000",
      "all 1,000,000.13",
      "all 1,000,000.25",
    ]);
  }
});

Deno.test("imagesSvg() names the blocks of means, which need not be square", () => {
  const z = Array.from({ length: 400 }, (_, i) => i);
  const { svg } = grid([{ caption: "", z, height: 1, width: 400 }]);
  assertMatch(labelsOf(svg).join(" "), /means over 1 × 4 positions/);
});

Deno.test("imagesSvg() draws an input that was not decoded in grey, and says so", () => {
  const z = Array<number>(4).fill(NaN);
  const { svg } = grid([{
    caption: "a",
    z,
    height: 2,
    width: 2,
    colors: "gray",
  }]);
  assertStringIncludes(
    labelsOf(svg).join(" "),
    "grey: not decoded or not finite, in 1",
  );
  const [, bytes] = /base64,([^"]+)"/.exec(svg)!;
  const png = Uint8Array.from(atob(bytes!), (char) => char.charCodeAt(0));
  const text = new TextDecoder("latin1").decode(png);
  const data = png.subarray(text.indexOf("IDAT") + 4);
  const size = new DataView(png.buffer).getUint32(text.indexOf("IDAT") - 4);
  const pixels = inflateSync(data.subarray(0, size));
  assertEquals([...new Set(pixels)].sort(), [0, 150]); // 0: filter of the rows
});

Deno.test("imagesSvg() draws feature maps of one row an eighth as high as wide", () => {
  const heightOf = (height: number) => {
    const z = Float64Array.from({ length: 100 * height }, (_, i) => i % 100);
    return grid([{ caption: "0", z, height, width: 100 }]).height;
  };
  assertEquals(heightOf(1), heightOf(13));
  assert(heightOf(1) < heightOf(50));
});
