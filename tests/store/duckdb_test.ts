/** Files of features, read by DuckDB itself. */
import { assertEquals } from "@std/assert";
import { DuckDBInstance } from "@duckdb/node-api";
import { saveFeatures } from "@sonde/sonde";
import { fullSet, inFolder } from "./_sets.ts";

/** What a query gives, by column. */
async function columnsOf(sql: string): Promise<Record<string, unknown[]>> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const answer = await connection.runAndReadAll(sql);
    return answer.getColumnsObject();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Numbers of a column whose rows are lists. */
function numbersOf(rows: readonly unknown[]): number[] {
  return rows.flatMap((row) =>
    typeof row === "number" ? [row] : [...(row as { items: number[] }).items]
  );
}

Deno.test("DuckDB reads every number of a Parquet file, and of a folder of them", () =>
  inFolder(async (folder) => {
    const set = fullSet();
    await saveFeatures(set, `${folder}/x.parquet`, { rowGroupSize: 2 });
    const options = { format: "parquet", shardSize: 2 } as const;
    await saveFeatures(set, `${folder}/x`, options);
    for (const files of [`${folder}/x.parquet`, `${folder}/x/*.parquet`]) {
      const found = await columnsOf(`SELECT * FROM '${files}'`);
      // DuckDB does not tell names by the case of their letters.
      const names = ["block/conv:1", "label", "Code", "code_1"];
      names.forEach((name, i) =>
        assertEquals(numbersOf(found[name]!), [...set.features[i]!.data])
      );
      assertEquals(
        numbersOf(found["sonde.penultimate"]!),
        [...set.penultimate!.data],
      );
      assertEquals(numbersOf(found["sonde.logits"]!), [...set.logits!.data]);
      assertEquals(found["sonde.label"], [...set.labels!.data]);
      // The client in JavaScript leaves out a mark of byte order.
      const ids = Array.from(set.ids, (id) => String(id).replace("\ufeff", ""));
      assertEquals(found["sonde.id"], ids);
      const bad = found["sonde.nonFinite"]!.map((mark, i) => mark ? i : -1);
      assertEquals(bad.filter((row) => row >= 0), Array.from(set.nonFinite));
    }
  }));
