// deno-lint-ignore-file no-control-regex -- escape sequences hold them
import { assert, assertEquals } from "@std/assert";
import { type RgbaPixels, sixelText } from "../../lib/display/sixel.ts";

/** Reads Sixel back, as a terminal does. */
function decoded(text: string): { colors: number[][]; pixels: number[] } {
  const [, width, height, body] = /^\x1bP0;1q"1;1;(\d+);(\d+)([^]*)\x1b\\$/
    .exec(text)!;
  const size = [Number(width), Number(height)] as const;
  const colors: number[][] = [];
  const pixels = new Array(size[0] * size[1]).fill(-1);
  let [x, y, color] = [0, 0, 0];
  const tokens = body!.matchAll(
    /#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)(.)|\$|-|[?-~]/g,
  );
  for (const [token, index, r, g, b, count, char] of tokens) {
    if (token === "$") x = 0;
    else if (token === "-") [x, y] = [0, y + 6];
    else if (index !== undefined) {
      color = Number(index);
      if (r !== undefined) colors[color] = [Number(r), Number(g), Number(b)];
    } else {
      const bits = (char ?? token).charCodeAt(0) - 63;
      for (let k = 0; k < Number(count ?? 1); k++, x++) {
        for (let row = 0; row < 6; row++) {
          if (bits >> row & 1) pixels[(y + row) * size[0] + x] = color;
        }
      }
    }
  }
  return { colors, pixels };
}

function image(colors: number[][], width: number): RgbaPixels {
  const data = Uint8Array.from(colors.flatMap((rgb) => [...rgb, 255]));
  return { data, width, height: colors.length / width };
}

Deno.test("sixelText() writes each pixel in its colour", () => {
  const [red, blue, grey] = [[255, 0, 0], [0, 0, 255], [51, 51, 51]];
  // Eight rows, so two bands, of nine pixels.
  const rows = Array.from(
    { length: 72 },
    (_, i) => i % 9 < 6 ? red! : i < 40 ? blue! : grey!,
  );
  const { colors, pixels } = decoded(sixelText(image(rows, 9)));
  const percent = [[100, 0, 0], [0, 0, 100], [20, 20, 20]];
  assertEquals(colors.toSorted(), percent.toSorted());
  assertEquals(
    pixels.map((index) => colors[index]),
    rows.map((rgb) => rgb.map((value) => Math.round(value / 2.55))),
  );
});

Deno.test("sixelText() replaces rare colours by the nearest beyond 256", () => {
  const many = Array.from({ length: 600 }, (_, i) => [i % 256, i >> 8, 0]);
  const { colors, pixels } = decoded(sixelText(image(many, 30)));
  assertEquals(colors.length, 256);
  assert(pixels.every((index) => index >= 0));
});
