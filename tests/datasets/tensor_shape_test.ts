import { assertEquals, assertThrows } from "@std/assert";
import { tensorShape } from "../../lib/datasets/tensor_shape.ts";

function shapeOf(name: string, metadata: string) {
  const map = new Map([
    ["ARROW:extension:name", name],
    ["ARROW:extension:metadata", metadata],
  ]);
  return tensorShape("x", map, "read");
}

Deno.test("tensorShape() reads the shapes of Arrow's and Ray's tensors", () => {
  const arrow = "arrow.fixed_shape_tensor";
  assertEquals(shapeOf(arrow, '{"shape":[3,4],"permutation":[0,1]}'), [3, 4]);
  assertEquals(shapeOf(arrow, '{"shape":[2]}'), [2]);
  assertEquals(shapeOf("ray.data.arrow_tensor_v2", "[3, 4]"), [3, 4]);
  assertEquals(shapeOf("ray.data.arrow_tensor", "\x80\x05\x95"), undefined);
  assertEquals(shapeOf("arrow.uuid", "[3]"), undefined);
  assertEquals(tensorShape("x", new Map(), "read"), undefined);
  assertThrows(
    () => shapeOf(arrow, '{"shape":[3,4],"permutation":[1,0]}'),
    TypeError,
    'Cannot read as tensors of column "x" must be stored in the order of ' +
      "their axes: current value is [1, 0]",
  );
});
