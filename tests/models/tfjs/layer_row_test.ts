import type { serialization } from "@tensorflow/tfjs";
import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { layerRow, symbolicSpec } from "../../../lib/models/tfjs/layer_row.ts";
import { chain, dense } from "../../support/tf_models.ts";

await tf.setBackend("cpu");

/** A row of a layer that is not called. */
function rowOf(layer: tf.layers.Layer) {
  const x = tf.input({ shape: [3], name: "x" });
  return layerRow({
    name: "outer/d",
    index: undefined,
    layer,
    outputs: [x],
    channels: ["last"],
    inbound: ["x"],
  });
}

Deno.test("layerRow() says what a call is and gives", () => {
  const layer = dense("d", 2);
  layer.build([null, 3]);
  const row = rowOf(layer);
  assertEquals({ ...row, config: undefined, outputs: undefined }, {
    name: "outer/d",
    kind: "Dense",
    config: undefined,
    outputs: undefined,
    numParameters: 8,
    inbound: ["x"],
  });
  assertEquals(row.config.units, 2);
  assertEquals(row.outputs, [
    { name: "outer/d", shape: [null, 3], dtype: "float32", channels: "last" },
  ]);
  tf.dispose(layer.weights.map((weight) => weight.read()));
});

Deno.test("layerRow() copies options that a layer holds itself", () => {
  const own = { steps: [1, { deep: true }], table: new Float32Array(2) };
  class Mine extends tf.layers.Layer {
    static className = "Mine";
    override getConfig(): serialization.ConfigDict {
      return own as never;
    }
  }
  const { config } = rowOf(new Mine({ name: "mine" }));
  assertEquals<unknown>({ ...config }, own);
  assert(Object.isFrozen(config) && Object.isFrozen(config.steps));
  assertThrows(() => (config.steps as number[]).push(2), TypeError);
  assert(!Object.isFrozen(own) && !Object.isFrozen(own.steps));
});

Deno.test("layerRow() counts a Sequential's parameters without building it", () => {
  const model = chain();
  assertEquals(model.built, false);
  assertEquals(rowOf(model).numParameters, 26);
  assertEquals(model.built, false);
});

Deno.test("symbolicSpec() leaves unknown sizes and channels open", () => {
  const x = tf.input({ shape: [null, 3], dtype: "int32", name: "x" });
  const spec = symbolicSpec(x, "in");
  assertEquals(spec, { name: "in", shape: [null, null, 3], dtype: "int32" });
  assert(Object.isFrozen(spec) && Object.isFrozen(spec.shape));
});
