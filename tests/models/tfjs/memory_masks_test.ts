import { tf } from "../../../lib/tf.ts";
import { assertEquals } from "@std/assert";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { hasOtherMasks } from "../../../lib/models/tfjs/memory_form.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";

await tf.setBackend("cpu");

Deno.test("hasOtherMasks() goes along what feeds a layer, and no further", () => {
  const { masking, lstm, conv1d, dense } = tf.layers;
  const inputShape = [4, 3];
  const x = tf.input({ shape: inputShape, name: "x" });
  const on = (layer: tf.layers.Layer, at: tf.SymbolicTensor) =>
    layer.apply(at) as tf.SymbolicTensor;
  const mask = on(masking({ name: "mask" }), x);
  const sequence = { units: 2, returnSequences: true };
  const alike = on(lstm({ ...sequence, name: "alike" }), mask);
  const lost = on(conv1d({ filters: 2, kernelSize: 1, name: "lost" }), alike);
  const after = on(dense({ units: 2, name: "after" }), lost);
  const nested = tf.sequential({
    name: "nested",
    layers: [lstm({ units: 2, name: "inner", inputShape: [4, 2] })],
  });
  const inside = nested.apply(alike) as tf.SymbolicTensor;
  const free = on(conv1d({ filters: 2, kernelSize: 1, name: "free" }), x);
  const model = tf.model({ inputs: x, outputs: [after, inside, free] });
  const { listed } = modelGraphOf(fromLayersModel(model))!;
  const odd = listed.filter(hasOtherMasks).map(({ row }) => row.name);
  assertEquals(odd.toSorted(), ["after", "lost", "nested/inner"]);
  model.dispose();
});
