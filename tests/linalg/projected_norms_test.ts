import { assertEquals } from "@std/assert";
import { openProjectedNorms } from "../../lib/linalg/projected_norms.ts";
import { assertAllClose } from "../support/all_close.ts";
import { normals } from "../support/detector_sets.ts";

Deno.test("openProjectedNorms() measures projections of rows around the origin", async () => {
  const projection = { data: Float64Array.of(1, 0, 2), rows: 3, columns: 1 };
  const origin = Float64Array.of(1, 2, 3);
  const measure = await openProjectedNorms(projection, origin);
  const data = Float32Array.of(1, 2, 3, 4, 6, 3);
  const found = await measure.of({ data, rows: 2, columns: 3 });
  assertEquals([...found], [0, 3]);
  await measure.close();
});

Deno.test("openProjectedNorms() returns equal lengths in plain loops and on the runtime, for rows of both types", async () => {
  const [rows, columns, width] = [90, 250, 200];
  const data = normals(columns * width, 1);
  const projection = { data, rows: columns, columns: width };
  const origin = normals(columns, 2).map((x) => 1e4 + x);
  const float32 = Float32Array.from(normals(rows * columns, 3), (x) => 1e4 + x);
  const [plain, native] = await Promise.all(
    [false, undefined].map((native) =>
      openProjectedNorms(projection, origin, { native })
    ),
  );
  for (const data of [float32, Float64Array.from(float32)]) {
    const [expected, found] = await Promise.all(
      [plain!, native!].map((one) => one.of({ data, rows, columns })),
    );
    assertAllClose(found!, expected!, { rtol: 1e-12 });
  }
  // A few rows of many that will come are measured on the runtime as well.
  const few = { data: float32.subarray(0, 3 * columns), rows: 3, columns };
  const many = await openProjectedNorms(projection, origin, { samples: 90 });
  const [one, other] = [await many.of(few), await plain!.of(few)];
  assertAllClose(one, other, { rtol: 1e-12 });
  for (const opened of [plain!, native!, many]) await opened.close();
});
