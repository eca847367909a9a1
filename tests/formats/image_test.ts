/**
 * Pixels of image files against Pillow's; `tests/data/make_images.py` made both.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileSource } from "../../lib/formats/byte_source.ts";
import { decodeImage } from "../../lib/formats/image.ts";
import { npzArrays, readNpy } from "../../lib/formats/npy.ts";
import type { ColorMode } from "../../lib/formats/pixels.ts";

const FOLDER = new URL("../data/images/", import.meta.url);
const EXPECTED = npzArrays(fileSource(new URL("expected.npz", FOLDER)));
const MODES: Readonly<Record<string, ColorMode>> = {
  RGB: "rgb",
  L: "grayscale",
  RGBA: "rgba",
};

function decoded(name: string, colorMode: ColorMode = "rgb", orient = false) {
  const bytes = Deno.readFileSync(new URL(name, FOLDER));
  return decodeImage(bytes, { colorMode, orient, name });
}

function pillow(key: string) {
  const { data, shape } = readNpy(EXPECTED.get(key)!());
  const [height, width, channels = 1] = shape;
  return { data: data as Uint8Array, height, width, channels };
}

function assertPixels(
  { data, ...size }: Awaited<ReturnType<typeof decoded>>,
  key: string,
): void {
  const { data: expected, ...expectedSize } = pillow(key);
  assertEquals(size, expectedSize, key);
  const at = data.findIndex((value, i) => value !== expected[i]);
  const message = `${key}: value ${at} is ${data[at]}, not ${expected[at]}`;
  assert(at < 0, message);
}

const FILES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => /\.(png|jpe?g|gif|bmp|webp|tiff?)$/i.test(name)).sort();
/** Kinds that are refused, as their pixels could differ from Pillow's. */
const REFUSED = ["float.tif"];

for (const format of ["png", "jpe?g", "gif", "bmp", "webp", "tiff?"]) {
  const files = FILES.filter((name) =>
    new RegExp(`\\.${format}$`, "i").test(name) && !REFUSED.includes(name)
  );
  Deno.test(`decodeImage() gives the pixels of Pillow for *.${format}`, async () => {
    assert(files.length >= 4, `${files.length} files`);
    for (const name of files) {
      for (const [mode, colorMode] of Object.entries(MODES)) {
        assertPixels(await decoded(name, colorMode), `${name} ${mode}`);
      }
    }
  });
}

Deno.test("decodeImage() obeys the EXIF orientation where that is wanted", async () => {
  const image = await decoded("turned.jpg", "rgb", true);
  assertPixels(image, "turned.jpg turned");
  assertEquals([image.height, image.width], [33, 21]);
});

const BAD: Readonly<Record<string, string>> = {
  "cut_rgb.jpg": "whole image",
  "cut_progressive.jpeg": "whole image",
  "cut_rgb.png": "it must have an end",
  "no_end.png": "it must have an end",
  "cut_junk.jpg": "whole image",
  "cut_rle8.bmp": "its runs must fill its 27 pixels: current value is 18",
  "ycbcr.tif": 'grey, RGB or CMYK values: current value is "YCbCr"',
  "cut_palette.gif": "it must have an end",
  "cut_rgb.bmp": "it must have 2153 bytes: current value is 1436; is it cut?",
  "cut_lossless.webp": "whole image",
  "cut_rgb.tiff": "whole image",
  "bomb.png": "Input image exceeds pixel limit",
  "bomb.bmp": "1 to 178956970 pixels: current value is 3600000000",
  "empty.jpg": 'PNG, GIF, BMP, WebP or TIFF image: current value is "empty"',
  "text.png": "current value is [84, 104, 105, 115, 32, 105, 115, 32]",
  "drawing.png": "current value is [60, 115, 118, 103,",
};

Deno.test("decodeImage() refuses what is cut, huge or no image, by its name", async () => {
  const names = [...Deno.readDirSync(new URL("bad/", FOLDER))];
  assertEquals(names.map(({ name }) => name).sort(), Object.keys(BAD).sort());
  for (const [name, text] of Object.entries(BAD)) {
    const error = await assertRejects(
      () => decoded(`bad/${name}`),
      SyntaxError,
    );
    assert(error.message.startsWith(`Cannot decode image "bad/${name}" as`));
    assert(error.message.includes(text), error.message);
  }
  await assertRejects(
    () => decoded("float.tif"),
    SyntaxError,
    'grey of 16: current value is "b-w of float"; save it as PNG',
  );
});

Deno.test("decodeImage() never crashes on damaged GIF and BMP files", async () => {
  const names = FILES.filter((name) => /\.(gif|bmp)$/.test(name));
  for (const name of names) {
    const bytes = Deno.readFileSync(new URL(name, FOLDER));
    for (let at = 0; at < Math.min(80, bytes.length); at++) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 0x55;
      const options = { colorMode: "rgb", orient: false, name } as const;
      await decodeImage(changed.subarray(0, bytes.length - at % 7), options)
        .then(({ data, width, height }) => {
          assertEquals(data.length, width * height * 3);
        }, (error) => assert(error instanceof SyntaxError, error));
    }
  }
});
