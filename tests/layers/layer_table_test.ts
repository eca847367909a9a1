import { assert, assertEquals, assertThrows } from "@std/assert";
import { LAYERS } from "../../lib/layers/layer_table.ts";

Deno.test("LAYERS is frozen, and names classes as Keras does", () => {
  assertThrows(() => Object.assign(LAYERS, { Mine: () => {} }), TypeError);
  for (const name of Object.keys(LAYERS)) {
    assert(/^[A-Z][A-Za-z0-9]+$/.test(name), name);
  }
});

Deno.test("LAYERS knows the aliases that files of Keras may hold", () => {
  for (
    const [alias, name] of [
      ["Convolution2D", "Conv2D"],
      ["MaxPool2D", "MaxPooling2D"],
      ["AvgPool1D", "AveragePooling1D"],
      ["GlobalAvgPool2D", "GlobalAveragePooling2D"],
      ["SyncBatchNormalization", "BatchNormalization"],
    ] as const
  ) {
    assertEquals(LAYERS[alias], LAYERS[name]);
  }
});

Deno.test("LAYERS holds nothing that would run code of a file", () => {
  // Lambda takes functions with names alone (custom_objects_test.ts).
  const unsafe = [
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
  ];
  for (const name of unsafe) assertEquals(LAYERS[name], undefined);
});
