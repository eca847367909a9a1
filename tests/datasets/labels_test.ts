import { assert, assertEquals, assertThrows } from "@std/assert";
import { tf } from "../../lib/tf.ts";
import {
  checkLabels,
  labelsOf,
  type LabelValues,
} from "../../lib/datasets/labels.ts";
import type { NdArray } from "../../lib/types.ts";

await tf.setBackend("cpu");

function floats(values: number[], ...shape: number[]): NdArray {
  return { data: Float32Array.from(values), shape, dtype: "float32" };
}

function check(labels: unknown, rows: number): () => void {
  return () => checkLabels(labels as LabelValues, rows, "read dataset");
}

function read(labels: Parameters<typeof labelsOf>[0], rows: number) {
  return () => labelsOf(labels, rows, "read dataset");
}

Deno.test("labelsOf() takes indices however they are written", () => {
  const expected = Int32Array.of(2, 0, -1);
  assertEquals(read([2, 0, -1], 3)(), expected);
  assertEquals(read(Float64Array.of(2, 0, -1), 3)(), expected);
  assertEquals(read(floats([2, 0, -1], 3), 3)(), expected);
  assertEquals(read(floats([2, 0, -1], 3, 1), 3)(), expected);
  const data = BigInt64Array.of(2n, 0n, -1n);
  assertEquals(read({ data, shape: [3], dtype: "int64" }, 3)(), expected);
});

Deno.test("labelsOf() copies", () => {
  const data = Int32Array.of(1, 2);
  const labels = read({ data, shape: [2], dtype: "int32" }, 2)();
  assert(labels !== data && labels.buffer !== data.buffer);
});

Deno.test("labelsOf() gives the class of one-hot rows", () => {
  const rows = floats([0, 0, 1, 1, 0, 0], 2, 3);
  assertEquals(read(rows, 2)(), Int32Array.of(2, 0));
  const data = Uint8Array.of(0, 1, 1, 0);
  const bits = { data, shape: [2, 2], dtype: "bool" } as const;
  assertEquals(read(bits, 2)(), Int32Array.of(1, 0));
});

Deno.test("labelsOf() refuses rows that are not one-hot, and says what to pass", () => {
  const cases = {
    "[1, 1]": [0, 1, 1, 1], // two classes
    "[0, 0]": [0, 1, 0, 0], // none
    "[0.5, 0.5]": [0, 1, 0.5, 0.5], // soft
    "[1, NaN]": [0, 1, 1, NaN],
  };
  for (const [shown, values] of Object.entries(cases)) {
    assertThrows(
      read(floats(values, 2, 2), 2),
      RangeError,
      "labels of 2 columns must be one-hot, a single 1 among zeros: current " +
        `value is ${shown}; it is row 1; pass one class index a sample`,
    );
  }
});

Deno.test("labelsOf() refuses what is not a whole number, and names its row", () => {
  for (const value of [0.5, NaN, Infinity, 2 ** 31]) {
    assertThrows(
      () => labelsOf([0, value], 2, "read dataset", 40),
      RangeError,
      `in the range of int32: current value is ${value}; it is in row 41`,
    );
  }
  const data = BigInt64Array.of(2n ** 31n);
  const big = read({ data, shape: [1], dtype: "int64" }, 1);
  assertThrows(big, RangeError, "current value is 2147483648");
});

Deno.test("labelsOf() refuses entries that are no numbers", () => {
  const nested = [[0, 1], [1, 0]] as unknown as number[];
  assertThrows(read(nested, 2), TypeError, "for one-hot rows pass a tensor");
  const names = ["cat"] as unknown as number[];
  assertThrows(read(names, 1), TypeError, 'current value is "cat"');
  const sparse = new Array<number>(1);
  assertThrows(read(sparse, 1), TypeError, "current value is undefined");
});

Deno.test("checkLabels() gives both numbers when there are more or fewer", () => {
  const rule = "there must be as many labels as inputs, 3: current value is ";
  assertThrows(check([0, 1], 3), RangeError, rule + 2);
  assertThrows(check(floats([0, 1, 2, 3], 4), 3), RangeError, rule + 4);
  assertThrows(check(floats([0, 1], 1, 2), 3), RangeError, rule + 1);
});

Deno.test("checkLabels() checks tensors without reading them", () => {
  const tensor = tf.zeros([3, 4]);
  check(tensor, 3)();
  assertThrows(check(tensor, 2), RangeError, "current value is 3");
  tensor.dispose();
  assertThrows(check(tensor, 3), TypeError, "labels must be a tensor that is");
});

Deno.test("checkLabels() refuses other shapes and other things", () => {
  const shape = "class indices [N] or [N, 1], or one-hot rows [N, C]";
  assertThrows(check(floats([1], 1, 1, 1), 1), TypeError, shape);
  assertThrows(check(floats([1]), 1), TypeError, shape);
  assertThrows(check(floats([], 1, 0), 1), TypeError, "a column for every");
  for (const thing of ["01", 1, null, {}, new DataView(new ArrayBuffer(2))]) {
    assertThrows(check(thing, 2), TypeError, "or an array of numbers");
  }
  assertThrows(check(Promise.resolve([0]), 1), TypeError, "write await");
});
