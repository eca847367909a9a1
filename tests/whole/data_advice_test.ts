// Advice in messages about data and files of features works: each test gets
// the message, follows it, and checks the result.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type DataSource,
  FeatureExtractor,
  featureSet,
  imageFolder,
  nearest,
  npyFile,
  openFeatures,
  query,
  saveFeatures,
  table,
  tf,
} from "@sonde/sonde";
import sharp from "sharp";
import { shardOfJob } from "../../lib/cli/shard_index.ts";
import { rangeOfShard } from "../../lib/store/merge_features.ts";
import { decodeImage } from "../../lib/formats/image.ts";

const DATA = new URL("../data/", import.meta.url);
const IMAGES = new URL("images/", DATA).pathname;
const QUIET = { progress: false } as const;

function array(...shape: number[]) {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
  return { data, shape, dtype: "float32" } as const;
}

async function advised(run: () => unknown, advice: string): Promise<void> {
  const error = await assertRejects(async () => await run(), Error);
  assert(error.message.includes(advice), error.message);
}

async function inFolder(run: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function rowsOf(source: DataSource, shape: (number | null)[]) {
  const inputs = [{
    name: "x",
    shape: [null, ...shape],
    dtype: "float32",
  }] as const;
  let rows = 0;
  for await (const batch of source.batches({ size: 8, start: 0, inputs })) {
    rows += (batch as { xs: { shape: number[] } }).xs.shape[0]!;
  }
  return rows;
}

Deno.test("advice on shards works", async () => {
  const read = (known: Record<string, string>) => (name: string) => known[name];
  const job = read({ JOB_COMPLETION_INDEX: "3" });
  await advised(
    () => shardOfJob(undefined, job),
    'pass { shard: { index: "env", count: 8 } }',
  );
  assertEquals(shardOfJob(8, job), [3, 8]);
  await advised(
    () => shardOfJob(8, read({})),
    "pass { shard: [index, count] }",
  );
  await inFolder(async (folder) => {
    const dense = tf.layers.dense({ units: 1, inputShape: [2], name: "d" });
    const model = tf.sequential({ layers: [dense] });
    const extractor = new FeatureExtractor(model).layers("d").batch(2);
    const half = { shard: [0, 2], ...QUIET } as const;
    await advised(
      () => rangeOfShard(undefined, 0, 2, 32),
      "use an array or a source with a length",
    );
    const { samples } = await extractor.write(
      array(4, 2),
      `${folder}/b.npz`,
      half,
    );
    assertEquals(samples, 2);
    model.dispose();
  });
});

Deno.test("advice on columns works", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/t.csv`;
    await Deno.writeTextFile(path, "a,b,c\n1,2,x3\n4,5,x6\n");
    await advised(
      () => rowsOf(table(path, { inputs: ["a", "c"] }), [2]),
      "leave it out, or convert it to numbers",
    );
    assertEquals(await rowsOf(table(path, { inputs: ["a", "b"] }), [2]), 2);
    const sql = `SELECT a, CAST(substr(c, 2) AS FLOAT) AS c FROM '${path}'`;
    assertEquals(await rowsOf(query(sql, { files: [path] }), [2]), 2);
    const few = { inputs: "b", limit: 1, stratify: true };
    await advised(
      () => rowsOf(table(path, few), [1]),
      "leave it out, or name the labels",
    );
    assertEquals(await rowsOf(table(path, { ...few, labels: "c" }), [1]), 1);
    await advised(
      () => rowsOf(table(path, { inputs: ["a", "b"] }), [1]),
      'name others by "inputs"',
    );
    assertEquals(await rowsOf(table(path, { inputs: "b" }), [1]), 2);
    await Deno.writeFile(
      path,
      Uint8Array.from("a,t\n1,\xe9\n", (c) => c.charCodeAt(0)),
    );
    await advised(
      () => rowsOf(table(path, { inputs: "a" }), [1]),
      "save it in UTF-8",
    );
    await Deno.writeTextFile(path, "a,t\n1,\xe9\n");
    assertEquals(await rowsOf(table(path, { inputs: "a" }), [1]), 1);
    const complex = npyBytes("<c8", 2, new Uint8Array(16));
    await Deno.writeFile(`${folder}/x.npy`, complex);
    await advised(
      () => rowsOf(npyFile(`${folder}/x.npy`), [1]),
      "save it again as an array of numbers",
    );
    await Deno.writeFile(
      `${folder}/z.npy`,
      npyBytes("|O", 2, new Uint8Array(8)),
    );
    await advised(
      () => rowsOf(npyFile(`${folder}/z.npy`), [1]),
      "save it again as arrays of numbers: objects are programs",
    );
    const numbers = npyBytes("<f4", 2, new Uint8Array(8));
    await Deno.writeFile(`${folder}/y.npy`, numbers);
    assertEquals(await rowsOf(npyFile(`${folder}/y.npy`), []), 2);
  });
});

/** A file of NumPy with one axis. */
function npyBytes(type: string, rows: number, data: Uint8Array) {
  const text =
    `{'descr': '${type}', 'fortran_order': False, 'shape': (${rows},), }`;
  const header = text.padEnd(117) + "\n";
  const start = Uint8Array.of(
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    118,
    0,
  );
  return Uint8Array.from([
    ...start,
    ...new TextEncoder().encode(header),
    ...data,
  ]);
}

Deno.test("advice on images works", async () => {
  await inFolder(async (folder) => {
    const paths: string[] = [];
    for (const [i, width] of [4, 6].entries()) {
      const raw = { width, height: 4, channels: 3 } as const;
      const path = `${folder}/${i}.png`;
      await sharp(new Uint8Array(width * 12), { raw }).png().toFile(path);
      paths.push(path);
    }
    await advised(
      () => rowsOf(imageFolder(paths), [null, null, 3]),
      "pass { size: [4, 4] } to resize all",
    );
    assertEquals(
      await rowsOf(imageFolder(paths, { size: [4, 4] }), [null, null, 3]),
      2,
    );
    await advised(
      () => imageFolder(paths[0]!),
      "pass single files as an array",
    );
    assertEquals(imageFolder([paths[0]!]).length, 1);
  });
  const options = { colorMode: "rgb", orient: false, name: "x" } as const;
  const tiff = await Deno.readFile(`${IMAGES}float.tif`);
  await advised(() => decodeImage(tiff, options), "save it as PNG");
  const png = new Uint8Array(await sharp(tiff).png().toBuffer());
  assert((await decodeImage(png, options)).width > 0);
});

Deno.test("advice on neighbors works", async () => {
  const two = featureSet({
    features: [array(3, 2), array(3, 2)],
    layerNames: ["a", "b"],
  });
  const options = { neighbors: 1 };
  await advised(() => nearest(two, two, options), "name one of them");
  assertEquals(
    (await nearest(two, two, { ...options, layer: "b" })).ids.length,
    3,
  );
  await advised(
    () => nearest(array(3, 2) as never, two, { ...options, layer: "b" }),
    "pass what predict() or openFeatures() gives",
  );
  const photos = new URL("photos", DATA);
  await advised(
    () => nearest(two, two, { layer: "b", images: photos.pathname as never }),
    'pass a source, as in imageFolder("photos")',
  );
  const images = imageFolder(photos);
  const found = await nearest(two, two, { ...options, layer: "b", images });
  assertEquals(found.ids.length, 3);
  await inFolder(async (folder) => {
    await saveFeatures(two, `${folder}/a.npz`);
    await using stored = await openFeatures(`${folder}/a.npz`);
    const known = { ...options, layer: "b" };
    await advised(
      () => nearest(stored, stored as never, known),
      "pass a set, as predict() returns it",
    );
    assertEquals(
      (await nearest(stored, await stored.load(), known)).ids.length,
      3,
    );
  });
});

Deno.test("advice on targets works", async () => {
  const set = featureSet({ features: [array(3, 2)], layerNames: ["a"] });
  await inFolder(async (folder) => {
    await advised(
      () => saveFeatures(set, `${folder}/a.npz`, { format: "parquet" }),
      "leave it out, or pass a folder",
    );
    await saveFeatures(set, `${folder}/a.npz`);
    await saveFeatures(set, `${folder}/a`, { format: "parquet" });
    const advice =
      'pass { format: "safetensors" } or { format: "parquet" } for a folder';
    await advised(() => saveFeatures(set, `${folder}/b`), advice);
    await saveFeatures(set, `${folder}/b`, { format: "safetensors" });
    for (const name of ["a.npz", "a", "b"]) {
      await using stored = await openFeatures(`${folder}/${name}`);
      assertEquals(stored.samples, 3);
    }
    const dense = tf.layers.dense({ units: 1, inputShape: [2], name: "d" });
    const model = tf.sequential({ layers: [dense] });
    const extractor = new FeatureExtractor(model).layers("d");
    await Deno.writeTextFile(`${folder}/c.npz.partial`, "");
    await advised(
      () => extractor.write(array(4, 2), `${folder}/c.npz`, QUIET),
      "move it away, or pass another target",
    );
    assertEquals(
      (await extractor.write(array(4, 2), `${folder}/d.npz`, QUIET)).samples,
      4,
    );
    await Deno.remove(`${folder}/c.npz.partial`);
    assertEquals(
      (await extractor.write(array(4, 2), `${folder}/c.npz`, QUIET)).samples,
      4,
    );
    model.dispose();
  });
});

Deno.test("advice on engines and signals works", async () => {
  const dense = tf.layers.dense({ units: 1, inputShape: [2] });
  const model = tf.sequential({ layers: [dense] });
  const extractor = new FeatureExtractor(model);
  for (const options of [{ threads: 1 }, { device: "cpu" }] as const) {
    await advised(() => extractor.engine("tfjs", options), 'use "onnx"');
    assertEquals(
      (await extractor.engine("onnx", options).plan()).engine,
      "onnx",
    );
  }
  const controller = new AbortController();
  await advised(
    () => extractor.predict(array(2, 2), { signal: controller as never }),
    "pass its signal",
  );
  const { signal } = controller;
  const { logits } = await extractor.predict(array(2, 2), { ...QUIET, signal });
  assertEquals(logits?.shape, [2, 1]);
  model.dispose();
});
