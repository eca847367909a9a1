/** Columns that the command `worker` passes through, and streams it refuses. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { RecordBatch, RecordBatchReader, vectorFromArray } from "apache-arrow";
import { columns, FLOATS } from "./_arrow_batches.ts";
import { echoed } from "./_flipped_streams.ts";
import { streamOf, workerOver } from "./_arrow_pipes.ts";

const STREAMS: Readonly<Record<string, string>> = JSON.parse(
  await Deno.readTextFile(
    new URL("../data/arrow_streams.json", import.meta.url),
  ),
);
const streamNamed = (name: string) => Uint8Array.fromBase64(STREAMS[name]!);

/** Names, types and values of all columns but the last, which is the feature. */
function columnsOf(stream: Uint8Array): unknown[] {
  const found: unknown[] = [];
  const reader = RecordBatchReader.from(stream).open();
  const { fields } = reader.schema;
  const names = fields.slice(0, -1).map(({ name, type }) => [
    ...[name, String(type)],
  ]);
  for (const batch of reader) found.push(valuesOf(batch, names.length));
  return [names, ...found];
}

function valuesOf(batch: RecordBatch, count: number): unknown[] {
  return Array.from(
    { length: count },
    (_, i) => JSON.stringify([...batch.getChildAt(i)!], shown),
  );
}

function shown(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

Deno.test("worker passes columns through as they are: nested, unions, views, deltas of dictionaries and new ones", async () => {
  for (const name of ["columns", "nested", "deltas", "replaced"]) {
    const stream = streamNamed(name);
    assertEquals(columnsOf(await echoed(stream)), columnsOf(stream), name);
  }
});

Deno.test("worker passes columns of one name through with their types", async () => {
  const out = await echoed(streamNamed("same_names"));
  const reader = RecordBatchReader.from(out).open();
  const types = reader.schema.fields.map(({ name, type }) => `${name} ${type}`);
  assertEquals(types.slice(0, 2), ["k Utf8", "k Int64"]);
  const { children } = reader.next().value!.data;
  assertEquals(
    new TextDecoder().decode(children[0]!.values.subarray(0, 1)),
    "a",
  );
  assertEquals([...children[1]!.values], [7n]);
});

Deno.test("worker says which streams it does not read, and how to send them", async () => {
  for (
    const [stream, text] of [
      [
        streamNamed("version_4"),
        'column "u" must not be a union in a stream of metadata version 4: current value is "Union<Float64 | Utf8>"; send it with version 5, or without the column',
      ],
      [
        streamNamed("zstd"),
        'batches must not be compressed: current value is "message 1 is"; write them without',
      ],
      [
        emptySchema(1),
        'values must be little-endian: current value is "big-endian"; write the stream on another machine',
      ],
      [
        emptySchema(0),
        '--inputs must name the columns that the model takes: current value is "none"',
      ],
    ] as const
  ) {
    const { code, log } = await workerOver(stream);
    assertEquals(code, 1);
    assertStringIncludes(log, `Cannot read Arrow stream as ${text}`);
  }
});

/** A schema without columns, and the end: tables as FlatBuffers has them. */
function emptySchema(endianness: number): Uint8Array {
  const metadata = [
    ...[16, 0, 0, 0], // the offset of the message
    ...[10, 0, 12, 0, 4, 0, 6, 0, 8, 0, 0, 0], // its slots
    ...[12, 0, 0, 0, 4, 0, 1, 0, 12, 0, 0, 0], // version 5, a schema, its offset
    ...[6, 0, 8, 0, 4, 0, 0, 0], // the slots of the schema
    ...[8, 0, 0, 0, endianness, 0, 0, 0, 0, 0, 0, 0],
  ];
  const prefix = [255, 255, 255, 255, metadata.length, 0, 0, 0];
  const end = [255, 255, 255, 255, 0, 0, 0, 0];
  return Uint8Array.of(...prefix, ...metadata, ...end);
}

Deno.test("worker finds counts that are larger than their message before arrays are made", async () => {
  const stream = streamNamed("nested");
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer);
  for (
    const [at, text] of [
      [36, 'must have metadata that can be read: current value is "slots of'],
      [52, 'current value is "a list of 1073741830 items at'],
      [704, "must be of at most 2147483647 bytes"],
      [744, 'column "s" must have 1073741827 rows: current value is 3'],
      [772, 'current value is "a list of 10737418'],
      [1164, 'current value is "a list of 10737418'],
    ] as const
  ) {
    const damaged = stream.slice();
    const value = view(damaged).getUint32(at, true);
    view(damaged).setUint32(at, at === 36 ? value + 1 : value + 2 ** 30, true);
    if (at === 704) view(damaged).setUint32(at + 4, 1, true);
    const error = await assertRejects(() => echoed(damaged), Error);
    assertStringIncludes(error.message, text);
  }
});

Deno.test("worker passes the metadata of each batch through", async () => {
  const rows = vectorFromArray([[1, 2, 3, 4]], FLOATS);
  const [batch] = RecordBatchReader.from(columns({ x: rows }));
  const { schema, data } = batch!;
  const maps = [
    new Map([["part", "7"], ["größe", "😀"]]),
    new Map(),
    new Map([["part", "8"]]),
  ];
  const stream = streamOf(
    maps.map((map) => new RecordBatch(schema, data, map)),
  );
  const found = [...RecordBatchReader.from(await echoed(stream))];
  assertEquals(
    found.map(({ metadata }) => [...metadata]),
    maps.map((map) => [...map]),
  );
});
