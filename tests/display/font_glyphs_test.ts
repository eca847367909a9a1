import { assert, assertEquals, assertThrows } from "@std/assert";
import { glyphRanges, lacksGlyphs } from "../../lib/display/font_glyphs.ts";
import { packageFile } from "../../lib/formats/package_file.ts";

const FONT = await packageFile("dejavu-fonts-ttf", "/ttf/DejaVuSans.ttf");

Deno.test("glyphRanges() reads what DejaVu Sans has", () => {
  const ranges = glyphRanges(FONT);
  const has = (text: string) => !lacksGlyphs(text, ranges);
  assert(has("conv_1 [N, 3] üñ ∞ Ω Ж … → ×"));
  for (const char of ["日", "한", "अ", "🙂"]) assert(!has(`a${char}`), char);
  assert(has("e\u200d\ufe0f"), "joiners take no room");
});

Deno.test("glyphRanges() refuses what has no such table", () => {
  assertThrows(() => glyphRanges(new Uint8Array(32)), SyntaxError);
});

Deno.test("lacksGlyphs() looks at every range", () => {
  const ranges = [[0x61, 0x7a], [0x3b1, 0x3c9]] as const;
  assertEquals(lacksGlyphs("αβγ", ranges), false);
  assertEquals(lacksGlyphs("αβγ ж", ranges), true);
});
