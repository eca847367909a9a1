import { assertEquals } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { batchDependence } from "../../lib/extractor/batch_dependence.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";

Deno.test("batchDependence() names operations that quantise by the range of a batch", async () => {
  const url = new URL(
    "../data/faults/dynamic_quantisation/model.onnx",
    import.meta.url,
  );
  await using model = await loadModel(url);
  const { listed } = modelGraphOf(model)!;
  assertEquals(batchDependence(listed), [
    'results depend on .batch(): "quantise" quantise by the range of a whole batch; use .batch(1) for results that do not',
  ]);
  assertEquals(batchDependence(listed.slice(1)), []);
});

Deno.test("batchDependence() names layers that pad to the longest string of a batch", async () => {
  const warnings = async (file: string) => {
    const url = new URL(`../data/text_layers/${file}`, import.meta.url);
    await using model = await loadModel(url);
    const extractor = new FeatureExtractor(model).layers([-1]).logits(false);
    return (await extractor.plan()).warnings;
  };
  assertEquals(await warnings("k3_default.keras"), [
    'results depend on .batch(): the length of "text" is that of the longest string of a batch, and what does not mask the padding sees it; use .batch(1), or save the layer with output_sequence_length',
  ]);
  assertEquals(await warnings("k3_length.keras"), []);
});
