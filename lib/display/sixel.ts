/**
 * Sixel: images as text, six rows of pixels at a time, for terminals.
 *
 * Source: DEC, "VT330/VT340 Programmer Reference Manual", volume 2, chapter 14.
 *
 * @module
 */

/** Pixels in row-major order, four bytes each: red, green, blue, alpha. */
export interface RgbaPixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const MOST_COLORS = 256;
const BAND = 6; // rows of pixels per character

/**
 * Writes an opaque image.
 *
 * @param pixels The image.
 * @returns The escape sequence; with more than 256 colours, rare ones are
 * replaced by the nearest.
 */
export function sixelText({ data, width, height }: RgbaPixels): string {
  const { colors, indices } = palettized(data);
  const percent = (value: number) => Math.round(value / 2.55);
  const parts = [`\x1bP0;1q"1;1;${width};${height}`];
  colors.forEach((color, i) => {
    const [r, g, b] = [color >> 16, color >> 8 & 255, color & 255].map(percent);
    parts.push(`#${i};2;${r};${g};${b}`);
  });
  for (let top = 0; top < height; top += BAND) {
    const rows = Math.min(BAND, height - top);
    const from = top * width;
    const band = indices.subarray(from, from + rows * width);
    const lines = [...new Set(band)].map((color) =>
      `#${color}${lineOf(band, width, rows, color)}`
    );
    parts.push(lines.join("$"), "-"); // back to the left, and one band down
  }
  return `${parts.join("")}\x1b\\`;
}

/** The characters of one colour in a band, run-length encoded. */
function lineOf(
  band: Uint8Array,
  width: number,
  rows: number,
  color: number,
): string {
  let line = "";
  let [last, count] = [-1, 0];
  const flush = () => {
    if (count === 0) return;
    const char = String.fromCharCode(63 + last);
    line += count > 3 ? `!${count}${char}` : char.repeat(count);
  };
  for (let x = 0; x < width; x++) {
    let bits = 0;
    for (let y = 0; y < rows; y++) {
      if (band[y * width + x] === color) bits |= 1 << y;
    }
    if (bits === last) count++;
    else {
      flush();
      [last, count] = [bits, 1];
    }
  }
  flush();
  return line;
}

/** Up to 256 colours, and the colour index of each pixel. */
function palettized(data: Uint8Array) {
  const counts = new Map<number, number>();
  const colorAt = (i: number) =>
    data[4 * i]! << 16 | data[4 * i + 1]! << 8 | data[4 * i + 2]!;
  for (let i = 0; i < data.length / 4; i++) {
    counts.set(colorAt(i), (counts.get(colorAt(i)) ?? 0) + 1);
  }
  const colors = [...counts].toSorted((a, b) => b[1] - a[1])
    .slice(0, MOST_COLORS).map(([color]) => color);
  const known = new Map(colors.map((color, i) => [color, i]));
  const indices = Uint8Array.from({ length: data.length / 4 }, (_, i) => {
    const color = colorAt(i);
    let index = known.get(color);
    if (index === undefined) known.set(color, index = nearest(colors, color));
    return index;
  });
  return { colors, indices };
}

function nearest(colors: readonly number[], color: number): number {
  let [best, least] = [0, Infinity];
  colors.forEach((other, i) => {
    const distance = [16, 8, 0].reduce((sum, shift) => {
      const difference = (other >> shift & 255) - (color >> shift & 255);
      return sum + difference * difference;
    }, 0);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
