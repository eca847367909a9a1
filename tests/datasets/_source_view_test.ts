import { assert, assertEquals } from "@std/assert";
import { sourceView } from "../../lib/datasets/_source_view.ts";

Deno.test("sourceView() lists 20 classes, and says of how many", () => {
  const tableOf = (count: number) => {
    const labels = Int32Array.from({ length: count }, (_, i) => i);
    const { blocks } = sourceView({
      title: "t",
      notes: [],
      labels,
      blocks: [],
    });
    const [table] = blocks;
    assert(table?.kind === "table");
    return [table.title, table.rows.length];
  };
  assertEquals(tableOf(20), [undefined, 20]);
  assertEquals(tableOf(25), ["the first 20 of 25 classes", 20]);
});
