import { assert, assertEquals } from "@std/assert";
import {
  BLANK,
  colorStops,
  groupColors,
  MISSING,
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
    assertEquals(color(bytes, MISSING), [150, 150, 150]);
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
  assertEquals(paletteIndex(0, 0, 1), 0);
  assertEquals(paletteIndex(1, 0, 1), 253);
  assertEquals(paletteIndex(5, 0, 1), 253);
  assertEquals(paletteIndex(-5, 0, 1), 0);
  assertEquals(paletteIndex(1e308, -1.7e308, 1.7e308), 201); // share 0.794
  assertEquals(paletteIndex(3, 3, 3), 126);
});

Deno.test("paletteIndex() marks what is not finite", () => {
  const values = [NaN, Infinity, -Infinity];
  assertEquals(values.map((value) => paletteIndex(value, 0, 1)), [
    MISSING,
    MISSING,
    MISSING,
  ]);
});

Deno.test("valueRange() takes the finite values", () => {
  assertEquals(valueRange([3, NaN, -1, Infinity], false), [-1, 3]);
  assertEquals(valueRange([3, NaN, -1], true), [-3, 3]);
  assertEquals(valueRange([NaN], false), [0, 0]);
});

Deno.test("groupColors() gives different colours", () => {
  assertEquals(new Set(groupColors(40)).size, 40);
});
