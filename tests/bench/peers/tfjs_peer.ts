/**
 * TensorFlow.js on wasm, by hand: a model with more outputs, and `predict`
 * batch by batch.
 *
 *     deno run -A tests/bench/peers/tfjs_peer.ts
 *
 * @module
 */
import { type NdArray, tf } from "@sonde/sonde";
import { getThreadsCount as numThreads } from "@tensorflow/tfjs-backend-wasm";
import { tappedByHand } from "../models.ts";
import { Cannot, type Pass, serve } from "./peer.ts";

/** What Keras calls Normalization; TensorFlow.js has none, so it is written by hand. */
class Normalization extends tf.layers.Layer {
  static className = "Normalization";
  override build(shape: (number | null)[]): void {
    const sizes = [shape.at(-1)!];
    for (const name of ["mean", "variance"]) {
      this.addWeight(name, sizes, "float32", undefined, undefined, false);
    }
    this.addWeight("count", [], "int32", undefined, undefined, false);
    this.built = true;
  }
  override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [mean, variance] = this.getWeights();
    const input = Array.isArray(x) ? x[0]! : x;
    return tf.tidy(() => input.sub(mean!).div(variance!.sqrt()));
  }
}

await tf.setBackend("wasm");
tf.serialization.registerClass(Normalization);

await serve(async (folder, { name, taps }) => {
  if (name === "vit") {
    throw new Cannot("TensorFlow.js has no MultiHeadAttention");
  }
  const model = await loaded(`${folder}/tfjs`);
  const tapped = pooled(tappedByHand(model, taps));
  return {
    versions: `tfjs ${tf.version.tfjs} wasm, ${numThreads()} thread`,
    prepare: (inputs, batch) => Promise.resolve(passOf(tapped, inputs, batch)),
  };
});

async function loaded(folder: string): Promise<tf.LayersModel> {
  const { modelTopology, weightsManifest } = JSON.parse(
    await Deno.readTextFile(`${folder}/model.json`),
  );
  const parts: Uint8Array[] = [];
  for (const { paths } of weightsManifest) {
    for (const path of paths) {
      parts.push(await Deno.readFile(`${folder}/${path}`));
    }
  }
  return await tf.loadLayersModel(tf.io.fromMemory({
    modelTopology,
    weightSpecs: weightsManifest.flatMap(
      ({ weights }: { weights: unknown[] }) => weights,
    ),
    weightData: await new Blob(parts as BlobPart[]).arrayBuffer(),
  }));
}

/** Means over the places of maps, as layers of the model. */
function pooled(model: tf.LayersModel): tf.LayersModel {
  const outputs = model.outputs.map((output) => {
    const rank = output.shape.length;
    if (rank === 2) return output;
    const layer = rank === 4
      ? tf.layers.globalAveragePooling2d({})
      : tf.layers.globalAveragePooling1d({});
    return layer.apply(output) as tf.SymbolicTensor;
  });
  return tf.model({ inputs: model.inputs, outputs });
}

function passOf(model: tf.LayersModel, inputs: NdArray, batch: number): Pass {
  const { data, dtype } = inputs;
  const [samples, ...sizes] = inputs.shape as [number, ...number[]];
  const width = data.length / samples;
  return async () => {
    const results: { data: Float32Array; width: number }[] = [];
    for (let start = 0; start < samples; start += batch) {
      const end = Math.min(start + batch, samples);
      const values = (data as Float32Array).subarray(
        start * width,
        end * width,
      );
      const x = tf.tensor(
        values,
        [end - start, ...sizes],
        dtype as "float32" | "int32",
      );
      const outputs = model.predict(x, { batchSize: batch }) as tf.Tensor[];
      for (const [i, output] of outputs.entries()) {
        const rows = await output.data() as Float32Array;
        const size = rows.length / (end - start);
        results[i] ??= { data: new Float32Array(samples * size), width: size };
        results[i].data.set(rows, start * size);
      }
      tf.dispose([x, ...outputs]);
    }
    return results.map(({ data, width }) => (
      { data, shape: [samples, width], dtype: "float32" } as const
    ));
  };
}
