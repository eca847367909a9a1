import { assertEquals } from "@std/assert";
import {
  type GraphNode,
  origin,
  type Ref,
  refKey,
  specOf,
} from "../../../lib/models/graph/graph.ts";
import type { TensorSpec } from "../../../lib/types.ts";

function node(
  id: number,
  outputs: readonly TensorSpec[],
  alias?: readonly Ref[],
): GraphNode {
  return {
    id,
    row: {
      name: `n${id}`,
      kind: "Dense",
      config: {},
      outputs,
      numParameters: 0,
      inbound: [],
    },
    isListed: true,
    inputs: [],
    call: alias === undefined
      ? { kind: "raw", constants: new Map() }
      : { kind: "alias", outputs: alias },
    weights: () => [],
  };
}

const spec = (name: string): TensorSpec => ({
  name,
  shape: [null, 2],
  dtype: "float32",
});

const deep = node(0, [spec("left"), spec("right")]);
const middle = node(1, [], [{ node: deep, index: 1 }]);
const outer = node(2, [spec("outer")], [{ node: middle, index: 0 }]);

Deno.test("origin() follows aliases to the node that computes, with its output", () => {
  assertEquals(origin({ node: outer, index: 0 }), { node: deep, index: 1 });
  assertEquals(origin({ node: deep, index: 0 }), { node: deep, index: 0 });
});

Deno.test("refKey() is the same for the same tensor, under whatever name", () => {
  assertEquals(
    refKey({ node: outer, index: 0 }),
    refKey({ node: deep, index: 1 }),
  );
  assertEquals(
    refKey({ node: deep, index: 0 }) === refKey({ node: deep, index: 1 }),
    false,
  );
});

Deno.test("specOf() takes a node's own word, then that of its origin", () => {
  assertEquals(specOf({ node: outer, index: 0 })?.name, "outer");
  assertEquals(specOf({ node: middle, index: 0 })?.name, "right");
  assertEquals(specOf({ node: node(3, []), index: 0 }), undefined);
});
