import { assert, assertEquals } from "@std/assert";
import type { ModelSpec } from "../../../lib/models/keras/keras_topology.ts";
import { withKnownNames } from "../../../lib/models/keras/known_names.ts";

const LAYER = { name: "a", calls: [], isInput: false };
const specOf = (className: string, options: Record<string, unknown>) =>
  ({
    name: "m",
    layers: [{ ...LAYER, className, options }],
  }) as unknown as ModelSpec;

Deno.test("withKnownNames() replaces aliases of classes and activations", () => {
  const table = { Old: "Dense", clip: "relu" };
  const { layers } = withKnownNames(
    specOf("Old", { units: 3, activation: "clip", name: "Old" }),
    table,
  );
  assertEquals(layers[0]!.className, "Dense");
  assertEquals(layers[0]!.options, {
    units: 3,
    activation: "relu",
    name: "Old",
  });
});

Deno.test("withKnownNames() names a class of Keras, without the package of the class that it replaces", () => {
  const spec = specOf("FixedDropout", {});
  Object.assign(spec.layers[0]!, {
    module: "efficientnet",
    registeredName: "efficientnet>FixedDropout",
  });
  const { layers } = withKnownNames(spec, { FixedDropout: "Dropout" });
  assertEquals(layers[0]!.className, "Dropout");
  assertEquals(layers[0]!.storedClass, "FixedDropout");
  assertEquals(layers[0]!.module, undefined);
  assertEquals(layers[0]!.registeredName, undefined);
});

Deno.test("withKnownNames() gives the same description where there is no alias", () => {
  const spec = specOf("Dense", {});
  assert(withKnownNames(spec, {}) === spec);
});
