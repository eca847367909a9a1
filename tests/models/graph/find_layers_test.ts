import { assertEquals, assertThrows } from "@std/assert";
import { LayerNotFoundError } from "../../../lib/errors.ts";
import {
  type Findable,
  findLayer,
  findLayers,
  type LayerId,
} from "../../../lib/models/graph/find_layers.ts";
import type { GraphNode } from "../../../lib/models/graph/graph.ts";

/** Nodes with these names; those without a slash or a colon form the top level. */
function named(...names: string[]): Findable {
  const listed = names.map((name, id): GraphNode => ({
    id,
    isListed: true,
    inputs: [],
    call: { kind: "alias", outputs: [] },
    weights: () => [],
    row: {
      name,
      kind: name.startsWith("conv") ? "Conv2D" : "Other",
      config: {},
      outputs: [],
      numParameters: 0,
      inbound: [],
    },
  }));
  const topLevel = listed.filter(({ row }) => !/[/:]/.test(row.name));
  return { listed, topLevel };
}

const MODEL = named(
  "input",
  "conv1",
  "conv1:1",
  "block1",
  "block1/conv_out",
  "block1/inner",
  "block1/inner/conv_out",
  "block2",
  "block2/conv_out",
  "head",
);

function found(id: LayerId | readonly LayerId[], model = MODEL): string[] {
  const ids = Array.isArray(id) ? id as LayerId[] : [id as LayerId];
  return findLayers(model, ids).map(({ row }) => row.name);
}

Deno.test("findLayers() finds names and paths exactly", () => {
  assertEquals(found("block1/inner/conv_out"), ["block1/inner/conv_out"]);
  assertEquals(found("conv1:1"), ["conv1:1"]);
});

Deno.test("findLayers() reads integers as Python does, over the top level", () => {
  assertEquals(found(0), ["input"]);
  assertEquals(found(-1), ["head"]);
  assertEquals(found(2), ["block1"]);
  assertEquals(found(-5), ["input"]);
});

Deno.test("findLayers() gives globs in the model's order; one star stays in its part", () => {
  assertEquals(found("*"), ["input", "conv1", "block1", "block2", "head"]);
  assertEquals(found("block?/conv_out"), [
    "block1/conv_out",
    "block2/conv_out",
  ]);
  assertEquals(found("block?/**"), [
    "block1/conv_out",
    "block1/inner",
    "block1/inner/conv_out",
    "block2/conv_out",
  ]);
  assertEquals(found("**/conv*_out"), [
    "block1/conv_out",
    "block1/inner/conv_out",
    "block2/conv_out",
  ]);
});

Deno.test("findLayers() gives later calls only for a glob with a colon", () => {
  assertEquals(found("conv*"), ["conv1"]);
  assertEquals(found("conv*:*"), ["conv1:1"]);
  assertEquals(found("**").includes("conv1:1"), false);
});

Deno.test("findLayers() takes a name that holds signs of a glob before the glob", () => {
  const graph = named("a*", "ab", "model/add:0", "x?");
  assertEquals(found("a*", graph), ["a*"]);
  assertEquals(found("model/add:0", graph), ["model/add:0"]);
  assertEquals(found("x?", graph), ["x?"]);
});

Deno.test("findLayers() treats other signs of patterns as themselves", () => {
  const graph = named("a.b", "axb", "a+b", "(c)");
  assertEquals(found("a.?", graph), ["a.b"]);
  assertEquals(found("?+b", graph), ["a+b"]);
  assertEquals(found("(*)", graph), ["(c)"]);
});

Deno.test("findLayers() takes patterns, and leaves the caller's as it was", () => {
  const pattern = /conv_out$/g;
  pattern.lastIndex = 3;
  assertEquals(found(pattern).length, 3);
  assertEquals(found(pattern).length, 3);
  assertEquals(pattern.lastIndex, 3);
  assertEquals(found(/CONV1$/i), ["conv1"]);
});

Deno.test("findLayers() takes predicates over rows", () => {
  assertEquals(found((layer) => layer.kind === "Conv2D"), ["conv1", "conv1:1"]);
});

Deno.test("findLayers() keeps the order of the ids", () => {
  assertEquals(found(["head", 0, "block*"]), [
    "head",
    "input",
    "block1",
    "block2",
  ]);
});

Deno.test("findLayers() says which names are nearest", () => {
  const error = assertThrows(() => found("con1"), LayerNotFoundError);
  assertEquals(error.id, `"con1"`);
  assertEquals(error.nearest[0], "conv1");
  assertThrows(
    () => found("block1/conv_ou"),
    LayerNotFoundError,
    `Cannot find layer "block1/conv_ou" in the model: nearest names are "block1/conv_out"`,
  );
  assertThrows(() => found("hea*d?"), LayerNotFoundError, `"hea*d?"`);
  assertThrows(() => found(/nothing/), LayerNotFoundError, "/nothing/");
  assertThrows(() => found(() => false), LayerNotFoundError, "a predicate");
});

Deno.test("findLayers() says the range of the indices", () => {
  for (const index of [5, -6]) {
    assertThrows(
      () => found(index),
      LayerNotFoundError,
      `Cannot find layer ${index} in the model: indices go from -5 to 4`,
    );
  }
});

Deno.test("findLayers() refuses what is no id", () => {
  assertThrows(
    () => found(1.5),
    TypeError,
    "index must be an integer: current value is 1.5",
  );
  assertThrows(() => found(NaN), TypeError, "index must be an integer");
  assertThrows(
    () => found({} as LayerId),
    TypeError,
    "a name, an index, a glob",
  );
  assertThrows(() => findLayers(MODEL, []), RangeError, "at least one id");
});

Deno.test("findLayers() refuses a layer that two ids find, naming both", () => {
  assertThrows(
    () => found(["head", -1]),
    RangeError,
    `but "head" and -1 find the same: current value is "head"`,
  );
  assertThrows(
    () => found(["block?", /block2$/]),
    RangeError,
    `"block?" and /block2$/`,
  );
});

Deno.test("findLayer() goes on by an offset along the top level", () => {
  assertEquals(findLayer(MODEL, "head", -1).row.name, "block2");
  assertEquals(findLayer(MODEL, -1, -2).row.name, "block1");
  assertEquals(findLayer(MODEL, 0, 1).row.name, "conv1");
  assertThrows(
    () => findLayer(MODEL, "head", 1),
    LayerNotFoundError,
    "1 steps from",
  );
  assertThrows(() => findLayer(MODEL, "block1/inner", 1), LayerNotFoundError);
  assertThrows(
    () => findLayer(MODEL, 0, 0.5),
    TypeError,
    `"offset" must be an integer`,
  );
});

Deno.test("findLayer() takes names and indices, no patterns", () => {
  assertThrows(() => findLayer(MODEL, "block*"), LayerNotFoundError);
  assertThrows(
    () => findLayer(MODEL, /head/ as never),
    TypeError,
    "a name or an index",
  );
});
