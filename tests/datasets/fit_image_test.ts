/**
 * Resizing and preprocessing against TensorFlow and Keras;
 * `tests/data/make_resized.py` made the numbers.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { fitImage, preprocessRgb } from "../../lib/datasets/fit_image.ts";
import { fileSource } from "../../lib/formats/byte_source.ts";
import { npzArrays, readNpy } from "../../lib/formats/npy.ts";

const FILE = new URL("../data/images/resized.npz", import.meta.url);
const ARRAYS = npzArrays(fileSource(FILE));
/** 1e-4 of 255. */
const TOLERANCE = 0.0255;

function arrayOf(key: string) {
  const { data, shape } = readNpy(ARRAYS.get(key)!());
  return { data: data as Float32Array, shape };
}

function farthest(a: Float32Array, b: Float32Array): number {
  assertEquals(a.length, b.length);
  return a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
}

const WAYS = {
  plain: { fit: "stretch", interpolation: "bilinear", antialias: false },
  antialias: { fit: "stretch", interpolation: "bilinear", antialias: true },
  nearest: { fit: "stretch", interpolation: "nearest", antialias: false },
  crop: { fit: "crop", interpolation: "bilinear", antialias: false },
  pad: { fit: "pad", interpolation: "bilinear", antialias: false },
} as const;

for (const [way, options] of Object.entries(WAYS)) {
  Deno.test(`fitImage() equals TensorFlow: ${way}`, () => {
    const keys = [...ARRAYS.keys()].filter((key) => key.startsWith(way));
    assert(keys.length >= 8);
    for (const key of keys) {
      const [h, w, , th, tw] = key.split(" ").slice(1).map(Number);
      const { data: source } = readNpy(ARRAYS.get(`source ${h} ${w}`)!());
      const image = {
        data: source as Uint8Array,
        height: h!,
        width: w!,
        channels: 3,
      };
      // Written into the middle of something else.
      const data = new Float32Array(th! * tw! * 3 + 10).fill(-7);
      fitImage(image, [th!, tw!], options, data, 5);
      const off = farthest(data.subarray(5, -5), arrayOf(key).data);
      const most = way === "nearest" ? 0 : TOLERANCE;
      assert(off <= most, `${key}: ${off}`);
      const around = [...data.subarray(0, 5), ...data.subarray(-5)];
      assertEquals(around, Array(10).fill(-7));
    }
  });
}

Deno.test("fitImage() leaves an image of the right size as it is", () => {
  const data = Uint8Array.from({ length: 24 }, (_, i) => i * 10);
  const image = { data, height: 2, width: 3, channels: 4 };
  for (const options of Object.values(WAYS)) {
    const out = new Float32Array(24);
    fitImage(image, [2, 3], options, out, 0);
    assertEquals(out, Float32Array.from(data));
  }
});

for (const mode of ["caffe", "tf", "torch"] as const) {
  Deno.test(`preprocessRgb() equals preprocess_input of Keras: ${mode}`, () => {
    const values = Float32Array.from(arrayOf("pixels").data);
    preprocessRgb(values, mode);
    assertEquals(farthest(values, arrayOf(mode).data), 0);
  });
}
