import { assertEquals } from "@std/assert";
import {
  csvFile,
  csvLine,
  csvRows,
  mergedLines,
  type ResultRow,
} from "./results_csv.ts";

const ROW: ResultRow = {
  benchmark: "by_hand",
  case: 'digits, "small"',
  ours: 1234.5678,
  theirs: 1200,
  unit: "samples/s",
  ratio: 1.02881,
  low: 0.987654,
  high: 1.1,
  difference: 1.23456e-7,
  threads: 1,
  versions: "deno 2.9.6",
  date: "2026-01-31",
};

Deno.test("csvLine() writes numbers in four digits, and texts in quotes where needed", () => {
  assertEquals(
    csvLine(ROW),
    'by_hand,"digits, ""small""",1235,1200,samples/s,1.029,0.9877,1.1,1.235e-7,1,,deno 2.9.6,2026-01-31',
  );
});

Deno.test("csvLine() leaves empty what there is not", () => {
  const row = {
    ...ROW,
    case: "digits",
    difference: undefined,
    threads: undefined,
  };
  assertEquals(
    csvLine(row),
    "by_hand,digits,1235,1200,samples/s,1.029,0.9877,1.1,,,,deno 2.9.6,2026-01-31",
  );
});

Deno.test("csvFile() puts the header first", () => {
  assertEquals(
    csvFile(["a", "b"]),
    "benchmark,case,ours,theirs,unit,ratio,low,high,difference,threads,inputs,versions,date\na\nb\n",
  );
});

Deno.test("csvRows() reads what csvFile() wrote", () => {
  const [row] = csvRows(csvFile([csvLine({ ...ROW, inputs: "64, 32" })]));
  assertEquals(row!.case, 'digits, "small"');
  assertEquals([row!.inputs, row!.ours, row!.threads], ["64, 32", "1235", "1"]);
  assertEquals(row!.date, "2026-01-31");
});

Deno.test("mergedLines() replaces lines of the same benchmark and case", () => {
  assertEquals(
    mergedLines(["a,x,1", 'a,"y, z",2'], ['a,"y, z",3', "b,x,4"]),
    ["a,x,1", 'a,"y, z",3', "b,x,4"],
  );
});
