import { assertEquals, assertRejects } from "@std/assert";
import {
  type DataSource,
  FeatureExtractor,
  mergeFeatures,
  openFeatures,
  pool,
  type WriteOptions,
} from "@sonde/sonde";
import { bytesAt, fieldsOf, inFolder } from "../store/_sets.ts";
import { array, convnet } from "./_models.ts";

const ROWS = 23;
const IMAGES = array([ROWS, 8, 8, 2]);
const LABELS = Array.from({ length: ROWS }, (_, i) => i % 3);
const IDS = Array.from({ length: ROWS }, (_, i) => `image ${i}`);
const DATA = { xs: IMAGES, ys: LABELS, ids: IDS, classNames: ["a", "b", "c"] };

function extractor(): FeatureExtractor {
  return new FeatureExtractor(convnet()).layers(["conv"]).penultimate()
    .postprocess(pool("mean")).batch(4);
}

const TARGETS: readonly (readonly [string, WriteOptions])[] = [
  ["x.npz", {}],
  ["x.safetensors", {}],
  ["x.parquet", { rowGroupSize: 5 }],
  ["folder", { format: "safetensors", shardSize: 7 }],
];

/** A source that fails, or stops answering, after some batches. */
function failing(after: number, error: Error): DataSource {
  return {
    length: ROWS,
    classNames: DATA.classNames,
    fingerprint: () => Promise.resolve("the data"),
    async *batches({ size, start }) {
      for (let at = start; at < ROWS; at += size) {
        if (at === start + after * size) throw error;
        const end = Math.min(at + size, ROWS);
        const xs = {
          ...IMAGES,
          data: IMAGES.data.slice(at * 128, end * 128),
          shape: [end - at, 8, 8, 2],
        };
        yield { xs, ys: LABELS.slice(at, end), ids: IDS.slice(at, end) };
        await Promise.resolve();
      }
    },
  };
}

for (const [name, options] of TARGETS) {
  Deno.test(`write() writes to ${name} what predict() returns`, () =>
    inFolder(async (folder) => {
      const target = `${folder}/${name}`;
      const written = await extractor().write(DATA, target, options);
      assertEquals(written.samples, ROWS);
      await using stored = await openFeatures(target);
      const set = await extractor().predict(DATA);
      assertEquals(fieldsOf(await stored.load()), fieldsOf(set));
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [
        name,
      ]);
    }));

  Deno.test(`mergeFeatures() writes ${name} with the bytes of one process`, () =>
    inFolder(async (folder) => {
      await extractor().write(DATA, `${folder}/one-${name}`, options);
      const target = `${folder}/${name}`;
      await Promise.all(
        [2, 0, 1].map((k) =>
          extractor().write(DATA, target, { ...options, shard: [k, 3] })
        ),
      );
      const merged = await mergeFeatures(target);
      assertEquals(merged.samples, ROWS);
      assertEquals(bytesAt(target), bytesAt(`${folder}/one-${name}`));
    }));

  Deno.test(`write() goes on with ${name} after errors, to the same bytes`, () =>
    inFolder(async (folder) => {
      const whole = `${folder}/one-${name}`;
      await extractor().write(failing(Infinity, new Error()), whole, options);
      const target = `${folder}/${name}`;
      for (const after of [1, 0, 3]) {
        const write = () =>
          extractor().write(failing(after, new Error("disk fell")), target, {
            ...options,
            onProgress: () => {},
          });
        await assertRejects(write, Error, "disk fell");
        await assertRejects(() => openFeatures(target), RangeError, "nothing");
      }
      await extractor().write(failing(Infinity, new Error()), target, options);
      assertEquals(bytesAt(target), bytesAt(whole));
    }));
}
