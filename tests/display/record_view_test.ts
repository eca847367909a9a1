import { assertEquals } from "@std/assert";
import {
  isRecord,
  isRecordList,
  recordsTable,
  recordView,
} from "../../lib/display/record_view.ts";

Deno.test("recordsTable() has a column for each key of all records", () => {
  assertEquals(recordsTable([{ a: 1 }, { b: true, a: null }], "t"), {
    kind: "table",
    title: "t",
    columns: [{ name: "a" }, { name: "b" }],
    rows: [[1, null], [null, "true"]],
  });
});

Deno.test("recordView() shows what it knows, and nothing in part", () => {
  const none = () => undefined;
  assertEquals(recordView({ a: 1, b: { c: 2 } }, none)?.blocks.length, 2);
  assertEquals(recordView({ a: 1, b: new Map() }, none), undefined);
  assertEquals(recordView({ a: [{ b: { c: 1 } }] }, none), undefined);
});

Deno.test("isRecord() takes objects of no class", () => {
  const empty = Object.create(null);
  assertEquals(
    [{ a: 1 }, {}, empty, new Date(), [1], null].map(isRecord),
    [true, false, false, false, false, false],
  );
  assertEquals(
    [[{ a: 1 }], [], [1], "x"].map(isRecordList),
    [true, false, false, false],
  );
});
