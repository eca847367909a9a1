import { assertEquals, assertThrows } from "@std/assert";
import { planInputs } from "../../lib/datasets/column_plan.ts";
import type { TensorSpec } from "../../lib/types.ts";

const SPEC: TensorSpec = { name: "x", shape: [null, 2], dtype: "float32" };
const numbers = (name: string, shape: readonly number[] = []) => ({
  ...{ name, kind: "numbers" as const, type: "Float32", shape },
});

Deno.test("planInputs() finds columns by the input's name, the only ones, or as named", () => {
  const columnsOf = (facts: Partial<Parameters<typeof planInputs>[1]>) =>
    planInputs([SPEC], { columns: [], others: [], action: "read", ...facts })
      .map(({ columns }) => columns);
  const lists = [numbers("id"), numbers("x", [2])];
  assertEquals(columnsOf({ columns: lists }), [["x"]]);
  const two = [numbers("id"), numbers("a"), numbers("b")];
  assertEquals(columnsOf({ columns: two, others: ["id"] }), [["a", "b"]]);
  assertEquals(columnsOf({ columns: two, inputs: ["b", "a"] }), [["b", "a"]]);
  assertThrows(
    () => columnsOf({ columns: two }),
    TypeError,
    "must get rows of [2]",
  );
});
