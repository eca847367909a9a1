/**
 * Ours, as a peer: `predict` of an open extractor on the engine that it
 * chooses. Writes the graph that ONNX Runtime runs in Python, too.
 *
 *     deno run -A tests/bench/peers/ours_peer.ts
 *
 * @module
 */
import {
  FeatureExtractor,
  loadModel,
  type NdArray,
  type OpenExtractor,
  pool,
} from "@sonde/sonde";
import { RUNTIME_VERSION } from "../runtime_version.ts";
import { serve } from "./peer.ts";

await serve(async (folder, { taps }, threads) => {
  const model = await loadModel(`${folder}/model.keras`);
  const extractor = new FeatureExtractor(model).layers([...taps])
    .engine("onnx", { threads })
    .postprocess(Object.fromEntries(
      taps.filter((tap) => isMap(model.layers, tap)).map((
        tap,
      ) => [tap, [pool("mean", { channels: "last" })]]),
    ));
  await extractor.toOnnx(`${folder}/features.onnx`);
  let open: OpenExtractor | undefined;
  return {
    versions: `deno ${Deno.version.deno}; ${RUNTIME_VERSION}`,
    async prepare(inputs, batch) {
      await open?.close();
      const kept = open = await extractor.batch(batch).open();
      return async () => {
        const { features, logits } = await kept.predict(inputs, {
          progress: false,
        });
        return [...features, logits!] as NdArray<Float32Array>[];
      };
    },
  };
});

interface Row {
  readonly name: string;
  readonly outputs: readonly { readonly shape: readonly unknown[] }[];
}

function isMap(layers: readonly Row[], tap: string): boolean {
  const row = layers.find(({ name }) => name === tap)!;
  return row.outputs[0]!.shape.length > 2;
}
