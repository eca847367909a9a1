import { assert, assertEquals, assertRejects } from "@std/assert";
import { identifier, literal, LockedDuckdb } from "../../lib/formats/duckdb.ts";

async function withEngine(
  body: (engine: LockedDuckdb) => Promise<void>,
): Promise<void> {
  const engine = await LockedDuckdb.open([], "test");
  try {
    await body(engine);
  } finally {
    engine.close();
  }
}

async function valuesOf(engine: LockedDuckdb, sql: string): Promise<unknown[]> {
  const values: unknown[] = [];
  const { chunks } = await engine.select(sql);
  for await (const chunk of chunks) values.push(...chunk.getRows().flat());
  return values;
}

Deno.test("LockedDuckdb is locked: no files, no extensions, no way back", async () => {
  await withEngine(async (engine) => {
    const setting = async (name: string) =>
      (await valuesOf(engine, `SELECT current_setting(${literal(name)})`))[0];
    for (
      const name of [
        ...["enable_external_access", "autoload_known_extensions"],
        ...["autoinstall_known_extensions", "allow_community_extensions"],
      ]
    ) {
      assertEquals(await setting(name), false, name);
    }
    assertEquals(await setting("lock_configuration"), true);
    assertEquals(await setting("temp_directory"), "");
    // Not even the folder of extensions is looked at.
    await assertRejects(
      () => engine.select("SELECT * FROM duckdb_extensions()"),
      SyntaxError,
      "Cannot access directory",
    );
  });
});

Deno.test("LockedDuckdb gives names and types, and what the engine says of mistakes", async () => {
  await withEngine(async (engine) => {
    const { names, types } = await engine.select(
      `SELECT 1 AS a, [2.5] AS "b c"`,
    );
    assertEquals([names, types], [["a", "b c"], ["INTEGER", "DECIMAL(2,1)[]"]]);
    const error = await assertRejects(
      () => engine.select("SELECT nothing"),
      SyntaxError,
      "Cannot read test as DuckDB must be able to read it",
    );
    assert(error.cause instanceof Error);
    await assertRejects(
      () => engine.check("SET threads = 1"),
      SyntaxError,
      'one SELECT statement: current value is "SET"',
    );
    await engine.check("SELECT 1");
  });
});

Deno.test("LockedDuckdb takes rows in an order", async () => {
  await withEngine(async (engine) => {
    await engine.fillRows("picked", Uint32Array.of(7, 2, 2 ** 32 - 1));
    const sql = "SELECT sonde_picked FROM picked ORDER BY sonde_position";
    assertEquals(await valuesOf(engine, sql), [7, 2, 2 ** 32 - 1]);
  });
});

Deno.test("literal() and identifier() quote any text", async () => {
  const text = `it's "so"; -- '`;
  await withEngine(async (engine) => {
    const sql = `SELECT ${literal(text)} AS ${identifier(text)}`;
    assertEquals((await engine.select(sql)).names, [text]);
    assertEquals(await valuesOf(engine, sql), [text]);
  });
});
