import { assertEquals, assertThrows } from "@std/assert";
import { callLayer } from "../../lib/layers/call_layer.ts";
import {
  distributed,
  distributedOutput,
} from "../../lib/layers/distributed.ts";
import type { Layer } from "../../lib/layers/layer.ts";
import { ShapeOps, type ShapeValue } from "../../lib/ops/shape_ops.ts";

const ops = new ShapeOps();

const array = (...shape: (number | null)[]): ShapeValue => ({
  shape,
  dtype: "float32",
});

/** Adds up its axis 1, where its mask allows it. */
const SUM: Layer = {
  weights: [],
  call: (ops, [x], _weights, { masks: [mask] }) => [
    ops.sum(mask === undefined ? x! : ops.multiply(x!, mask), { axis: [1] }),
  ],
  masks: () => [undefined],
};

const call = (layer: Layer, value: ShapeValue, mask?: ShapeValue) =>
  callLayer(ops, {
    layer,
    inputs: [{ value, mask }],
    weights: {},
    args: {},
  });

Deno.test("distributed() keeps the time axis, of a known length or not", () => {
  const [known] = call(distributed(SUM, "sum"), array(null, 5, 3, 2));
  assertEquals(known!.value.shape, [null, 5, 2]);
  const [unknown] = call(distributed(SUM, "sum"), array(null, null, 3, 2));
  assertEquals(unknown!.value.shape, [null, null, 2]);
});

Deno.test("distributed() gives a layer masks made inside, and none of time steps", () => {
  const layer = distributed(SUM, "sum");
  const inside = call(layer, array(null, 5, 3, 1), array(null, 5, 3, 1));
  assertEquals(inside[0]!.value.shape, [null, 5, 1]);
  assertThrows(
    () => call(layer, array(null, 5, 3, 2), array(null, 5)),
    TypeError,
    "a layer in a TimeDistributed model must not read masks of it",
  );
});

Deno.test("distributed() hands masks of time steps past layers that say nothing of masks", () => {
  const { masks: _masks, ...silent } = SUM;
  const twice: Layer = { ...silent, call: (ops, [x]) => [ops.add(x!, x!)] };
  const mask = array(null, 5);
  const [found] = call(distributed(twice, "twice"), array(null, 5, 3), mask);
  assertEquals(found!.mask, mask);
  // A mask made inside goes on only where its axes do.
  const inner = array(null, 5, 3);
  const [kept] = call(distributed(twice, "twice"), array(null, 5, 3, 2), inner);
  assertEquals(kept!.mask, inner);
  const halved: Layer = {
    weights: [],
    call: (ops, [x]) => [ops.slice(x!, [{ axis: 1, stop: 2 }])],
  };
  const [lost] = call(distributed(halved, "half"), array(null, 5, 3, 2), inner);
  assertEquals(lost!.mask, undefined);
});

Deno.test("distributedOutput() gives the mask of what TimeDistributed is called on", () => {
  const made = array(null, 5, 3);
  const fed = array(null, 5);
  const masksOf = (dialect: 2 | 3, fed?: ShapeValue) =>
    callLayer(ops, {
      layer: distributedOutput(dialect),
      inputs: [
        { value: array(null, 5, 3), mask: made },
        { value: array(null, 5, 4), mask: fed },
      ],
      weights: {},
      args: {},
    }).map(({ mask }) => mask);
  assertEquals(masksOf(3, fed), [fed]);
  assertEquals(masksOf(3), [undefined]);
  assertEquals(masksOf(2, fed), [fed]);
  assertEquals(masksOf(2), [made]);
});
