import { assertEquals, assertRejects } from "@std/assert";
import { fixedRows, inFixedBatches } from "../../lib/engines/fixed_batches.ts";
import type { NdArray } from "../../lib/types.ts";
import { array, feature, input, program } from "./onnx/_program.ts";

const X = array([5, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
const PROGRAM = { features: [{ name: "a" }], feeds: [] } as never;

Deno.test("inFixedBatches() runs batches one after another, and drops the rows that fill up the last", async () => {
  const starts: number[] = [];
  const run = ([x]: readonly NdArray<ArrayBufferView>[], start: number) => {
    starts.push(start);
    assertEquals(x!.shape, [2, 2]);
    const part = x as NdArray<Float32Array<ArrayBuffer>>;
    const scale = Float32Array.from({ length: 2 }, () => start);
    return Promise.resolve({ features: [part], logits: part, scale });
  };
  const outputs = await inFixedBatches(PROGRAM, [X], 2, run);
  assertEquals(starts, [0, 2, 4]);
  assertEquals(outputs.features, [X]);
  assertEquals(outputs.logits, X);
  assertEquals(outputs.scale, Float32Array.of(0, 0, 2, 2, 4));
});

Deno.test("inFixedBatches() refuses batches of other shapes, and leaves optional logits of such out", async () => {
  const good = array([2, 1], [1, 2]);
  const rows = array([4, 1], [1, 2, 3, 4]);
  const wide = array([2, 2], [1, 2, 3, 4]);
  const runs = (first: NdArray, second: NdArray) => {
    const parts = [first, second];
    return (name: "features" | "logits", isOptional = false) => {
      const left = [...parts];
      const program = { ...PROGRAM as object, logits: { isOptional } };
      return inFixedBatches(
        program as never,
        [array([4, 1], [1, 2, 3, 4])],
        2,
        () => {
          const part = left.shift()!;
          return Promise.resolve(
            name === "features"
              ? { features: [part] }
              : { features: [good], logits: part },
          );
        },
      );
    };
  };
  await assertRejects(
    () => runs(rows, rows)("features"),
    TypeError,
    'Cannot take layer "a" as every batch must return one row for each of its 2 samples: current value is [4, 1]',
  );
  await assertRejects(
    () => runs(good, wide)("features"),
    TypeError,
    'Cannot take layer "a" as every batch must return [null, 1]: current value is [2, 2]',
  );
  await assertRejects(() => runs(good, wide)("logits"), TypeError, "logits");
  for (const second of [wide, rows]) {
    const { logits } = await runs(good, second)("logits", true);
    assertEquals(logits, undefined);
  }
});

Deno.test("fixedRows() is about graphs of raw operations alone", () => {
  const x = input(0, "x", [4, 2]);
  assertEquals(fixedRows(program([x], [feature(x)])), undefined);
});
