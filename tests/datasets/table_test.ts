/**
 * Tables by DuckDB; `tests/data/make_tables.py` made the files.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Batch,
  FeatureExtractor,
  imageFolder,
  type NdArray,
  query,
  table,
  type TableFileOptions,
  tf,
} from "@sonde/sonde";
import { viewOf } from "../../lib/display/attach_view.ts";
import { viewText } from "../../lib/display/text.ts";
import { free } from "../extractor/_models.ts";
import { readSource, spec, TABLES } from "./_read_source.ts";

const SPECIES = ["setosa", "versicolor", "virginica"];
const flowers = (options?: TableFileOptions) =>
  table(`${TABLES}flowers.csv`, options);
const vectors = (options?: TableFileOptions) =>
  table(`${TABLES}vectors.parquet`, options);
const upTo = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => from + i);

Deno.test("table() reads columns of numbers side by side, and text labels", async () => {
  const read = await readSource(flowers({ labels: "species" }), [spec([4])]);
  assertEquals(read.length, 30);
  assertEquals(read.rows, [4, 4, 4, 4, 4, 4, 4, 2]);
  assertEquals(read.shapes[0], [4]);
  assertEquals(read.values.slice(0, 8), [
    5,
    3.4,
    1.5,
    0.1,
    5.76,
    3.15,
    3.5,
    1.02,
  ]);
  assertEquals(read.classNames, SPECIES);
  assertEquals(read.labels, upTo(30).map((i) => i % 3));
  assertEquals(read.ids, upTo(30));
});

Deno.test("table() selects columns, rows and their order", async () => {
  const source = flowers({
    inputs: ["petal_width", "sepal_length"],
    labels: "species",
    classes: ["virginica", "versicolor", "setosa", "lily"],
    where: "species <> 'setosa' -- a comment",
    orderBy: "petal_width DESC",
    limit: 3,
  });
  const read = await readSource(source, [spec([2])]);
  assertEquals(read.length, 3);
  assertEquals(read.values, [2.48, 6.79, 2.42, 6.76, 2.36, 6.73]);
  assertEquals(read.labels, [0, 0, 0]);
  assertEquals(read.classNames!.length, 4);
});

Deno.test("table() begins at any sample, and selects as other sources do", async () => {
  const inputs = [spec([2, 2])];
  const options = { inputs: "fixed", labels: "y", ids: "id" };
  const whole = await readSource(vectors(options), inputs, { size: 999 });
  assertEquals(whole.rows, [999, 999, 999, 3]);
  assertEquals(whole.ids, upTo(3000).map((i) => `row ${i}`));
  for (const start of [1, 1000, 2047, 2999]) {
    const part = await readSource(vectors(options), inputs, {
      size: 700,
      start,
    });
    assertEquals(part.values, whole.values.slice(4 * start));
    assertEquals(part.ids, whole.ids.slice(start));
  }
  const mixed = {
    ...options,
    shuffle: { seed: 4 },
    limit: 700,
    stratify: true,
  };
  const some = await readSource(vectors(mixed), inputs, { size: 300 });
  assertEquals(some.ids.length, 700);
  const rows = some.ids.map((id) => Number(String(id).slice(4)));
  assertEquals(some.labels, rows.map((row) => row % 7));
  assertEquals(some.labels.filter((label) => label === 3).length, 100);
  assertEquals(
    some.values,
    rows.flatMap((row) => whole.values.slice(4 * row, 4 * row + 4)),
  );
  const after = await readSource(vectors(mixed), inputs, {
    size: 9,
    start: 600,
  });
  assertEquals(after.ids, some.ids.slice(600));
});

Deno.test("table() reads lists of every kind as the input's shape", async () => {
  const of = async (inputs: string, shape: (number | null)[]) =>
    await readSource(vectors({ inputs, limit: 5 }), [spec(shape)]);
  const list = await of("list", [4]);
  assertEquals((await of("fixed", [null])).values, list.values);
  assertEquals((await of("list", [2, 2])).shapes[0], [2, 2]);
  assertEquals(list.dtype, "float32");
  const nested = await of("nested", [2, 2]);
  assertEquals(nested.values.slice(0, 8), [0, 0, 0, 0, 1, 1, 1, 1]);
  assertEquals((await of("nested", [4])).shapes[0], [4]);
  assertEquals((await of("flag", [1])).values, [1, 0, 1, 0, 1]);
  const big = await of("big", [1]);
  assertEquals(big.values[0], 2n ** 53n - 1500n);
  assertEquals(big.dtype, "int64");
});

Deno.test("table() reads TSV with a byte order mark, quotes and line ends in them", async () => {
  const source = table(`${TABLES}quoted.tsv`, { inputs: "value", ids: "id" });
  const read = await readSource(source, [spec([1])]);
  assertEquals(read.values, [1.5, -2, 3]);
  assertEquals(read.ids, ["a", "é", "😀"]);
  const text = table(`${TABLES}quoted.tsv`, {
    inputs: "value",
    labels: "text",
    where: "text IS NOT NULL",
  });
  const { classNames } = await readSource(text, [spec([1])]);
  assertEquals(classNames, ["plain", 'two\nlines, "quoted"']);
});

Deno.test("table() reads gzip, JSON lines, patterns and hive folders", async () => {
  const packed = await readSource(table(`${TABLES}numbers.csv.gz`), [
    spec([2]),
  ]);
  assertEquals(packed.values, [1n, 2n, 3n, 4n, 5n, 6n]);
  const lines = table(`${TABLES}records.jsonl`, { inputs: "v", labels: "y" });
  const records = await readSource(lines, [spec([2])]);
  assertEquals(records.values.slice(0, 4), [0, 0.5, 1, 1.5]);
  assertEquals(records.labels, [0, 1, 0, 1, 0]);
  const hive = async (files: string | string[], where?: string) => {
    const inputs = { inputs: "x", ids: "n" };
    const source = table(
      files,
      where === undefined ? inputs : { ...inputs, where },
    );
    return (await readSource(source, [spec([1])])).ids;
  };
  const all = [...upTo(6, 10), ...upTo(6)]; // "test" sorts before "train"
  assertEquals(await hive(`${TABLES}hive/*/*.parquet`), all);
  assertEquals(await hive(`${TABLES}hive/**/*.parquet`), all);
  assertEquals(
    await hive(`${TABLES}hive/*/*.parquet`, "split = 'train'"),
    upTo(6),
  );
  assertEquals(await hive(`${TABLES}hive/split={train,test}/[0]*.parquet`), [
    ...upTo(3, 10),
    ...upTo(3),
  ]);
  const listed = ["train", "test"].map((s) =>
    `${TABLES}hive/split=${s}/1.parquet`
  );
  assertEquals(await hive(listed), [...upTo(3, 3), ...upTo(3, 13)]);
});

Deno.test("table() reads images as Hugging Face keeps them, with its class names", async () => {
  const source = table(`${TABLES}photos.parquet`, { labels: "label" });
  const inputs = [spec([8, 8, 3])];
  const read = await readSource(source, inputs, { size: 5 });
  const folder = imageFolder(new URL("../data/photos/", import.meta.url));
  const expected = await readSource(folder, inputs, { size: 5 });
  assertEquals(read.values, expected.values);
  assertEquals(read.labels, expected.labels);
  assertEquals(read.classNames, ["circles", "squares"]);
  assertEquals(read.ids, upTo(12));
  const rest = await readSource(source, inputs, { size: 5, start: 7 });
  assertEquals(rest.values, expected.values.slice(7 * 192));
  const looks = await source.samples!([11, 0]) as Batch & { xs: NdArray };
  assertEquals(looks.xs.shape, [2, 96, 96, 3]);
});

Deno.test("table() shows class counts, the first rows and images", async () => {
  const source = flowers({ labels: "species", limit: 4 });
  assertEquals(viewText(viewOf(source, {})!).split("\n").length, 3);
  await source.prepare!();
  const text = viewText(viewOf(source, {})!);
  assert(text.includes('flowers.csv": 4 rows of 30, 5 columns'), text);
  assert(/ 0 {2}setosa +2\n/.test(text), text);
  assert(text.includes("first 5 rows of the table"), text);
  const photos = table(`${TABLES}photos.parquet`, { labels: "label" });
  await photos.prepare!();
  const block = viewOf(photos, {})!.blocks.at(-1)!;
  assert(block.kind === "figure");
  const figure = await block.figure();
  assert(figure.kind === "images");
  assertEquals(figure.images[11]!.caption, "squares");
});

Deno.test("table() shows each image under its own label where another is bad", async () => {
  const file = `${TABLES}photos.parquet`;
  const sql = `SELECT label, CASE WHEN i = 2 THEN
      struct_pack(bytes := 'bad'::BLOB, path := image.path) ELSE image END AS image
    FROM (SELECT *, row_number() OVER () AS i FROM '${file}') ORDER BY i`;
  const photos = query(sql, { files: [file], labels: "label", onBad: "skip" });
  await photos.prepare!();
  const block = viewOf(photos, {})!.blocks.at(-1)!;
  assert(block.kind === "figure");
  const figure = await block.figure();
  assert(figure.kind === "images");
  const whole = table(file, { labels: "label" });
  const looks = await whole.samples!(upTo(12)) as Batch & { xs: NdArray };
  const size = 96 * 96 * 3;
  figure.images.forEach(({ z }, i) => {
    const expected = looks.xs.data.subarray(i * size, (i + 1) * size);
    assert(
      expected.every((value, at) =>
        i === 1 ? Number.isNaN(z[at]) : value === z[at]
      ),
      `image ${i}`,
    );
  });
  const some = await photos.samples!([1, 0]) as Batch & { xs: NdArray };
  assert(some.xs.data.subarray(0, size).every(Number.isNaN));
  const first = some.xs.data.subarray(size);
  assert(first.every((value, at) => value === looks.xs.data[at]));
});

Deno.test("table() has one fingerprint for one content", async () => {
  const print = (options: TableFileOptions) => flowers(options).fingerprint!();
  const first = await print({ labels: "species" });
  assertEquals(await print({ labels: "species" }), first);
  const others = [
    await print({}),
    await print({ labels: "species", where: "petal_width > 1" }),
    await print({ labels: "species", limit: 29 }),
  ];
  assertEquals(new Set([first, ...others]).size, 4);
});

Deno.test("table() goes into predict() with its class names", async () => {
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 3, inputShape: [4] })],
  });
  const set = await new FeatureExtractor(model).layers([-1]).predict(
    flowers({ labels: "species" }),
    { progress: false },
  );
  assertEquals(set.classNames, SPECIES);
  assertEquals(set.features[0]!.shape, [30, 3]);
  free(model);
});

async function refuse(
  source: ReturnType<typeof table>,
  text: string,
  shape: (number | null)[] = [2],
): Promise<void> {
  const error = await assertRejects(
    () => readSource(source, [spec(shape)]),
    Error,
  );
  assert(error.message.includes(text), error.message);
}

Deno.test("table() refuses bad tables by column and row", async () => {
  await refuse(
    flowers({ inputs: "petal" }),
    'there: current value is "petal"; nearest names are "petal_width", "petal_length"',
  );
  await refuse(
    flowers({ labels: "name" }),
    'current value is "name"; columns are',
  );
  await refuse(
    table(`${TABLES}mixed.csv`, { inputs: ["a", "b"] }),
    'column "a" must hold numbers, lists of numbers or images for input "x": ' +
      'current value is "VARCHAR"; a column with a value that is no number is text',
  );
  const nulls = table(`${TABLES}nulls.csv`, { inputs: ["a", "b"] });
  await refuse(
    nulls,
    "in every row: current value is null; it is in row 1; " +
      `leave such rows out, as by where: '"b" IS NOT NULL'`,
  );
  const good = table(`${TABLES}nulls.csv`, { where: '"b" IS NOT NULL' });
  assertEquals((await readSource(good, [spec([2])])).rows, [2]);
  const ragged = table(`${TABLES}ragged.parquet`);
  await refuse(
    ragged,
    'of column "v" must hold lists of the same length, [2]: current value is [1]; it is in row 1',
  );
  await refuse(
    table(`${TABLES}holes.parquet`),
    'lists of column "v" must have a number at every index: current value is null; it is in row 1',
  );
  await refuse(vectors({ inputs: "when" }), 'current value is "TIMESTAMP"');
  await refuse(vectors({ inputs: "y" }), "must get rows of [3]", [3]);
  await refuse(
    vectors({ inputs: "list", ids: "big" }),
    'ids in column "big" must be whole numbers that are exact in float64',
    [4],
  );
  await refuse(
    vectors({ inputs: "list", labels: "big" }),
    "labels must be whole numbers in the range of int32: current value is 90071",
    [4],
  );
  await refuse(flowers({ where: "petal_width > 9" }), "there must be a row");
  for (
    const options of [{ size: [2, 2] }, { preprocess: "tf" }, {
      onBad: "skip",
    }] as const
  ) {
    const name = Object.keys(options)[0];
    await refuse(
      flowers(options),
      `"${name}" must come with a column of images`,
      [4],
    );
  }
  await refuse(
    flowers({ where: "petal > 9" }),
    "DuckDB must be able to read it",
  );
  await refuse(
    flowers({ labels: "species", classes: ["setosa"] }),
    'one of its 1 class: current value is "versicolor"',
  );
  await refuse(
    vectors({ inputs: ["list", "y"] }),
    "several columns of one input must hold single numbers",
  );
  await refuse(
    vectors(),
    '"inputs" must name the columns that the model takes',
  );
});

Deno.test("table() says where a file is damaged", async () => {
  const source = table(`${TABLES}damaged.parquet`);
  const error = await assertRejects(
    () => readSource(source, [spec([1])]),
    SyntaxError,
    'damaged.parquet" as DuckDB must be able to read it: current value is "',
  );
  assert(error.cause instanceof Error);
});

Deno.test("table() refuses files and settings that it does not know", () => {
  const refuse = (files: unknown, text: string, options = {}) =>
    assertThrows(() => table(files as string, options), Error, text);
  refuse(`${TABLES}rows.npy`, "a file must end in .csv, .tsv");
  refuse(
    [`${TABLES}flowers.csv`, `${TABLES}records.jsonl`],
    "of one format, csv",
  );
  refuse(`${TABLES}*.xlsx`, "a pattern must find a file");
  refuse(TABLES, `as ${JSON.stringify(`${TABLES}**/*.parquet`)}`);
  refuse([], "there must be a file");
  refuse(3, "files must be paths, patterns or a file: URL");
  refuse(new URL("http://a/b.csv"), "must be a file: URL");
  assertThrows(() => table(`${TABLES}none.csv`), Deno.errors.NotFound);
  const known = `${TABLES}flowers.csv`;
  refuse(known, "must be a text of SQL", { where: "" });
  refuse(known, '"labels" must be the name of a column', { labels: 3 });
  refuse(known, '"inputs" must be a column', { inputs: [3] });
  refuse(known, 'did you mean "labels"', { label: "species" });
});

Deno.test("table() reads samples by ids, unless several have one", async () => {
  const sql = "SELECT i AS x, i // 2 AS id, i AS position, i AS row " +
    "FROM range(3) AS t(i)";
  const source = query(sql, {
    inputs: ["row", "position"],
    ids: "id",
    shuffle: { seed: 1 },
  });
  const { ids, values } = await readSource(source, [spec([2])]);
  assertEquals(
    ids.map(Number),
    values.filter((_, i) => i % 2 === 0)
      .map((row) => Math.floor(Number(row) / 2)),
  );
  const batch = await source.samples!([1], [spec([2])]) as { xs: NdArray };
  assertEquals(Array.from(batch.xs.data, Number), [2, 2]);
  await assertRejects(
    () => source.samples!([0], [spec([2])]),
    RangeError,
    "every id must be that of one sample only: current value is 0",
  );
});
