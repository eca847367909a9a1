import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type DataSource,
  FeatureExtractor,
  mergeFeatures,
  openFeatures,
  pool,
  type WriteOptions,
} from "@sonde/sonde";
import { viewOf } from "../../lib/display/attach_view.ts";
import { viewText } from "../../lib/display/text.ts";
import { bytesAt, fieldsOf, inFolder } from "../store/_sets.ts";
import { array, convnet } from "./_models.ts";

const ROWS = 23;
const IMAGES = array([ROWS, 8, 8, 2]);
const LABELS = Array.from({ length: ROWS }, (_, i) => i % 3);
const IDS = Array.from({ length: ROWS }, (_, i) => `image ${i}`);
const DATA = { xs: IMAGES, ys: LABELS, ids: IDS, classNames: ["a", "b", "c"] };

const extractor = new FeatureExtractor(convnet()).layers(["conv"])
  .penultimate().postprocess(pool("mean")).batch(4);

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
      const written = await extractor.write(DATA, target, options);
      assertEquals(written.samples, ROWS);
      await using stored = await openFeatures(target);
      const set = await extractor.predict(DATA);
      assertEquals(fieldsOf(await stored.load()), fieldsOf(set));
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [
        name,
      ]);
    }));

  Deno.test(`mergeFeatures() writes ${name} with the bytes of one process`, () =>
    inFolder(async (folder) => {
      await extractor.write(DATA, `${folder}/one-${name}`, options);
      const target = `${folder}/${name}`;
      await Promise.all(
        [2, 0, 1].map((k) =>
          extractor.write(DATA, target, { ...options, shard: [k, 3] })
        ),
      );
      const merged = await mergeFeatures(target);
      assertEquals(merged.samples, ROWS);
      assertEquals(bytesAt(target), bytesAt(`${folder}/one-${name}`));
    }));

  Deno.test(`write() goes on with ${name} after errors, to the same bytes`, () =>
    inFolder(async (folder) => {
      const whole = `${folder}/one-${name}`;
      await extractor.write(failing(Infinity, new Error()), whole, options);
      const target = `${folder}/${name}`;
      for (const after of [1, 0, 3]) {
        const write = () =>
          extractor.write(failing(after, new Error("disk fell")), target, {
            ...options,
            onProgress: () => {},
          });
        await assertRejects(write, Error, "disk fell");
        await assertRejects(
          () => openFeatures(target),
          Deno.errors.NotFound,
          "its run is not finished",
        );
      }
      await extractor.write(failing(Infinity, new Error()), target, options);
      assertEquals(bytesAt(target), bytesAt(whole));
    }));
}

/** A source that skips every fifth sample. */
function skipping(): DataSource {
  return {
    length: ROWS,
    classNames: DATA.classNames,
    fingerprint: () => Promise.resolve("skipping"),
    async *batches({ size, start }) {
      for (let at = start; at < ROWS; at += size) {
        const end = Math.min(at + size, ROWS);
        const rows = Array.from({ length: end - at }, (_, i) => at + i);
        const kept = rows.filter((row) => row % 5 !== 3);
        const values = kept.flatMap((row) => [
          ...IMAGES.data.subarray(row * 128, (row + 1) * 128),
        ]);
        const data = Float32Array.from(values);
        yield await Promise.resolve({
          xs: { ...IMAGES, data, shape: [kept.length, 8, 8, 2] },
          ys: kept.map((row) => LABELS[row]!),
          ids: kept.map((row) => IDS[row]!),
          skipped: rows.filter((row) => !kept.includes(row))
            .map((row) => ({ id: IDS[row]!, reason: "bad" })),
        });
      }
    },
  };
}

Deno.test("write() gives a folder the same bytes wherever its parts end", () =>
  inFolder(async (folder) => {
    for (const [name, data] of Object.entries({ DATA, skip: skipping() })) {
      const found = [];
      for (const partSize of [4, 8, 12, 100]) {
        const target = `${folder}/${name}-${partSize}`;
        const options = { format: "safetensors", shardSize: 8 } as const;
        await extractor.write(data, target, { ...options, partSize });
        found.push(bytesAt(target));
      }
      for (const bytes of found) assertEquals(bytes, found[0]);
    }
    await using stored = await openFeatures(`${folder}/skip-4`);
    assertEquals(
      stored.skipped?.map(({ id }) => id),
      [3, 8, 13, 18].map((row) => IDS[row]!),
    );
    const { head } = await stored.load();
    assertEquals(head, (await extractor.predict(DATA)).head);
  }));

Deno.test("write() counts samples and skipped ones of a shard", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x.npz`;
    const write = (k: number) =>
      extractor.write(skipping(), target, { shard: [k, 2], partSize: 4 });
    const [first, second] = [await write(0), await write(1)];
    assertEquals([first.samples, second.samples], [10, 9]);
    const ids = [first, second].map(({ skipped }) =>
      skipped.map(({ id }) => id)
    );
    assertEquals(ids, [["image 3", "image 8"], ["image 13", "image 18"]]);
    assertEquals((await mergeFeatures(target)).samples, 19);
  }));

Deno.test("write() says that a target is already complete, with all skipped samples", () =>
  inFolder(async (folder) => {
    const target = `${folder}/x`;
    const options = { format: "parquet", shardSize: 8, partSize: 8 } as const;
    const first = await extractor.write(skipping(), target, options);
    const again = await extractor.write(skipping(), target, options);
    assertEquals({ ...again }, { ...first, samplesPerSecond: 0 });
    assertEquals(again.skipped.length, 4);
    const text = viewText(viewOf(again, {})!);
    assert(text.startsWith("Already complete: 19 samples"), text);
    assert(!text.includes("per second"), text);
  }));
