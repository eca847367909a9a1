/** Models whose inputs may be of any size, and streams without rows. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  type DataType,
  Field,
  Float32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  vectorFromArray,
} from "apache-arrow";
import { modelPath } from "../support/keras_models.ts";
import { batchRows, streamOf, tableOf, workerOver } from "./_arrow_pipes.ts";

/** Takes `[N, null, null, 2]`; "max" gives `[N, 4]`, "pool" a feature map. */
const MODEL = modelPath("k3_fcn.keras");

const listOf = (type: DataType): List => new List(new Field("item", type));
const IMAGES: List = listOf(listOf(listOf(new Float32())));
const SCHEMA = new Schema([new Field("image", IMAGES, true)]);

type Image = number[][][];

function imageOf(size: number): Image {
  const row = (y: number) =>
    Array.from({ length: size }, (_, x) => [x - y, x * y]);
  return Array.from({ length: size }, (_, y) => row(y));
}

function batchOf(images: (Image | null)[]): RecordBatch {
  const some = images.length === 0 ? [imageOf(1)] : images;
  const [values] = vectorFromArray(some, IMAGES).data;
  const column = images.length === 0 ? values!.clone(IMAGES, 0, 0) : values!;
  const type = new Struct(SCHEMA.fields);
  const length = images.length;
  const data = makeData({ type, length, nullCount: 0, children: [column] });
  return new RecordBatch(SCHEMA, data);
}

const EMPTY = streamOf([], SCHEMA);

const fieldsOf = (run: Awaited<ReturnType<typeof workerOver>>) =>
  tableOf(run).schema.fields.map(String);

Deno.test("worker writes the same schema without rows as with them, where a feature has one size", async () => {
  for (
    const args of [
      ["--layers", "max"],
      ["--layers", "pool", "--pool", "mean"],
      ["--layers", "max", "--list-type", "list", "--half"],
    ]
  ) {
    const empty = await workerOver(EMPTY, args, MODEL);
    assertEquals(empty.code, 0, empty.log);
    assertEquals(tableOf(empty).numRows, 0);
    const bytes = streamOf([batchOf([imageOf(9)])]);
    const whole = await workerOver(bytes, args, MODEL);
    assertEquals(whole.code, 0, whole.log);
    assertEquals(fieldsOf(empty), fieldsOf(whole));
    assertEquals(
      [...tableOf(empty).schema.metadata],
      [...tableOf(whole).schema.metadata],
    );
  }
});

Deno.test("worker writes lists of any length without rows where a feature's size depends on the input, or says so", async () => {
  const args = ["--layers", "pool", "--no-logits"];
  const fixed = await workerOver(EMPTY, args, MODEL);
  assertEquals([fixed.code, fixed.bytes.length], [1, 0]);
  assertStringIncludes(
    fixed.log,
    'Cannot write Arrow stream as "pool" must be of one size, or be written as lists of any length, before there are rows: current value is [null, null, null, 4]; pass --pool mean or --list-type list, or start no worker for a partition without rows',
  );
  const list = await workerOver(
    EMPTY,
    [...args, "--list-type", "list"],
    MODEL,
  );
  assertEquals(list.code, 0, list.log);
  assertEquals(fieldsOf(list), ["pool: List<Float32>"]);
  assertEquals(
    tableOf(list).schema.fields[0]!.metadata.get("sonde.shape"),
    "[null, null, 4]",
  );
});

Deno.test("worker writes a first batch without rows, or whose rows are all bad, for inputs of any size", async () => {
  const args = ["--layers", "max", "--on-bad", "null"];
  const batches = [batchOf([]), batchOf([null, null]), batchOf([imageOf(9)])];
  const run = await workerOver(streamOf(batches), args, MODEL);
  assertEquals(run.code, 0, run.log);
  assertEquals(batchRows(run.bytes), [0, 2, 1]);
  const alone = await workerOver(streamOf(batches.slice(2)), args, MODEL);
  const rows = [...tableOf(run).getChild("max")!] as Iterable<number>[];
  const [row] = [...tableOf(alone).getChild("max")!] as Iterable<number>[];
  assertEquals(rows.slice(0, 2), [null, null] as never);
  assertEquals([...rows[2]!], [...row!]);
  const maps = [batchOf([null]), batchOf([imageOf(9)]), batchOf([imageOf(7)])];
  const lists = ["--layers", "pool", "--list-type", "list", "--on-bad", "null"];
  const listed = await workerOver(streamOf(maps), lists, MODEL);
  assertEquals(listed.code, 0, listed.log);
  const lengths = [...tableOf(listed).getChild("pool")!].map((row) =>
    row === null ? null : [...row as Iterable<number>].length
  );
  assertEquals(lengths, [null, ...lengths.slice(1)]);
  assertEquals(lengths[1]! > lengths[2]!, true);
});
