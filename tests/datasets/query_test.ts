/**
 * SQL over files, and what a locked DuckDB refuses.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { query, table } from "@sonde/sonde";
import { readSource, spec, TABLES } from "./_read_source.ts";

const SPECIES = ["setosa", "versicolor", "virginica"];

const FILES = [`${TABLES}flowers.csv`];

Deno.test("query() reads what SQL makes of the files that are named", async () => {
  const means = query(
    `SELECT species, avg(petal_width) AS w, max(sepal_length) AS s
     FROM '${FILES[0]}' GROUP BY species ORDER BY species;`,
    { files: FILES, labels: "species" },
  );
  const { values, classNames, length } = await readSource(means, [spec([2])]);
  assertEquals([length, classNames], [3, SPECIES]);
  assertEquals(values.map((v) => Number(Number(v).toFixed(4))), [
    ...[0.37, 5.27, 1.29, 6.03, 2.21, 6.79],
  ]);
});

Deno.test("query() runs on one thread, so that rows come in the same order each time", async () => {
  // On several, a GROUP BY of 1,000,000 rows came in another order each time.
  const threads = "current_setting('threads')::INT";
  const source = query(`SELECT ${threads} AS x`);
  assertEquals((await readSource(source, [spec([1])])).values, [1]);
  const where = `(SELECT ${threads}) = 1`;
  assertEquals(
    (await readSource(table(FILES[0]!, { where }), [spec([4])])).length,
    30,
  );
  const orderBy = `${threads}, petal_width`;
  const ordered = table(FILES[0]!, { orderBy, where: `${threads} = 1` });
  assertEquals((await readSource(ordered, [spec([4])])).length, 30);
});

Deno.test("query() and table() refuse SQL that draws at random", async () => {
  const text = "its SQL must give the same rows each time: current value is";
  const refuse = (make: () => unknown, found: string) =>
    assertThrows(
      make,
      TypeError,
      `${text} "${found}"; use the options shuffle: { seed }, limit or split instead`,
    );
  const from = `SELECT * FROM '${FILES[0]}'`;
  refuse(() => query(`${from} ORDER BY random ( )`), "random()");
  refuse(() => query(`${from} USING SAMPLE 10%`), "USING SAMPLE");
  refuse(() => table(FILES[0]!, { orderBy: "RANDOM()" }), "RANDOM()");
  refuse(() => table(FILES[0]!, { where: "random() < 0.5" }), "random()");
  refuse(() => query(`SELECT "random" () AS "x"`), "random()");
  query(`SELECT 'random()' AS "uuid()" -- random()\n`);
  const some = query(from, { files: FILES, shuffle: { seed: 1 }, limit: 3 });
  const { rows } = await readSource(some, [spec([4])]);
  assertEquals(rows, [3]);
});

Deno.test("query() takes the patterns of its files in the SQL", async () => {
  const pattern = `${TABLES}hive/*/*.parquet`;
  for (const from of [`'${pattern}'`, `read_parquet('${pattern}')`]) {
    const sql = `SELECT n AS x FROM ${from} WHERE split = 'test' ORDER BY n`;
    const source = query(sql, { files: [pattern, ...FILES], limit: 1 });
    assertEquals((await readSource(source, [spec([1])])).values, [10n]);
  }
});

Deno.test("query() refuses SQL that writes, attaches, or reads something else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const other = `${folder}/other.csv`;
    await Deno.writeTextFile(other, "a,b\n1,2\n");
    const before = await Deno.readFile(FILES[0]!);
    const bad = [
      `SELECT * FROM '${other}'`,
      `SELECT * FROM read_text('/etc/passwd')`,
      `SELECT * FROM glob('${folder}/*')`,
      `SELECT * FROM 'http://127.0.0.1:9/a.csv'`,
      `COPY (SELECT 1) TO '${folder}/out.csv'`,
      `COPY (SELECT 1 AS a) TO '${FILES[0]}'`,
      `ATTACH '${folder}/a.db'`,
      `INSTALL httpfs`,
      `LOAD httpfs`,
      `SET enable_external_access = true`,
      `CREATE TABLE t AS SELECT 1`,
      `PRAGMA database_list`,
      `EXPORT DATABASE '${folder}/all'`,
      `SELECT 1; COPY (SELECT 1) TO '${folder}/out.csv'`,
      `SELECT 1) ; COPY (SELECT 1) TO '${folder}/out.csv'; SELECT (1`,
    ];
    for (const sql of bad) {
      await assertRejects(
        () => readSource(query(sql, { files: FILES }), [spec([1])]),
        SyntaxError,
        "Cannot read query as",
      );
    }
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(left, ["other.csv"]);
    assertEquals(await Deno.readFile(FILES[0]!), before);
    assertThrows(() => query(""), TypeError, "its SQL must be a text");
    const where = `1 = 1) UNION ALL SELECT * FROM ('${other}'`;
    await assertRejects(
      () => readSource(table(FILES[0]!, { where }), [spec([4])]),
      SyntaxError,
      "DuckDB must be able to read it",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("query() says that files are quoted, and listed", async () => {
  const sql = `SELECT * FROM '${FILES[0]}'`;
  for (const [text, files] of [[sql, []], ["SELECT * FROM flowers", FILES]]) {
    const error = await assertRejects(
      () => query(text as string, { files: files as string[] }).prepare!(),
      SyntaxError,
      'quote its files in the SQL, and list them in "files"',
    );
    assertEquals(error.message.includes("Did you mean"), false);
  }
  await query(sql, { files: FILES }).prepare!(); // the advice, followed
});

Deno.test("query() gives strings to a model that takes them", async () => {
  const texts = query(`SELECT species FROM '${FILES[0]}' LIMIT 3`, {
    files: FILES,
  });
  const inputs = [{ name: "t", shape: [null], dtype: "string" }] as const;
  const wanted = { size: 2, start: 0, inputs };
  const found: unknown[] = [];
  for await (const batch of texts.batches(wanted)) {
    found.push((batch as { xs: unknown }).xs);
  }
  assertEquals(found, [SPECIES.slice(0, 2), SPECIES.slice(2)]);
  const numbers = query("SELECT 1 AS a", { inputs: "a" });
  await assertRejects(
    () => readSource(numbers, inputs),
    TypeError,
    'input "t" must get one column of strings: current value is ["a: INTEGER"]',
  );
});
