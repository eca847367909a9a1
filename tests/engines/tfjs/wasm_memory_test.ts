import { assertEquals, assertRejects, assertThrows } from "@std/assert";
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
    ' GiB with its outputs"; use a smaller batch by .batch(size), dispose of tensors, or run Keras layers with .engine("onnx")';
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
  "predict() refuses a batch for which the wasm heap has no memory, and other engines run it",
  async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.repeatVector({ name: "wide", n: 2e4, inputShape: [4] }),
        tf.layers.globalMaxPooling1d({ name: "most" }),
      ],
    });
    const extractor = new FeatureExtractor(model).layers(["most"])
      .engine("tfjs", { backend: "wasm" });
    const x = array([16, 4]);
    const run = (of: FeatureExtractor) => of.predict(x, { progress: false });
    const wanted = await run(extractor.batch(1));
    const { wasm } = tf.engine().registry["wasm"] as unknown as {
      wasm: { _malloc(bytes: number): number; _free(address: number): void };
    };
    // Memory that is not touched: it costs nothing but addresses.
    const held: number[] = [];
    for (let bytes = 2 ** 30; bytes >= 2 ** 20; bytes /= 2) {
      for (let at; (at = wasm._malloc(bytes)) !== 0;) held.push(at);
    }
    try {
      await assertRejects(
        () => run(extractor),
        RangeError,
        'Cannot run as all tensors must fit the 3.5 GiB of "wasm"',
      );
      const { features } = await run(extractor.engine("onnx"));
      assertEquals(features[0]!.data, wanted.features[0]!.data);
    } finally {
      for (const address of held) wasm._free(address);
    }
    model.dispose();
  },
);

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
