import type { tf } from "../tf.ts";
import { cannot, checkOptions, isPlainObject, refuseMore } from "../check.ts";
import type {
  Dataset,
  FeatureSet,
  LayerRow,
  Model,
  Postprocess,
  RunOptions,
  TensorFeatures,
  TensorInputs,
} from "../types.ts";
import { FeatureExtractor } from "./feature_extractor.ts";
import type { OpenExtractor } from "./open_extractor.ts";
import { checkRun } from "./options.ts";

/**
 * Parameters of {@linkcode KerasFeatureExtractor}, under the ancestor's names.
 *
 * @category Extraction
 */
export interface KerasFeatureExtractorOptions {
  /** The layers to extract. @default {[-1]} */
  readonly featureLayersId?: readonly (string | number)[];
  /** The layer whose input is fed; null for the model's own. @default {null} */
  readonly inputLayerId?: string | number | null;
  /** Threshold of ReAct; null for none. @default {null} */
  readonly reactThreshold?: number | null;
  /** Percentile of SCALE, in (0, 1); null for none. @default {null} */
  readonly scalePercentile?: number | null;
  /** Percentile of ASH, in (0, 1); null for none. @default {null} */
  readonly ashPercentile?: number | null;
  /** The head; null to find it. @default {null} */
  readonly headLayerId?: string | number | null;
  /** Whether the sets have `penultimate`. @default {false} */
  readonly returnPenultimate?: boolean;
}

/**
 * Postprocessing under the ancestor's name.
 *
 * @category Extraction
 */
export interface PostprocFns {
  /** One for each layer; null for none. @default {null} */
  readonly postprocFns?: readonly (Postprocess | null)[] | null;
}

/**
 * Settings of {@linkcode KerasFeatureExtractor.findLayer}.
 *
 * @category Extraction
 */
export interface IndexOffset {
  /** Offset along the model's list, from the layer found. @default {0} */
  readonly indexOffset?: number;
}

const OPTIONS = [
  "featureLayersId",
  "inputLayerId",
  "reactThreshold",
  "scalePercentile",
  "ashPercentile",
  "headLayerId",
  "returnPenultimate",
];

/**
 * A {@linkcode FeatureExtractor} under the names and defaults of oodeel's
 * class. Where the Python class returns a pair, this one returns one object
 * with `features`, `logits` and `labels`. Fluent calls return an object of this
 * class.
 *
 * Unlike its ancestor it does not change the model, extracts features with
 * their activation, finds penultimate and head in the graph, and checks its
 * input.
 *
 * @category Extraction
 * @example As in oodeel
 * ```ts
 * import { KerasFeatureExtractor, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 8, activation: "relu", inputShape: [4] }),
 *     tf.layers.dense({ units: 3, activation: "softmax" }),
 *   ],
 * });
 * const extractor = new KerasFeatureExtractor(model, { featureLayersId: [-2] });
 * const { features, logits } = await extractor.predict(tf.ones([5, 4]));
 * assert.deepEqual(features[0]?.shape, [5, 8]);
 * assert.deepEqual(logits?.shape, [5, 3]);
 * ```
 */
export class KerasFeatureExtractor extends FeatureExtractor {
  static {
    refuseMore(KerasFeatureExtractor, "findLayer(model, id, options)");
    refuseMore(
      KerasFeatureExtractor.prototype,
      "predict(dataset, options)",
      "predictTensor(inputs, options)",
      "prepareExtractor()",
    );
  }

  /**
   * An extractor with the ancestor's parameters.
   *
   * @param model A model from `loadModel`, or a TF.js model in memory.
   * @param options The parameters.
   * @throws {TypeError} If two shapings are set, or an output cannot be
   * computed.
   * @throws {LayerNotFoundError} If an id matches no layer.
   */
  constructor(
    model: Model | tf.LayersModel | tf.GraphModel,
    options: KerasFeatureExtractorOptions = {},
  ) {
    super(configured(new FeatureExtractor(model), options));
  }

  /**
   * Finds one layer of a model.
   *
   * @param model The model.
   * @param id Exact name or path, or an index as in Python (`-1` is the last).
   * @param options Offset from that layer.
   * @returns Its row.
   * @throws {LayerNotFoundError} If no layer matches.
   *
   * @example The layer before the last
   * ```ts
   * import { KerasFeatureExtractor, loadModel } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * assert.equal(KerasFeatureExtractor.findLayer(model, -2).name, "dropout");
   * ```
   */
  static findLayer(
    model: Model | tf.LayersModel,
    id: string | number,
    options: IndexOffset = {},
  ): LayerRow {
    checkOptions(options, "find layer", ["indexOffset"]);
    const { indexOffset = 0 } = options;
    const extractor = new FeatureExtractor(model);
    return extractor.findLayer(id, { offset: indexOffset });
  }

  /**
   * Runs over a dataset and holds the results on the host.
   *
   * @param dataset Tensors, arrays, pairs with labels, sources, iterables of batches.
   * @param options Signal, progress, and one postprocessing for each layer.
   * @returns Features, logits, labels and ids of all samples.
   * @throws {TypeError} If there is not one postprocessing for each layer.
   *
   * @example One postprocessing for each layer
   * ```ts
   * import { KerasFeatureExtractor, loadModel, pool, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const featureLayersId = ["conv", "pool"];
   * const extractor = new KerasFeatureExtractor(model, { featureLayersId });
   * const postprocFns = [pool("mean"), null];
   * const images = tf.zeros([2, 28, 28, 1]);
   * const { features } = await extractor.predict(images, { postprocFns });
   * assert.deepEqual(features.map(({ shape }) => shape), [[2, 64], [2, 64]]);
   * ```
   */
  override async predict(
    dataset: Dataset,
    options: RunOptions & PostprocFns = {},
  ): Promise<FeatureSet> {
    const passed = withoutNone(options);
    checkRun("predict", dataset, passed, ["postprocFns"]);
    const { postprocFns, ...run } = passed;
    if (!postprocFns) return await super.predict(dataset, run);
    const extractor = await postprocessed(this, postprocFns);
    return await extractor.predict(dataset, run);
  }

  /**
   * Runs over tensors, in one batch.
   *
   * @param inputs One tensor, one for each input in order, or by name.
   * @param options One postprocessing for each layer.
   * @returns Tensors, which the caller disposes of.
   * @throws {TypeError} If there is not one postprocessing for each layer.
   *
   * @example From a tensor to tensors
   * ```ts
   * import { KerasFeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * const image = tf.zeros([1, 28, 28, 1]);
   * const extractor = new KerasFeatureExtractor(model);
   * const { features, logits } = await extractor.predictTensor(image);
   * assert.deepEqual(features[0]?.shape, [1, 10]);
   * tf.dispose([image, ...features, logits!]);
   * ```
   */
  override async predictTensor(
    inputs: TensorInputs,
    options: PostprocFns = {},
  ): Promise<TensorFeatures> {
    const passed = withoutNone(options);
    checkOptions(passed, "predict tensor", ["postprocFns"]);
    const { postprocFns } = passed;
    if (!postprocFns) return await super.predictTensor(inputs);
    const extractor = await postprocessed(this, postprocFns);
    return await extractor.predictTensor(inputs);
  }

  /**
   * Opens a session and keeps it.
   *
   * @returns The open extractor, to be closed by the caller.
   *
   * @example One session for many runs
   * ```ts
   * import { KerasFeatureExtractor, loadModel, tf } from "@sonde/sonde";
   * import assert from "node:assert/strict";
   *
   * await using model = await loadModel("notebooks/models/keras/digits.keras");
   * await using open = await new KerasFeatureExtractor(model).prepareExtractor();
   * const set = await open.predict(tf.zeros([2, 28, 28, 1]));
   * assert.deepEqual(set.features[0]?.shape, [2, 10]);
   * ```
   */
  prepareExtractor(): Promise<OpenExtractor> {
    return this.open();
  }
}

/** Converts the ancestor's list of one function per layer. */
async function postprocessed(
  extractor: KerasFeatureExtractor,
  fns: readonly (Postprocess | null)[],
): Promise<FeatureExtractor> {
  const { layerNames } = await extractor.plan();
  if (!Array.isArray(fns) || fns.length !== layerNames.length) {
    throw new TypeError(
      cannot(
        "postprocess",
        `"postprocFns" must hold one function for each of the ${layerNames.length} layers`,
        Array.isArray(fns) ? fns.length : fns,
        "write null for a layer without postprocessing",
      ),
    );
  }
  const steps = layerNames.flatMap((name, i) =>
    fns[i] === null ? [] : [[name, fns[i]!] as const]
  );
  return extractor.postprocess(Object.fromEntries(steps));
}

/** Converts the parameters to settings. */
function configured(
  plain: FeatureExtractor,
  options: KerasFeatureExtractorOptions,
): FeatureExtractor {
  const passed = withoutNone(options);
  checkOptions(passed, "create KerasFeatureExtractor", OPTIONS);
  const { featureLayersId = [-1], returnPenultimate = false } = passed;
  const { inputLayerId, headLayerId } = passed;
  const { reactThreshold, scalePercentile, ashPercentile } = passed;
  const ids: readonly (string | number)[] = [featureLayersId].flat();
  let next = plain;
  if (ids.length > 0) next = next.layers(ids);
  if (inputLayerId !== undefined) next = next.input(inputLayerId);
  if (headLayerId !== undefined) next = next.head(headLayerId);
  if (returnPenultimate) next = next.penultimate();
  if (reactThreshold !== undefined) next = next.react(reactThreshold);
  if (scalePercentile !== undefined) next = next.scale(scalePercentile);
  return ashPercentile === undefined ? next : next.ash(ashPercentile);
}

/** The options without null: as in Python, None is the default. */
function withoutNone<T extends object>(
  options: T,
): { readonly [K in keyof T]: Exclude<T[K], null> } {
  const passed: unknown = isPlainObject(options)
    ? Object.fromEntries(
      Object.entries(options).filter(([, value]) => value !== null),
    )
    : options;
  return passed as T & { readonly [K in keyof T]: Exclude<T[K], null> };
}
