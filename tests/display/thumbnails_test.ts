import { assert, assertEquals } from "@std/assert";
import { inflateSync } from "node:zlib";
import { thumbnailsOf } from "../../lib/display/thumbnails.ts";
import type { GridImage } from "../../lib/display/view.ts";

/** Bytes of the rows of a PNG of ours. */
function rowsOf(png: Uint8Array, rowBytes: number): number[][] {
  const text = new TextDecoder("latin1").decode(png);
  const raw = inflateSync(png.subarray(text.indexOf("IDAT") + 4));
  return Array.from(
    { length: raw.length / (rowBytes + 1) },
    (
      _,
      i,
    ) => [...raw.subarray(i * (rowBytes + 1) + 1, (i + 1) * (rowBytes + 1))],
  );
}

Deno.test("thumbnailsOf() puts grey images side by side, centred in squares", () => {
  const images: GridImage[] = [
    { caption: "", z: [1, 2, 3, 4], height: 2, width: 2, colors: "gray" },
    { caption: "", z: [9, 8], height: 1, width: 2, colors: "gray" },
  ];
  const { png, columns, width, height } = thumbnailsOf(images);
  assertEquals([columns, width, height], [2, 2, 2]);
  assertEquals(rowsOf(png, 4), [[1, 2, 9, 8], [3, 4, 255, 255]]);
});

Deno.test("thumbnailsOf() has colours as soon as one image has", () => {
  const images: GridImage[] = [
    { caption: "", z: [7], height: 1, width: 1, colors: "gray" },
    { caption: "", z: [1, 2, 3], height: 1, width: 1, colors: "rgb" },
  ];
  assertEquals(rowsOf(thumbnailsOf(images).png, 6), [[7, 7, 7, 1, 2, 3]]);
});

Deno.test("thumbnailsOf() reduces many photographs to what a message holds", () => {
  const z = Float32Array.from(
    { length: 3 * 64 * 64 },
    (_, i) => 255 * Math.abs(Math.sin(i * i)),
  );
  const image: GridImage = {
    caption: "",
    z,
    height: 64,
    width: 64,
    colors: "rgb",
  };
  const { png, width } = thumbnailsOf(Array(500).fill(image));
  assertEquals(width, 20);
  assert(png.length < 700_000, String(png.length));
});

Deno.test("thumbnailsOf() draws an image that was not decoded in grey", () => {
  const z = Array<number>(4).fill(NaN);
  const missing = {
    caption: "",
    z,
    height: 2,
    width: 2,
    colors: "gray",
  } as const;
  const grey = { ...missing, z: z.map(() => 150) };
  assertEquals(thumbnailsOf([missing]), thumbnailsOf([grey]));
});
