/**
 * CSV files whose first rows, types or names can be read in several ways.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { query, table } from "@sonde/sonde";
import { readSource, spec } from "./_read_source.ts";
import { late, lines, MANY, withFiles } from "./_text_files.ts";

Deno.test("table() and query() refuse a first row that may be a header of numbers", async () => {
  await withFiles({
    "array.csv": "0,1,2\n5,6,7\n",
    "index.csv": ",0,1\n0,5.5,6\n1,7,8\n",
    "data.csv": "0,1,3\n5,6,7\n",
  }, async (path) => {
    for (const name of ["array.csv", "index.csv"]) {
      const file = path(name);
      const sql =
        `SELECT * FROM read_csv('${file}', sample_size = -1, header = `;
      const inputs = [spec([3])];
      for (
        const source of [
          table(file),
          query(`FROM '${file}'`, { files: [file] }),
        ]
      ) {
        await assertRejects(
          () => readSource(source, inputs),
          SyntaxError,
          `must be either names of columns or data: current value is [`,
        );
      }
      const advised = query(`${sql}true)`, { files: [file] });
      const { values } = await readSource(advised, inputs);
      assertEquals(values.length, name === "array.csv" ? 3 : 6);
    }
    const plain = await readSource(table(path("data.csv")), [spec([3])]);
    assertEquals(plain.values.map(Number), [0, 1, 3, 5, 6, 7]);
    const rows = query(
      `SELECT * FROM read_csv('${path("array.csv")}', sample_size = -1, ` +
        "header = false)",
      { files: [path("array.csv")] },
    );
    assertEquals((await readSource(rows, [spec([3])])).length, 2);
  });
});

Deno.test("query() checks types whatever else the SQL says of types", async () => {
  await withFiles({
    "a.csv": `x,types\n${lines((row) => `${late(row)},0`)}`,
    "b.csv": "x,y\n1,0\n",
  }, async (path) => {
    const [a, b] = [path("a.csv"), path("b.csv")];
    const read = (sql: string) =>
      readSource(query(sql, { files: [a, b], inputs: "x" }), [spec([1])], {
        size: MANY,
      });
    const text = "must have one type in all rows";
    for (
      const sql of [
        `SELECT x FROM '${a}' WHERE types = 0`,
        `SELECT x FROM read_csv('${a}', types = {types: 'DOUBLE'})`,
        `SELECT x FROM read_csv('${a}', sample_size = 9)`,
        `SELECT x FROM '${a}' JOIN read_csv('${b}', sample_size = -1) USING (x)`,
      ]
    ) {
      await assertRejects(() => read(sql), TypeError, text);
    }
    const whole = `read_csv('${a}', types = {x: 'DOUBLE'}, sample_size = -1)`;
    const { values } = await read(`SELECT x FROM ${whole} WHERE types = 0`);
    assertEquals(values.slice(-3), [1, 2.5, 2.5]);
  });
});

Deno.test("table() drops no row that begins with #, and query() only on request", async () => {
  await withFiles({
    "rows.csv": "x,y\n1,1\n2,2\n#3,3\n4,4\n",
    "head.csv": "# made by hand in 2026\nx,y\n1,1\n2,2\n",
  }, async (path) => {
    const rows = path("rows.csv");
    const y = await readSource(table(rows, { inputs: "y", ids: "x" }), [
      spec([1]),
    ]);
    assertEquals([y.values.map(Number), y.ids], [[1, 2, 3, 4], [
      ...["1", "2", "#3", "4"],
    ]]);
    const read = (source: ReturnType<typeof table>) =>
      readSource(source, [spec([1])]);
    await assertRejects(
      () => read(query(`SELECT y FROM '${rows}'`, { files: [rows] })),
      TypeError,
      "must have one type in all rows",
    );
    const head = path("head.csv");
    const sql = `SELECT * FROM read_csv('${head}', sample_size = -1, ` +
      "comment = '#')";
    await assertRejects(
      () => read(table(head, { inputs: "x" })),
      SyntaxError,
      `must begin with the names of its columns: current value is ` +
        `"# made by hand in 2026"; pass query() ${sql}`,
    );
    const advised = query(sql, { files: [head], inputs: "y" });
    assertEquals((await read(advised)).values.map(Number), [1, 2]);
  });
});

Deno.test("table() gives labels and ids of CSV and JSON as the file writes them", async () => {
  const id = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A1";
  await withFiles({
    "a.csv": "x,l,d\n1,yes,01/02/2020\n2,no,03/04/2020\n3,yes,05/04/2020\n",
    "b.jsonl":
      `{"x":1,"l":true,"d":"${id}1"}\n{"x":2,"l":false,"d":"${id}2"}\n`,
    "s/1.csv": "x,d\n1,9:05\n",
    "s/2.csv": "x,d,z\n2,10:30,7\n",
  }, async (path) => {
    const read = (name: string, labels?: string) =>
      readSource(
        table(path(name), { inputs: "x", ids: "d", ...labels && { labels } }),
        [spec([1])],
      );
    const csv = await read("a.csv", "l");
    assertEquals([csv.classNames, csv.labels], [["no", "yes"], [1, 0, 1]]);
    assertEquals(csv.ids, ["01/02/2020", "03/04/2020", "05/04/2020"]);
    const json = await read("b.jsonl", "l");
    assertEquals(json.ids, [`${id}1`, `${id}2`]);
    assertEquals([json.classNames, json.labels], [undefined, [1, 0]]);
    assertEquals((await read("s/*.csv")).ids, ["9:05", "10:30"]);
  });
});

Deno.test("table() and query() read files whose names are patterns of others", async () => {
  await withFiles({
    "a[1].csv": "x,y\n1,0\n2,1\n",
    "a1.csv": "x,y\n7,0\n8,1\n",
    "b*.csv": "x,y\n1,0\n2,1\n",
    "bb.csv": "x,y\n7,0\n8,1\n",
    "c?.csv": "x,y\n1,0\n2,1\n",
    "it's {x}.csv": "x,y\n1,0\n2,1\n",
  }, async (path) => {
    for (const name of ["a[1].csv", "b*.csv", "c?.csv", "it's {x}.csv"]) {
      const file = path(name);
      const quoted = file.replaceAll("'", "''");
      for (
        const source of [
          table(file, { inputs: "x" }),
          query(`SELECT x FROM '${quoted}'`, { files: [file] }),
        ]
      ) {
        const { values } = await readSource(source, [spec([1])]);
        assertEquals(values.map(Number), [1, 2], name);
      }
    }
  });
});
