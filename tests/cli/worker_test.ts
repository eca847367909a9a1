import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import { FeatureExtractor, imageFolder, loadModel } from "@sonde/sonde";
import { runWorkerCommand } from "../../lib/cli/worker.ts";
import { numbers } from "../extractor/_models.ts";
import { modelPath } from "../support/keras_models.ts";
import {
  batchRows,
  MODEL,
  Receiver,
  Sender,
  streamOf,
  tableOf,
  workerOver,
} from "./_arrow_pipes.ts";

const WIDTH = 4;
const LAYER = ["--layers", "-2"];

/** Rows of lists that all are of the model's width. */
function batchOf(rows: number, first = 0): RecordBatch {
  const data = numbers(rows * WIDTH, first + 1);
  const type = new FixedSizeList(WIDTH, new Field("item", new Float32(), true));
  const leaf = { type: new Float32(), length: rows * WIDTH, nullCount: 0 };
  const x = makeData({
    ...{ type, length: rows, nullCount: 0 },
    child: makeData({ ...leaf, data }),
  });
  const ids = BigInt64Array.from({ length: rows }, (_, i) => BigInt(first + i));
  const id = makeData({
    ...{ type: new Int64(), length: rows, nullCount: 0, data: ids },
  });
  const fields = [new Field("id", id.type), new Field("input_layer", type)];
  const schema = new Schema(fields);
  const struct = new Struct(fields);
  const all = makeData({ type: struct, length: rows, children: [id, x] });
  return new RecordBatch(schema, all);
}

/** One batch of columns that are written as values. */
function columns(values: Record<string, Vector>): Uint8Array {
  const names = Object.keys(values);
  const parts = names.map((name) => values[name]!.data[0]!);
  const fields = names.map((name, i) => new Field(name, parts[i]!.type, true));
  const length = parts[0]!.length;
  const type = new Struct(fields);
  const data = makeData({ type, length, nullCount: 0, children: parts });
  return streamOf([new RecordBatch(new Schema(fields), data)]);
}

const FLOATS = new List(new Field("item", new Float32(), true));

async function predicted(x: Float32Array, layer: string | number = -2) {
  await using model = await loadModel(MODEL);
  const xs = { data: x, shape: [x.length / WIDTH, WIDTH], dtype: "float32" };
  const extractor = new FeatureExtractor(model).layers([layer]);
  return await extractor.predict({ xs } as never, { progress: false });
}

const toList = (value: Iterable<unknown>) => [...value] as number[];

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

function toListOf(value: unknown): number[] {
  return [...value as Iterable<number>];
}

Deno.test("worker writes a batch before the next one is sent, and the schema before any", async () => {
  const stdin = new Sender();
  const whole = streamOf([batchOf(2), batchOf(2, 2)]);
  const one = streamOf([batchOf(2)]);
  const none = streamOf([], batchOf(0).schema);
  const stdout = new Receiver();
  const written = stdout.expect();
  const running = runWorkerCommand([MODEL], { stdin, stdout, log() {} });
  const end = 8; // the marker
  stdin.send(none.subarray(0, none.length - end));
  await written;
  const next = stdout.expect();
  stdin.send(one.subarray(none.length - end, one.length - end));
  await next; // a worker that waits for the next batch never comes here
  stdin.send(whole.subarray(one.length - end));
  stdin.end();
  assertEquals(await running, 0);
  assertEquals(batchRows(stdout.bytes), [2, 2]);
});

Deno.test("worker reads no further than two batches ahead of a slow reader", async () => {
  const stdin = new Sender();
  const batches = Array.from({ length: 40 }, (_, i) => batchOf(64, 64 * i));
  const bytes = streamOf(batches);
  stdin.send(bytes);
  stdin.end();
  const stdout = new Receiver();
  const most: number[] = [];
  const size = bytes.length / batches.length;
  let count = 0;
  const slow = {
    write: (chunk: Uint8Array) => {
      count++;
      most.push(stdin.numRead / size - count);
      return stdout.write(chunk);
    },
  };
  assertEquals(
    await runWorkerCommand([MODEL, ...LAYER], {
      ...{ stdin, stdout: slow, log() {} },
    }),
    0,
  );
  assert(Math.max(...most) < 4, `read ${Math.max(...most)} batches ahead`);
  assertEquals(batchRows(stdout.bytes).length, 40);
});

Deno.test("worker refuses a stream that is cut anywhere, and one without its marker", async () => {
  const bytes = streamOf([batchOf(5), batchOf(3, 5)]);
  const last = bytes.length - 8;
  for (const length of [4, 20, last - 30, last, last + 4]) {
    const { code, log } = await workerOver(bytes.subarray(0, length), LAYER);
    assertEquals(code, 1);
    assertStringIncludes(log, "must end with an end-of-stream marker");
    assertStringIncludes(log, "cut in message");
  }
});

Deno.test("worker refuses what is no stream, has no schema, or has two", async () => {
  const good = streamOf([batchOf(2)]);
  const schema = streamOf([], batchOf(0).schema);
  const head = schema.subarray(0, schema.length - 8);
  const join = (...parts: Uint8Array[]) =>
    new Uint8Array(parts.flatMap((part) => [...part]));
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "it must begin with a schema"],
    [new TextEncoder().encode("id,x\n1,2\n3,4\n"), "stream format of Arrow"],
    [good.subarray(head.length), "it must begin with a schema"],
    [join(head, good), "a stream must have one schema"],
    [join(good, good), "nothing must follow its end-of-stream marker"],
  ];
  for (const [bytes, message] of cases) {
    const { code, log } = await workerOver(bytes, LAYER);
    assertEquals(code, 1);
    assertStringIncludes(log, message);
  }
});

Deno.test("worker gives the schema alone for a stream without batches", async () => {
  const empty = streamOf([], batchOf(0).schema);
  const run = await workerOver(empty, LAYER);
  assertEquals(run.code, 0, run.log);
  assertEquals(tableOf(run).numRows, 0);
  const fields = tableOf(run).schema.fields.map(String);
  assertEquals(fields, [
    "id: Int64",
    "dropout: FixedSizeList[8]<Float32>",
    "sonde.logits: FixedSizeList[3]<Float32>",
  ]);
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
    [...LAYER],
  );
  assertEquals(code, 1);
  assertStringIncludes(log, "Cannot read row 6 as");
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

Deno.test("worker stops when its reader goes away, though its sender sends no end", async () => {
  const stdin = new Sender();
  const whole = streamOf([batchOf(2)]);
  stdin.send(whole.subarray(0, whole.length - 8));
  const broken = new Deno.errors.BrokenPipe("Broken pipe");
  const stdout = { write: () => Promise.reject(broken) };
  let log = "";
  const pipes = { stdin, stdout, log: (text: string) => void (log += text) };
  assertEquals(await runWorkerCommand([MODEL], pipes), 1);
  assertStringIncludes(log, "Broken pipe");
  stdin.end();
});

Deno.test("worker writes help and faults of its command line to stderr alone", async () => {
  for (
    const [args, code, text] of [
      [["--help"], 0, "Usage: worker"],
      [["--layrs", "-2"], 2, "Did you mean --layers?"],
      [["--threads", "none"], 2, "It must be a positive integer"],
      [["--pool", "median"], 2, "mean, max"],
      [["--size", "28"], 2, "It must be HEIGHTxWIDTH"],
    ] as const
  ) {
    const run = await workerOver(new Uint8Array(0), args);
    assertEquals([run.code, run.bytes.length], [code, 0]);
    assertStringIncludes(run.log, text);
  }
});

Deno.test("worker says why a model cannot be opened, before it reads", async () => {
  const run = await workerOver(streamOf([batchOf(2)]), [], "none.keras");
  assertEquals([run.code, run.bytes.length], [1, 0]);
  assertStringIncludes(run.log, "Cannot load model as the file must be there");
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

Deno.test("worker ends in its process when its pipes break, and at SIGTERM", async () => {
  const script = new URL("../../lib/cli/worker.ts", import.meta.url).pathname;
  const start = () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, MODEL, ...LAYER],
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
  const bytes = streamOf([batchOf(2)]);
  const open = bytes.subarray(0, bytes.length - 8);
  const [killed, broken, gone] = [start(), start(), start()];
  const writers = [killed, broken, gone].map(({ stdin }) => stdin.getWriter());
  // Each has its first batch, and waits for a next one that is never sent.
  await Promise.all(writers.map((writer) => writer.write(open)));
  const readers = [killed, broken, gone].map(({ stdout }) =>
    stdout.getReader()
  );
  await Promise.all(readers.map((reader) => reader.read()));
  killed.kill("SIGTERM");
  await readers[1]!.cancel();
  await writers[1]!.write(
    open.subarray(streamOf([], batchOf(0).schema).length - 8),
  );
  await writers[2]!.close(); // as when the sender dies
  const codes = await Promise.all(
    [killed, broken, gone].map(({ status }) => status),
  );
  assertEquals(codes.map(({ code, signal }) => signal ?? code), [
    ...["SIGTERM", 1, 1],
  ]);
  const logs = await Promise.all(
    [killed, broken, gone].map(({ stderr }) => new Response(stderr).text()),
  );
  assertStringIncludes(logs[1]!, "BrokenPipe");
  assertStringIncludes(logs[2]!, "must end with an end-of-stream marker");
  for (const reader of readers) await reader.cancel();
  await writers[0]!.abort().catch(() => {});
  await writers[1]!.abort().catch(() => {});
});
