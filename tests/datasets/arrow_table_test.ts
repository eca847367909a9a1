import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { arrowTable, type TableOptions } from "@sonde/sonde";
import * as arrow from "apache-arrow";
import { viewOf } from "../../lib/display/attach_view.ts";
import { viewText } from "../../lib/display/text.ts";
import { readSource, spec } from "./_read_source.ts";

const PHOTO = Deno.readFileSync(
  new URL("../data/photos/circles/1.png", import.meta.url),
);

function tableOf(rows: number): arrow.Table {
  const list = new arrow.List(new arrow.Field("item", new arrow.Float32()));
  const at = Array.from({ length: rows }, (_, i) => i);
  return new arrow.Table({
    a: arrow.vectorFromArray(at.map((i) => i / 2), new arrow.Float32()),
    b: arrow.vectorFromArray(at.map((i) => -i), new arrow.Int32()),
    big: arrow.vectorFromArray(
      at.map((i) => 2n ** 40n + BigInt(i)),
      new arrow.Int64(),
    ),
    v: arrow.vectorFromArray(at.map((i) => [i, i + 1, i + 2]), list),
    kind: arrow.vectorFromArray(at.map((i) => ["dog", "cat"][i % 2]!)),
    gap: arrow.vectorFromArray(
      at.map((i) => i === 2 ? null : i),
      new arrow.Int32(),
    ),
    rag: arrow.vectorFromArray(at.map((i) => i === 3 ? [1] : [1, 2]), list),
    day: arrow.vectorFromArray(at.map(() => new Date(0)), new arrow.DateDay()),
  });
}

const TABLE = tableOf(2500);
const source = (options?: TableOptions) => arrowTable(TABLE, options);

Deno.test("arrowTable() reads columns of numbers, lists and strings", async () => {
  const options = { inputs: ["a", "b"], labels: "kind", ids: "big" };
  const read = await readSource(source(options), [spec([2])], { size: 999 });
  assertEquals([read.length, read.rows], [2500, [999, 999, 502]]);
  assertEquals(
    read.values.slice(0, 6),
    [0, -0, 0.5, -1, 1, -2].map((v) => v + 0),
  );
  assertEquals(read.labels.slice(0, 3), [1, 0, 1]);
  assertEquals(read.classNames, ["cat", "dog"]);
  assertEquals(read.ids[2499], 2 ** 40 + 2499);
  const lists = await readSource(source({ inputs: "v", limit: 2 }), [
    spec([3]),
  ]);
  assertEquals([lists.values, lists.dtype], [[0, 1, 2, 1, 2, 3], "float32"]);
  const rest = await readSource(source({ inputs: "v" }), [spec([3])], {
    start: 2498,
  });
  assertEquals(rest.values.slice(0, 3), [2498, 2499, 2500]);
  const mixed = { inputs: "a", shuffle: { seed: 3 }, limit: 9 };
  const some = await readSource(source(mixed), [spec([1])]);
  assertEquals(some.values, some.ids.map((row) => Number(row) / 2));
});

Deno.test("arrowTable() reads decimals as numbers, and no dates as labels", async () => {
  const words = (value: number) => {
    const bits = BigInt.asUintN(128, BigInt(value));
    return Array.from(
      { length: 4 },
      (_, i) => Number(bits >> BigInt(32 * i) & 0xffffffffn),
    );
  };
  const type = new arrow.Decimal(2, 10, 128); // scale, precision
  const data = Uint32Array.from([150, -725, 3, 10].flatMap(words));
  const price = arrow.makeVector(arrow.makeData({ type, length: 4, data }));
  const table = new arrow.Table({
    price,
    day: arrow.vectorFromArray(
      [0, 1, 2, 3].map((i) => new Date(i)),
      new arrow.DateDay(),
    ),
  });
  const read = await readSource(arrowTable(table, { inputs: "price" }), [
    spec([1]),
  ]);
  assertEquals(read.values, [1.5, -7.25, 0.03, 0.1]);
  for (const option of ["labels", "ids"]) {
    await assertRejects(
      () => readSource(arrowTable(table, { [option]: "day" }), [spec([1])]),
      TypeError,
      `column "day" must hold ${option}`,
    );
  }
});

Deno.test("arrowTable() takes a record batch, and image files", async () => {
  const [batch] = tableOf(5).batches;
  const read = await readSource(arrowTable(batch, { inputs: "b" }), [
    spec([1]),
  ]);
  assertEquals(read.values.map((v) => Number(v) + 0), [0, -1, -2, -3, -4]);
  const images = new arrow.Table({
    image: arrow.vectorFromArray([PHOTO, PHOTO], new arrow.Binary()),
  });
  const { shapes, values } = await readSource(arrowTable(images), [
    spec([6, 6, 3]),
  ]);
  assertEquals(shapes[0], [6, 6, 3]);
  assertEquals(values.slice(0, 108), values.slice(108));
});

Deno.test("arrowTable() refuses nulls, ragged lists and what is no table", async () => {
  const refuse = async (options: TableOptions, text: string, shape = [1]) => {
    const error = await assertRejects(
      () => readSource(source(options), [spec(shape)]),
      TypeError,
    );
    assert(error.message.includes(text), error.message);
  };
  await refuse(
    { inputs: "gap" },
    'column "gap" must have a value in every row: current value is null; it is in row 2',
  );
  await refuse(
    { inputs: "rag" },
    "of the same length, [2]: current value is [1]; it is in row 3",
    [2],
  );
  await refuse({ inputs: "kind" }, 'column "kind" must hold numbers');
  await refuse({ inputs: "day" }, 'column "day" must hold numbers');
  assertThrows(
    () => arrowTable([1, 2]),
    TypeError,
    "must be a Table or a RecordBatch",
  );
  assertThrows(
    () => arrowTable(TABLE, { label: "a" } as TableOptions),
    TypeError,
  );
});

Deno.test("arrowTable() shows its first rows", async () => {
  const shown = source({ labels: "kind" });
  await shown.prepare!();
  const text = viewText(viewOf(shown, {})!);
  assert(text.startsWith("arrowTable: 2500 rows, 8 columns\n"), text);
  assert(text.includes("DateDay") || text.includes("Date"), text);
});

Deno.test("arrowTable() reads dictionaries, and images that are missing as bad ones", async () => {
  const type = new arrow.Dictionary(new arrow.Float32(), new arrow.Int8());
  const bytes = new arrow.Field("bytes", new arrow.Binary(), true);
  const struct = new arrow.Struct([
    new arrow.Field("path", new arrow.Utf8(), true),
    bytes,
  ] as arrow.Field[]);
  const table = new arrow.Table({
    number: arrow.vectorFromArray([2.5, 1, 2.5], type),
    image: arrow.vectorFromArray([
      { path: "a", bytes: null },
      { path: "b", bytes: PHOTO },
      null,
    ], struct),
  });
  const { values } = await readSource(arrowTable(table, { inputs: "number" }), [
    spec([1]),
  ]);
  assertEquals(values, [2.5, 1, 2.5]);
  const images = (options: TableOptions) =>
    readSource(arrowTable(table, { inputs: "image", ...options }), [
      spec([null, null, 3]),
    ]);
  await assertRejects(() => images({}), TypeError, "it is in row 0");
  const found = await images({ onBad: "skip" });
  assertEquals([found.ids, found.shapes], [[1], [[26, 31, 3]]]);
});

Deno.test("arrowTable() refuses a column that is there twice, and tensors of another shape", async () => {
  const floats = arrow.vectorFromArray([1, 2], new arrow.Float32());
  const table = (metadata = new Map<string, string>(), names = ["x", "x"]) => {
    const fields = names.map((name) =>
      new arrow.Field(name, floats.type, true, metadata)
    );
    const type = new arrow.Struct(fields);
    const children = names.map(() => floats.data[0]!);
    const data = arrow.makeData({ type, length: 2, nullCount: 0, children });
    return new arrow.RecordBatch(new arrow.Schema(fields), data);
  };
  await assertRejects(
    () => readSource(arrowTable(table(), { inputs: "x" }), [spec([1])]),
    RangeError,
    "must be there once",
  );
  const metadata = new Map([
    ["ARROW:extension:name", "arrow.fixed_shape_tensor"],
    ["ARROW:extension:metadata", '{"shape":[3,2,2]}'],
  ]);
  await assertRejects(
    () => readSource(arrowTable(table(metadata, ["x"])), [spec([2, 2, 3])]),
    TypeError,
    "must get rows of [2, 2, 3]: current value is [3, 2, 2]",
  );
});
