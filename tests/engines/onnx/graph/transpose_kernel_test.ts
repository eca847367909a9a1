import { assertEquals } from "@std/assert";
import { transposeKernel } from "../../../../lib/engines/onnx/graph/convolutions.ts";

Deno.test("transposeKernel() puts the last two axes first, the other way round", () => {
  const shapes = [[2, 3], [1, 1, 5, 70], [2, 130, 65], [3, 2, 4, 17], [
    2,
    1,
    3,
    2,
    16,
  ]];
  for (const shape of [...shapes, [0, 2, 3], [3, 0, 4]]) {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: size }, (_, i) => i);
    const [numA, numB] = shape.slice(-2) as [number, number];
    const numPositions = numA * numB === 0 ? 0 : size / numA / numB;
    const expected: number[] = [];
    for (let b = 0; b < numB; b++) {
      for (let a = 0; a < numA; a++) {
        for (let position = 0; position < numPositions; position++) {
          expected.push((position * numA + a) * numB + b);
        }
      }
    }
    assertEquals([...transposeKernel(values, shape)], expected, `${shape}`);
  }
});

Deno.test("transposeKernel() multiplies what ends up in the same row", () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6); // [1, 2, 3]
  const transposed = transposeKernel(
    values,
    [1, 2, 3],
    Float64Array.of(10, 0, -1),
  );
  assertEquals([...transposed], [10, 40, 0, 0, -3, -6]);
  assertEquals([...values], [1, 2, 3, 4, 5, 6]);
});
