/**
 * Colours of figures: two colour maps and a list for groups.
 *
 * All are readable on white and on black, because interactive figures may be in
 * dark notebooks. The maps interpolate linearly between a few manually chosen
 * colours; the sequential one has increasing lightness.
 *
 * @module
 */
import { extremes } from "../math/statistics.ts";
import { shareOf } from "./axis.ts";

type Color = readonly [red: number, green: number, blue: number];

const SEQUENTIAL: readonly Color[] = [
  [62, 16, 84],
  [70, 58, 131],
  [49, 104, 142],
  [33, 145, 140],
  [68, 186, 110],
  [155, 216, 60],
  [250, 230, 60],
];
const DIVERGING: readonly Color[] = [
  [24, 66, 138],
  [76, 136, 196],
  [168, 205, 230],
  [250, 250, 250],
  [246, 186, 158],
  [218, 104, 84],
  [150, 24, 46],
];
const GROUPS: readonly string[] = [
  "#3b6fd4", // blue
  "#ee8a1d", // orange
  "#2f9e5b", // green
  "#d9433b", // red
  "#8f5fd6", // violet
  "#2aaec4", // cyan
  "#e374b8", // pink
  "#96663c", // brown
  "#a5a326", // olive
  "#84898f", // grey
];

/** Index of missing values in a {@linkcode palette}. */
const MISSING = 254;

/** Index of transparent pixels, between images, in a {@linkcode palette}. */
export const BLANK = 255;

const LEVELS = 254; // indices 0 to 253 are the map's

/**
 * A colour map as a palette of 256 colours: 254 of the map, one for missing
 * values, and one for transparent pixels.
 *
 * @param diverging Whether the map is diverging, with white in the middle.
 * @returns 256 colours of three bytes.
 */
export function palette(diverging: boolean): Uint8Array {
  const bytes = new Uint8Array(768);
  for (let i = 0; i < LEVELS; i++) {
    bytes.set(colorAt(diverging, i / (LEVELS - 1)), 3 * i);
  }
  bytes.fill(150, 3 * MISSING, 3 * BLANK);
  bytes.fill(255, 3 * BLANK);
  return bytes;
}

/**
 * The index of a value's colour in a palette.
 *
 * @param value The value.
 * @param range The range of the colours, from {@linkcode valueRange}.
 * @returns An index from 0 to 253, or {@linkcode MISSING} for values that are
 * not finite.
 */
export function paletteIndex(
  value: number,
  range: readonly [low: number, high: number],
): number {
  if (!Number.isFinite(value)) return MISSING;
  const share = shareOf(value, range);
  return Math.min(LEVELS - 1, Math.max(0, Math.round(share * (LEVELS - 1))));
}

/**
 * A colour map as stops, for plotly and for SVG gradients.
 *
 * @param diverging Whether the map is diverging, with white in the middle.
 * @returns Positions in `[0, 1]` with their colours.
 */
export function colorStops(diverging: boolean): [number, string][] {
  const colors = diverging ? DIVERGING : SEQUENTIAL;
  return colors.map((
    color,
    i,
  ) => [i / (colors.length - 1), `rgb(${color.join(",")})`]);
}

/** The colour of ungrouped values: light grey. */
export const REST = "#c4c4c4";

/**
 * Colours of groups; up to ten are easily distinguished.
 *
 * @param count How many.
 * @returns CSS colours.
 */
export function groupColors(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const known = GROUPS[i];
    // Beyond the list, each hue is rotated by the golden angle.
    return known ?? `hsl(${Math.round(i * 137.508) % 360},55%,55%)`;
  });
}

/**
 * The range of a colour map: from the smallest to the largest finite value, or
 * symmetric around zero.
 *
 * The range of a single value starts or ends at zero, so that its colour
 * reflects its size; the range of only zeros ends at 1.
 *
 * @param values The values.
 * @param diverging Whether zero is in the middle.
 * @returns The range; never empty.
 */
export function valueRange(
  values: ArrayLike<number>,
  diverging: boolean,
): [low: number, high: number] {
  const [low, high] = extremes(values) ?? [0, 0];
  if (diverging) {
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return [-most, most];
  }
  if (low < high) return [low, high];
  return low === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, low)];
}

/**
 * The colour of text on a value's colour: black or white, whichever has the
 * higher contrast.
 *
 * Source: WCAG 2.2, "relative luminance"; both have equal contrast at 0.179.
 *
 * @param value The value.
 * @param range The range of the colours, from {@linkcode valueRange}.
 * @param diverging Whether the map is diverging, with white in the middle.
 * @returns A CSS colour.
 */
export function inkOn(
  value: number,
  range: readonly [low: number, high: number],
  diverging: boolean,
): "#000" | "#fff" {
  if (!Number.isFinite(value)) return "#000"; // on grey
  const share = Math.min(1, Math.max(0, shareOf(value, range)));
  const [red, green, blue] = colorAt(diverging, share).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.179 ? "#000" : "#fff";
}

function colorAt(diverging: boolean, share: number): Color {
  const colors = diverging ? DIVERGING : SEQUENTIAL;
  const position = share * (colors.length - 1);
  const i = Math.min(colors.length - 2, Math.floor(position));
  const [from, to] = [colors[i]!, colors[i + 1]!];
  const mix = (channel: 0 | 1 | 2) =>
    Math.round(from[channel] + (position - i) * (to[channel] - from[channel]));
  return [mix(0), mix(1), mix(2)];
}
