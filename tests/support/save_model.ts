/**
 * Writes a layers model of TF.js as `model.json` with one weight file.
 *
 * @module
 */
import type { io } from "@tensorflow/tfjs";
import { tf } from "../../lib/tf.ts";

/**
 * Saves a model.
 *
 * @param model The model.
 * @param folder An existing folder.
 * @param change Changes the JSON before it is written.
 * @returns The path of the `model.json`.
 */
export async function saveTo(
  model: tf.LayersModel,
  folder: string,
  change: (json: ModelJson) => unknown = (json) => json,
): Promise<string> {
  const path = `${folder}/model.json`;
  await model.save(tf.io.withSaveHandler(async (artifacts) => {
    const data = artifacts.weightData as ArrayBuffer;
    await Deno.writeFile(`${folder}/weights.bin`, new Uint8Array(data));
    const json: ModelJson = {
      format: "layers-model",
      modelTopology: artifacts.modelTopology as Record<string, unknown>,
      weightsManifest: [{
        paths: ["weights.bin"],
        weights: artifacts.weightSpecs!,
      }],
    };
    await Deno.writeTextFile(
      path,
      JSON.stringify(change(structuredClone(json))),
    );
    return {
      modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" },
    };
  }));
  return path;
}

/** What stands in a `model.json`. */
export interface ModelJson {
  format: string;
  modelTopology: Record<string, unknown>;
  weightsManifest: {
    paths: string[];
    weights: io.WeightsManifestEntry[];
  }[];
}
