import { assertEquals, assertThrows } from "@std/assert";
import {
  numWindows,
  reach,
  transposedCrop,
  transposedSize,
  type Windows,
} from "../../lib/ops/windows.ts";

function windows(
  kernel: number,
  stride: number,
  padding: "same" | "valid",
  dilation = 1,
): Windows {
  return { kernel, stride, dilation, padding };
}

Deno.test("reach() counts the positions between a dilated kernel's", () => {
  assertEquals(reach(windows(3, 1, "same")), 3);
  assertEquals(reach(windows(3, 1, "same", 2)), 5);
  assertEquals(reach(windows(1, 1, "same", 9)), 1);
});

Deno.test("numWindows() rounds up for same, and needs space for valid", () => {
  assertEquals(numWindows(7, windows(3, 2, "same")), 4);
  assertEquals(numWindows(7, windows(3, 2, "valid")), 3);
  assertEquals(numWindows(7, windows(3, 1, "valid", 3)), 1);
  assertEquals(numWindows(2, windows(5, 1, "same")), 2);
  assertEquals(numWindows(null, windows(5, 1, "valid")), null);
  assertThrows(
    () => numWindows(6, windows(3, 1, "valid", 3)),
    RangeError,
    "the axis must have at least 7 positions: current value is 6",
  );
});

Deno.test("transposedSize() gives Keras' sizes", () => {
  assertEquals(transposedSize(4, windows(3, 2, "same")), 8);
  assertEquals(transposedSize(4, windows(3, 2, "valid")), 9);
  assertEquals(transposedSize(4, windows(2, 3, "valid")), 12);
  assertEquals(transposedSize(4, windows(3, 2, "same"), 1), 8);
  assertEquals(transposedSize(4, windows(3, 2, "same"), 0), 7);
  assertEquals(transposedSize(4, windows(4, 2, "same"), 0), 6);
  assertEquals(transposedSize(4, windows(3, 2, "valid"), 1), 10);
  assertEquals(transposedSize(null, windows(3, 2, "valid")), null);
});

Deno.test("transposedCrop() leaves out half of what is too much", () => {
  assertEquals(transposedCrop(4, windows(3, 2, "same"), 8), 0); // of 9
  assertEquals(transposedCrop(4, windows(4, 1, "same"), 4), 1); // of 7
  assertEquals(transposedCrop(4, windows(5, 2, "same"), 8), 1); // of 11
  assertEquals(transposedCrop(4, windows(2, 3, "same"), 12), 0); // of 11
  assertEquals(transposedCrop(4, windows(5, 2, "valid"), 11), 0);
});
