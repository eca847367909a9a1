import { cannot, checkAwaited, checkBoolean, checkOptions } from "../check.ts";
import type { Model } from "../types.ts";
import type { LoadModelOptions } from "./read_model.ts";

export type { ModelLimits } from "./graph/limits.ts";
export type { LoadModelOptions } from "./read_model.ts";

/**
 * Opens a trained model: a file of Keras (`.keras`, the same unpacked as a
 * folder, `.h5`), a `model.json` of TF.js, or an ONNX file of opset 7 to 26,
 * told apart by content.
 *
 * Layers of Keras' files are computed by this library, and so are those of a
 * `model.json`, with TF.js' meaning where TF.js wrote it. Where TF.js means
 * something of its own, as by a BatchNormalization over another axis than the
 * last, and by masks that it loses, TF.js computes the layers. A `model.json`
 * with classes registered with `tf.serialization.registerClass` is refused; the
 * error says how to build it with TF.js and hand it to
 * {@linkcode fromLayersModel}. Nothing is read outside
 * the model's own file and folder, and nothing in it is run. Weights are read
 * when they are needed; where something runs, NaN and infinities among them are
 * an error that names the layer. Closing the model frees what was made for it. What
 * a file unfolds to is counted while it does: nested models and functions that
 * are called again, and the size of tensors; `limits` raises the bounds. A server
 * may send no more than the file itself says, and redirect to public addresses
 * only, from https to https.
 *
 * The layers of an ONNX file are its operations, which ONNX Runtime runs as
 * they stand; so there are no gradients, and no functions custom on tensors. An
 * operation goes by its name, or by the name of a tensor that it gives: the
 * only way for one without a name, and for a second output. Maps have their
 * channels first. Floats of every width come as float32, integers as int32,
 * exactly or not at all; the ZipMap of a scikit-learn classifier gives no
 * tensor, so take what feeds it. If the file takes a fixed number of rows at
 * once, batches are cut into such parts, the last of them is filled up with
 * copies of its last row, and what comes of those is dropped. Weights in other
 * files must be in the model's own folder, and no links. NaN in weights is an
 * error where it runs; infinities are not, as masks are made of them.
 *
 * @category Models
 * @param source A path, a `file:` or `http(s):` URL, or the bytes of a file of
 * Keras or ONNX.
 * @param options Custom objects, what weights may be, and a signal that stops it.
 * @returns The model.
 * @throws {ModelFormatError} If it is no such model, is damaged, or holds a
 * layer or an option that is not understood; it names them.
 * @throws {Deno.errors.NotFound} If a file is not there.
 * @throws {DOMException} If it is stopped.
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
 * // Entries that a file does not need are not used.
 * await using model = await loadModel("notebooks/models/keras/digits.keras", {
 *   customObjects: { mish, "my>Scaled": scaled, MyDense: "Dense" },
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
  const { allowNonFinite = false, signal } = options;
  checkBoolean(allowNonFinite, "load model", "allowNonFinite");
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    const rule = '"signal" must be an AbortSignal';
    throw new TypeError(cannot("load model", rule, signal));
  }
  // Readers of files are a third of this library: loaded when a file is opened.
  const { readModel } = await import("./read_model.ts");
  return await readModel(source, options);
}
