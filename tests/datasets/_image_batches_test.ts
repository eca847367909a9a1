import { assertEquals, assertRejects } from "@std/assert";
import { imageFolder, type NdArray, type TensorSpec } from "@sonde/sonde";

const IMAGES = new URL("../data/images/", import.meta.url);
const BAD = [
  "rgb.png",
  "bad/cut_rgb.jpg",
  "rgb.bmp",
  "bad/empty.jpg",
  "missing.png",
].map((name) => new URL(name, IMAGES).pathname);
const INPUT: TensorSpec = {
  name: "x",
  shape: [null, 8, 8, 3],
  dtype: "float32",
};

Deno.test("imageFolder() keeps the rows of images to look at, also of bad files", async () => {
  const source = imageFolder(BAD, { onBad: "skip" });
  const { xs, ids } = await source.samples!([...source.ids]) as unknown as {
    xs: NdArray;
    ids: string[];
  };
  assertEquals(xs.shape, [5, 96, 96, 3]);
  assertEquals(ids, [...source.ids]);
  const size = 96 * 96 * 3;
  const areNaN = source.ids.map((_, i) =>
    Array.from(xs.data.subarray(i * size, (i + 1) * size)).every(Number.isNaN)
  );
  assertEquals(areNaN, [false, true, false, true, true]);
  await assertRejects(
    () => source.samples!([BAD[1]!], [INPUT]), // for a model
    SyntaxError,
    "must be a whole image",
  );
  await assertRejects(
    () => imageFolder(BAD).samples!([BAD[1]!]),
    SyntaxError,
    "must be a whole image",
  );
});

Deno.test("imageFolder() has a fingerprint where unreadable files are skipped", async () => {
  const skipping = imageFolder(BAD, { onBad: "skip" });
  const print = await skipping.fingerprint!();
  assertEquals(await skipping.fingerprint!(), print);
  await assertRejects(
    () => imageFolder(BAD).fingerprint!(),
    Deno.errors.NotFound,
  );
});
