import { assertEquals } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";

/** The warnings of a plan for the last layer of a model in `tests/data`. */
async function warningsOf(path: string): Promise<readonly string[]> {
  const url = new URL(`../data/${path}`, import.meta.url);
  await using model = await loadModel(url);
  const extractor = new FeatureExtractor(model).layers([-1]).logits(false);
  return (await extractor.plan()).warnings;
}

Deno.test("plan() warns of operations that quantise by the range of a batch", async () => {
  assertEquals(await warningsOf("faults/dynamic_quantisation/model.onnx"), [
    'results depend on .batch(): "quantise" quantise by the range of a whole batch; use .batch(1) for results that do not',
  ]);
});

Deno.test("plan() warns of layers that pad to the longest string of a batch", async () => {
  assertEquals(await warningsOf("text_layers/k3_default.keras"), [
    'results depend on .batch(): the length of "text" is that of the longest string of a batch, and what does not mask the padding sees it; use .batch(1), or save the layer with output_sequence_length',
  ]);
  assertEquals(await warningsOf("text_layers/k3_length.keras"), []);
});
