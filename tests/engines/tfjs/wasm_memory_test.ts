import { assertRejects, assertThrows } from "@std/assert";
import { FeatureExtractor, tf } from "@sonde/sonde";
import { checkWasmMemory } from "../../../lib/engines/tfjs/wasm_memory.ts";
import type { GraphNode } from "../../../lib/models/graph/graph.ts";
import { counted } from "../../support/backends.ts";
import { array } from "../../extractor/_models.ts";

function nodeOf(...shapes: (number | null)[][]): GraphNode {
  const outputs = shapes.map((shape) => ({ shape }));
  return { row: { name: "wide", outputs } } as unknown as GraphNode;
}

Deno.test("checkWasmMemory() counts what is there and what is to come", () => {
  const node = nodeOf([null, 1024, 1024, 1], [null, 2]); // 4 MiB a sample
  checkWasmMemory(node, 800, 0);
  checkWasmMemory(nodeOf([null, null]), 800, 0);
  const text =
    'Cannot run layer "wide" as all tensors must fit the 3.5 GiB of "wasm": current value is "';
  const hint =
    ' GiB with its outputs"; take a smaller batch by .batch(size), or dispose of tensors';
  assertThrows(
    () => checkWasmMemory(node, 1024, 0),
    RangeError,
    `${text}4.0${hint}`,
  );
  assertThrows(
    () => checkWasmMemory(node, 512, 2 * 2 ** 30),
    RangeError,
    `${text}4.0${hint}`,
  );
});

counted(
  "predict() refuses a batch that does not fit the wasm heap, before it is computed",
  async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.repeatVector({ name: "wide", n: 1e9, inputShape: [4] }),
      ],
    });
    const extractor = new FeatureExtractor(model).layers(["wide"])
      .engine("tfjs", { backend: "wasm" });
    await assertRejects(
      () => extractor.predict(array([1, 4]), { progress: false }),
      Error,
      'Cannot run layer "wide" as all tensors must fit',
    );
  },
);
