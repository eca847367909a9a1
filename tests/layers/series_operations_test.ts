import { assertThrows } from "@std/assert";
import { SERIES_OPERATIONS } from "../../lib/layers/series_operations.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { floats, shapeOfCall } from "./_call_operation.ts";

testLayerCases("more_operations", SERIES_OPERATIONS);

Deno.test("series refuse what depends on the batch, or on rounding", () => {
  const [a, b] = [floats(null, 3), floats(null, 3)];
  for (
    const [name, options, inputs, message] of [
      ["Kron", {}, [a, b], '"x2" must have a first axis of size 1'],
      ["Vander", { N: null }, [floats(null)], '"N" must be there'],
      [
        "Linspace",
        { num: 4, dtype: "int32" },
        [a, b],
        '"dtype" must be a float',
      ],
      ["Geomspace", { num: 4, axis: 1 }, [a, b], '"axis" must be 0'],
    ] as const
  ) {
    assertThrows(() => shapeOfCall(name, options, inputs), TypeError, message);
  }
});
