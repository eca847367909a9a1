import { assertEquals } from "@std/assert";
import { rowProducts } from "../../lib/linalg/row_products.ts";

Deno.test("rowProducts() multiplies every row with a part of a vector", () => {
  for (const Kind of [Float32Array, Float64Array]) {
    for (const rows of [0, 1, 3, 4, 7]) {
      const data = Kind.from(Array.from({ length: rows * 3 }, (_, i) => i));
      const vector = Float64Array.of(9, 1, 10, 100, 9);
      const expected = Array.from(
        { length: rows },
        (_, row) => 3 * row + 10 * (3 * row + 1) + 100 * (3 * row + 2),
      );
      const found = rowProducts({ data, rows, columns: 3 }, vector, 1);
      assertEquals([...found], expected);
    }
  }
});
