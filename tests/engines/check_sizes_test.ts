import { assertThrows } from "@std/assert";
import { checkSizes } from "../../lib/engines/check_sizes.ts";
import {
  array,
  builtInNode,
  feature,
  first,
  input,
  layer,
  program,
} from "./onnx/_program.ts";

const OPTIONS = { size: [3, 3], strides: [1, 1], padding: "valid" } as const;

Deno.test("checkSizes() refuses sizes that do not suit a layer, and names it", () => {
  const map = input(0, "map", [null, null, null, 1]);
  const pool = layer((ops, [x]) => [ops.maxPool(x!, OPTIONS)]);
  const pooled = program([map], [
    feature(builtInNode(1, "pool", pool, [first(map)])),
  ]);
  checkSizes(pooled, [array([1, 3, 3, 1], Array(9).fill(1))]);
  assertThrows(
    () => checkSizes(pooled, [array([4, 3, 2, 1], Array(24).fill(1))]),
    RangeError,
    `Cannot run samples of [3, 2, 1] as each layer must suit their sizes: "pool" (Test) does not: `,
  );
});
