import { assertEquals, assertThrows } from "@std/assert";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { layerOf } from "./_one_call.ts";

testLayerCases("merging");

function shapeOf(
  className: string,
  options: Record<string, unknown>,
  shapes: readonly (readonly (number | null)[])[],
) {
  const inputs = shapes.map((shape) => ({ shape, dtype: "float32" as const }));
  const layer = layerOf(className, options);
  const context = { masks: shapes.map(() => undefined), args: {} };
  return layer.call(new ShapeOps(), inputs, {}, context)[0]!.shape;
}

Deno.test("Subtract refuses a third input", () => {
  const shapes = [[null, 2], [null, 2], [null, 2]];
  assertThrows(
    () => shapeOf("Subtract", {}, shapes),
    TypeError,
    "it must have 2 inputs",
  );
});

Deno.test("average() takes inputs of unknown length", () => {
  assertEquals(
    shapeOf("Average", {}, [[null, null, 2], [null, null, 2]]),
    [null, null, 2],
  );
});

Deno.test("concatenate() adds sizes that are known", () => {
  assertEquals(
    shapeOf("Concatenate", { axis: 1 }, [[null, 3, 2], [null, 4, 2]]),
    [null, 7, 2],
  );
});

Deno.test("dot() refuses axes that are none", () => {
  for (const axes of ["last", [1, 2, 3], null]) {
    assertThrows(
      () => layerOf("Dot", { axes }),
      TypeError,
      `"axes" must be one axis, or one for each of the two inputs`,
    );
  }
});
