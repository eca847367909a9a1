import { assertEquals } from "@std/assert";
import {
  alignments,
  blocksText,
  tableRows,
  viewText,
} from "../../lib/display/text.ts";
import type { TableBlock } from "../../lib/display/view.ts";

const TABLE: TableBlock = {
  kind: "table",
  title: "Layers",
  columns: [{ name: "name" }, { name: "mean" }, {
    name: "shape",
    align: "right",
  }],
  rows: [["conv1", 0.123456, "[3]"], ["  nested", null, "[3, 4]"], [
    "d",
    2,
    "",
  ]],
};

Deno.test("viewText() aligns a view word for word", () => {
  const text = viewText({
    title: "FeatureSet of 3 samples",
    blocks: [
      { kind: "text", text: "one\ntwo" },
      TABLE,
      {
        kind: "figure",
        title: "PCA of conv1",
        summary: "3 points in 2 groups",
        figure: () => {
          throw new Error("a figure must not be computed for text");
        },
      },
    ],
  });
  assertEquals(
    text,
    [
      "FeatureSet of 3 samples",
      "",
      "one",
      "two",
      "",
      "Layers",
      "name        mean   shape",
      "--------  ------  ------",
      "conv1     0.1235     [3]",
      "  nested          [3, 4]",
      "d              2",
      "",
      "[PCA of conv1: 3 points in 2 groups]",
    ].join("\n"),
  );
});

Deno.test("viewText() leaves out an empty title", () => {
  assertEquals(
    viewText({ title: "", blocks: [{ kind: "text", text: "a" }] }),
    "a",
  );
  assertEquals(viewText({ title: "a", blocks: [] }), "a");
});

Deno.test("blocksText() writes out what could steer a terminal", () => {
  const columns = [{ name: "\x1b[2J" }];
  const rows = [["\x07"]];
  const text = blocksText([{ kind: "table", columns, rows }]);
  assertEquals(text, "\\u001b[2J\n---------\n\\u0007");
});

Deno.test("alignments() puts numbers right unless the column says otherwise", () => {
  assertEquals(alignments(TABLE), ["left", "right", "right"]);
});

Deno.test("tableRows() leaves out the middle of a long table", () => {
  const rows = Array.from({ length: 1000 + 5 }, (_, i) => [i]);
  const table: TableBlock = { kind: "table", columns: [{ name: "i" }], rows };
  const { head, left, tail } = tableRows(table);
  assertEquals([head.length, left, tail.length], [1000 - 10, 5, 10]);
  assertEquals(tail.at(-1), ["1004"]);
  const lines = blocksText([table]).split("\n");
  assertEquals(lines[2 + 1000 - 10], "… 5 more rows …");
});
