/**
 * Parquet files with images and classes as Hugging Face's `datasets` writes
 * them, complete and not.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  type Batch,
  FeatureExtractor,
  imageFolder,
  table,
  type TableFileOptions,
  tf,
} from "@sonde/sonde";
import { free } from "../extractor/_models.ts";
import { inFolder } from "../store/_sets.ts";
import { readSource, spec } from "./_read_source.ts";

const PHOTO = decodeURIComponent(
  new URL("../data/photos/circles/1.png", import.meta.url).pathname,
);

/** Writes the rows of a query, with metadata. */
async function writeParquet(path: string, sql: string, metadata?: string) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const option = metadata === undefined
    ? ""
    : `, KV_METADATA {huggingface: '${metadata}'}`;
  await connection.run(
    `COPY (${sql}) TO '${
      path.replaceAll("'", "''")
    }' (FORMAT parquet${option})`,
  );
  connection.closeSync();
  instance.closeSync();
}

function classes(...names: string[]): string {
  const label = { names, _type: "ClassLabel" };
  return JSON.stringify({ info: { features: { label } } });
}

/** Rows: no bytes, an image, other bytes, an image. */
const IMAGES = `SELECT {'path': 'image ' || i, 'bytes': CASE i
  WHEN 0 THEN NULL WHEN 2 THEN 'abc'::BLOB
  ELSE (SELECT content FROM read_blob('${PHOTO}')) END} AS image, i AS label
  FROM range(4) AS t(i)`;

Deno.test("table() skips images that are missing as it skips bad ones, also the first", () =>
  inFolder(async (folder) => {
    const path = `${folder}/images.parquet`;
    await writeParquet(path, IMAGES);
    const images = (options: TableFileOptions) =>
      table(path, { inputs: "image", labels: "label", ...options });
    const read = (options: TableFileOptions) =>
      readSource(images(options), [spec([null, null, 3])]);
    const advice = `leave such rows out, as by where: '"image".bytes IS NOT ` +
      "NULL'; pass the files to imageFolder() if all rows are paths";
    const error = await assertRejects(() => read({}), TypeError, advice);
    assert(error.message.includes("current value is null; it is in row 0"));
    assertEquals(imageFolder([PHOTO]).length, 1);
    const where = '"image".bytes IS NOT NULL';
    await assertRejects(() => read({ where }), SyntaxError, '"image 2"');
    const found = await read({ onBad: "skip" });
    assertEquals([found.labels, found.ids], [[1, 3], [1, 3]]);
    assertEquals(found.shapes, [[26, 31, 3]]); // of the first image
    const model = tf.sequential({
      layers: [tf.layers.flatten({ inputShape: [4, 4, 3] })],
    });
    const skipped: (string | undefined)[] = [];
    const set = await new FeatureExtractor(model).layers([0]).batch(1).predict(
      images({ onBad: "skip" }),
      {
        progress: false,
        onProgress: (progress) =>
          skipped.push(...progress.skipped?.map(({ id }) => id) ?? []),
      },
    );
    free(model);
    assertEquals([...set.labels!.data], [1, 3]);
    assert(skipped.includes("image 0") && skipped.includes("image 2"));
  }));

Deno.test("table() fingerprints images by their bytes and names, whatever is null beside them", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.parquet`;
    const print = async (sql: string) => {
      await writeParquet(path, sql);
      return await table(path).fingerprint!();
    };
    const first = await print(IMAGES);
    assertEquals(await print(IMAGES), first);
    const others = [
      await print(IMAGES.replace("'abc'", "'abd'")),
      await print(IMAGES.replace("'image '", "'photo '")),
      await print(`SELECT *, nullif(label, 2) AS age FROM (${IMAGES})`),
      await print(`SELECT *, nullif(label, 1) AS age FROM (${IMAGES})`),
    ];
    assertEquals(new Set([first, ...others]).size, 5);
    const named = table(path, { inputs: "age" });
    await assertRejects(() => named.fingerprint!(), TypeError, "in every row");
  }));

Deno.test("table() refuses files whose classes differ, and metadata that is no JSON", () =>
  inFolder(async (folder) => {
    const rows = "SELECT i AS x, i AS label FROM range(2) AS t(i)";
    const files = ["a", "b", "c"].map((name) => `${folder}/${name}.parquet`);
    const [a, b, c] = files as [string, string, string];
    await writeParquet(a, rows, classes("cat", "dog"));
    await writeParquet(b, rows, classes("dog", "cat"));
    await writeParquet(c, rows);
    const read = (list: string[], labels = "label") =>
      readSource(table(list, { inputs: "x", labels }), [spec([1])]);
    await assertRejects(
      () => read([a, b]),
      TypeError,
      'classes of column "label" must be the same in all files: current value ' +
        `is ["dog", "cat"]; those of "${a}" are ["cat", "dog"]`,
    );
    assertEquals((await read([c, a])).classNames, ["cat", "dog"]);
    assertEquals((await read([a, b], "x")).classNames, undefined);
    await writeParquet(b, rows, "no JSON");
    await assertRejects(() => read([b]), SyntaxError, 'metadata "huggingface"');
    await writeParquet(
      b,
      rows.replace("i AS label", "-i AS label"),
      classes("a"),
    );
    const batches = table(b, { inputs: "x", labels: "label" });
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 1, inputShape: [1] })],
    });
    const run = new FeatureExtractor(model).predict(batches, {
      progress: false,
    });
    await assertRejects(
      () => run,
      RangeError,
      "current value is -1; it is in row 1; leave such rows out, or the labels",
    );
    free(model);
  }));

Deno.test("table() reads Parquet files by any path to them", () =>
  inFolder(async (folder) => {
    // Rows of large images are selected by the names of their files.
    const big = `SELECT repeat('x', 100000)::BLOB AS image, i AS label
      FROM range(3) AS t(i)`;
    await Deno.mkdir(`${folder}/a b=ü/[1]`, { recursive: true });
    await writeParquet(`${folder}/a b=ü/[1]/o'ne.parquet`, big);
    for (
      const path of [
        `${folder}/a b=ü/[1]/o'ne.parquet`,
        `${folder}//a b=ü/./[1]/../[1]/o'ne.parquet`,
      ]
    ) {
      const source = table(path, { inputs: "image", labels: "label" });
      await source.prepare!();
      const rows: number[] = [];
      const options = { size: 2, start: 0, inputs: [spec([2, 2, 3])] };
      const read = async () => {
        for await (const batch of source.batches(options)) {
          rows.push((batch as { ys: Batch[] }).ys.length);
        }
      };
      await assertRejects(read, SyntaxError, '"row 0"');
      assertEquals(source.length, 3, path);
    }
  }));
