import {
  cannot,
  checkAwaited,
  checkBoolean,
  checkNoOptions,
  checkOptions,
} from "../check.ts";
import type { LoadModelOptions } from "../models/read_model.ts";
import type { Model } from "../types.ts";

export type { ModelLimits } from "../models/graph/limits.ts";
export type { LoadModelOptions } from "../models/read_model.ts";

/**
 * Opens a trained model: a Keras file (`.keras`, an unpacked `.keras` folder,
 * `.h5`), a `model.json` of TF.js, or an ONNX file of opset 7 to 26. The format
 * is detected from the content.
 *
 * Layers of Keras files are computed by this library, and so are those of a
 * `model.json`, with TF.js' semantics if TF.js wrote it. If TF.js computes
 * something else than Keras, such as for a BatchNormalization over another axis
 * than the last, or for masks that it loses, TF.js runs the layers. A
 * `model.json` with classes registered with `tf.serialization.registerClass` is
 * refused; the error explains how to build it with TF.js and pass it to
 * {@linkcode fromLayersModel}. Nothing is read outside the model's file and
 * folder, and no code in it is executed. Weights are read on demand; NaN and
 * infinities in weights that are used are an error that names the layer.
 * Closing the model frees its resources. The size of the unfolded model is
 * limited: nested models and functions for each call, and the size of tensors;
 * `limits` raises the limits. A server may send at most as many bytes as the
 * file declares, and may redirect only to public addresses, from https to
 * https.
 *
 * The layers of an ONNX file are its operations, which ONNX Runtime runs, those
 * that it computes wrongly by others; so there are no gradients, and no custom functions on tensors. The
 * id of an operation is its name, or the name of a tensor that it outputs: the
 * only id of an operation without a name, and of a second output. Feature maps
 * are channels first. A call of a function of the file has a row, followed by the
 * operations in it, as `call/operation`. Floats of every width are returned as float32, integers
 * as int32 if they fit, otherwise with an error. The ZipMap of a scikit-learn
 * classifier does not output a tensor, so select its input. The samples are on the
 * first axis of an input, or on the one that is named `batch`, such as in
 * `["time", "batch", 3]`; `batchAxis` in `inputs` tells which. If the file has a
 * fixed batch size, batches are split into parts of that size; the last part is
 * padded with copies of its last row, whose results are dropped. Weights in
 * other files must be in the model's folder, and not be links. NaN in weights
 * that are used is an error; infinities are allowed, because masks use them.
 *
 * @category Models
 * @param source A path, a `file:` or `http(s):` URL, or the bytes of a Keras or
 * ONNX file.
 * @param options Custom objects, allowed weights, limits; signal.
 * @returns The model.
 * @throws {ModelFormatError} If it is not such a model, is damaged, or contains
 * a layer or an option that is not supported; the message names them.
 * @throws {Deno.errors.NotFound} If a file does not exist.
 * @throws {Deno.errors.Http} If a server refuses a file.
 * @throws {DOMException} If it is aborted.
 *
 * @example A file of Keras
 * ```ts
 * import { loadModel } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * await using model = await loadModel("notebooks/models/keras/digits.keras");
 * assert.equal(model.format, "keras");
 * assert.deepEqual(model.inputs[0]?.shape, [null, 28, 28, 1]);
 * assert.equal(model.findLayer(-1).kind, "Dense");
 * ```
 *
 * @example A layer of a custom class
 * ```ts
 * import { type LayerFactory, loadModel } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * // The file has no custom class; a class of Keras is replaced in the same way.
 * const sixed: LayerFactory = (config) => {
 *   const options = ["max_value", "negative_slope", "threshold"];
 *   options.forEach((key) => config.raw(key)); // an unread option is an error
 *   return {
 *     weights: [],
 *     call: (ops, [x]) => [
 *       ops.minimum(ops.maximum(x!, ops.constant(0)), ops.constant(6)),
 *     ],
 *   };
 * };
 * await using model = await loadModel("notebooks/models/keras/digits.keras", {
 *   customObjects: { ReLU: sixed },
 * });
 * assert.equal(model.findLayer("block/relu").kind, "ReLU");
 * ```
 *
 * @example Activations, operations and aliases
 * ```ts
 * import {
 *   type CustomActivation,
 *   type CustomOperation,
 *   loadModel,
 * } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const mish: CustomActivation = (ops, x) =>
 *   ops.multiply(x, ops.tanh(ops.log1p(ops.exp(x))));
 * // Arguments by position, then those by name with the options of the file.
 * const scaled: CustomOperation = (ops, [x], { factor }) =>
 *   ops.multiply(x as never, ops.constant(factor as number));
 * // Of a Lambda layer over code, by the layer's name, or as "Lambda".
 * const half: CustomActivation = (ops, x) => ops.divide(x, ops.constant(2));
 * // Entries that a file does not need are not used.
 * await using model = await loadModel("notebooks/models/keras/digits.keras", {
 *   customObjects: { mish, "my>Scaled": scaled, MyDense: "Dense", lambda_1: half },
 * });
 * assert.equal(model.format, "keras");
 * ```
 */
export async function loadModel(
  source: string | URL | Uint8Array | Blob,
  options: LoadModelOptions = {},
): Promise<Model> {
  checkAwaited(source, "load model", "the source");
  checkOptions(options, "load model", [
    "customObjects",
    "customLayers",
    "allowNonFinite",
    "limits",
    "signal",
  ]);
  const call = "loadModel(source, options)";
  checkNoOptions(arguments, "load model", call, 2);
  const { allowNonFinite = false, signal } = options;
  checkBoolean(allowNonFinite, "load model", "allowNonFinite");
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    const rule = '"signal" must be an AbortSignal';
    throw new TypeError(cannot("load model", rule, signal));
  }
  // File readers are a third of this library, so they are loaded on demand.
  const { readModel } = await import("../models/read_model.ts");
  return await readModel(source, options, startRuntime);
}

/**
 * Starts ONNX Runtime in another thread, because it alone can run an ONNX file:
 * its start takes as long as loading a small file.
 */
async function startRuntime(): Promise<void> {
  const { cBinding } = await import("../engines/onnx/runtime/c_library.ts");
  void cBinding();
}
