import { assertEquals } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import type { LayerDraft } from "../../../lib/models/keras/layer_draft.ts";
import { runOrder } from "../../../lib/models/keras/run_order.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { assertAllClose } from "../../support/all_close.ts";

const FOLDER = new URL("../../data/mask_order/", import.meta.url);

/** A call of a layer on others. */
function call(name: string, ...before: LayerDraft[]): LayerDraft {
  const inputs = before.map((node) => ({ node, index: 0 }));
  return { name, inputs, spec: { name } } as unknown as LayerDraft;
}

Deno.test("runOrder() runs the calls that are farthest from the outputs first, as Keras does", () => {
  const x = call("x");
  const a = call("a", x);
  const b = call("b", x);
  const c = call("c", b);
  const unused = call("unused", x);
  const names = (outputs: LayerDraft[]) =>
    runOrder([x, a, b, c, unused], outputs).map(({ name }) => name).join(" ");
  // Of one depth, the last output comes first.
  assertEquals(names([a, b]), "x b a c unused");
  assertEquals(names([b, a]), "x a b c unused");
  assertEquals(names([a, c]), "x b c a unused");
  // The calls of one layer have the depth of the first.
  const again = { ...call("a", c), spec: a.spec } as LayerDraft;
  assertEquals(
    runOrder([x, a, b, c, again], [a, again]).map(({ name }) => name).join(" "),
    "x b c again a".replace("again", "a"),
  );
});

Deno.test("masks that MultiHeadAttention removes are missing where they are in Keras", async () => {
  const { x, outputs } = JSON.parse(
    await Deno.readTextFile(new URL("expected.json", FOLDER)),
  ) as { x: number[][]; outputs: { shape: number[]; data: number[] }[] };
  await using model = await loadModel(new URL("model.keras", FOLDER));
  const { outputRefs } = modelGraphOf(model)!;
  const data = Int32Array.from(x.flat());
  const input = { data, shape: [3, 5], dtype: "int32" } as const;
  for (const engine of ["onnx", "tfjs"] as const) {
    for (const [i, { shape, data }] of outputs.entries()) {
      const { row } = outputRefs[i]!.node;
      const { index } = outputRefs[i]!;
      const id = row.outputs.length > 1 ? `${row.name}[${index}]` : row.name;
      const { features } = await new FeatureExtractor(model).layers(id)
        .logits(false).engine(engine).predict(input);
      assertEquals(features[0]!.shape, shape);
      assertAllClose(features[0]!.data, data, { atol: 1e-6, rtol: 1e-5 });
    }
  }
});
