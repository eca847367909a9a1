/**
 * Parquet files with wrong bytes under right checksums.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { crc32 } from "node:zlib";
import { parquetLibraries } from "../../lib/formats/parquet.ts";
import { featureSet, openFeatures, saveFeatures } from "../../mod.ts";

/** The checksums of a file of less than 1 MB, as `_parquet_seal.ts` writes them. */
function resealed(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const view = new DataView(bytes.buffer);
  const seal = length - view.getUint32(length - 8, true) - 8 - 16;
  view.setUint32(seal - 4, crc32(bytes.subarray(0, seal - 4)), true);
  view.setUint32(seal, crc32(bytes.subarray(seal + 16)), true);
  view.setUint32(seal + 4, crc32(bytes.subarray(seal - 4, seal)), true);
  return bytes;
}

Deno.test("openFeatures() refuses Parquet that stops the library, and goes on", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/good.parquet`;
  const data = Float32Array.from({ length: 24 }, (_, i) => i / 7);
  const set = featureSet({
    features: [{ data, shape: [12, 2], dtype: "float32" }],
    layerNames: ["pool"],
  });
  await saveFeatures(set, path, { rowGroupSize: 6 });
  const good = await Deno.readFile(path);
  assertEquals(resealed(good.slice()), good);
  let numTraps = 0;
  for (let at = 4; at < 600; at += 21) {
    const bytes = good.slice();
    bytes.fill(0xff, at, at + 3);
    await Deno.writeFile(`${folder}/bad.parquet`, resealed(bytes));
    try {
      await using stored = await openFeatures(`${folder}/bad.parquet`);
      assertEquals((await stored.load()).layer("pool").data, data);
    } catch (error) {
      assert(error instanceof SyntaxError, String(error));
      if (error.cause instanceof WebAssembly.RuntimeError) {
        numTraps++;
        assert(
          error.message.endsWith(
            'current value is "bytes that stop the reader"; is it cut or damaged?',
          ),
        );
      }
    }
  }
  assert(numTraps > 0);
  await using stored = await openFeatures(path);
  assertEquals((await stored.load()).layer("pool").data, data);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openFeatures() tells an exhausted heap of the library from a damaged file", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/large.parquet`;
  const data = new Float32Array(2 ** 21).fill(1.5);
  const set = featureSet({
    features: [{ data, shape: [2 ** 11, 2 ** 10], dtype: "float32" }],
    layerNames: ["pool"],
  });
  await saveFeatures(set, path, { rowGroupSize: 2 ** 11 });
  const { parquet } = await parquetLibraries();
  const memory = parquet.wasmMemory() as WebAssembly.Memory;
  // Memory that is not touched: it costs nothing but addresses.
  memory.grow(2 ** 16 - 1 - memory.buffer.byteLength / 2 ** 16);
  const { message } = await assertRejects(
    async () => {
      await using stored = await openFeatures(path);
      await stored.load();
    },
    RangeError,
    "as its row groups must fit the memory of the reader, 4 GiB",
  );
  // As the first test does.
  const advice =
    "save the features with a smaller rowGroupSize, in a new process";
  assert(message.endsWith(advice), message);
  await Deno.remove(folder, { recursive: true });
});
