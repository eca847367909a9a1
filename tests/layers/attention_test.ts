import { testCallCases } from "../support/call_cases.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { callByHand, layerOf } from "../support/hand_calls.ts";

testCallCases("attention", /^(Attention|AdditiveAttention)$/);

const SEQUENCE = [[[1], [2], [4]]];

Deno.test("attention() is causal when the config of Keras 2 says so", async () => {
  const layer = layerOf("Attention", { causal: true }, 2);
  const zeros = [[[0], [0], [0]]];
  const { values } = await callByHand(layer, { inputs: [zeros, SEQUENCE] });
  const [[[first], [second]]] = values[0] as [[[number], [number], [number]]];
  assertEquals([first, second], [1, 1.5]);
});

Deno.test("attention() hands on the query's mask", async () => {
  const layer = layerOf("Attention", {});
  const made = await callByHand(layer, {
    inputs: [SEQUENCE, SEQUENCE],
    masks: [[[true, true, false]], [[true, false, false]]],
  });
  assertEquals(made.values, [[[[1], [1], [0]]]]);
  assertEquals(made.masks, [[[1, 1, 0]]]);
});

Deno.test("attention() refuses anything but query, value and key", async () => {
  await assertRejects(
    () => callByHand(layerOf("Attention", {}), { inputs: [SEQUENCE] }),
    TypeError,
    'must be a query, a value and maybe a key: current value is "1 input"',
  );
});
