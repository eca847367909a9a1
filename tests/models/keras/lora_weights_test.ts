import { assertEquals, assertStrictEquals } from "@std/assert";
import { withLora } from "../../../lib/models/keras/lora_weights.ts";
import type { WeightLayer } from "../../../lib/models/keras/keras_weights.ts";

function entry(leaf: string, shape: readonly number[], ...values: number[]) {
  const weight = {
    path: `d/${leaf}`,
    shape,
    dtype: "float32",
    read: () => Float32Array.from(values),
  };
  return { leaf, weight };
}

const layer = (options: Record<string, unknown>): WeightLayer => ({
  name: "d",
  className: "Dense",
  module: undefined,
  model: undefined,
  options,
});
const PARTS = [
  entry("bias", [2], 7, 8),
  entry("lora_kernel_a", [3, 1], 1, 0, 2),
  entry("lora_kernel_b", [1, 2], 10, 20),
  entry("kernel", [3, 2], 1, 2, 3, 4, 5, 6),
];

Deno.test("withLora() adds alpha / rank times the product of the parts", () => {
  const values = (options: Record<string, unknown>) =>
    withLora(PARTS, layer(options)).map(({ leaf, weight }) => [
      leaf,
      ...weight.read(),
    ]);
  assertEquals(values({ "lora_rank": 1 }), [
    ["bias", 7, 8],
    ["kernel", 11, 22, 3, 4, 25, 46],
  ]);
  assertEquals(values({ "lora_rank": 1, "lora_alpha": 0.5 })[1], [
    ...["kernel", 6, 12, 3, 4, 15, 26],
  ]);
  assertStrictEquals(withLora(PARTS, layer({})), PARTS);
});

Deno.test("withLora() leaves parts of another shape, so that they are named", () => {
  const odd = [entry("lora_kernel_a", [2, 1], 1, 0), ...PARTS.slice(2)];
  const left = withLora(odd, layer({ "lora_rank": 1 }));
  assertEquals(left.map(({ leaf }) => leaf), [
    ...["lora_kernel_a", "lora_kernel_b", "kernel"],
  ]);
});
