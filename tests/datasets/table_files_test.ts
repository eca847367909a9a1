import { assertEquals, assertThrows } from "@std/assert";
import { tableFiles, tableFormat } from "../../lib/datasets/table_files.ts";
import {
  checkTableOptions,
  type TableOptions,
} from "../../lib/datasets/table_options.ts";

async function withFiles(
  files: readonly string[],
  body: (folder: string) => void,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const file of files) {
      const parent = file.slice(0, Math.max(0, file.lastIndexOf("/")));
      await Deno.mkdir(`${folder}/${parent}`, { recursive: true });
      await Deno.writeTextFile(`${folder}/${file}`, "");
    }
    body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("tableFiles() finds files by patterns, in sorted order", async () => {
  const files = [
    ...["b10.csv", "b2.csv", "a.csv", ".hidden.csv", "[x].csv", "sub/c.csv"],
    ...["sub/deep/d.csv", "y=1/e.csv", "y=2/e.csv", "y=2/f.txt"],
  ];
  await withFiles(files, (folder) => {
    const find = (pattern: string) =>
      tableFiles(`${folder}/${pattern}`).map((p) => p.slice(folder.length + 1));
    assertEquals(find("*.csv"), ["[x].csv", "a.csv", "b10.csv", "b2.csv"]);
    assertEquals(find("b?.csv"), ["b2.csv"]);
    assertEquals(find("[ab]*.csv"), ["a.csv", "b10.csv", "b2.csv"]);
    assertEquals(find("[!a]*.csv"), ["[x].csv", "b10.csv", "b2.csv"]);
    assertEquals(find("**/{c,d}.csv"), ["sub/c.csv", "sub/deep/d.csv"]);
    assertEquals(find("y=*/e.csv"), ["y=1/e.csv", "y=2/e.csv"]);
    assertEquals(find(".h*.csv"), [".hidden.csv"]);
    assertEquals(find("[x].csv"), ["[x].csv"]); // a name that is there wins
    assertEquals(find("sub/**/*.csv"), ["sub/c.csv", "sub/deep/d.csv"]);
    const none = () => find("b+.csv*");
    assertThrows(none, RangeError, "a pattern must find a file");
    const url = new URL(`file://${folder}/a.csv`);
    assertEquals(tableFiles(url), [`${folder}/a.csv`]);
  });
});

Deno.test("tableFormat() knows formats, and refuses several", () => {
  assertEquals(tableFormat(["a.NDJSON.gz"]), "json");
  assertEquals(tableFormat(["a.csv", "b.tsv"]), "csv");
  assertThrows(() => tableFormat(["a.parquet.gz"]), TypeError, "must end in");
  const both = () => tableFormat(["a.csv", "b.parquet"]);
  assertThrows(both, TypeError, "of one format, csv");
});

Deno.test("tables have the settings of images and samples", () => {
  const options: TableOptions = {
    inputs: "x",
    labels: "y",
    size: [4, 4],
    split: { share: 0.5, seed: 1, part: "rest" },
    limit: 3,
  };
  checkTableOptions(options, "read table");
  assertThrows(
    () => checkTableOptions({ sizes: 4 } as object, "read table"),
    TypeError,
    'did you mean "size"',
  );
});
