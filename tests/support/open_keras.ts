import { Pacer } from "../../lib/math/pacer.ts";
import { openModelFile } from "../../lib/models/files/open_model_file.ts";
import {
  type KerasFile,
  openKerasFile,
} from "../../lib/models/keras/keras_file.ts";

/** Opens a file or folder of Keras, from whatever it is given as. */
export async function openKeras(
  source: string | URL | Uint8Array | Blob,
  signal?: AbortSignal,
): Promise<KerasFile> {
  const file = await openModelFile(source, signal);
  if (file.kind === "onnx" || file.kind === "tfjs") {
    throw new TypeError(`a file of kind ${file.kind}`);
  }
  return await openKerasFile(file, new Pacer(signal));
}
