import {
  featureNames,
  targetsOf,
} from "../../lib/extractor/feature_targets.ts";
import { DEFAULTS } from "../../lib/extractor/settings.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import type { Postprocess } from "../../lib/types.ts";
import { counted } from "../support/backends.ts";
import { convnet, free, Parts } from "./_models.ts";
import { fromLayersModel, half, normalize, pool, tf } from "@sonde/sonde";
import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertThrows,
} from "@std/assert";

const graphOf = (model: tf.LayersModel) =>
  modelGraphOf(fromLayersModel(model))!;

counted("featureNames() returns a layer's name, or one for each output", () => {
  const input = tf.input({ shape: [3], name: "x" });
  const outputs = new Parts({ name: "parts" })
    .apply(input) as tf.SymbolicTensor[];
  const graph = graphOf(tf.model({ inputs: input, outputs }));
  assertEquals(featureNames(graph.findNode("parts")), ["parts[0]", "parts[1]"]);
  assertEquals(featureNames(graph.findNode("x")), ["x"]);
});

counted("targetsOf() says what the steps leave", () => {
  const model = convnet();
  const node = graphOf(model).findNode("conv");
  const own = (x: tf.Tensor) => x;
  const specOf = (...postprocess: Postprocess[]) => {
    const [one] = targetsOf(node, { ...DEFAULTS, postprocess });
    return [one!.spec, one!.target.readAs];
  };
  const channels = "last";
  assertEquals(specOf(), [{ name: "conv", channels, form: "raw" }, undefined]);
  assertEquals(specOf(half()), [
    { name: "conv", channels, form: "raw" },
    "float16",
  ]);
  assertEquals(specOf(normalize()), [
    { name: "conv", channels, form: "raw" },
    undefined,
  ]);
  assertEquals(specOf(pool("max"), half()), [
    { name: "conv", form: "pooled" },
    "float16",
  ]);
  assertEquals(specOf(pool("max"), own), [
    { name: "conv", form: "own" },
    undefined,
  ]);
  free(model);
});

counted(
  "targetsOf() names its steps, and refuses given ones after others",
  () => {
    const model = convnet();
    const node = graphOf(model).findNode("conv");
    const own = (x: tf.Tensor) => x;
    const [one] = targetsOf(node, {
      ...DEFAULTS,
      postprocess: [pool("max"), half(), own],
    });
    assertEquals(one!.steps.slice(0, 2), ["pool(max)", "half"]);
    assertThrows(
      () => targetsOf(node, { ...DEFAULTS, postprocess: [own, half()] }),
      TypeError,
      'Cannot postprocess layer "conv" as built-in steps must come before custom functions: current value is "half"',
    );
    free(model);
  },
);

counted("targetsOf() asks for the channels where they are not known", () => {
  const input = tf.input({ shape: [2, 2, 3], name: "x" });
  const output = tf.layers.reshape({ name: "map", targetShape: [4, 3, 1] })
    .apply(input) as tf.SymbolicTensor;
  const node = graphOf(tf.model({ inputs: input, outputs: output }))
    .findNode("map");
  assertThrows(
    () => targetsOf(node, { ...DEFAULTS, postprocess: [pool("max")] }),
    TypeError,
    'layer "map"',
  );
  const known = targetsOf(node, {
    ...DEFAULTS,
    postprocess: [pool("max", { channels: "first" })],
  });
  assertEquals(known[0]!.spec.form, "pooled");
});

counted(
  "targetsOf() names each function differently",
  () => {
    const model = convnet();
    const node = graphOf(model).findNode("conv");
    const make = () => (x: tf.Tensor) => tf.mul(x, 2);
    const [first, second] = [make(), make()];
    const postprocess = [first, first, second];
    const [target] = targetsOf(node, { ...DEFAULTS, postprocess });
    const [name, again, other] = target!.steps;
    assertEquals(name, again);
    assertNotEquals(name, other);
    assertMatch(name!, /^custom [0-9a-f-]{36}$/);
    free(model);
  },
);
