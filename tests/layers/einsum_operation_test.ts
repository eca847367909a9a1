import { assertEquals, assertThrows } from "@std/assert";
import { einsum } from "../../lib/layers/einsum_operation.ts";
import { LINEAR_OPERATIONS } from "../../lib/layers/linear_operations.ts";
import { Arguments } from "../../lib/layers/operation.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";
import { layerCases } from "../support/layer_cases.ts";
import { floats } from "./_call_operation.ts";

const OPS = new ShapeOps();

function shapeOf(subscripts: string, ...inputs: ShapeValue[]) {
  const operands = inputs.map((_, input) => ({ input }));
  const args = new Arguments(OPS, inputs, { subscripts, operands }, "it");
  return (einsum(OPS, args) as ShapeValue).shape;
}

Deno.test("einsum() orders the letters of several operands where there is no arrow", () => {
  const [a, b] = [floats(null, 2, 3), floats(null, 3, 4)];
  assertEquals(shapeOf("bji,bik", a, b), [2, 4]);
  assertEquals(shapeOf("...ij,...jk", a, b), [null, 2, 4]);
});

Deno.test("einsum() refuses letters that do not match the operands", () => {
  const x = floats(null, 2, 3);
  for (
    const [text, message] of [
      ["bij,bjk->bik", "have 1 term, one for each operand"],
      ["bi->b", "have a letter for each of 3 axes"],
      ["bij->bik", "have axes of operands in the result, each once"],
      ["bij->bii", "have axes of operands in the result, each once"],
      ["bbi->i", "repeat letters of axes of one known size"],
      ["bii->b", "repeat letters of axes of one known size"],
    ] as const
  ) {
    assertThrows(() => shapeOf(text, x), TypeError, message);
  }
});

Deno.test("einsum() has cases of Keras with ellipses and diagonals", () => {
  const names = layerCases("more_operations")
    .filter((each) => each.class === "Einsum").map(({ name }) => name);
  assertEquals(names.length > 6, Object.hasOwn(LINEAR_OPERATIONS, "Einsum"));
});
