import { assertEquals } from "@std/assert";
import {
  resizeImage,
  type ResizeOptions,
} from "../../lib/math/resize_image.ts";

const ROW = {
  data: Uint8Array.of(0, 100, 200, 40),
  height: 1,
  width: 4,
  channels: 1,
};
const BILINEAR = { interpolation: "bilinear", antialias: false } as const;

function resized(size: [number, number], options: ResizeOptions, image = ROW) {
  const data = new Float32Array(size[0] * size[1] * image.channels);
  const stride = size[1] * image.channels;
  resizeImage(image, size, options, { data, start: 0, stride });
  return [...data];
}

Deno.test("resizeImage() blends the two pixels around each centre", () => {
  // Centres of 2 pixels in 4: at 0.5 and 2.5 of their numbers.
  assertEquals(resized([1, 2], BILINEAR), [50, 120]);
  // Of 8 in 4: -0.25 (the edge), 0.25, 0.75, 1.25, …
  const wide = [0, 25, 75, 125, 175, 160, 80, 40];
  assertEquals(resized([1, 8], BILINEAR), wide);
  assertEquals(resized([2, 8], BILINEAR), [...wide, ...wide]);
});

Deno.test("resizeImage() weighs all pixels below a new one by a triangle", () => {
  const options = { ...BILINEAR, antialias: true };
  // Around 1.0, 2 wide to each side: weights 3, 3, 1 over 7 of pixels 0, 1, 2.
  const [left, right] = resized([1, 2], options) as [number, number];
  assertEquals(left.toFixed(3), ((3 * 0 + 3 * 100 + 1 * 200) / 7).toFixed(3));
  assertEquals(right.toFixed(3), ((1 * 100 + 3 * 200 + 3 * 40) / 7).toFixed(3));
  // Where an image grows there is nothing to average.
  assertEquals(resized([1, 8], options), resized([1, 8], BILINEAR));
});

Deno.test("resizeImage() copies the nearest pixel, and keeps channels apart", () => {
  const options = { interpolation: "nearest", antialias: false } as const;
  assertEquals(resized([1, 2], options), [100, 40]);
  const image = {
    data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    height: 2,
    width: 2,
    channels: 2,
  };
  assertEquals(resized([1, 4], options, image), [5, 6, 5, 6, 7, 8, 7, 8]);
});
