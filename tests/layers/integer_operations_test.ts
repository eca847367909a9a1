import { assertThrows } from "@std/assert";
import { INTEGER_OPERATIONS } from "../../lib/layers/integer_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_operations", INTEGER_OPERATIONS);
testLayerCases("more_functions", INTEGER_OPERATIONS);

Deno.test("operations on bits refuse floats", () => {
  const inputs = [floats(null, 3), floats(null, 3)];
  for (const name of ["BitwiseAnd", "LeftShift", "Gcd"]) {
    assertThrows(
      () => shapeOfCall(name, {}, inputs),
      TypeError,
      "its inputs must be integers: current value is",
    );
  }
});
