// deno-lint-ignore-file camelcase -- the keys are those of Keras
import { assertEquals, assertThrows } from "@std/assert";
import { OPERATIONS } from "../../lib/layers/operation_table.ts";
import { readLayer } from "../../lib/layers/config_reader.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";

// Slices of real Kerases: operations_test.ts and tf_operations_test.ts.

function shapeOf(className: string, kwargs: Record<string, unknown>) {
  const layer = readLayer({
    name: "it",
    className,
    dialect: className === "GetItem" ? 3 : 2,
    options: { args: [{ input: 0 }], kwargs },
    factoryOf: (name) => OPERATIONS[name]!,
  });
  const x = { shape: [null, 4, 3, 2], dtype: "float32" as const };
  const context = { masks: [undefined], args: {} };
  return layer.call(new ShapeOps(), [x], {}, context)[0]!.shape;
}

const ALL = { class_name: "__slice__", config: {} };
const DOTS = { class_name: "__ellipsis__" };

Deno.test("getItem() takes all axes for what an ellipsis leaves", () => {
  assertEquals(shapeOf("GetItem", { key: [DOTS, 1] }), [null, 4, 3]);
  assertEquals(shapeOf("GetItem", { key: [ALL, 0, DOTS] }), [null, 3, 2]);
  assertEquals(shapeOf("GetItem", { key: [ALL, null] }), [null, 1, 4, 3, 2]);
});

Deno.test("sliceSpec() reads slices as Keras 2 writes them", () => {
  const all = { start: null, stop: null, step: null };
  const odd = { start: 1, stop: null, step: 2 };
  assertEquals(
    shapeOf("SlicingOpLambda", { slice_spec: [all, odd, DOTS, null] }),
    [null, 2, 3, 2, 1],
  );
});

Deno.test("getItem() and sliceSpec() refuse what they cannot read", () => {
  const none = { class_name: "__slice__", config: { step: 0 } };
  for (const key of [[ALL, none], [ALL, "a"], [ALL, { class_name: "Mask" }]]) {
    assertThrows(
      () => shapeOf("GetItem", { key }),
      TypeError,
      `"key" must hold whole numbers, slices`,
    );
  }
  assertThrows(
    () => shapeOf("SlicingOpLambda", { slice_spec: [{ step: 0 }] }),
    TypeError,
    "must hold whole numbers, slices",
  );
});
