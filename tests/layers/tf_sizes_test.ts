// Numbers of TensorFlow: `tests/data/make_computed_sizes.py`.
import { assertEquals, assertThrows } from "@std/assert";
import type { LayerConfig } from "../../lib/layers/layer.ts";
import { TF_SIZES } from "../../lib/layers/tf_sizes.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";

const X: ShapeValue = { shape: [null, 4, 2], dtype: "float32" };
const UNKNOWN: ShapeValue = { shape: [null, null], dtype: "float32" };

/** The shape of an operation's result. */
function shapeOf(
  name: string,
  args: readonly unknown[],
  inputs: readonly ShapeValue[] = [X],
) {
  const raw: Record<string, unknown> = { function: name, args };
  const config = { name, raw: (key: string) => raw[key] };
  const layer = TF_SIZES[`tf.${name}`]!(config as unknown as LayerConfig);
  const context = { masks: [], args: {} };
  return layer.call(new ShapeOps(), inputs, {}, context)[0]!;
}

const ROWS = { sizeOf: 0, axis: 0 };

Deno.test("operations of computed sizes have the rows of the tensor", () => {
  assertEquals(shapeOf("ones", [[ROWS, 3]]).shape, [null, 3]);
  assertEquals(shapeOf("zeros", [ROWS]).shape, [null]);
  assertEquals(shapeOf("zeros", [[2, 3], "int32"]), {
    shape: [2, 3],
    dtype: "int32",
  });
  assertEquals(shapeOf("ones", [[ROWS, 3], "bool"]).dtype, "bool");
  assertEquals(shapeOf("fill", [{ sizeOf: 0 }, 5]).shape, [null, 4, 2]);
  const axis = { sizeOf: 0, axis: 1 };
  assertEquals(shapeOf("fill", [[ROWS, axis], 5]).shape, [null, 4]);
  const tail = { sizeOf: 0, from: 1, to: Infinity };
  assertEquals(shapeOf("ones", [[5, tail]]).shape, [5, 4, 2]);
  assertEquals(shapeOf("range", [axis]).shape, [4]);
  assertEquals(shapeOf("range", [{ sizeOf: 0, axis: -1 }]).shape, [2]);
  assertEquals(shapeOf("range", [1, axis, 2]).shape, [2]);
  assertEquals(shapeOf("range", [0, axis, 0.5]), {
    shape: [8],
    dtype: "float32",
  });
  assertEquals(shapeOf("tile", [[[1, 2]], [ROWS, 3]]).shape, [null, 6]);
  assertEquals(shapeOf("broadcast_to", [[1, 2], [ROWS, 3, 2]]).shape, [
    ...[null, 3, 2],
  ]);
});

Deno.test("operations of computed sizes refuse sizes that nobody knows", () => {
  const refused: [string, readonly unknown[], string][] = [
    ["ones", [[ROWS, { sizeOf: 0, axis: 1 }]], "but for the batch's"],
    ["ones", [[3, ROWS]], "hold the number of rows first"],
    ["fill", [[ROWS, { input: 0 }], 1], "hold sizes"],
    ["fill", [{ input: 0 }, 1], "be sizes of tensors, parts of them"],
    ["ones", [[{ sizeOf: 0, axis: 3 }]], "hold sizes of 2 axes"],
    ["range", [ROWS], "not the number of rows"],
    ["range", [0, 4, 0], '"delta" must not be 0'],
    ["tile", [[[1], [2]], [ROWS, 1]], "a first axis of size 1"],
    ["broadcast_to", [[[[1, 2]]], [ROWS, 2]], "a first axis of size 1"],
  ];
  for (const [name, args, text] of refused) {
    assertThrows(() => shapeOf(name, args, [UNKNOWN]), TypeError, text);
  }
});
