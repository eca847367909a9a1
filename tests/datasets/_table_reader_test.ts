/**
 * Types of columns hold for all rows of all files, and are never narrowed.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { query, table } from "@sonde/sonde";
import { readSource, spec, TABLES } from "./_read_source.ts";
import { late, lines, MANY, withFiles } from "./_text_files.ts";

Deno.test("table() rounds no number that is not whole in a late row", async () => {
  await withFiles({
    "a.csv": `x,y\n${lines((row) => `${late(row)},0`)}`,
    "a.jsonl": lines((row) => `{"x":${late(row)},"y":0}`),
    "lists.jsonl": lines((row) => `{"x":[${late(row)},1],"y":0}`),
  }, async (path) => {
    for (const name of ["a.csv", "a.jsonl"]) {
      const source = table(path(name), { inputs: "x" });
      const { values, length } = await readSource(source, [spec([])], {
        size: 4096,
      });
      assertEquals([length, ...values.slice(-3)], [MANY, 1, 2.5, 2.5], name);
    }
    const { values } = await readSource(
      table(path("lists.jsonl"), { inputs: "x" }),
      [spec([2])],
      { size: 4096 },
    );
    assertEquals(values.slice(-4), [2.5, 1, 2.5, 1]);
  });
});

Deno.test("table() refuses a value of another type in a late row", async () => {
  await withFiles({
    "a.csv": `x,y\n${lines((row) => `${row < MANY - 1 ? row : "a"},0`)}`,
    "a.jsonl": lines((row) => `{"x":${row < MANY - 1 ? true : 5},"y":0}`),
  }, async (path) => {
    for (const name of ["a.csv", "a.jsonl"]) {
      await assertRejects(
        () => readSource(table(path(name), { inputs: "x" }), [spec([])]),
        TypeError,
        'column "x" must hold numbers, lists of numbers or images',
      );
    }
    // "convert it to numbers"
    const file = path("a.csv");
    const all = `read_csv('${file}', sample_size = -1, skip = 0)`;
    const sql = `SELECT TRY_CAST(x AS INT) AS x FROM ${all}`;
    const converted = query(`${sql} WHERE x <> 'a'`, { files: [file] });
    const { length } = await readSource(converted, [spec([1])], { size: MANY });
    assertEquals(length, MANY - 1);
  });
});

Deno.test("table() finds one type for a column of several files", async () => {
  await withFiles({
    "csv/split=a/0.csv": "x,y\n1,0\n2,1\n",
    "csv/split=b/0.csv": "y,x\n1,2.5\n",
    "json/0.jsonl": '{"x":1,"y":0}\n',
    "json/1.jsonl": '{"x":2.5,"y":1,"z":3}\n',
  }, async (path) => {
    const csv = table(path("csv/*/*.csv"), {
      inputs: "x",
      labels: "split",
      ids: "y",
    });
    const found = await readSource(csv, [spec([1])]);
    assertEquals(found.values, [1, 2, 2.5]);
    assertEquals([found.labels, found.ids], [[0, 0, 1], [0, 1, 1]]);
    const json = table(path("json/*.jsonl"), { inputs: "x" });
    assertEquals((await readSource(json, [spec([1])])).values, [1, 2.5]);
  });
});

Deno.test("table() looks at the types again when a file has changed", async () => {
  await withFiles({ "a.csv": "x,y\n1,0\n2,1\n" }, async (path) => {
    const source = table(path("a.csv"), { inputs: "x" });
    assertEquals((await readSource(source, [spec([1])])).values, [1n, 2n]);
    await Deno.writeTextFile(path("a.csv"), "x,y\n1.5,0\n2.25,1\n");
    assertEquals((await readSource(source, [spec([1])])).values, [1.5, 2.25]);
  });
});

Deno.test("table() reads arrays of JSON, and says which rows do not fit a header", async () => {
  await withFiles({
    "a.json": '[\n  {"x": 1.5, "y": 0},\n  {"x": 2, "y": 1}\n]',
    "bom.jsonl": '\ufeff{"x":1.5,"y":0}\n{"x":2,"y":1}\n',
    "ragged.csv": "x,y\n1,0\n2,1,9\n",
    "latin.csv": "x,y\n1,a\n",
  }, async (path) => {
    for (const name of ["a.json", "bom.jsonl"]) {
      const source = table(path(name), { inputs: "x", labels: "y" });
      const { values, labels } = await readSource(source, [spec([1])]);
      assertEquals([values, labels], [[1.5, 2], [0, 1]]);
    }
    const refuse = (name: string, text: string) =>
      assertRejects(
        () => readSource(table(path(name)), [spec([2])]),
        SyntaxError,
        text,
      );
    await refuse("ragged.csv", "every row must have as many values");
    const latin = Uint8Array.of(...new TextEncoder().encode("x,y\n1,"), 233);
    await Deno.writeFile(path("latin.csv"), latin);
    await refuse("latin.csv", "not utf-8 encoded; save it in UTF-8");
    await Deno.writeTextFile(path("latin.csv"), "x,y\n1,é\n");
    const utf8 = table(path("latin.csv"), { inputs: "x", labels: "y" });
    assertEquals((await readSource(utf8, [spec([1])])).classNames, ["é"]);
  });
});

Deno.test("table() refuses blank lines before the header, and says how to read them", async () => {
  await withFiles({
    "two.csv": "\n\nx,y\n1,0\n2.5,1\n",
    "crlf.tsv": "\ufeff \r\nx\ty\r\n1\t0\r\n2.5\t1\r\n",
    "one.csv": "\nx\n1\n2.5\n",
    "middle.csv": "x,y\n\n1,0\n\n2.5,1\n",
    "none.csv": "",
  }, async (path) => {
    const zipped = new Blob(["\nx\n1\n2.5\n"]).stream()
      .pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(path("zipped.csv.gz"), zipped);
    const found = {
      "two.csv": ["2 blank lines", "them", 2],
      "crlf.tsv": ["a blank line", "it", 1],
      "one.csv": ["a blank line", "it", 1],
      "zipped.csv.gz": ["a blank line", "it", 1],
    } as const;
    for (const [name, [lines, what, skip]] of Object.entries(found)) {
      const file = path(name);
      const sql =
        `SELECT * FROM read_csv('${file}', sample_size = -1, skip = ${skip})`;
      const message =
        `Cannot read table as "${file}" must begin with the names of its columns: current value is "${lines}"; delete ${what}, or pass query() ${sql}`;
      const read = () => readSource(table(file, { inputs: "x" }), [spec([1])]);
      await assertRejects(read, SyntaxError, message);
      const advised = query(sql, { files: [file], inputs: "x" });
      const { values } = await readSource(advised, [spec([1])]);
      assertEquals(values, [1, 2.5], name);
      // DuckDB leaves the lines out where the SQL has no "skip".
      const plain = query(`FROM '${file}'`, { files: [file], inputs: "x" });
      assertEquals((await readSource(plain, [spec([1])])).values, [1, 2.5]);
    }
    const pattern = path("o*.csv");
    const matched = query(`FROM '${pattern}'`, { files: [pattern] });
    await assertRejects(
      () => readSource(matched, [spec([1])]),
      SyntaxError,
      'Cannot read query as "',
    );
    const middle = table(path("middle.csv"), { inputs: "x" });
    assertEquals((await readSource(middle, [spec([1])])).values, [1, 2.5]);
    const none = table(path("none.csv"));
    await assertRejects(() => readSource(none, [spec([1])]), RangeError);
  });
});

Deno.test("query() refuses types that hold for the first rows only", async () => {
  await withFiles({
    "a.csv": `x,y\n${lines((row) => `${late(row)},0`)}`,
    "ragged.csv": "x,y\n1,0\n2,1,9\n3,1,8\n",
  }, async (path) => {
    const ragged = path("ragged.csv");
    await assertRejects(
      () =>
        readSource(query(`SELECT * FROM '${ragged}'`, { files: [ragged] }), [
          spec([3]),
        ]),
      SyntaxError,
      "every row must have as many values as the header",
    );
    const file = path("a.csv");
    const files = [file];
    const sum = (from: string) =>
      readSource(query(`SELECT sum(x) AS s FROM ${from}`, { files }), [
        spec([1]),
      ]);
    await assertRejects(
      () => sum(`'${file}'`),
      TypeError,
      'must have one type in all rows: current value is "BIGINT in the first, ' +
        `DOUBLE in all"; write read_csv('${file}', sample_size = -1, skip = 0, comment = '')`,
    );
    const { values } = await sum(
      `read_csv('${file}', sample_size = -1, skip = 0, comment = '')`,
    );
    assertEquals(values, [MANY - 2 + 5]);
  });
});

Deno.test("table() and query() refuse decimals that DuckDB reads wrongly", async () => {
  const file = `${TABLES}decimals.parquet`; // decimal256(50, 0)
  const text = 'column "v" must have at most 38 digits: current value is 50';
  const refuse = (source: ReturnType<typeof table>) =>
    assertRejects(() => readSource(source, [spec([1])]), TypeError, text);
  await refuse(table(file, { inputs: "v" }));
  await refuse(query(`SELECT v FROM '${file}'`, { files: [file] }));
});

Deno.test("table() takes labels and ids of types that have one text each", async () => {
  const sql = (type: string) =>
    query(
      `SELECT i AS x, ${type} AS v FROM range(2) AS t(i)`,
      { inputs: "x", ids: "v", labels: "v" },
    );
  const date = await readSource(sql("DATE '2020-01-01' + i::INT"), [spec([1])]);
  assertEquals(date.ids, ["2020-01-01", "2020-01-02"]);
  assertEquals(date.labels, [0, 1]);
  for (
    const value of [
      ...["{'a': i}", "MAP {'a': i}", "['a']", "[i]", "[DATE '2020-01-01']"],
      "['a']::ENUM('a', 'b')[]",
    ]
  ) {
    await assertRejects(
      () => readSource(sql(value), [spec([1])]),
      TypeError,
      'column "v" must hold labels: numbers or strings',
    );
  }
  await assertRejects(
    () => readSource(sql("nullif(i, 1)"), [spec([1])]),
    TypeError,
    'leave such rows out, as by WHERE "v" IS NOT NULL in the SQL',
  );
});
