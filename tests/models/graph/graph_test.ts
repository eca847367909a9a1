import { tf } from "../../../lib/tf.ts";
import { assert, assertEquals } from "@std/assert";
import {
  builtInFormOf,
  type GraphNode,
  origin,
  type Ref,
  refKey,
  specOf,
} from "../../../lib/models/graph/graph.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { fromLayersModel } from "../../../lib/models/tfjs/from_layers_model.ts";
import { dense } from "../../support/tf_models.ts";
import type { TensorSpec } from "../../../lib/types.ts";

await tf.setBackend("cpu");

const DATA = new URL("../../data/", import.meta.url);
const DIGITS = new URL(
  "../../../notebooks/models/keras/digits.keras",
  import.meta.url,
);

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

Deno.test("builtInFormOf() gives the call of layers of files and of TF.js, and why it has none", async () => {
  await using keras = modelGraphOf(await loadModel(DIGITS))!;
  assert(keras.listed.some((node) => "call" in builtInFormOf(node)));
  const model = tf.sequential({ layers: [dense("a", 2, { inputShape: [3] })] });
  const [layer] = modelGraphOf(fromLayersModel(model))!.topLevel;
  assert("call" in builtInFormOf(layer!));
  model.dispose();
  const path = new URL("graph_models/mlp/model.json", DATA);
  await using graph = modelGraphOf(await loadModel(path))!;
  const operation = graph.listed.find(({ call }) => call.kind === "raw");
  assertEquals(builtInFormOf(operation!), {
    obstacle: "is an operation of TF.js",
  });
});
