import { assertEquals, assertThrows } from "@std/assert";
import {
  checkedActivation,
  checkedFactory,
  tensorsOf,
} from "../../lib/layers/custom_results.ts";
import type { LayerConfig } from "../../lib/layers/layer.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";

const X = { shape: [null, 2], dtype: "float32" } as const;

Deno.test("tensorsOf() gives tensors as a list", () => {
  assertEquals(tensorsOf(X, "call", "rule"), [X]);
  assertEquals(tensorsOf([X, X], "call", "rule"), [X, X]);
  for (const wrong of [[], [X, 1], null, Promise.resolve(X)]) {
    assertThrows(
      () => tensorsOf(wrong, "call", "it must"),
      TypeError,
      "Cannot call as it must: current value is",
    );
  }
  assertThrows(() => tensorsOf([X, X], "call", "rule", 1), TypeError);
});

Deno.test("checkedActivation() and checkedFactory() leave what is right as it is", () => {
  const ops = new ShapeOps();
  assertEquals(checkedActivation((_, x) => x, "same")(ops, X), X);
  const layer = checkedFactory(() => ({
    weights: ["w"],
    keepsAxes: true,
    call: (_, inputs) => [...inputs],
  }), "Same")({ name: "a" } as LayerConfig);
  assertEquals([layer.weights, layer.keepsAxes], [["w"], true]);
  assertEquals(layer.call(ops, [X], {}, { masks: [], args: {} }), [X]);
});

Deno.test("checkedFactory() tells an activation from a factory", () => {
  const factory = checkedFactory(
    ((_ops: unknown, x: unknown) => x) as never,
    "Twice",
  );
  assertThrows(
    () => factory({ name: "a" } as LayerConfig),
    TypeError,
    'custom object "Twice" must be a layer, (config) => …: current value is "a function of 2 parameters"',
  );
});
