import { assertEquals } from "@std/assert";
import {
  type LayerDraft,
  newDraft,
} from "../../../lib/models/keras/layer_draft.ts";
import type { LayerSpec } from "../../../lib/models/keras/keras_topology.ts";

function spec(name: string): LayerSpec {
  return {
    name,
    className: "Dense",
    module: undefined,
    registeredName: undefined,
    options: {},
    model: undefined,
    calls: [],
  };
}

function draft(name: string): LayerDraft {
  return newDraft(name, spec(name), [], undefined, true);
}

function source(name: string) {
  return { name, shape: [], read: () => Promise.reject(new Error("unread")) };
}

Deno.test("newDraft() has no inputs, and no weights before it is linked", () => {
  const { name, index, isListed, inputs, weights } = newDraft(
    "a/b",
    spec("b"),
    [],
    3,
    false,
  );
  assertEquals([name, index, isListed, inputs, weights()], [
    "a/b",
    3,
    false,
    [],
    [],
  ]);
});

Deno.test("LayerDraft.weights() gives those of a nested model under their paths, unread", () => {
  const [outer, inner, dense] = [draft("o"), draft("o/i"), draft("o/i/d")];
  const kernel = source("kernel");
  dense.call = {
    kind: "builtIn",
    layer: { weights: ["kernel"], call: () => [] },
    isBuiltInClass: true,
    numInputs: 1,
    args: {},
    sources: [kernel],
  };
  outer.children.push(inner);
  inner.children.push(dense);
  assertEquals(dense.weights(), [{ name: "kernel", value: kernel }]);
  assertEquals(inner.weights(), [{ name: "d/kernel", value: kernel }]);
  assertEquals(outer.weights(), [{ name: "i/d/kernel", value: kernel }]);
});
