import { assertEquals, assertStringIncludes } from "@std/assert";
import { colorBar } from "../../lib/display/color_bar.ts";
import { textWidth } from "../../lib/display/text_width.ts";
import { THEMES } from "../../lib/display/theme.ts";
import { svgTexts } from "./_svg_texts.ts";

Deno.test("colorBar() labels both ends and the middle, within its width", () => {
  const range = [-1234.5, 1e9 + 0.25] as const;
  const bar = colorBar({ range, diverging: false, theme: THEMES.light });
  const strings = svgTexts(`<svg>${bar.draw(100)}</svg>`);
  assertEquals(strings.map(({ text }) => text), ["1e+9", "5e+8", "-1235"]);
  assertEquals(
    Math.max(...strings.map(({ right }) => right)) <= bar.width,
    true,
  );
});

Deno.test("colorBar() tells the ends of a narrow range apart", () => {
  const range = [1e9 + 1, 1e9 + 3] as const;
  const bar = colorBar({ range, diverging: true, theme: THEMES.dark });
  const svg = bar.draw(100);
  for (const text of ["1,000,000,001", "1,000,000,002", "1,000,000,003"]) {
    assertStringIncludes(svg, `>${text}<`);
  }
  assertStringIncludes(svg, THEMES.dark.text);
  assertEquals(bar.width, Math.ceil(20 + textWidth("1,000,000,001", 10)));
});
