import { assertEquals } from "@std/assert";
import { REGULARIZATION_LAYERS } from "../../lib/layers/regularization.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { called, layerOf } from "./_one_call.ts";

testLayerCases("regularization");

const PICTURES = [[[[1], [-2]], [[0], [255]]], [[[9], [8]], [[7], [6]]]];

for (const name of Object.keys(REGULARIZATION_LAYERS)) {
  Deno.test(`${name} gives its input back`, async () => {
    // Keras 2 writes the type of the random numbers of all of them.
    const layer = layerOf(name, { rng_type: "stateful" });
    assertEquals(await called(layer, PICTURES), PICTURES);
  });
}
