// deno-lint-ignore-file no-control-regex -- files begin with such bytes
/**
 * Detects the format of a file from its content, not its name, and gives advice
 * for unsupported formats.
 *
 * @module
 */
import { quote } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import type { ByteSource } from "../../formats/byte_source.ts";
import { hdf5Start, isHdf5 } from "../../formats/hdf5_header.ts";
import { MOST_JSON } from "../../formats/loose_json.ts";
import { ZipArchive } from "../../formats/zip.ts";

/** The detected format of a file or folder. */
export interface FileKind {
  /**
   * The reader: `.keras` archive, unpacked `.keras` folder, HDF5, TF.js'
   * `model.json`, ONNX, or none.
   */
  readonly kind:
    | "keras"
    | "keras-folder"
    | "hdf5"
    | "tfjs"
    | "onnx"
    | "other";
  /** Description for messages, such as `a TensorFlow SavedModel`. */
  readonly what: string;
  /** Advice, if it cannot be read. */
  readonly advice?: string;
  /** The archive, if it is a `.keras` file. */
  readonly archive?: ZipArchive;
}

const SAVE_AS_KERAS = 'save it in Python with model.save("model.keras")';
const TAKE_KERAS =
  `take the Keras model it was made from, and ${SAVE_AS_KERAS}`;
const SAVE_BOTH = `save both in Python with model.save("model.keras")`;
const HEAD = 4096;

/** Formats by their first bytes; the first match counts. */
const BEGINNINGS: readonly (readonly [RegExp, string, string])[] = [
  [
    /^\s*<(!doctype html|html|head|\?xml)/i,
    "an HTML or XML page",
    "download the file itself, not the page that shows it",
  ],
  [
    /^version https:\/\/git-lfs/,
    "a Git LFS pointer, not the file",
    "fetch it: git lfs pull",
  ],
  [/^\x1f\x8b/, "a gzip file", "unpack it: gunzip FILE, or tar xzf FILE"],
  [
    /^BZh|^\xfd7zXZ|^7z\xbc\xaf|^Rar!|^\x28\xb5\x2f\xfd/,
    "a compressed file",
    "unpack it",
  ],
  [/^[^]{257}ustar/, "a tar archive", "unpack it: tar xf FILE"],
  [
    /^[^]{4}TFL3/,
    "a TensorFlow Lite model, which has lost its layers",
    TAKE_KERAS,
  ],
  [
    /^\x80[\x02-\x05]/,
    "a Python pickle, which is a program and is never run",
    SAVE_AS_KERAS,
  ],
  [/^\x93NUMPY/, "a NumPy array, which has no layers", SAVE_AS_KERAS],
  [
    /^[^]{8}\{\s*"/,
    "a safetensors file, which has weights and no layers",
    "load the weights into the model in Python, and save it whole: " +
    'model.save("model.keras")',
  ],
  [/^GGUF/, "a GGUF model", SAVE_AS_KERAS],
  [/^\x00\x00[^]\x08\x01/, "a checkpoint, which has no layers", SAVE_AS_KERAS],
  [
    /^(backend|class_name|config|keras_version): /,
    "the layers of a model without weights",
    SAVE_BOTH,
  ],
  [
    /^\x08\x01\x12/,
    "the graph of a TensorFlow SavedModel",
    TAKE_KERAS,
  ],
  [
    /^\x0a[^]{1,3}\x0a/,
    "a frozen TensorFlow graph, which has lost its layers",
    TAKE_KERAS,
  ],
];

/**
 * Detects the format of a file.
 *
 * @param source The file.
 * @returns The format.
 * @throws {SyntaxError} If it is a damaged or unsafe zip archive.
 */
export function identify(source: ByteSource): FileKind {
  const head = new Uint8Array(Math.min(HEAD, source.size));
  source.read(0, head);
  const found = identifyHead(head);
  if (found !== undefined) return found;
  if (!isZip(head)) {
    return identifyJson(source);
  }
  const archive = new ZipArchive(source);
  const kind = identifyZip([...archive.members.keys()]);
  return kind.kind === "keras" ? { ...kind, archive } : kind;
}

/**
 * Detects the format from the first bytes of a file.
 *
 * @param head Up to 4096 bytes.
 * @returns The format, if these bytes are enough.
 */
export function identifyHead(head: Uint8Array): FileKind | undefined {
  if (head.length === 0) {
    return other("an empty file", "copy or download it again");
  }
  if (isHdf5(head)) return { kind: "hdf5", what: "an HDF5 file" };
  if (isZip(head)) return undefined;
  const text = String.fromCharCode(...head.subarray(0, HEAD));
  const [, what, advice] = BEGINNINGS.find(([start]) => start.test(text)) ?? [];
  if (what !== undefined) return other(what, advice);
  if (isOnnx(head)) return { kind: "onnx", what: "an ONNX model" };
  if (/^(\xef\xbb\xbf)?\s*[{[]/.test(text)) return undefined;
  if (hdf5Start(head) !== undefined) {
    return { kind: "hdf5", what: "an HDF5 file after a user block" };
  }
  const bytes = [...head.subarray(0, 8)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return other(`of no known kind: it begins with the bytes ${bytes}`);
}

/**
 * Detects the format of a folder.
 *
 * @param names Names of its entries.
 * @param folder Its path, for the advice.
 * @returns The format.
 */
export function identifyFolder(
  names: readonly string[],
  folder: string,
): FileKind {
  const has = (name: string) => names.includes(name);
  if (has("config.json") && (has("metadata.json") || names.some(isWeights))) {
    return { kind: "keras-folder", what: "an unpacked .keras archive" };
  }
  if (has("saved_model.pb") || has("saved_model.pbtxt")) {
    return other(
      "a TensorFlow SavedModel",
      savedModelAdvice(folder, has("keras_metadata.pb")),
    );
  }
  if (has("model.json")) {
    return other("a folder of TF.js", `open the file: ${folder}/model.json`);
  }
  if (names.some((name) => /checkpoint|\.index$|\.data-\d+/i.test(name))) {
    return other("a checkpoint, which has no layers", SAVE_AS_KERAS);
  }
  return other("a folder with no model in it", "give the path of its file");
}

/**
 * Creates the error for a file of an unsupported format.
 *
 * @param source The file, as a path or URL.
 * @param kind The format.
 * @returns The error to throw.
 */
export function refusal(
  source: string,
  { what, advice }: FileKind,
): ModelFormatError {
  const rest = advice === undefined ? "" : `; ${advice}`;
  return new ModelFormatError(
    source,
    `it must be a .keras or .h5 file of Keras, a model.json of TF.js, or an ONNX file: ` +
      `current value is ${what}${rest}`,
  );
}

/**
 * The format version, followed by a field of an ONNX model; version 1 is a
 * TensorFlow graph.
 */
function isOnnx([tag, version, next]: Uint8Array): boolean {
  const isField = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next!);
  return tag === 0x08 && version! > 1 && version! < 0x80 && isField;
}

function identifyZip(names: readonly string[]): FileKind {
  const has = (test: RegExp) => names.some((name) => test.test(name));
  if (names.includes("config.json")) {
    return { kind: "keras", what: "a .keras archive" };
  }
  if (has(/(^|\/)data\.pkl$/)) {
    return other(
      "a PyTorch file",
      `build the model in Keras, copy the weights, and ${SAVE_AS_KERAS}`,
    );
  }
  if (has(/(^|\/)saved_model\.pb$/)) {
    return other(
      "a zipped TensorFlow SavedModel",
      `unpack it, and ${
        savedModelAdvice("FOLDER", has(/(^|\/)keras_metadata\.pb$/))
      }`,
    );
  }
  if (has(/(^|\/)model\.json$/)) {
    return other("a zipped TF.js model", "unpack it, and open model.json");
  }
  if (modelFolder(names) !== undefined) {
    return { kind: "keras", what: "a .keras archive with a folder around it" };
  }
  if (has(/(^|\/)config\.json$/)) {
    return other(
      "a zip archive with folders around the model",
      "unpack it, and open the folder that holds config.json",
    );
  }
  const inner = names.find((name) => /\.(keras|h5|hdf5|onnx)$/i.test(name));
  if (inner !== undefined) {
    return other("a zipped model", `unpack it, and open ${quote(inner)}`);
  }
  if (names.length > 0 && names.every((name) => name.endsWith(".npy"))) {
    return other("a NumPy archive, which has no layers", SAVE_AS_KERAS);
  }
  const shown = names.slice(0, 4).join(", ");
  return other(`a zip archive with no config.json, but ${shown || "nothing"}`);
}

/**
 * Finds the folder of the model in an archive: its root, or the one folder that
 * a person zipped.
 *
 * @param names Names of the members.
 * @returns Its path, with a slash at its end; undefined if there is none.
 */
export function modelFolder(names: readonly string[]): string | undefined {
  const folders = names.flatMap((name) => {
    const [, folder] = /^((?:[^/]+\/)?)config\.json$/.exec(name) ?? [];
    return folder === undefined ? [] : [folder];
  });
  if (folders.includes("")) return "";
  return folders.length === 1 ? folders[0] : undefined;
}

function identifyJson(source: ByteSource): FileKind {
  const bytes = new Uint8Array(Math.min(source.size, MOST_JSON));
  source.read(0, bytes);
  // Every byte as a letter: only the keys matter, which are ASCII.
  const text = new TextDecoder("latin1").decode(bytes);
  if (/"(modelTopology|weightsManifest)"/.test(text)) {
    return { kind: "tfjs", what: "a TF.js model.json" };
  }
  if (/"weight_map"/.test(text)) {
    return other(
      "the index of weights that are split over files, without layers",
      SAVE_AS_KERAS,
    );
  }
  if (/"class_name"/.test(text)) {
    return other(
      "the layers of a model without weights",
      SAVE_BOTH,
    );
  }
  if (/"cells"/.test(text) && /"nbformat"/.test(text)) {
    return other("a notebook", "give the path of the model");
  }
  return other("JSON that is not a model");
}

/** TensorFlow loads a model of Keras from a SavedModel only if Keras 2 wrote it. */
function savedModelAdvice(folder: string, isKeras2: boolean): string {
  if (!isKeras2) return TAKE_KERAS;
  return `convert it: python -c 'import tf_keras; ` +
    `tf_keras.models.load_model("${folder}").save("model.h5")'`;
}

function other(what: string, advice?: string): FileKind {
  return { kind: "other", what, ...(advice === undefined ? {} : { advice }) };
}

function isWeights(name: string): boolean {
  return /^model\.weights\.(h5|npz)$/.test(name);
}

function isZip(head: Uint8Array): boolean {
  return startsWith(head, "PK\x03\x04") || startsWith(head, "PK\x05\x06");
}

function startsWith(head: Uint8Array, text: string): boolean {
  return [...text].every((letter, i) => head[i] === letter.charCodeAt(0));
}
