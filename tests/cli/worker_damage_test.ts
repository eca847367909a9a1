/** Streams that the command `worker` cannot read, and damaged ones. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  type Data,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import { columns, FLOATS } from "./_arrow_batches.ts";
import { tableOf, workerOver } from "./_arrow_pipes.ts";

const STREAMS: Readonly<Record<string, string>> = JSON.parse(
  await Deno.readTextFile(
    new URL("../data/arrow_streams.json", import.meta.url),
  ),
);
const streamNamed = (name: string) => Uint8Array.fromBase64(STREAMS[name]!);

Deno.test("worker names a column of a type that it cannot pass through", async () => {
  for (
    const [name, text] of [
      [
        "list_view",
        'column "views" must be of a type that Apache Arrow for JavaScript reads: current value is "ListView"; cast it to a list or large_list before it is sent',
      ],
      [
        "runs",
        'column "outer.runs" must be of a type that Apache Arrow for JavaScript reads: current value is "RunEndEncoded"; decode it to plain values before it is sent',
      ],
      [
        "lz4",
        'batches must not be compressed: current value is "message 1 is"; write them without, as by pyarrow.ipc.IpcWriteOptions(compression=None)',
      ],
    ] as const
  ) {
    const { code, log } = await workerOver(streamNamed(name), [
      ...["--inputs", "x"],
    ]);
    assertEquals(code, 1);
    assertStringIncludes(log, `TypeError: Cannot read Arrow stream as ${text}`);
  }
});

Deno.test("worker passes views of strings and bytes through", async () => {
  const run = await workerOver(streamNamed("views"), ["--inputs", "x"]);
  assertEquals(run.code, 0, run.log);
  const table = tableOf(run);
  assertEquals(String(table.schema.fields[0]), "text: Utf8View");
  assertEquals(table.getChild("text")!.get(0), "a text of more than 12 bytes");
  assertEquals(
    new TextDecoder().decode(table.getChild("bytes")!.get(0)),
    "some bytes, more than 12",
  );
});

const item = new Field("item", new Float32(), true);

Deno.test("worker refuses columns that it only passes through, if their buffers are too short", async () => {
  const x = vectorFromArray([[1, 2, 3, 4], [5, 6, 7, 8]], FLOATS);
  const change = (values: Vector, how: (data: Data) => void) => {
    how(values.data[0]!);
    return values;
  };
  const text = () => vectorFromArray(["cat", "dog"], new Utf8());
  const word = () =>
    vectorFromArray(["cat", "dog"], new Dictionary(new Utf8(), new Int32()));
  const list = () => vectorFromArray([[1], [2, 3]], FLOATS);
  const pair = () =>
    vectorFromArray([[1, 2], [2, 3]], new FixedSizeList(2, item));
  const cases: [Vector, string][] = [
    [
      change(text(), (data) => data.valueOffsets[2] = 4000),
      'column "other" must have 4000 values: current value is',
    ],
    [
      change(list(), (data) => data.valueOffsets[1] = 40),
      "must have offsets that do not fall: current value is 3",
    ],
    [
      change(word(), (data) => data.values[1] = 7),
      "must have indices < 2, the size of its dictionary: current value is 7",
    ],
    [
      change(word(), (data) => data.dictionary!.data[0]!.valueOffsets[2] = 900),
      "must have 900 values",
    ],
    [
      change(
        pair(),
        (data) => data.children[0] = data.children[0]!.slice(0, 3),
      ),
      'column "other.item" must have 4 rows: current value is 3',
    ],
  ];
  for (const [other, text] of cases) {
    const bytes = columns({ other, x });
    const { code, log } = await workerOver(bytes, ["--inputs", "x"]);
    assertEquals(code, 1, text);
    assertStringIncludes(log, "SyntaxError: Cannot read Arrow batch as column");
    assertStringIncludes(log, text);
  }
});

Deno.test("worker says that a schema is damaged whose metadata make no sense", async () => {
  const bytes = streamNamed("views");
  bytes.fill(0xff, 60, 64);
  const { code, log } = await workerOver(bytes, ["--inputs", "x"]);
  assertEquals(code, 1);
  assertStringIncludes(log, "Cannot read Arrow stream as ");
});
