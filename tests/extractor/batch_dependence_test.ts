import { assertEquals } from "@std/assert";
import { loadModel } from "@sonde/sonde";
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
