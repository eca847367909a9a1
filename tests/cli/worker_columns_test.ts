/** Types of columns that become inputs of the command `worker`. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  Binary,
  type DataType,
  Decimal,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  LargeBinary,
  LargeList,
  LargeUtf8,
  List,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import { FeatureExtractor, featureSet, loadModel } from "@sonde/sonde";
import { FeatureColumns } from "../../lib/cli/_feature_columns.ts";
import { columns, FLOATS } from "./_arrow_batches.ts";
import { streamOf, tableOf, workerOver } from "./_arrow_pipes.ts";

const TEXT_LAYERS = "tests/data/text_layers/";
const DIGITS = "notebooks/models/keras/digits.keras";

/** Values of a column of what a worker writes. */
async function written(
  bytes: Uint8Array,
  args: string[],
  name: string,
  path?: string,
) {
  const run = await workerOver(bytes, args, path);
  assertEquals(run.code, 0, run.log);
  return [...tableOf(run).getChild(name)!].map((row) =>
    row === null ? null : [...row as Iterable<number>]
  );
}

/** What predict gives of the last layer, a list a row. */
async function predicted(path: string, xs: unknown) {
  await using model = await loadModel(path);
  const { name } = model.layers.at(-1)!;
  const set = await new FeatureExtractor(model).layers([name]).logits(false)
    .predict({ xs } as never, { progress: false });
  const { data, shape } = set.features[0]!;
  const width = data.length / shape[0]!;
  const rows = Array.from(
    { length: shape[0]! },
    (_, row) => [...data.slice(row * width, (row + 1) * width)],
  );
  return { name, rows: rows as number[][] };
}

const ofType = (type: DataType) => (values: unknown[]) =>
  vectorFromArray(values, type);

Deno.test("worker passes strings of every type to a model, as predict does", async () => {
  const path = `${TEXT_LAYERS}k3_length.keras`;
  const texts = ["the cat, the dog", "", "Birnen ÄPFEL äpfel unknown", "cat"];
  const { name, rows } = await predicted(path, { x: texts });
  const args = ["--layers", name, "--no-logits"];
  for (
    const type of [
      ...[new Utf8(), new LargeUtf8(), new Dictionary(new Utf8(), new Int32())],
    ]
  ) {
    const bytes = columns({ note: ofType(type)(texts) });
    assertEquals(await written(bytes, args, name, path), rows, String(type));
  }
});

Deno.test("worker passes lists of strings to a model on several strings", async () => {
  const path = `${TEXT_LAYERS}k3_strings_multi_hot.keras`;
  const texts = [["a", "b"], ["zzz", ""], ["ü", "b"]];
  const { name, rows } = await predicted(path, { x: texts });
  const args = ["--layers", name, "--no-logits"];
  const item = new Field("item", new Utf8(), true);
  for (
    const type of [
      ...[new List(item), new LargeList(item), new FixedSizeList(2, item)],
    ]
  ) {
    const bytes = columns({ words: ofType(type)(texts) });
    assertEquals(await written(bytes, args, name, path), rows, String(type));
  }
});

Deno.test("worker gives the schema of a model on strings before any row", async () => {
  const path = `${TEXT_LAYERS}k3_strings_multi_hot.keras`;
  const item = new Field("item", new Utf8(), true);
  const schema = new Schema([new Field("words", new List(item))]);
  await using model = await loadModel(path);
  const { name } = model.layers.at(-1)!;
  const args = ["--layers", name, "--no-logits"];
  const run = await workerOver(streamOf([], schema), args, path);
  assertEquals(run.code, 0, run.log);
  const [field] = tableOf(run).schema.fields;
  assertEquals(String(field), `${name}: FixedSizeList[5]<Float32>`);
});

Deno.test("worker finds rows without a text, or with too many", async () => {
  const path = `${TEXT_LAYERS}k3_strings_multi_hot.keras`;
  const item = new Field("item", new Utf8(), true);
  const rows = [["a", "b"], null, ["a"], ["a", null], ["b", "a"]];
  const bytes = columns({ words: vectorFromArray(rows, new List(item)) });
  const { name, rows: good } = await predicted(path, { x: [["a", "b"]] });
  const args = ["--layers", name, "--no-logits"];
  const stopped = await workerOver(bytes, args, path);
  assertEquals(stopped.code, 1);
  assertStringIncludes(
    stopped.log,
    'Cannot read row 1 as column "words" must hold a list of 2 strings: current value is "null"',
  );
  const found = await written(bytes, [...args, "--on-bad", "null"], name, path);
  assertEquals(found, [good[0]!, null, null, null, good[0]!]);
});

Deno.test("worker reads large lists as lists, also of lists", async () => {
  const item = new Field("item", new Float32(), true);
  const large = new LargeList(item);
  const rows = [[1, 2, 3, 4], null, [1, 2], [5, 6, 7, 8]];
  const args = ["--layers", "-2", "--on-bad", "null"];
  const found = await written(
    columns({ x: vectorFromArray(rows, large) }),
    args,
    "dropout",
  );
  const plain = columns({ x: vectorFromArray(rows, FLOATS) });
  assertEquals(found, await written(plain, args, "dropout"));
  assertEquals(found.map((row) => row === null), [false, true, true, false]);
  const nested = new LargeList(new Field("item", large, true));
  const image = Array.from(
    { length: 28 },
    (_, y) => Array.from({ length: 28 }, (_, x) => (x * y) % 7),
  );
  const flat = columns({ x: vectorFromArray([image.flat()], FLOATS) });
  const bytes = columns({
    x: vectorFromArray([image.map((row) => row.map((v) => [v]))], ofRows()),
  });
  function ofRows() {
    return new LargeList(new Field("item", nested, true));
  }
  assertEquals(
    await written(bytes, [], "sonde.logits", DIGITS),
    await written(flat, [], "sonde.logits", DIGITS),
  );
});

Deno.test("worker reads images as bytes of any type, and in structs", async () => {
  const file = Deno.readFileSync(
    [...Deno.readDirSync("tests/data/photos/circles")]
      .map(({ name }) => `tests/data/photos/circles/${name}`).sort()[0]!,
  );
  const types = [new Binary(), new LargeBinary()];
  types.push(new Dictionary(new Binary(), new Int32()) as never);
  const found = [];
  for (const type of types) {
    const bytes = columns({ photo: ofType(type)([file, file]) });
    found.push(await written(bytes, [], "sonde.logits", DIGITS));
  }
  const rows = [{ bytes: file, path: "a.png" }, { bytes: file, path: null }];
  const fields = [new Field("bytes", new Binary(), true)];
  fields.push(new Field("path", new Utf8(), true) as never);
  const struct = vectorFromArray(rows, new Struct(fields) as DataType);
  const bytes = columns({ photo: struct });
  found.push(await written(bytes, [], "sonde.logits", DIGITS));
  for (const one of found) assertEquals(one, found[0]);
  assertEquals(found[0]![0], found[0]![1]);
});

Deno.test("worker refuses options of images where none is an input", async () => {
  const bytes = columns({ x: vectorFromArray([[1, 2, 3, 4]], FLOATS) });
  for (
    const [args, option] of [
      [["--preprocess", "tf"], "--preprocess"],
      [["--size", "4x1"], "--size"],
      [["--color-mode", "rgb"], "--color-mode"],
      [["--antialias"], "--antialias"],
    ] as const
  ) {
    const { code, log, bytes: out } = await workerOver(bytes, args);
    assertEquals([code, out.length], [1, 0], log);
    assertStringIncludes(
      log,
      `${option} must be left out where no column of files of images is an input`,
    );
  }
});

Deno.test("worker advises in words of its command line what to do about columns", async () => {
  const x = vectorFromArray([[1, 2, 3, 4]], FLOATS);
  const text = vectorFromArray(["1"], new Utf8());
  const decimal = vectorFromArray(
    [Uint32Array.of(1, 0, 0, 0)],
    new Decimal(1, 9, 128),
  );
  const wide = vectorFromArray(
    [[1, 2, 3]],
    new FixedSizeList(3, FLOATS.children[0]!),
  );
  const cases: [Record<string, Vector>, string[], string][] = [
    [
      { a: text },
      [],
      '--inputs must name the columns that the model takes: current value is "none"; column is "a: Utf8"',
    ],
    [
      { x, a: text },
      ["--inputs", "a"],
      "; cast it to numbers before it is sent, or name others by --inputs",
    ],
    [
      { d: decimal },
      ["--inputs", "d"],
      "; cast it to numbers before it is sent, or name others by --inputs",
    ],
    [{ x: wide }, [], 'column is "x": name others by --inputs'],
  ];
  for (const [values, args, text] of cases) {
    const { code, log } = await workerOver(columns(values), args);
    assertEquals(code, 1);
    assertStringIncludes(log, text);
  }
});

Deno.test("worker passes a column of nulls alone through", async () => {
  const note = vectorFromArray([null, null], new Null());
  const x = vectorFromArray([[1, 2, 3, 4], [4, 3, 2, 1]], FLOATS);
  const run = await workerOver(columns({ note, x }), ["--inputs", "x"]);
  assertEquals(run.code, 0, run.log);
  const found = tableOf(run).getChild("note")!;
  assertEquals([String(found.type), ...found], ["Null", null, null]);
});

Deno.test("worker keeps a column once that is named twice, and refuses both kinds of keeping", async () => {
  const id = vectorFromArray([7], new Int32());
  const bytes = columns({ id, x: vectorFromArray([[1, 2, 3, 4]], FLOATS) });
  const args = ["--inputs", "x", "--keep", "id"];
  const run = await workerOver(bytes, [...args, "--keep", "id"]);
  const names = tableOf(run).schema.fields.map(({ name }) => name);
  assertEquals(names, ["id", "sonde.logits"]);
  const both = await workerOver(bytes, [...args, "--no-keep"]);
  assertEquals([both.code, both.bytes.length], [2, 0]);
  assertStringIncludes(both.log, "--keep must not stand beside --no-keep");
});

Deno.test("worker counts rows with NaN or infinity in their inputs", async () => {
  const rows = [[1, 2, NaN, 4], [1, 2, 3, 4], [1, Infinity, 3, 4]];
  const bytes = columns({ x: vectorFromArray(rows, FLOATS) });
  const { code, log } = await workerOver(bytes, ["--quiet"]);
  assertEquals(code, 0, log);
  assertStringIncludes(
    log,
    "warning: 2 of 3 rows have NaN or infinity in their inputs",
  );
});

Deno.test("worker names the first of very many bad rows", async () => {
  const rows = Array<null>(130_000).fill(null);
  const bytes = columns({ x: vectorFromArray(rows, FLOATS) });
  const { code, log } = await workerOver(bytes);
  assertEquals(code, 1);
  assertStringIncludes(log, "Cannot read row 0 as");
});

Deno.test("FeatureColumns store features of changing sizes in variable-size lists only", () => {
  const set = (units: number) => {
    const data = new Float32Array(units);
    const feature = { data, shape: [1, units], dtype: "float32" } as const;
    return featureSet({ features: [feature], layerNames: ["map"] });
  };
  const rows = makeData({ type: new Struct([]), length: 1, children: [] });
  const empty = new RecordBatch(new Schema([]), rows);
  const wider = (listType: "list" | "fixed") =>
    new FeatureColumns(empty.schema, [], [set(2)], {
      keep: undefined,
      listType,
    })
      .batch(empty, set(3), new Set());
  assertThrows(
    () => wider("fixed"),
    TypeError,
    '"map" must be [1, 2], as before: current value is [1, 3]; let features be of one size, as by --pool mean, or pass --list-type list',
  );
  assertEquals([...wider("list").getChild("map")!.get(0)], [0, 0, 0]);
});

Deno.test("worker takes tensors of Arrow and Ray in their shape alone", async () => {
  const floats = new FixedSizeList(784, new Field("item", new Float32(), true));
  const values = vectorFromArray([Array(784).fill(0.5)], floats);
  const bytes = (name: string, metadata: string) => {
    const map = new Map([
      ["ARROW:extension:name", name],
      ["ARROW:extension:metadata", metadata],
    ]);
    const field = new Field("x", floats, true, map);
    const type = new Struct([field]);
    const children = [values.data[0]!];
    const data = makeData({ type, length: 1, nullCount: 0, children });
    return streamOf([new RecordBatch(new Schema([field]), data)]);
  };
  const args = ["--layers", "pool"];
  const rows = await written(columns({ x: values }), args, "pool", DIGITS);
  const image = Array.from({ length: 28 }, () => Array(28).fill(0.5));
  const lists = new List(new Field("item", FLOATS, true));
  const nested = columns({ x: vectorFromArray([image], lists) });
  assertEquals(await written(nested, args, "pool", DIGITS), rows);
  const arrow = "arrow.fixed_shape_tensor";
  for (
    const [name, metadata] of [
      [arrow, '{"shape":[28,28],"permutation":[0,1]}'],
      ["ray.data.arrow_tensor_v2", "[28, 28, 1]"],
    ] as const
  ) {
    const found = await written(bytes(name, metadata), args, "pool", DIGITS);
    assertEquals(found, rows);
  }
  for (
    const [metadata, text] of [
      [
        '{"shape":[56,14]}',
        "must get rows of [28, 28, 1]: current value is [56, 14]",
      ],
      ['{"shape":[28,28],"permutation":[1,0]}', "in the order of their axes"],
    ] as const
  ) {
    const run = await workerOver(bytes(arrow, metadata), args, DIGITS);
    assertEquals(run.code, 1);
    assertStringIncludes(run.log, text);
  }
});
