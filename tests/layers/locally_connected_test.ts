import { assertThrows } from "@std/assert";
import { LOCALLY_CONNECTED_LAYERS } from "../../lib/layers/locally_connected.ts";
import { testLayerCases } from "../support/layer_cases.ts";
import { layerOf } from "./_one_call.ts";

testLayerCases("locally_connected", LOCALLY_CONNECTED_LAYERS);

Deno.test("locallyConnected() refuses kernels that are stored in another form", () => {
  const options = { filters: 2, "kernel_size": 3, implementation: 2 };
  assertThrows(
    () => layerOf("LocallyConnected1D", options, 2),
    TypeError,
    '"implementation" must be 1: current value is 2',
  );
});
