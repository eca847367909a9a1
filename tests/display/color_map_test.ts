import { assert, assertEquals } from "@std/assert";
import {
  BLANK,
  colorStops,
  groupColors,
  inkOn,
  palette,
  paletteIndex,
  valueRange,
} from "../../lib/display/color_map.ts";

function color(bytes: Uint8Array, index: number): number[] {
  return [...bytes.subarray(3 * index, 3 * index + 3)];
}

Deno.test("palette() ends where the stops end", () => {
  for (const diverging of [false, true]) {
    const bytes = palette(diverging);
    const stops = colorStops(diverging);
    assertEquals(bytes.length, 768);
    assertEquals(`rgb(${color(bytes, 0)})`, stops[0]![1]);
    assertEquals(`rgb(${color(bytes, 253)})`, stops.at(-1)![1]);
    assertEquals(color(bytes, 254), [150, 150, 150]);
    assertEquals(color(bytes, BLANK), [255, 255, 255]);
  }
});

Deno.test("palette() rises in lightness where there is no middle", () => {
  const bytes = palette(false);
  const light = Array.from({ length: 254 }, (_, i) => {
    const [red, green, blue] = color(bytes, i) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  });
  assert(light.every((value, i) => i === 0 || value >= light[i - 1]! - 1));
});

Deno.test("paletteIndex() spreads values over the range", () => {
  const unit = [0, 1] as const;
  assertEquals([0, 1, 5, -5].map((value) => paletteIndex(value, unit)), [
    ...[0, 253, 253, 0],
  ]);
  assertEquals(paletteIndex(1e308, [-1.7e308, 1.7e308]), 201); // share 0.794
});

Deno.test("paletteIndex() marks what is not finite", () => {
  const values = [NaN, Infinity, -Infinity];
  assertEquals(values.map((value) => paletteIndex(value, [0, 1])), [
    254,
    254,
    254,
  ]);
});

Deno.test("valueRange() takes the finite values", () => {
  assertEquals(valueRange([3, NaN, -1, Infinity], false), [-1, 3]);
  assertEquals(valueRange([3, NaN, -1], true), [-3, 3]);
  assertEquals(valueRange([NaN], false), [0, 1]);
});

Deno.test("valueRange() gives equal values the colour of their size", () => {
  const indexOf = (value: number, diverging: boolean) =>
    paletteIndex(value, valueRange([value, value], diverging));
  // Dark lowest, bright highest; white zero, blue below, red above.
  assertEquals([0, 3, 3e-11].map((value) => indexOf(value, false)), [
    ...[0, 253, 253],
  ]);
  assertEquals([-3, 0, 3].map((value) => indexOf(value, true)), [0, 127, 253]);
  assertEquals(valueRange([-2, -2], false), [-2, 0]);
});

Deno.test("groupColors() gives different colours", () => {
  assertEquals(new Set(groupColors(40)).size, 40);
});

Deno.test("inkOn() can be read on every colour", () => {
  const luminance = (rgb: number[]) => {
    const [red, green, blue] = rgb.map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  for (const diverging of [false, true]) {
    const range = diverging ? [-1, 1] as const : [0, 1] as const;
    const colors = palette(diverging);
    const values = Array.from({ length: 101 }, (_, i) => i / 100);
    for (const value of [...values, -1, -0.5, 7, NaN]) {
      const under = luminance(color(colors, paletteIndex(value, range)));
      const ink = inkOn(value, range, diverging) === "#000" ? 0 : 1;
      const [dark, light] = [under, ink].sort((a, b) => a - b);
      assert((light! + 0.05) / (dark! + 0.05) >= 4.5, String(value));
    }
  }
});
