import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  Int64,
  List,
  RecordBatch,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { FeatureExtractor, imageFolder, loadModel } from "@sonde/sonde";
import { numbers } from "../extractor/_models.ts";
import { modelPath } from "../support/keras_models.ts";
import { batchOf, columns, FLOATS, WIDTH } from "./_arrow_batches.ts";
import {
  batchRows,
  MODEL,
  streamOf,
  tableOf,
  workerOver,
} from "./_arrow_pipes.ts";

const LAYER = ["--layers", "-2"];

async function predicted(x: Float32Array, layer: string | number = -2) {
  await using model = await loadModel(MODEL);
  const xs = { data: x, shape: [x.length / WIDTH, WIDTH], dtype: "float32" };
  const extractor = new FeatureExtractor(model).layers([layer]);
  return await extractor.predict({ xs } as never, { progress: false });
}

const toList = (value: Iterable<unknown>) => [...value] as number[];

function toListOf(value: unknown): number[] {
  return [...value as Iterable<number>];
}

Deno.test("worker gives a batch for each, equal to predict, with the columns beside", async () => {
  const batches = [batchOf(5), batchOf(0), batchOf(3, 5)];
  const run = await workerOver(streamOf(batches), LAYER);
  assertEquals(run.code, 0, run.log);
  assertEquals(batchRows(run.bytes), [5, 0, 3]);
  const table = tableOf(run);
  const names = table.schema.fields.map(({ name }) => name);
  assertEquals(names, ["id", "dropout", "sonde.logits"]);
  assertEquals(
    toList(table.getChild("id")!).map(Number),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  for (const { batch, at } of [{ batch: 0, at: 0 }, { batch: 2, at: 5 }]) {
    const rows = batches[batch]!.numRows;
    const set = await predicted(numbers(rows * WIDTH, at + 1));
    const found = table.getChild("dropout")!.slice(at, at + rows);
    assertEquals(toList(found).flatMap(toListOf), [...set.features[0]!.data]);
    const logits = table.getChild("sonde.logits")!.slice(at, at + rows);
    assertEquals(toList(logits).flatMap(toListOf), [...set.logits!.data]);
    assertEquals(table.schema.metadata.get("sonde.model"), set.source!.model);
  }
});

Deno.test("worker refuses columns that are missing, or of the wrong type or width", async () => {
  const x = (values: unknown[][]) => vectorFromArray(values, FLOATS);
  const good = x([[1, 2, 3, 4]]);
  const words = vectorFromArray(["a"], new Utf8());
  const narrow = vectorFromArray(
    [[1, 2, 3]],
    new FixedSizeList(3, new Field("item", new Float32(), true)),
  );
  const cases: [Uint8Array, string[], string][] = [
    [columns({ y: words }), [], "must name the columns"],
    [columns({ x: good }), ["--inputs", "z"], "every column must be there"],
    [columns({ y: words }), ["--inputs", "y"], "must hold numbers"],
    [columns({ x: narrow }), [], "must get rows of [4]"],
    [columns({ x: good }), ["--keep", "z"], "a column to keep must be there"],
    [columns({ x: good }), ["--id", "z"], "the column of --id must be there"],
    [columns({ x: good, dropout: words }), LAYER, "must have another name"],
  ];
  for (const [bytes, args, message] of cases) {
    const { code, log, bytes: out } = await workerOver(bytes, args);
    assertEquals([code, out.length], [1, 0], log);
    assertStringIncludes(log, message);
  }
});

Deno.test("worker stops at a bad row with its number and id, or makes it null and counts it", async () => {
  const rows = [[1, 2, 3, 4], null, [1, 2, 3], [1, null, 3, 4], [4, 3, 2, 1]];
  const id = vectorFromArray(["a", "b", "c", "d", "e"], new Utf8());
  const bytes = columns({ id, x: vectorFromArray(rows, FLOATS) });
  const stopped = await workerOver(bytes, [...LAYER, "--id", "id"]);
  assertEquals(stopped.code, 1);
  assertStringIncludes(stopped.log, 'Cannot read row 1 (id "b")');
  assertStringIncludes(stopped.log, "correct it, or pass --on-bad null");
  for (const type of ["list", "fixed"]) {
    const args = [...LAYER, "--on-bad", "null", "--list-type", type];
    const run = await workerOver(bytes, args);
    assertEquals(run.code, 0, run.log);
    assertStringIncludes(run.log, "3 of 5 rows are null");
    const table = tableOf(run);
    assertEquals(toList(table.getChild("id")!).join(""), "abcde");
    const found = toList(table.getChild("dropout")!) as unknown[];
    assertEquals(found.map((row) => row === null), [
      ...[false, true, true, true, false],
    ]);
    const good = await predicted(Float32Array.of(1, 2, 3, 4, 4, 3, 2, 1));
    assertEquals(
      [found[0], found[4]].flatMap(toListOf),
      [...good.features[0]!.data],
    );
  }
});

Deno.test("worker numbers rows over all batches", async () => {
  const bad = (batch: RecordBatch) => {
    const [id, x] = batch.data.children;
    const nullBitmap = Uint8Array.of(0b11111101);
    const copy = x!.clone(x!.type, 0, x!.length, 1, {
      ...[undefined, x!.values, nullBitmap],
    } as never, x!.children);
    const data = batch.data.clone(
      batch.data.type,
      0,
      batch.numRows,
      0,
      [] as never,
      [id!, copy],
    );
    return new RecordBatch(batch.schema, data);
  };
  const { code, log, bytes } = await workerOver(
    streamOf([batchOf(5), bad(batchOf(3, 5))]),
    [...LAYER, "--id", "id"],
  );
  assertEquals(code, 1);
  assertStringIncludes(log, "Cannot read row 6 (id 6) as");
  assert(bytes.length > 0, "the batch before was written");
});

Deno.test("worker reads dictionaries, and passes them through", async () => {
  const kind = vectorFromArray(
    ["cat", "dog", "cat"],
    new Dictionary(new Utf8(), new Int32()),
  );
  const numbersOf = vectorFromArray(
    [2, 7, 2],
    new Dictionary(new Float32(), new Int32()),
  );
  const one = vectorFromArray([1, 1, 1], new Float32());
  const bytes = columns({ kind, a: one, b: numbersOf, c: one, d: numbersOf });
  const run = await workerOver(bytes, [
    ...LAYER,
    ...["--inputs", "a,b", "--inputs", "c", "--inputs", "d"],
  ]);
  assertEquals(run.code, 0, run.log);
  const table = tableOf(run);
  assertEquals(toList(table.getChild("kind")!), ["cat", "dog", "cat"] as never);
  const x = Float32Array.of(1, 2, 1, 2, 1, 7, 1, 7, 1, 2, 1, 2);
  const set = await predicted(x);
  assertEquals(
    toList(table.getChild("dropout")!).flatMap(toListOf),
    [...set.features[0]!.data],
  );
});

Deno.test("worker reads numbers of any type to the same values", async () => {
  const plain = [[1, 0, 1, 1], [0, 1, 1, 0]];
  const set = await predicted(Float32Array.from(plain.flat()));
  const types = await import("apache-arrow");
  for (
    const type of [
      ...[new types.Int8(), new types.Uint16(), new types.Uint32()],
      ...[new types.Float64(), new types.Bool(), new types.Float16()],
    ]
  ) {
    const values = type instanceof types.Bool
      ? plain.map((row) => row.map(Boolean))
      : plain;
    const list = new List(new Field("item", type, true));
    const run = await workerOver(
      columns({ x: vectorFromArray(values, list) }),
      LAYER,
    );
    assertEquals(run.code, 0, `${type}: ${run.log}`);
    assertEquals(
      toList(tableOf(run).getChild("dropout")!).flatMap(toListOf),
      [...set.features[0]!.data],
      String(type),
    );
  }
});

Deno.test("worker names a whole number that float32 cannot hold", async () => {
  const list = new List(new Field("item", new Int64(), true));
  const rows = [[1n, 2n, 3n, 4n], [1n, 2n, 3n, 2n ** 24n + 1n]];
  const bytes = columns({ x: vectorFromArray(rows, list) });
  const stopped = await workerOver(bytes, LAYER);
  assertEquals(stopped.code, 1);
  assertStringIncludes(stopped.log, "Cannot read row 1 as");
  const run = await workerOver(bytes, [...LAYER, "--on-bad", "null"]);
  const found = toList(tableOf(run).getChild("dropout")!) as unknown[];
  assertEquals(found.map((row) => row === null), [false, true]);
});

Deno.test("worker decodes images as imageFolder does", async () => {
  const digits = "notebooks/models/keras/digits.keras";
  const folder = "tests/data/photos/circles";
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const files = names.map((name) => Deno.readFileSync(`${folder}/${name}`));
  files.push(Uint8Array.of(1, 2, 3));
  const { Binary } = await import("apache-arrow");
  const bytes = columns({ photo: vectorFromArray(files, new Binary()) });
  const args = ["--fit", "crop", "--antialias", "--on-bad", "null"];
  const run = await workerOver(bytes, args, digits);
  assertEquals(run.code, 0, run.log);
  assertStringIncludes(run.log, `1 of ${files.length} rows are null`);
  assertStringIncludes(run.log, `row ${names.length} as column "photo"`);
  await using model = await loadModel(digits);
  const photos = imageFolder(folder, { fit: "crop", antialias: true });
  const set = await new FeatureExtractor(model).predict(photos, {
    progress: false,
  });
  const logits = toList(tableOf(run).getChild("sonde.logits")!) as unknown[];
  assertEquals(logits.pop(), null);
  assertEquals(logits.flatMap(toListOf), [...set.logits!.data]);
});

Deno.test("worker gives several inputs their columns by name", async () => {
  const path = modelPath("k3_two_inputs.keras");
  await using model = await loadModel(path);
  const xs = model.inputs.map(({ shape }, i) =>
    numbers(2 * shape.slice(1).reduce<number>((a, b) => a * b!, 1), i + 1)
  );
  const named = Object.fromEntries(xs.map((x, i) => {
    const half = x.length / 2;
    const rows = [x.slice(0, half), x.slice(half)].map((row) => [...row]);
    return [`column ${i}`, vectorFromArray(rows, FLOATS)];
  }));
  const args = model.inputs.flatMap(({ name }, i) => [
    ...["--inputs", `${name}=column ${i}`],
  ]);
  const { name } = model.layers.findLast(({ index }) => index !== undefined)!;
  args.push("--layers", name, "--no-logits");
  const run = await workerOver(columns(named), args, path);
  assertEquals(run.code, 0, run.log);
  const arrays = xs.map((data, i) => {
    const shape = [2, ...model.inputs[i]!.shape.slice(1) as number[]];
    return { data, shape, dtype: "float32" } as const;
  });
  const extractor = new FeatureExtractor(model).layers(name).logits(false);
  const set = await extractor.predict({ xs: arrays }, { progress: false });
  assertEquals(
    toList(tableOf(run).getChild(name)!).flatMap(toListOf),
    [...set.features[0]!.data],
  );
  const wrong = ["--inputs", "a", "--layers", name, "--no-logits"];
  const without = await workerOver(columns(named), wrong, path);
  assertStringIncludes(without.log, "--inputs must be INPUT=COLUMN");
});

Deno.test("worker passes through what --keep names, or nothing", async () => {
  const bytes = streamOf([batchOf(2)]);
  const names = async (...args: string[]) =>
    tableOf(await workerOver(bytes, args)).schema.fields.map(({ name }) =>
      name
    );
  assertEquals(await names("--keep", "input_layer"), [
    ...["input_layer", "sonde.logits"],
  ]);
  assertEquals(await names("--no-keep"), ["sonde.logits"]);
});

Deno.test("worker keeps feature maps as lists, with their shape beside them", async () => {
  const digits = "notebooks/models/keras/digits.keras";
  const picture = vectorFromArray([Array(784).fill(0.5)], FLOATS);
  const args = ["--layers", "conv", "--half", "--no-logits"];
  const run = await workerOver(columns({ picture }), args, digits);
  assertEquals(run.code, 0, run.log);
  const [field] = tableOf(run).schema.fields;
  assertEquals(String(field), "conv: FixedSizeList[6400]<Float16>");
  assertEquals(field!.metadata.get("sonde.shape"), "[10, 10, 64]");
});

Deno.test("worker refuses buffers that are shorter than the column says", async () => {
  const list = vectorFromArray([[1, 2, 3, 4], [5, 6, 7, 8]], FLOATS);
  const data = list.data[0]!;
  data.valueOffsets[2] = 4000; // beyond the values
  const words = new Dictionary(new Float32(), new Int32());
  const encoded = vectorFromArray([1, 2], words);
  encoded.data[0]!.values[1] = 7; // beyond the dictionary
  const one = () => vectorFromArray([1, 1], new Float32());
  const cases: [Uint8Array, string[], string][] = [
    [columns({ x: list }), [], "must have 16000 bytes of values"],
    [
      ...[columns({ a: one(), b: one(), c: one(), d: encoded })],
      ...[
        ["--inputs", "a,b,c,d"],
        "must have indices < 2, the size of its dictionary",
      ],
    ] as never,
  ];
  for (const [bytes, args, message] of cases) {
    const { code, log } = await workerOver(bytes, [...LAYER, ...args]);
    assertEquals(code, 1);
    assertStringIncludes(log, message);
  }
});
