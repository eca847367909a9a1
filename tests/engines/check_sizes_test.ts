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

Deno.test("checkSizes() refuses a number of samples that does not suit a layer", () => {
  const rows = input(0, "rows", [null, 3]);
  const pairs = layer((ops, [x]) => [ops.reshape(x!, [-1, 2, 3])]);
  const paired = program([rows], [
    feature(builtInNode(1, "pairs", pairs, [first(rows)])),
  ]);
  const three = [array([3, 3], Array(9).fill(1))];
  checkSizes(paired, three);
  checkSizes(paired, [array([4, 3], Array(12).fill(1))], 4);
  assertThrows(
    () => checkSizes(paired, three, 3),
    RangeError,
    `Cannot run 3 samples of [3] as each layer must suit their sizes: "pairs" (Test) does not: `,
  );
});
