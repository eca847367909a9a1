import type { tf } from "../tf.ts";
import {
  cannot,
  checkAwaited,
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOptions,
  refuseMore,
} from "../check.ts";
import { checkTarget, writeFile } from "../formats/file_path.ts";
import { attachView } from "../display/attach_view.ts";
import type { LayerId } from "../models/graph/find_layers.ts";
import { headAt } from "../models/graph/head.ts";
import { type ModelGraph, modelGraphOf } from "../models/graph/model_graph.ts";
import { fromGraphModel } from "../models/tfjs/from_graph_model.ts";
import { fromLayersModel } from "../models/tfjs/from_layers_model.ts";
import { ash, type AshOptions } from "../shaping/ash.ts";
import type { PercentileOptions } from "../shaping/percentile.ts";
import { react } from "../shaping/react.ts";
import { scale } from "../shaping/scale.ts";
import type { Shaping } from "../shaping/shaping.ts";
import { vra } from "../shaping/vra.ts";
import type {
  Dataset,
  FeatureSet,
  FindLayerOptions,
  LayerRow,
  Model,
  Postprocess,
  RunOptions,
  Runs,
  TensorFeatures,
  TensorInputs,
  Weights,
} from "../types.ts";
import { checkHead } from "./logits.ts";
import { checkPostprocess, checkStepNames } from "./check_postprocess.ts";
import {
  type CacheOptions,
  checkRun,
  type EngineOptions,
  engineSettings,
  type FitReactOptions,
  type PenultimateOptions,
  type PerturbOptions,
} from "./options.ts";
import { feedsOf } from "./feeds.ts";
import type { OpenExtractor, OpenRuns } from "./open_extractor.ts";
import type { Plan } from "./plan.ts";
import { DEFAULTS, type Settings, settingsView } from "./settings.ts";
import { pathOf } from "../store/target.ts";
import type { Written } from "../store/written.ts";
import type { WriteOptions } from "./write_dataset.ts";

export type {
  CacheOptions,
  EngineOptions,
  FitReactOptions,
  PenultimateOptions,
  PerturbOptions,
};

/**
 * Extracts the outputs of the layers of a model over a dataset.
 *
 * An extractor is a model with settings, and is immutable: every setting
 * returns a new extractor, and a later call replaces an earlier one. Nothing is
 * computed before `predict`, `stream`, `predictTensor` or `open`. The model is
 * not changed.
 *
 * Without {@linkcode FeatureExtractor.layers} there are no features, only
 * logits: the output of the head before its softmax or sigmoid.
 *
 * Settings of a subclass return an object of the subclass: its constructor is
 * called with the model alone, and public fields are copied; private fields
 * have their initial values.
 *
 * @category Extraction
 * @example Features, logits and labels of a dataset
 * ```ts
 * import { FeatureExtractor, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 8, activation: "relu", inputShape: [4], name: "hidden" }),
 *     tf.layers.dense({ units: 3, activation: "softmax" }),
 *   ],
 * });
 * const extractor = new FeatureExtractor(model).layers(["hidden"]).react(0.9);
 * const set = await extractor.predict([tf.ones([10, 4]), Array(10).fill(0)]);
 * assert.deepEqual(set.features[0]?.shape, [10, 8]);
 * assert.deepEqual(set.logits?.shape, [10, 3]);
 * assert.equal(set.labels?.data.length, 10);
 * ```
 */
export class FeatureExtractor implements Runs {
  static {
    attachView(
      FeatureExtractor.prototype,
      (self) => settingsView(self.#graph, self.#settings),
    );
    refuseMore(
      FeatureExtractor.prototype,
      ...["penultimate(options)", "logits(wanted)", "input(id)", "head(id)"],
      ...["react(threshold)", "ash(percentile, options)", "vra(low, high)"],
      ...["scale(percentile, options)", "perturb(options)", "batch(size)"],
      ...["engine(kind, options)", "cache(folder, options)", "plan()"],
      ...["findLayer(id, options)", "getWeights(id)", "open()"],
      ...["predict(dataset, options)", "stream(dataset, options)"],
      ...["predictTensor(inputs)", "fitReact(dataset, options)"],
      ...["toOnnx(target)", "write(dataset, target, options)"],
    );
  }

  /** The model. */
  readonly model: Model;
  readonly #graph: ModelGraph;
  #settings: Settings;
  /**
   * Whether it is being created by a setting of another extractor of its class.
   */
  #isClone: boolean;

  /**
   * An extractor with the default settings, or with those of another.
   *
   * @param model A model from `loadModel`, a TF.js model in memory, or an
   * extractor whose model and settings are copied.
   * @throws {TypeError} If it is not a model, is disposed or closed, or has no
   * layers, or if there is a second argument.
   */
  constructor(
    model: Model | tf.LayersModel | tf.GraphModel | FeatureExtractor,
  ) {
    if (arguments.length > 1 && new.target === FeatureExtractor) {
      const rule = "settings must be set by its methods";
      const hint = "write new FeatureExtractor(model).layers(…)";
      throw new TypeError(
        cannot("create extractor", rule, arguments[1], hint),
      );
    }
    const isCopy = model instanceof FeatureExtractor;
    this.#graph = isCopy ? model.#graph : modelOf(model);
    this.#settings = isCopy ? model.#settings : DEFAULTS;
    this.#isClone = new.target !== this.constructor;
    this.model = this.#graph.model;
  }

  // ---- settings ----

  /**
   * Selects the layers whose outputs are the features.
   *
   * A name or a path; an index as in Python, over Keras' own list; a glob,
   * where `*` stays within one part of a path and `**` does not; a `RegExp`; a
   * predicate. A layer with several outputs has several features, `name[0]`,
   * `name[1]`.
   *
   * @param ids One of these, or several.
   * @returns An extractor with these layers, in this order.
   * @throws {LayerNotFoundError} If an id matches no layer.
   * @throws {TypeError} If several ids come one by one, not as one list.
   * @throws {RangeError} If no id is passed, or two ids match the same layer.
   *
   * @example Two layers, by name and by index
   * ```ts
   * import { FeatureExtractor, loadModel } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).layers(["pool", -1]);
   * const { layerNames } = await extractor.plan();
   * assert.deepEqual(layerNames, ["pool", "classes"]);
   * ```
   */
  layers(ids: LayerId | readonly LayerId[]): this {
    checkAwaited(ids, "set layers", "the ids");
    if (arguments.length > 1) {
      const rule = "several layers must be one list";
      const hint = 'write .layers(["a", "b"])';
      throw new TypeError(cannot("set layers", rule, [...arguments], hint));
    }
    const list = Array.isArray(ids)
      ? ids as readonly LayerId[]
      : [ids as LayerId];
    const layers = Object.freeze(this.#graph.findNodes(list));
    checkStepNames(this.#settings, layers, "set layers");
    return this.#with({ layers });
  }

  /**
   * Adds the penultimate: the tensor that feeds the head.
   *
   * @param options Whether it is the tensor before or after the shaping.
   * @returns An extractor whose sets have `penultimate`.
   * @throws {TypeError} If the model has no linear head.
   *
   * @example The tensor that feeds the head
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).penultimate();
   * const set = await extractor.predict(tf.zeros([2, 28, 28, 1]));
   * assert.deepEqual(set.penultimate?.shape, [2, 64]);
   * ```
   */
  penultimate(options: PenultimateOptions = {}): this {
    checkOptions(options, "set penultimate", ["shaped"]);
    const { shaped = false } = options;
    checkBoolean(shaped, "set penultimate", "shaped");
    const penultimate = shaped ? "shaped" : "plain";
    return this.#with({ penultimate }, "penultimate");
  }

  /**
   * Sets whether the feature sets have logits, if the model has any.
   *
   * @param wanted False leaves them out: the head is not computed, if nothing
   * else needs it.
   * @returns An extractor with or without logits.
   * @throws {TypeError} If `wanted` is not a boolean.
   *
   * @example Features alone
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).layers("pool").logits(false);
   * const set = await extractor.predict(tf.zeros([2, 28, 28, 1]));
   * assert.equal(set.logits, undefined);
   * ```
   */
  logits(wanted: boolean): this {
    const wantsLogits = checkBoolean(wanted, "set logits", "wanted");
    return this.#with({ wantsLogits });
  }

  /**
   * Starts at the input of a layer; the dataset then holds that tensor, or
   * those tensors.
   *
   * @param id Name, path or index of the layer that is the first to run.
   * @returns An extractor over a part of the model.
   * @throws {LayerNotFoundError} If there is no such layer.
   *
   * @example Start at the input of the layer "pool"
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).layers("pool").input("pool");
   * const set = await extractor.predict(tf.zeros([2, 10, 10, 64]));
   * assert.deepEqual(set.features[0]?.shape, [2, 64]);
   * ```
   */
  input(id: string | number): this {
    const input = this.#graph.findNode(id);
    feedsOf(this.#graph, input); // throws if it has no input
    return this.#with({ input });
  }

  /**
   * Sets the head; default: found from the model's output.
   *
   * @param id Name, path or index of a Dense, a convolution over one spatial position, a
   * softmax or a sigmoid.
   * @returns An extractor whose logits are that layer's output before its own activation.
   * @throws {LayerNotFoundError} If there is no such layer.
   * @throws {TypeError} If it cannot be a head.
   *
   * @example The last layer as the head
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).head("classes");
   * const set = await extractor.predict(tf.zeros([2, 28, 28, 1]));
   * assert.deepEqual(set.logits?.shape, [2, 10]);
   * ```
   */
  head(id: string | number): this {
    const node = this.#graph.findNode(id);
    return this.#with({ head: { node, logits: headAt(node) } }, "head");
  }

  /**
   * Clips the penultimate from above and computes the logits from it:
   * `min(a, threshold)`. See {@linkcode FeatureExtractor.fitReact} to measure
   * the threshold.
   *
   * Source: Sun et al., "ReAct", NeurIPS 2021, https://arxiv.org/abs/2111.12797.
   *
   * @param threshold Upper bound, in the unit of the penultimate.
   * @returns An extractor with shaped logits; its features are as before.
   * @throws {RangeError} If the threshold is not finite.
   * @throws {TypeError} If the model has no linear head, or is shaped otherwise.
   *
   * @example Logits of a penultimate that is clipped at 0.9
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).react(0.9);
   * const { logits } = await extractor.predict(tf.ones([2, 28, 28, 1]));
   * assert.deepEqual(logits?.shape, [2, 10]);
   * ```
   */
  react(threshold: number): this {
    return this.#shaped(react(threshold));
  }

  /**
   * Prunes each row of the penultimate below its percentile, scales the
   * remaining values, and computes the logits from it.
   *
   * Source: Djurisic et al., "ASH", ICLR 2023, https://arxiv.org/abs/2209.09858.
   *
   * @param percentile Fraction of a row's values to prune, in (0, 1).
   * @param options Variant and interpolation.
   * @returns An extractor with shaped logits; its features are as before.
   * @throws {RangeError} If the percentile is out of range.
   * @throws {TypeError} If the penultimate is not `[N, D]`, or is shaped otherwise.
   *
   * @example Logits of the largest tenth of each penultimate
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).ash(0.9, { variant: "s" });
   * const { logits } = await extractor.predict(tf.ones([2, 28, 28, 1]));
   * assert.deepEqual(logits?.shape, [2, 10]);
   * ```
   */
  ash(percentile: number, options: AshOptions = {}): this {
    return this.#shaped(ash(percentile, options));
  }

  /**
   * Scales each row of the penultimate by the exponential of the ratio of its
   * sum to the sum of the values above its percentile, and computes the logits
   * from it.
   *
   * Source: Xu et al., "SCALE", ICLR 2024, https://arxiv.org/abs/2310.00227.
   *
   * @param percentile Fraction of a row's values below the threshold, in (0,
   * 1).
   * @param options Interpolation.
   * @returns An extractor with shaped logits; its features are as before.
   * @throws {RangeError} If the percentile is out of range.
   * @throws {TypeError} If the penultimate is not `[N, D]`, or is shaped otherwise.
   *
   * @example Logits of a scaled penultimate
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).scale(0.85);
   * const { logits } = await extractor.predict(tf.ones([2, 28, 28, 1]));
   * assert.deepEqual(logits?.shape, [2, 10]);
   * ```
   */
  scale(percentile: number, options: PercentileOptions = {}): this {
    return this.#shaped(scale(percentile, options));
  }

  /**
   * Sets values of the penultimate below `low` to 0, clips them at `high`, and
   * computes the logits from it.
   *
   * Source: Xu et al., "VRA", NeurIPS 2023, https://arxiv.org/abs/2302.11716.
   *
   * @param low Values below become 0; in the unit of the penultimate.
   * @param high Values above become this; in the unit of the penultimate.
   * @returns An extractor with shaped logits; its features are as before.
   * @throws {RangeError} If a bound is not finite, or `low` is above `high`.
   * @throws {TypeError} If the model has no linear head, or is shaped otherwise.
   *
   * @example Logits of a penultimate between two bounds
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).vra(0.1, 0.9);
   * const { logits } = await extractor.predict(tf.ones([2, 28, 28, 1]));
   * assert.deepEqual(logits?.shape, [2, 10]);
   * ```
   */
  vra(low: number, high: number): this {
    return this.#shaped(vra(low, high));
  }

  /**
   * Replaces each input `x` by `x − ε · sign(∂ CE(logits / T, argmax) / ∂x)`
   * before features and logits are computed: a step that increases the
   * probability of the predicted class. The gradient is that of unshaped
   * logits.
   *
   * Source: Liang et al., "ODIN", ICLR 2018, https://arxiv.org/abs/1706.02690.
   *
   * @param options Length of the step, and temperature.
   * @returns An extractor of perturbed inputs.
   * @throws {RangeError} If an option is out of range.
   * @throws {TypeError} If the model has no logits, or they are not those of
   * classes.
   *
   * @example Logits of perturbed inputs
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model)
   *   .perturb({ epsilon: 0.01, temperature: 1000 });
   * const { logits } = await extractor.predict(tf.ones([2, 28, 28, 1]));
   * assert.deepEqual(logits?.shape, [2, 10]);
   * ```
   */
  perturb(options: PerturbOptions): this {
    checkAwaited(options, "set perturb", "the options");
    checkOptions(options, "set perturb", ["epsilon", "temperature"]);
    const { epsilon, temperature = 1 } = options ?? {};
    checkNumber(epsilon, "set perturb", "epsilon", { min: 0 });
    checkNumber(temperature, "set perturb", "temperature", { above: 0 });
    const perturbation = Object.freeze({ epsilon, temperature });
    return this.#with({ perturbation }, "perturb");
  }

  /**
   * Sets the postprocessing of each feature right after the forward pass.
   *
   * @param steps Steps for every layer, in this order; custom functions
   * come after the built-in ones. Or one record: steps for each layer by its name.
   * @returns An extractor whose features are postprocessed.
   * @throws {TypeError} If a step is invalid, or a layer of the record is not
   * selected.
   *
   * @example Mean over the spatial positions of each feature map
   * ```ts
   * import { FeatureExtractor, loadModel, pool, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).layers(["stem", "conv"])
   *   .postprocess(pool("mean"));
   * const { features } = await extractor.predict(tf.ones([2, 28, 28, 1]));
   * assert.deepEqual(features.map(({ shape }) => shape), [[2, 16], [2, 64]]);
   * ```
   */
  postprocess(
    ...steps:
      | Postprocess[]
      | [Readonly<Record<string, Postprocess | readonly Postprocess[]>>]
  ): this {
    return this.#with(checkPostprocess(steps, this.#settings.layers));
  }

  /**
   * Sets the batch size.
   *
   * Results do not depend on it, unless the model computes over the samples of a
   * batch; `plan().warnings` then names the layers. Such a model with a fixed
   * batch size is run in batches of that size.
   *
   * @param size Samples per batch, for arrays and sources; iterables have
   * batches already.
   * @returns An extractor with this batch size.
   * @throws {RangeError} If it is not a positive integer.
   *
   * @example Sixteen samples at once
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).batch(16);
   * const set = await extractor.predict(tf.zeros([40, 28, 28, 1]));
   * assert.deepEqual(set.logits?.shape, [40, 10]);
   * ```
   */
  batch(size: number): this {
    checkInteger(size, "set batch size", "size");
    return this.#with({ batchSize: size });
  }

  /**
   * Sets the engine: `"onnx"`, the native engine; `"tfjs"`; or `"auto"`, the
   * native engine if it can run everything that is selected, otherwise TF.js.
   * {@linkcode FeatureExtractor.plan} tells which engine was chosen, and why.
   *
   * With `"onnx"`, `device` sets the device. On a graphics card, a batch whose
   * inputs contain NaN or an infinity is computed on the processor instead,
   * because shaders may not propagate them; for a model of an ONNX file it is
   * an error. A NaN that arises within the network may be lost.
   *
   * @param kind The engine.
   * @param options The backend of `tfjs`, or the threads and device of `onnx`.
   * @returns An extractor on this engine.
   * @throws {RangeError} If there is no such engine, backend or device, or
   * `threads` is not a positive integer.
   * @throws {TypeError} If an option belongs to another engine.
   * @throws {UnsupportedByEngineError} If `precision` is `"half"`.
   *
   * @example TF.js on its WebAssembly backend
   * ```ts
   * import { FeatureExtractor, loadModel } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model)
   *   .engine("tfjs", { backend: "wasm" });
   * const { engine, backend } = await extractor.plan();
   * assert.deepEqual([engine, backend], ["tfjs", "wasm"]);
   * ```
   */
  engine(kind: "auto" | "onnx" | "tfjs", options: EngineOptions = {}): this {
    return this.#with(engineSettings(kind, options));
  }

  /**
   * Caches the results of `predict` and `write` in a folder. A result is reused
   * if weights, graph, settings, engine, batch size and data are the same. The
   * key is computed from their contents; no name is needed. `clearCache`
   * empties the folder. `stream` is not cached: it holds one batch and never has
   * all results.
   *
   * @param folder A path or `file:` URL; created when the first result is
   * stored.
   * @param options Maximum size of the folder: the least recently used results
   * are removed.
   * @returns An extractor with this cache. Its runs refuse what has no
   * fingerprint: custom functions, generators, sources without `fingerprint`.
   * @throws {TypeError} If the folder is not a path.
   * @throws {RangeError} If `maxBytes` is not a positive integer.
   *
   * @example The second run computes nothing
   * ```ts
   * import { clearCache, FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const folder = await Deno.makeTempDir();
   * const extractor = new FeatureExtractor(model).layers("pool").cache(folder);
   * const first = await extractor.predict(tf.ones([2, 28, 28, 1]));
   * const second = await extractor.predict(tf.ones([2, 28, 28, 1]));
   * assert.deepEqual(second.layer("pool"), first.layer("pool"));
   * assert.equal(clearCache(folder), 1);
   * await Deno.remove(folder);
   * ```
   */
  cache(folder: string | URL, options: CacheOptions = {}): this {
    const action = "set cache";
    checkOptions(options, action, ["maxBytes"]);
    const { maxBytes = Infinity } = options;
    if (maxBytes !== Infinity) checkInteger(maxBytes, action, "maxBytes");
    const path = pathOf(folder, action, "the folder");
    const cache = Object.freeze({ folder: path, maxBytes });
    return this.#with({ cache });
  }

  // ---- queries ----

  /**
   * Finds one layer of the model.
   *
   * @param id Exact name or path, or an index as in Python (`-1` is the last).
   * @param options Offset from that layer.
   * @returns Its row.
   * @throws {LayerNotFoundError} If no layer matches.
   *
   * @example The layer before the last
   * ```ts
   * import { FeatureExtractor, loadModel } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const row = new FeatureExtractor(model).findLayer(-2);
   * assert.deepEqual([row.name, row.kind], ["dropout", "Dropout"]);
   * ```
   */
  findLayer(id: string | number, options: FindLayerOptions = {}): LayerRow {
    checkOptions(options, "find layer", ["offset"]);
    return this.model.findLayer(id, options);
  }

  /**
   * Copies a layer's weights to the host.
   *
   * @param id Exact name or path, or an index as in Python (`-1` is the last).
   * @returns The weights by name; empty for a layer without any.
   * @throws {LayerNotFoundError} If no layer matches.
   *
   * @example Kernel and bias of a Dense layer
   * ```ts
   * import { FeatureExtractor, loadModel } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const weights = await new FeatureExtractor(model).getWeights("classes");
   * assert.deepEqual(weights.kernel?.shape, [64, 10]);
   * assert.deepEqual(weights.bias?.shape, [10]);
   * ```
   */
  getWeights(id: string | number): Promise<Weights> {
    return this.model.getWeights(id);
  }

  /**
   * Describes what will run, before it runs.
   *
   * @returns Engine and reason, features, head, penultimate, removed
   * activation, skipped layers.
   * @throws {TypeError} If a selected output cannot be computed.
   *
   * @example What runs for one feature
   * ```ts
   * import { FeatureExtractor, loadModel } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const plan = await new FeatureExtractor(model).layers("pool").plan();
   * assert.deepEqual(plan.layerNames, ["pool"]);
   * assert.equal(plan.head, "classes");
   * assert.deepEqual(plan.warnings, []);
   * ```
   */
  async plan(): Promise<Plan> {
    this.#graph.checkUsable("plan");
    const [{ resolve }, { chooseEngine }, { planOf }] = await Promise.all([
      import("./compile.ts"),
      import("./choose_engine.ts"),
      import("./plan.ts"),
    ]);
    const program = resolve(this.#graph, this.#settings);
    const choice = await chooseEngine(program, this.#settings);
    return await planOf(this.#graph, program, this.#settings, choice);
  }

  // ---- running ----

  /**
   * Runs over a dataset and holds the results on the host.
   *
   * @param dataset Tensors, arrays, pairs with labels, sources, iterables of batches.
   * @param options Signal, progress.
   * @returns Features, logits, labels and ids of all samples.
   * @throws {TypeError} If the dataset does not fit the model.
   * @throws {DOMException} `AbortError`, if it was aborted.
   *
   * @example Strings, for a model with string inputs
   * ```ts
   * import { FeatureExtractor, loadModel } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel(
   *   "tests/data/text_layers/k3_length.keras",
   * );
   * const extractor = new FeatureExtractor(model).layers("text"); // ids
   * const set = await extractor.predict(["the cat sat", "a dog"]);
   * assert.deepEqual(set.features[0]?.shape, [2, 4]);
   * assert.deepEqual(set.logits?.shape, [2, 2]);
   * ```
   *
   * @example Features, logits and labels
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).layers("pool");
   * const images = tf.zeros([3, 28, 28, 1]);
   * const set = await extractor.predict([images, [0, 1, 2]]);
   * assert.deepEqual(set.layer("pool").shape, [3, 64]);
   * assert.deepEqual([...set.labels!.data], [0, 1, 2]);
   * ```
   */
  async predict(
    dataset: Dataset,
    options: RunOptions = {},
  ): Promise<FeatureSet> {
    checkRun("predict", dataset, options);
    const predict = async () => {
      await using runs = await this.#open(options.signal);
      return await runs.predict(dataset, options);
    };
    if (this.#settings.cache === undefined) return await predict();
    const { cachedPredict } = await import("./cached.ts");
    const settings = this.#settings;
    return await cachedPredict(
      this.#graph,
      settings,
      dataset,
      options,
      predict,
    );
  }

  /**
   * Runs over a dataset and yields one set per batch; only one batch is in
   * memory.
   *
   * @param dataset As for {@linkcode FeatureExtractor.predict}.
   * @param options Signal, progress.
   * @returns One set per batch; the caller owns their arrays.
   *
   * @example One set per batch
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const extractor = new FeatureExtractor(model).batch(2);
   * const rows: number[] = [];
   * for await (const set of extractor.stream(tf.zeros([5, 28, 28, 1]))) {
   *   rows.push(set.logits!.shape[0]!);
   * }
   * assert.deepEqual(rows, [2, 2, 1]);
   * ```
   */
  async *stream(
    dataset: Dataset,
    options: RunOptions = {},
  ): AsyncGenerator<FeatureSet> {
    checkRun("stream", dataset, options);
    await using runs = await this.#open(options.signal);
    yield* runs.stream(dataset, options);
  }

  /**
   * Runs over tensors, in one batch.
   *
   * @param inputs One tensor, one for each input in order, or by name. They are
   * not disposed.
   * @returns Tensors on the caller's backend, which the caller disposes of.
   * @throws {TypeError} If the tensors do not fit the model.
   *
   * @example From a tensor to tensors
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const image = tf.zeros([1, 28, 28, 1]);
   * const extractor = new FeatureExtractor(model).layers("pool");
   * const { features, logits } = await extractor.predictTensor(image);
   * assert.deepEqual(features[0]?.shape, [1, 64]);
   * tf.dispose([image, ...features, logits!]);
   * ```
   */
  async predictTensor(inputs: TensorInputs): Promise<TensorFeatures> {
    checkAwaited(inputs, "predict tensor", "the tensor");
    await using runs = await this.#open();
    return await runs.predictTensor(inputs);
  }

  /**
   * Measures ReAct's threshold: NumPy's linear quantile over the penultimate of
   * all samples and units. Exact up to 10⁷ values; beyond that in constant
   * memory, with a rank error below 0.1 %.
   *
   * @param dataset The training set of the model, or a part of it.
   * @param options The quantile; signal, progress.
   * @returns This extractor with {@linkcode FeatureExtractor.react} at that threshold.
   * @throws {RangeError} If the quantile is not in (0, 1).
   * @throws {TypeError} If the model has no linear head, or is shaped otherwise.
   *
   * @example The threshold of ReAct, measured
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const images = tf.randomUniform([20, 28, 28, 1], 0, 1, "float32", 7);
   * const extractor = await new FeatureExtractor(model)
   *   .fitReact(images as tf.Tensor, { quantile: 0.9 });
   * const { logits } = await extractor.predict(images as tf.Tensor);
   * assert.deepEqual(logits?.shape, [20, 10]);
   * ```
   */
  async fitReact(
    dataset: Dataset,
    options: FitReactOptions = {},
  ): Promise<this> {
    checkRun("fit react", dataset, options, ["quantile"]);
    const { quantile = 0.9, ...run } = options;
    checkNumber(quantile, "fit react", "quantile", { above: 0, below: 1 });
    const settings = { ...this.#settings, layers: [], shaping: react(0) };
    checkHead(this.#graph, settings, "fit react");
    this.#checkShaping("react");
    const { fitThreshold } = await import("./fit_threshold.ts");
    return this.react(
      await fitThreshold(this.#graph, settings, dataset, { quantile, run }),
    );
  }

  /**
   * Opens a session and keeps it, for many small runs.
   *
   * @returns An object with the same three run methods, usable until `close()`.
   * @throws {TypeError} If a selected output cannot be computed.
   *
   * @example Many small runs over one session
   * ```ts
   * import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * await using open = await new FeatureExtractor(model).open();
   * for (let i = 0; i < 3; i++) {
   *   const set = await open.predict(tf.fill([1, 28, 28, 1], i));
   *   assert.deepEqual(set.logits?.shape, [1, 10]);
   * }
   * ```
   */
  async open(): Promise<OpenExtractor> {
    const { openExtractor } = await import("./open_extractor.ts");
    return await openExtractor(this.#graph, this.#settings);
  }

  /**
   * Exports the selected outputs as an ONNX model, for any other runtime:
   * features under their layers' names, `logits`, shaping and built-in
   * postprocessing. The batch size is free. The file contains all weights, at
   * most 2 GB. Its metadata `sonde.model` and `sonde.settings` are those of a
   * set's `source`. With `half()`, values beyond the range of float16 become
   * infinite.
   *
   * For a model of an ONNX file, the needed operations are copied unchanged, in
   * the opset of the file, and shaping and postprocessing are written in the
   * same opset. Element types and a fixed batch size are kept. ONNX Runtime
   * infers the shapes, so `--allow-ffi` is needed. TF.js graph models cannot be
   * exported: their operations are TensorFlow's.
   *
   * @param target A path or `file:` URL to write to, if any.
   * @returns The model's bytes.
   * @throws {TypeError} If there is a second argument.
   * @throws {UnsupportedByEngineError} If something cannot be expressed in
   * ONNX.
   * @throws {RangeError} If the opset of the file lacks an operator that a step
   * needs: react, normalize and similar steps need opset 9.
   *
   * @example The bytes of an ONNX model
   * ```ts
   * import { FeatureExtractor, loadModel } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const bytes = await new FeatureExtractor(model).layers("pool").toOnnx();
   * await using exported = await loadModel(bytes);
   * assert.equal(exported.format, "onnx");
   * // Of an ONNX file too: here, the same layer again.
   * const again = new FeatureExtractor(exported).layers("pool").logits(false);
   * await using both = await loadModel(await again.toOnnx());
   * assert.deepEqual(both.outputs[0]?.shape, [null, 64]);
   * ```
   */
  async toOnnx(target?: string | URL): Promise<Uint8Array<ArrayBuffer>> {
    const action = "write ONNX";
    checkAwaited(target, action, "the target");
    if (target !== undefined) checkTarget(target, action);
    const { compile } = await import("./compile.ts");
    const program = await compile(this.#graph, this.#settings);
    const { writeOnnx } = await import("./write_onnx.ts");
    const bytes = await writeOnnx(program, {
      "sonde.model": await this.#graph.fingerprint(),
      "sonde.settings": program.settings,
    });
    if (target !== undefined) await writeFile(target, bytes, action);
    return bytes;
  }

  /**
   * Writes the features of a whole dataset, in constant memory: `.npz`,
   * `.safetensors`, `.parquet`, or a folder of shards. {@linkcode openFeatures}
   * reads them; `saveFeatures` describes the files.
   *
   * If the run is interrupted, the same call resumes it, and the result has the
   * same bytes. Finished parts are stored in `<target>.partial`, which is
   * removed at the end. Resuming requires an array, or a source with a
   * fingerprint, and built-in postprocessing; other runs start again. During
   * the run, the features need twice their size on disk.
   *
   * @param dataset As for {@linkcode FeatureExtractor.predict}.
   * @param target A path or `file:` URL: a file by its extension, or a folder.
   * @param options Format of a folder, sizes, shard; signal, progress.
   * @returns A summary of what was written, which shows itself.
   * @throws {RangeError} If the target exists with other contents or other
   * settings, or the disk is full. Nothing is changed.
   * @throws {TypeError} If the dataset does not fit the model, or an option does
   * not apply to the target.
   * @throws {DOMException} `AbortError`, if it was aborted.
   *
   * @example Pooled features as a Parquet file
   * ```ts
   * import { FeatureExtractor, loadModel, pool, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const folder = await Deno.makeTempDir();
   * const extractor = new FeatureExtractor(model).layers("conv").postprocess(pool("mean"));
   * const written = await extractor.write(tf.zeros([3, 28, 28, 1]), `${folder}/digits.parquet`);
   * assert.equal(written.samples, 3);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  async write(
    dataset: Dataset,
    target: string | URL,
    options: RunOptions & WriteOptions = {},
  ): Promise<Written> {
    const { writeDataset, WRITE_OPTIONS } = await import("./write_dataset.ts");
    checkRun("write", dataset, options, WRITE_OPTIONS);
    return await writeDataset(
      this.#graph,
      this.#settings,
      dataset,
      target,
      options,
    );
  }

  // ---- inside ----

  /**
   * Loads the modules that run programs on demand, so that importing stays
   * fast.
   */
  async #open(signal?: AbortSignal): Promise<OpenRuns> {
    const { openRuns } = await import("./open_extractor.ts");
    return await openRuns(this.#graph, this.#settings, signal);
  }

  #shaped(shaping: Shaping): this {
    this.#checkShaping(shaping.name);
    return this.#with({ shaping: Object.freeze(shaping) }, shaping.name);
  }

  #checkShaping(name: string): void {
    const { shaping } = this.#settings;
    if (shaping === undefined || shaping.name === name) return;
    throw new TypeError(
      cannot(
        `set ${name}`,
        "at most one shaping must be set",
        shaping.name,
        "begin from an extractor without it",
      ),
    );
  }

  #with(change: Partial<Settings>, action?: string): this {
    const settings = Object.freeze({ ...this.#settings, ...change });
    if (action !== undefined) {
      checkHead(this.#graph, settings, `set ${action}`);
    }
    const next = this.#clone();
    next.#settings = settings;
    return next as this;
  }

  /**
   * Creates another object of the same class with the constructor of the class,
   * so that private fields of a subclass exist, with their initial values.
   * Public fields are copied.
   */
  #clone(): FeatureExtractor {
    const action = "make the next extractor";
    this.#graph.checkUsable(action);
    const subclass = this.constructor as typeof FeatureExtractor;
    // A constructor that calls settings of `this` would clone without end.
    const maker = this.#isClone ? FeatureExtractor : subclass;
    // A substitute for the class tells the constructor that it creates a clone.
    const target = Object.assign(function () {}, {
      prototype: subclass.prototype,
    });
    try {
      const next = Reflect.construct(maker, [this.model], target);
      Object.assign(next, { ...this });
      next.#isClone = this.#isClone;
      return next;
    } catch (cause) {
      const rule =
        `the constructor of "${subclass.name}" must work with a model alone`;
      const hint = "give its other parameters default values";
      const message = cannot(action, rule, subclass, hint);
      throw new TypeError(message, { cause });
    }
  }
}

/**
 * Returns the graph of a model. TF.js models of another copy of TF.js are
 * accepted too.
 */
function modelOf(model: Model | tf.LayersModel | tf.GraphModel): ModelGraph {
  const action = "create extractor";
  checkAwaited(model, action, "the model");
  const graph = modelGraphOf(model) ?? modelGraphOf(fromTfjs(model));
  if (graph === undefined) {
    const rule = "the model must come from loadModel(), or be a " +
      "tf.LayersModel or tf.GraphModel";
    throw new TypeError(cannot(action, rule, model));
  }
  graph.checkUsable(action);
  return graph;
}

function fromTfjs(model: unknown): Model | undefined {
  if (typeof model !== "object" || model === null) return undefined;
  if ("layers" in model && "predict" in model) {
    return fromLayersModel(model as tf.LayersModel);
  }
  if ("executor" in model) {
    return fromGraphModel(model as unknown as tf.GraphModel);
  }
  return undefined;
}
