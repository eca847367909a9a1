import { assert, assertEquals } from "@std/assert";
import {
  setTheme,
  type Theme,
  themeOf,
  THEMES,
} from "../../lib/display/theme.ts";

/** Contrast of WCAG 2.2 between a colour and the paper. */
function contrast(color: string, paper: Theme["paper"]): number {
  const digits = color.slice(1).replace(/^(.)(.)(.)$/, "$1$1$2$2$3$3");
  const channels = [0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16));
  const [a, b] = [channels, paper].map((rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.04045
        ? share / 12.92
        : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  });
  return (Math.max(a!, b!) + 0.05) / (Math.min(a!, b!) + 0.05);
}

Deno.test("THEMES have text that can be read on their paper", () => {
  for (const { paper, title, text, muted } of Object.values(THEMES)) {
    for (const color of [title, text, muted]) {
      assert(contrast(color, paper) >= 4.5, color);
    }
  }
});

Deno.test("themeOf() is the theme that is named, or the one that is set", () => {
  assertEquals(themeOf(undefined), THEMES.light);
  setTheme("dark");
  try {
    assertEquals(themeOf(undefined), THEMES.dark);
    assertEquals(themeOf("light"), THEMES.light);
  } finally {
    setTheme("light");
  }
});
