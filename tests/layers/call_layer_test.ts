import { assertEquals } from "@std/assert";
import { callLayer } from "../../lib/layers/call_layer.ts";
import type { Layer } from "../../lib/layers/layer.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";

const OPS = new ShapeOps();
const MASK: ShapeValue = { shape: [null, 4], dtype: "bool" };
const X: ShapeValue = { shape: [null, 4, 2], dtype: "float32" };
const SAME: Layer = { weights: [], call: (_ops, inputs) => [...inputs] };

function maskAfter(layer: Layer, masks: readonly (ShapeValue | undefined)[]) {
  const inputs = masks.map((mask) => ({ value: X, mask }));
  const call = { layer, inputs, weights: {}, args: {} };
  return callLayer(OPS, call).map(({ mask }) => mask);
}

Deno.test("callLayer() hands a mask on where all positions are kept", () => {
  assertEquals(maskAfter(SAME, [MASK]), [MASK]);
  assertEquals(maskAfter(SAME, [undefined]), [undefined]);
});

Deno.test("callLayer() hands no mask on where there are other positions", () => {
  const first: Layer = {
    weights: [],
    call: (ops, [x]) => [ops.slice(x!, [{ axis: 1, stop: 3 }])],
  };
  assertEquals(maskAfter(first, [MASK]), [undefined]);
});

Deno.test("callLayer() asks the layer for its masks where it knows them", () => {
  const none: Layer = { ...SAME, masks: () => [] };
  assertEquals(maskAfter(none, [MASK]), [undefined]);
  const second: Layer = { ...SAME, masks: (_o, _x, { masks }) => [...masks] };
  assertEquals(maskAfter(second, [undefined, MASK]), [undefined, MASK]);
});
