/**
 * The facts about a model and its features that decide which detectors suit it.
 *
 * @module
 */
import { cannot, checkAwaited } from "../check.ts";
import { predictions } from "../features/view/predictions.ts";
import { checkFeatureSet } from "../features/view/shown_arrays.ts";
import { numericalRank, spreadsAlike } from "../math/numerical_rank.ts";
import { statistics } from "../math/statistics.ts";
import type { FeatureArray, FeatureSet, LayerRow, Model } from "../types.ts";

/** Measurements of a layer's vectors. */
export interface VectorFacts {
  /** Their name, such as `penultimate`. */
  readonly name: string;
  /** Units, `D`. */
  readonly width: number;
  /** Number of units that vary over the samples. */
  readonly varying: number;
  /** Dimension of the space that the samples span. */
  readonly rank: number;
  /** Whether each principal component explains more than 0.01 of the variance. */
  readonly isEven: boolean;
  /** Whether there were too few samples to find a higher rank. */
  readonly isRankLimited: boolean;
  /** Fraction of zeros, in [0, 1]. */
  readonly zeros: number;
  /** Fraction of negative values, in [0, 1]. */
  readonly negative: number;
}

/** The facts about a model. */
export interface ModelFacts {
  /** The layer that identifies a transformer, if there is one. */
  readonly attention: string | undefined;
  /** Whether the model has a convolution. */
  readonly isConvolutional: boolean;
  /**
   * Number of classes of the logits; undefined if the logits are not those of
   * classes.
   */
  readonly numClasses: number | undefined;
  /** The mean of the largest logits of the samples; undefined without classes. */
  readonly largestLogit: number | undefined;
  /** Whether there are logits `[N, C]`. */
  readonly hasLogits: boolean;
  /** Whether the head's weights are known. */
  readonly hasHead: boolean;
  /** Whether there are labels of two classes or more, as relative distances need. */
  readonly hasLabels: boolean;
  /** Number of samples. */
  readonly numSamples: number;
  /** The vectors that detectors would use; undefined if there are none. */
  readonly vectors: VectorFacts | undefined;
  /** Layers of feature maps, which detectors do not accept without pooling. */
  readonly maps: readonly string[];
}

/**
 * Measures a model and features of known samples.
 *
 * @param model The model.
 * @param known Features, logits, labels.
 * @param action The action, for messages.
 * @returns The facts.
 * @throws {TypeError} If an argument is a promise or of the wrong type, or the
 * set contains neither logits nor features.
 * @throws {RangeError} If the set is empty, or a value is NaN or infinite.
 */
export function modelFacts(
  model: Model,
  known: FeatureSet,
  action: string,
): ModelFacts {
  checkAwaited(model, action, "the model");
  const isModel = typeof model === "object" && model !== null &&
    Array.isArray(model.layers) && "format" in model; // TF.js has none
  if (!isModel) {
    const rule = "its first argument must be a model";
    const hint = "pass the result of loadModel(), or extractor.model";
    throw new TypeError(cannot(action, rule, model, hint));
  }
  checkFeatureSet(known, action, "its second argument");
  const { logits, head, labels, ids, features } = known;
  if (ids.length === 0) {
    const rule = "there must be at least one sample";
    throw new RangeError(cannot(action, rule, ids.length));
  }
  const vectors = findVectors(known);
  const hasLogits = logits?.shape.length === 2;
  if (!hasLogits && features.length === 0 && vectors === undefined) {
    const rule = "the set must hold logits [N, C] or features";
    const found = logits === undefined ? "neither" : [...logits.shape];
    throw new TypeError(cannot(action, rule, found));
  }
  if (logits !== undefined) checkFinite("logits", logits, action);
  return {
    attention: attentionOf(model.layers),
    isConvolutional: model.layers.some(({ kind }) => /conv/i.test(kind)),
    numClasses: predictions(known)?.count,
    largestLogit: meanOfLargest(known),
    hasLogits,
    hasHead: head !== undefined,
    hasLabels: labels !== undefined && new Set(labels.data).size > 1,
    numSamples: ids.length,
    vectors: vectors && measured(vectors.name, vectors.array, action),
    maps: known.layerNames.filter((_, i) => features[i]!.shape.length > 2),
  };
}

/** Of one sigmoid `z`, the larger one of 0 and `z`. */
function meanOfLargest(set: FeatureSet): number | undefined {
  const { logits } = set;
  if (logits === undefined || predictions(set) === undefined) return undefined;
  const { data, shape } = logits;
  const columns = shape[1]!;
  let sum = 0;
  for (let start = 0; start < data.length; start += columns) {
    let largest = columns === 1 ? 0 : -Infinity;
    for (let j = start; j < start + columns; j++) {
      largest = Math.max(largest, data[j]!);
    }
    sum += largest;
  }
  return sum / shape[0]!;
}

/** Operations that multiply values by attention, in graph models. */
const PRODUCTS = /^(batch_?)?mat_?mul(v\d)?$|^einsum$/i;

/** An attention layer, or a softmax that is an input of a matrix product. */
function attentionOf(layers: readonly LayerRow[]): string | undefined {
  const layer = layers.find(({ kind }) => /attention|transformer/i.test(kind));
  if (layer !== undefined) return layer.name;
  const weights = new Set(
    layers.filter(({ kind }) => /^softmax$/i.test(kind))
      .map(({ name }) => name),
  );
  return layers.find(({ kind, inbound }) =>
    PRODUCTS.test(kind) && inbound.some((name) => weights.has(name))
  )?.name;
}

/** The penultimate, or the last feature of the head's width, or the last of vectors. */
function findVectors(
  { penultimate, features, layerNames, head }: FeatureSet,
): { readonly name: string; readonly array: FeatureArray } | undefined {
  if (penultimate?.shape.length === 2) {
    return { name: "penultimate", array: penultimate };
  }
  const vectors = features.map((array, i) => ({
    name: `layer "${layerNames[i]}"`,
    array,
  })).filter(({ array }) => array.shape.length === 2);
  const width = head?.kernel.shape[0];
  return vectors.findLast(({ array }) => array.shape[1] === width) ??
    vectors.at(-1);
}

/** With this rank or more, some component explains at most 0.01 of the variance. */
const NARROW = 100;

function measured(
  name: string,
  array: FeatureArray,
  action: string,
): VectorFacts {
  checkFinite(name, array, action);
  const { data, shape } = array;
  const width = data.length / shape[0]!;
  const { rank, most } = numericalRank({ data, shape });
  let negative = 0;
  for (let i = 0; i < data.length; i++) if (data[i]! < 0) negative++;
  return {
    name,
    width,
    varying: numVarying(data, width),
    rank,
    isEven: rank < NARROW && spreadsAlike({ data, shape }, 0.01),
    isRankLimited: rank === most && most < width,
    zeros: statistics(data).zeros / data.length,
    negative: negative / data.length,
  };
}

function numVarying(data: ArrayLike<number>, width: number): number {
  const varies = new Uint8Array(width); // [D]
  for (let start = width; start < data.length; start += width) {
    for (let j = 0; j < width; j++) {
      if (data[start + j] !== data[j]) varies[j] = 1;
    }
  }
  return varies.reduce((sum, one) => sum + one, 0);
}

function checkFinite(
  name: string,
  { data, shape }: FeatureArray,
  action: string,
): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const row = Math.floor(i / (data.length / shape[0]!));
    const rule = `${name} must be finite, in row ${row} too`;
    const hint = "leave out such rows with set.select()";
    throw new RangeError(cannot(action, rule, data[i], hint));
  }
}
