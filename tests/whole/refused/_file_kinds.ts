/**
 * Files that are not models; the error names their format.
 *
 * @module
 */
import { text } from "../../support/build_zip.ts";
import { buildZip } from "../../support/build_zip.ts";
import type { Bytes } from "../../support/model_files.ts";
import type { RefusedCase } from "./_input.ts";

function bytes(...parts: readonly (string | number[])[]): Bytes {
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "string" ? [...text(part)] : part),
  );
}

/** A file that is something else. */
function other(
  what: string,
  file: Bytes,
  name: string,
  ...says: string[]
): RefusedCase {
  return { what, name, file: () => file, says };
}

const zipOf = (...names: string[]) => buildZip(names.map((name) => ({ name })));

/** Files of other kinds. */
export const KINDS: readonly RefusedCase[] = [
  other("an empty file", bytes(), "a.keras", "an empty file", "download it"),
  other(
    "a page of a site",
    bytes("\n<!DOCTYPE html><html>404"),
    "model.h5",
    "an HTML or XML page",
    "download the file itself",
  ),
  other(
    "a Git LFS pointer",
    bytes("version https://git-lfs.github.com/spec/v1\noid sha256:ab\n"),
    "model.keras",
    "a Git LFS pointer",
    "git lfs pull",
  ),
  other(
    "gzip",
    bytes([0x1f, 0x8b, 8, 0]),
    "model.h5.gz",
    "a gzip file",
    "gunzip FILE",
  ),
  other(
    "tar",
    bytes(Array<number>(257).fill(97), "ustar"),
    "model.tar",
    "a tar archive",
    "tar xf FILE",
  ),
  other(
    "another packed file",
    bytes([0x28, 0xb5, 0x2f, 0xfd], "x"),
    "model.zst",
    "a compressed file",
    "unpack it",
  ),
  other(
    "a pickle",
    bytes([0x80, 4, 0x95]),
    "model.pkl",
    "a Python pickle, which is a program and is never run",
    'model.save("model.keras")',
  ),
  other(
    "PyTorch's zip",
    zipOf("m/data.pkl", "m/data/0"),
    "model.pt",
    "a PyTorch file",
    'model.save("model.keras")',
  ),
  other(
    "an .npz",
    zipOf("a.npy"),
    "weights.npz",
    "a NumPy archive, which has no layers",
    "model.save",
  ),
  other(
    "an .npy",
    bytes([0x93], "NUMPY", [1, 0]),
    "a.npy",
    "a NumPy array, which has no layers",
    "model.save",
  ),
  other(
    "safetensors",
    bytes([2, 0, 0, 0, 0, 0, 0, 0], '{"a": {}}'),
    "model.safetensors",
    "a safetensors file, which has weights and no layers",
    "model.save",
  ),
  other(
    "TensorFlow Lite",
    bytes([28, 0, 0, 0], "TFL3"),
    "model.tflite",
    "a TensorFlow Lite model",
    "model.save",
  ),
  other("GGUF", bytes("GGUF", [3]), "model.gguf", "a GGUF model"),
  {
    what: "a SavedModel",
    name: "",
    file: () => ({
      "saved_model.pb": bytes([8, 1, 0x12, 4]),
      "keras_metadata.pb": bytes([0]),
      "variables/variables.index": bytes([0]),
    }),
    says: [
      "a TensorFlow SavedModel",
      "python -c 'import tf_keras; tf_keras.models.load_model(",
      '.save("model.h5")',
    ],
  },
  other(
    "a SavedModel's graph",
    bytes([8, 1, 0x12, 4]),
    "saved_model.pb",
    "the graph of a TensorFlow SavedModel",
    "take the Keras model it was made from",
  ),
  other(
    "a zipped SavedModel",
    zipOf("m/saved_model.pb"),
    "model.zip",
    "a zipped TensorFlow SavedModel",
    "unpack it",
  ),
  {
    what: "a checkpoint",
    name: "",
    file: () => ({ "ckpt.index": bytes([0]), "checkpoint": bytes("x") }),
    says: ["a checkpoint, which has no layers", "model.save"],
  },
  other(
    "the index of split weights",
    bytes('{"weight_map": {}}'),
    "model.weights.json",
    "weights that are split over files",
    "model.save",
  ),
  other(
    "layers alone",
    bytes('{"class_name": "Sequential", "config": {}}'),
    "model.json",
    "the layers of a model without weights",
    "model.save",
  ),
  other("other bytes", bytes([0xca, 0xfe]), "x", "begins with the bytes ca fe"),
];
