import { assertEquals, assertThrows } from "@std/assert";
import { convolved, convolvedBack, pooled } from "../../lib/ops/map_shapes.ts";
import type { ShapeValue } from "../../lib/ops/shape_elements.ts";

function floats(...shape: (number | null)[]): ShapeValue {
  return { shape, dtype: "float32" };
}

const PLAIN = { strides: [1], padding: "valid", dilation: [1] } as const;

Deno.test("convolved() gives positions and filters", () => {
  const map = floats(null, 9, 4);
  assertEquals(convolved(map, floats(3, 4, 5), PLAIN), floats(null, 7, 5));
  const grouped = convolved(map, floats(3, 2, 6), { ...PLAIN, groups: 2 });
  assertEquals(grouped, floats(null, 7, 6));
  const any = convolved(floats(null, null, 4), floats(3, 4, 5), PLAIN);
  assertEquals(any, floats(null, null, 5));
});

Deno.test("convolved() throws when map and kernel do not go together", () => {
  const map = floats(null, 9, 4);
  const call = (kernel: ShapeValue, groups = 1) => () =>
    convolved(map, kernel, { ...PLAIN, groups });
  assertThrows(call(floats(3, 3, 5)), TypeError, "3 channels");
  assertThrows(call(floats(3, 2, 5), 2), RangeError, '"groups"');
  assertThrows(call(floats(3, 3, 4, 5)), TypeError, "3 axes");
  assertThrows(call(floats(null, 4, 5)), TypeError, "be known");
  assertThrows(call(floats(10, 4, 5)), RangeError, "at least 10");
});

Deno.test("convolvedBack() gives Keras' positions and filters", () => {
  const map = floats(null, 4, 3);
  const options = { ...PLAIN, strides: [2] };
  const back = convolvedBack(map, floats(3, 5, 3), options);
  assertEquals(back, floats(null, 9, 5));
  const padded = { ...options, outputPadding: [1] };
  const wider = convolvedBack(map, floats(3, 5, 3), padded);
  assertEquals(wider, floats(null, 10, 5));
  assertThrows(
    () => convolvedBack(map, floats(3, 5, 4), options),
    TypeError,
    "4 channels",
  );
});

Deno.test("pooled() keeps channels and type", () => {
  const ints: ShapeValue = { shape: [null, 7, 3], dtype: "int32" };
  const options = { size: [2], strides: [2], padding: "same" } as const;
  assertEquals(pooled(ints, options), { shape: [null, 4, 3], dtype: "int32" });
  assertThrows(() => pooled(floats(1, 2), options), TypeError, "3 axes");
});
