import { assert, assertEquals } from "@std/assert";
import { packageFile } from "../../lib/formats/package_file.ts";
import {
  fitPath,
  fitText,
  textWidth,
  widestText,
  wrapText,
} from "../../lib/display/text_width.ts";
import { assertAllClose } from "../support/all_close.ts";

/** Advance widths of the font itself, in font sizes, by character. */
async function widthsOfFont(): Promise<(char: string) => number> {
  await import("dejavu-fonts-ttf/package.json", { with: { type: "json" } });
  const bytes = await packageFile("dejavu-fonts-ttf", "/ttf/DejaVuSans.ttf");
  const view = new DataView(bytes.buffer);
  const tables = new Map<string, number>();
  for (let i = 0; i < view.getUint16(4); i++) {
    const at = 12 + 16 * i;
    const tag = String.fromCharCode(...bytes.subarray(at, at + 4));
    tables.set(tag, view.getUint32(at + 8));
  }
  const unitsPerEm = view.getUint16(tables.get("head")! + 18);
  const numMetrics = view.getUint16(tables.get("hhea")! + 34);
  // The subtable of format 4 covers the basic plane.
  const cmap = tables.get("cmap")!;
  let sub = -1;
  for (let i = 0; i < view.getUint16(cmap + 2); i++) {
    const at = cmap + view.getUint32(cmap + 4 + 8 * i + 4);
    if (view.getUint16(at) === 4) sub = at;
  }
  const segments = view.getUint16(sub + 6) / 2;
  const glyphOf = (code: number): number => {
    for (let i = 0; i < segments; i++) {
      const end = view.getUint16(sub + 14 + 2 * i);
      const start = view.getUint16(sub + 16 + 2 * (segments + i));
      if (code > end || code < start) continue;
      const delta = view.getUint16(sub + 16 + 2 * (2 * segments + i));
      const at = sub + 16 + 2 * (3 * segments + i);
      const offset = view.getUint16(at);
      if (offset === 0) return (code + delta) % 65536;
      return view.getUint16(at + offset + 2 * (code - start)) + delta;
    }
    return 0;
  };
  return (char) => {
    const glyph = Math.min(glyphOf(char.codePointAt(0)!), numMetrics - 1);
    return view.getUint16(tables.get("hmtx")! + 4 * glyph) / unitsPerEm;
  };
}

Deno.test("textWidth() is the width in the font's own table", async () => {
  const widthOf = await widthsOfFont();
  const ascii = Array.from(
    { length: 95 },
    (_, i) => String.fromCharCode(32 + i),
  );
  assertAllClose(
    ascii.map((char) => textWidth(char, 1)),
    ascii.map(widthOf),
    { atol: 5.1e-4, rtol: 0 },
  );
  for (const char of "−×…→éüßΩ°") assert(textWidth(char, 1) >= widthOf(char));
});

Deno.test("textWidth() adds up, and grows with the font size", () => {
  assertAllClose([textWidth("1.5", 10)], [6.36 + 3.18 + 6.36]);
  assertAllClose([widestText(["i", "W", "x"], 11)], [0.989 * 11]);
  assertEquals(widestText([], 11), 0);
});

Deno.test("fitText() shortens to the width, and only where it must", () => {
  assertEquals(fitText("conv", 10, textWidth("conv", 10)), "conv");
  const short = fitText("a long name of a layer", 10, 60);
  assert(short.endsWith("…") && textWidth(short, 10) <= 60);
  assert(textWidth(`${short}n`, 10) > 60 - 10);
});

Deno.test("fitPath() keeps the end of a path, from a slash where it can, or both ends of its last part", () => {
  const room = (text: string) => textWidth(text, 10);
  const path = "photos/mushroom/mushroom-03.jpg";
  assertEquals(fitPath(path, 10, room(path)), path);
  const name = "…/mushroom-03.jpg";
  assertEquals(fitPath(path, 10, room(name)), name);
  assertEquals(fitPath(path, 10, room("mushr…3.jpg")), "mushr…3.jpg");
  // Files that begin and end alike differ in what is kept.
  const names = [3, 4].map((i) => `a/photo_${i}_of_a_long_name.jpg`);
  assertEquals(names.map((name) => fitPath(name, 10, 90)), [
    "photo_3…me.jpg",
    "photo_4…me.jpg",
  ]);
  assertEquals(fitPath(path, 10, 1), "…");
  const label = "24 / 25 samples";
  assertEquals(fitPath(label, 10, room("24 / 25…")), "24 / 25…");
});

Deno.test("wrapText() breaks between words, and words that are too long", () => {
  assertEquals(wrapText("one two three", 10, textWidth("one two", 10)), [
    ...["one two", "three"],
  ]);
  const path = "layer StatefulPartitionedCall/convnet/average/Mean, sample 0";
  assertEquals(
    wrapText(path, 10, textWidth("StatefulPartitionedCall/con", 10)),
    [
      ...[
        "layer",
        "StatefulPartitionedCall/",
        "convnet/average/Mean,",
        "sample 0",
      ],
    ],
  );
  const lines = wrapText(`a ${"x".repeat(40)} b`, 10, 100);
  assertEquals(lines.join("").replaceAll(" ", ""), `a${"x".repeat(40)}b`);
  for (const line of lines) assert(textWidth(line, 10) <= 100);
});
