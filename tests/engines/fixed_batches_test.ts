import { assertEquals, assertRejects } from "@std/assert";
import { fixedRows, inFixedBatches } from "../../lib/engines/fixed_batches.ts";
import type { NdArray } from "../../lib/types.ts";
import { array, feature, input, program } from "./onnx/_program.ts";

const X = array([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);

Deno.test("inFixedBatches() runs batches one after another, and joins what they give", async () => {
  const starts: number[] = [];
  const run = ([x]: readonly NdArray<ArrayBufferView>[], start: number) => {
    starts.push(start);
    const half = x as NdArray<Float32Array<ArrayBuffer>>;
    const scale = Float32Array.from({ length: x!.shape[0]! }, () => start);
    return Promise.resolve({ features: [half], logits: half, scale });
  };
  const outputs = await inFixedBatches([X], 2, run);
  assertEquals(starts, [0, 2]);
  assertEquals(outputs.features, [X]);
  assertEquals(outputs.logits, X);
  assertEquals(outputs.scale, Float32Array.of(0, 0, 2, 2));
  await assertRejects(
    () => inFixedBatches([X], 3, run),
    RangeError,
    "a multiple of the 3 that its graph takes: current value is 4; use .batch() with such a number, and leave samples out or add some",
  );
  const three = array([3, 2], [1, 2, 3, 4, 5, 6]); // one left out
  assertEquals((await inFixedBatches([three], 3, run)).features, [three]);
});

Deno.test("fixedRows() is about graphs of raw operations alone", () => {
  const x = input(0, "x", [4, 2]);
  assertEquals(fixedRows(program([x], [feature(x)])), undefined);
});
