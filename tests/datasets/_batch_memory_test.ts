/**
 * Memory of batches that a run gives back to a built-in source.
 *
 * @module
 */
import { assert, assertEquals, assertNotStrictEquals } from "@std/assert";
import {
  type Batch,
  type DataSource,
  imageFolder,
  type ImageFolderOptions,
  type NdArray,
} from "@sonde/sonde";
import { batchesOf, type HostBatch } from "../../lib/datasets/batches.ts";

const PHOTOS = new URL("../data/photos/", import.meta.url);
const INPUT = { name: "x", shape: [null, 8, 8, 3], dtype: "float32" } as const;
const photos = (options?: ImageFolderOptions) => imageFolder(PHOTOS, options);
const dataOf = ({ inputs: [input] }: HostBatch) =>
  (input as NdArray).data as Float32Array;

async function pass(
  source: DataSource,
  each: (batch: HostBatch) => void = () => {},
): Promise<{ values: number[][]; arrays: Float32Array[] }> {
  const values: number[][] = [];
  const arrays: Float32Array[] = [];
  const wanted = { size: 2, inputs: [INPUT] };
  for await (const batch of batchesOf(source, wanted).batches) {
    values.push([...dataOf(batch)]);
    arrays.push(dataOf(batch));
    each(batch);
  }
  return { values, arrays };
}

const numBuffers = (arrays: readonly Float32Array[]) =>
  new Set(arrays.map(({ buffer }) => buffer)).size;

Deno.test("imageFolder() uses the memory of released batches, with the same values", async () => {
  for (const fit of ["stretch", "crop", "pad"] as const) {
    const kept = await pass(photos({ fit }));
    assertEquals(numBuffers(kept.arrays), 6);
    const released = await pass(photos({ fit }), (batch) => batch.release!());
    assert(numBuffers(released.arrays) < 6);
    assertEquals(released.values, kept.values);
  }
});

Deno.test("imageFolder() leaves the memory of its batches to those who read it", async () => {
  const source = photos();
  const batches: Batch[] = [];
  for await (
    const one of source.batches({ size: 2, start: 0, inputs: [INPUT] })
  ) {
    batches.push(one);
  }
  const buffers = batches.map((batch) =>
    (batch as { xs: NdArray }).xs.data.buffer
  );
  assertEquals(new Set(buffers).size, 6);
});

/** Sources that yield the very batches of another, changed in place. */
function wrappers(): DataSource[] {
  const source = photos();
  async function* batches(wanted: Parameters<DataSource["batches"]>[0]) {
    for await (const batch of photos().batches(wanted)) {
      (batch as { xs: NdArray }).xs.data[0] = NaN;
      yield batch;
    }
  }
  return [
    { length: 12, batches },
    Object.create(source, { batches: { value: batches } }),
    Object.assign(photos(), { batches }),
  ];
}

Deno.test("batchesOf() checks the values of batches that others changed, and keeps them", async () => {
  for (const source of wrappers()) {
    const { arrays } = await pass(source, ({ release, nonFinite }) => {
      assertEquals(release, undefined);
      assertEquals(nonFinite, [0]);
    });
    assertEquals(numBuffers(arrays), 6);
    assertNotStrictEquals(arrays[0]!.buffer, arrays[1]!.buffer);
  }
});

Deno.test("batchesOf() finds what a custom preprocessing makes NaN", async () => {
  const preprocess = (image: NdArray) => {
    image.data[5] = NaN;
    return image;
  };
  await pass(photos({ preprocess }), ({ nonFinite }) => {
    assertEquals(nonFinite, [0, 1]);
  });
});
