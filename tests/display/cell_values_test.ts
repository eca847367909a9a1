import { assert, assertEquals } from "@std/assert";
import { cellValues, innerSize } from "../../lib/display/cell_values.ts";
import { heatmapData } from "../../lib/display/figure_data.ts";
import { SPECS } from "./_specs.ts";

Deno.test("innerSize() is wide enough to be seen where labels take all space", () => {
  const matrix = { width: 3, height: 2 };
  for (const isSquare of [false, true]) {
    const { width, height } = innerSize(
      matrix,
      { width: -40, height: 400 },
      isSquare,
    );
    assert(width >= 24 && height > 0, `${width} × ${height}`);
  }
  assertEquals(innerSize(matrix, { width: 500, height: 400 }, true), {
    ...{ width: 180, height: 120 },
  });
});

Deno.test("cellValues() are written where they fit", () => {
  const data = heatmapData({ ...SPECS.heatmap, z: [12345, 0.5, NaN, -1e-9] });
  assertEquals(cellValues(data, { width: 400, height: 200 }), {
    labels: ["12,345", "0.5", "NaN", "-1e-9"],
    fontSize: 11,
  });
  assertEquals(cellValues(data, { width: 30, height: 200 }), undefined);
});
