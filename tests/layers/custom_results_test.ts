import { assertEquals, assertThrows } from "@std/assert";
import {
  checkedActivation,
  checkedFactory,
  tensorsOf,
} from "../../lib/layers/custom_results.ts";
import type { LayerConfig } from "../../lib/layers/layer.ts";
import { customOps } from "../../lib/layers/custom_ops.ts";
import { ShapeOps } from "../../lib/ops/shape_ops.ts";

const X = { shape: [null, 2], dtype: "float32" } as const;

Deno.test("tensorsOf() gives tensors of the call as a list", () => {
  const ops = customOps(new ShapeOps(), X);
  assertEquals(tensorsOf(ops, X, "call", "rule"), [X]);
  assertEquals(tensorsOf(ops, [X, X], "call", "rule"), [X, X]);
  const others = [[], [X, 1], null, Promise.resolve(X), { ...X }, [1, 2]];
  for (const wrong of others) {
    assertThrows(
      () => tensorsOf(ops, wrong, "call", "it must"),
      TypeError,
      "Cannot call as it must: current value is",
    );
  }
  assertThrows(
    () => tensorsOf(ops, [X, X], "call", "rule", 1),
    TypeError,
    'current value is "[tensor, tensor]"; return one of them',
  );
});

// deno-lint-ignore no-explicit-any -- JavaScript, as in a notebook
type Loose = any;

const RESULTS: readonly (readonly [string, (x: Loose) => unknown, string])[] = [
  ["a tensor alone", (x) => x, "return it in a list, as [x]"],
  ["nothing", () => undefined, "return what a member of ops gives"],
  [
    "a promise",
    (x) => Promise.resolve([x]),
    "write the function without async",
  ],
  ["a record", (x) => ({ x }), "return what a member of ops gives"],
  ["no tensor", () => [], 'current value is "[]"'],
  ["a tensor of another call", () => [{ ...X }], '"[tensor of another call]"'],
];
for (const [what, result, message] of RESULTS) {
  Deno.test(`checkedFactory() refuses a layer that returns ${what}`, () => {
    const call = (_: unknown, [x]: Loose) => result(x);
    const factory: Loose = () => ({ weights: [], call });
    const layer = checkedFactory(factory, "Twice")(
      { name: "a" } as LayerConfig,
    );
    assertThrows(
      () => layer.call(new ShapeOps(), [X], {}, { masks: [], args: {} }),
      TypeError,
      message,
    );
  });
}

Deno.test("checkedFactory() checks masks, and their operations", () => {
  const masked = (masks: Loose) =>
    checkedFactory(() => ({
      weights: [],
      call: (_, inputs) => [...inputs],
      masks,
    }), "Twice")({ name: "a" } as LayerConfig).masks!(new ShapeOps(), [X], {
      masks: [],
      args: {},
    });
  const greater = (ops: Loose, [x]: Loose) => [ops.greater(x, 0)];
  assertEquals(masked(greater), [{ shape: [null, 2], dtype: "bool" }]);
  assertEquals(masked(() => [undefined]), [undefined]);
  for (const wrong of [undefined, [1], X]) {
    assertThrows(
      () => masked(() => wrong),
      TypeError,
      "return [undefined] for no mask",
    );
  }
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
