import { assertEquals } from "@std/assert";
import type { WeightLayer } from "../../../lib/models/keras/keras_weights.ts";
import {
  commonModel,
  RenamedLayers,
} from "../../../lib/models/keras/renamed_layers.ts";

// With their names: nested_name_weights_test.ts.

function layers(...trainable: boolean[]): WeightLayer[] {
  return trainable.map((flag, i) => ({
    name: `layer_${i}`,
    className: "Dense",
    module: undefined,
    model: undefined,
    options: { trainable: flag },
  }));
}

function entry(name: string) {
  const folder = name.split("/");
  const leaf = folder.pop()!;
  return { folder, leaf, name };
}

function taken(of: WeightLayer[], stored: string[], ...names: string[][]) {
  const renamed = new RenamedLayers<ReturnType<typeof entry>>(of);
  for (const name of stored) renamed.add(entry(name));
  return names.map((some, i) =>
    renamed.take(i, some, ({ leaf }) => leaf !== "count")
      .map(({ name }) => name)
  );
}

Deno.test("RenamedLayers.take() returns stored layers in order, by the names of their weights", () => {
  const stored = ["a/kernel", "b/gamma", "c/kernel", "b/moving_mean", "n/mean"];
  const names = [["kernel"], ["moving_mean", "gamma"], ["kernel"], ["mean"]];
  assertEquals(taken(layers(true, true, true, true), stored, ...names), [
    ["a/kernel"],
    ["b/gamma", "b/moving_mean"],
    ["c/kernel"],
    ["n/mean"],
  ]);
});

Deno.test("RenamedLayers.take() returns nothing if layers are frozen and several would fit", () => {
  const some = layers(true, false);
  assertEquals(taken(some, ["a/kernel", "b/kernel"], ["kernel"]), [[]]);
  assertEquals(taken(some, ["a/kernel", "b/gamma"], ["kernel"]), [[
    "a/kernel",
  ]]);
  assertEquals(taken(some, ["a/kernel"], ["bias"]), [[]]);
});

Deno.test("RenamedLayers detects names that contradict the order of the layers", () => {
  // The layers dense and dense_1 were renamed to dense_1 and dense_2.
  const renamed = new RenamedLayers<ReturnType<typeof entry>>(
    layers(true, true),
  );
  renamed.add(entry("dense/kernel"));
  renamed.add(entry("dense_1/kernel"), 0);
  assertEquals(renamed.isContradictory, false);
  assertEquals(renamed.take(1, ["kernel"], () => true), []);
  const swapped = (...trainable: boolean[]) => {
    const both = new RenamedLayers(layers(...trainable));
    both.add(entry("b/kernel"), 1);
    both.add(entry("a/kernel"), 0);
    return both.isContradictory;
  };
  assertEquals([swapped(true, true), swapped(false, false)], [true, true]);
  assertEquals(swapped(false, true), false);
});

Deno.test("commonModel() returns the first part that all names share, if it is no layer", () => {
  const two = layers(true, true);
  const names = ["old/a/kernel", "old/b/kernel"].map(entry);
  assertEquals(commonModel(names, two), "old");
  assertEquals(commonModel([...names, entry("a/kernel")], two), undefined);
  assertEquals(commonModel([entry("layer_1/kernel")], two), undefined);
});
