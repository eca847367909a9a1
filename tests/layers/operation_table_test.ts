import { assertEquals } from "@std/assert";
import { OPERATIONS } from "../../lib/layers/operation_table.ts";
import { layerCases, testLayerCases } from "../support/layer_cases.ts";

testLayerCases("operations");

Deno.test("OPERATIONS knows the class of every case, as Keras names it", () => {
  for (const family of ["keras_operations", "tf_functions"]) {
    const unknown = layerCases(family).map((each) => each.class)
      .filter((name) => !Object.hasOwn(OPERATIONS, name));
    assertEquals([...new Set(unknown)], []);
  }
});
