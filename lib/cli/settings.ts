/**
 * Settings of an extractor on a command line, the same for every
 * command, whatever parsed them.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { FeatureExtractor } from "../extractor/feature_extractor.ts";
import { datasetSpecs, feedsOf } from "../extractor/feeds.ts";
import type { EngineOptions } from "../extractor/options.ts";
import { flatten } from "../postprocess/flatten.ts";
import { half } from "../postprocess/half.ts";
import { normalize } from "../postprocess/normalize.ts";
import { pool } from "../postprocess/pool.ts";
import type { ImageOptions } from "../datasets/image_input.ts";
import { modelGraphOf } from "../models/graph/model_graph.ts";
import type { BuiltInPostprocess, Model, TensorSpec } from "../types.ts";

/** Settings of an extractor, as a command line has them. */
export interface SettingOptions {
  /** Names, paths, globs or indices, as they were written. */
  readonly layers: readonly string[];
  /** How feature maps are pooled. */
  readonly pool?: "mean" | "max";
  /** Whether features become vectors. */
  readonly flatten?: boolean;
  /** Whether features get length 1. */
  readonly normalize?: boolean;
  /** Whether features become float16. */
  readonly half?: boolean;
  /** Whether the tensor that feeds the head comes too. */
  readonly penultimate?: boolean;
  /** False leaves the logits out. */
  readonly logits: boolean;
  /** The first layer that runs. */
  readonly input?: string;
  /** The layer that gives the logits. */
  readonly head?: string;
  /** Upper bound of the penultimate. */
  readonly react?: number;
  /** Percentile of ASH. */
  readonly ash?: number;
  /** Percentile of SCALE. */
  readonly scale?: number;
  /** Samples that are computed at once. */
  readonly batch?: number;
  /** What computes. */
  readonly engine?: "auto" | "onnx" | "tfjs";
  /** Where TF.js computes. */
  readonly backend?: "wasm" | "cpu" | "webgpu";
  /** Threads of the native engine. */
  readonly threads?: number;
  /** Where the native engine computes. */
  readonly device?: EngineOptions["device"];
}

/**
 * Makes the extractor that options ask for.
 *
 * @param model The model.
 * @param options The settings.
 * @returns The extractor.
 * @throws {Error} What the extractor's methods throw for such settings.
 */
export function extractorOf(
  model: Model,
  options: SettingOptions,
): FeatureExtractor {
  const { react, ash, scale, batch, threads, backend, engine, device } =
    options;
  const ids = options.layers.flatMap((text) => layerIds(model, text));
  const steps: BuiltInPostprocess[] = [];
  if (options.pool) steps.push(pool(options.pool));
  if (options.flatten) steps.push(flatten());
  if (options.normalize) steps.push(normalize());
  if (options.half) steps.push(half());
  if (ids.length === 0 && steps.length > 0) {
    const rule = '"--layers" must name what is to be postprocessed';
    const hint = "as in --layers -2";
    throw new TypeError(cannot("set postprocessing", rule, "none", hint));
  }
  let extractor = new FeatureExtractor(model);
  if (options.head !== undefined) {
    extractor = extractor.head(idOf(options.head));
  }
  if (options.input !== undefined) {
    extractor = extractor.input(idOf(options.input));
  }
  if (ids.length > 0) extractor = extractor.layers(ids);
  if (steps.length > 0) extractor = extractor.postprocess(...steps);
  if (options.penultimate) extractor = extractor.penultimate();
  if (!options.logits) extractor = extractor.logits(false);
  if (react !== undefined) extractor = extractor.react(react);
  if (ash !== undefined) extractor = extractor.ash(ash);
  if (scale !== undefined) extractor = extractor.scale(scale);
  if (batch !== undefined) extractor = extractor.batch(batch);
  const engineOptions = Object.fromEntries(
    Object.entries({ backend, threads, device })
      .filter(([, value]) => value !== undefined),
  );
  // A device is one of the native engine, which need not be named as well.
  const kind = engine ?? (device === undefined ? "auto" : "onnx");
  return engine === undefined && Object.keys(engineOptions).length === 0
    ? extractor
    : extractor.engine(kind, engineOptions);
}

/**
 * What the data of a run must be.
 *
 * @param model The model.
 * @param input The first layer that runs, as it was written.
 * @returns The inputs.
 */
export function specsOf(
  model: Model,
  input: string | undefined,
): readonly TensorSpec[] {
  const graph = modelGraphOf(model)!;
  const cut = input === undefined ? undefined : graph.findNode(idOf(input));
  return datasetSpecs(feedsOf(graph, cut));
}

/** Settings of images, as a command line has them. */
export interface ImageSettingOptions extends
  Pick<
    ImageOptions,
    "size" | "interpolation" | "antialias" | "fit" | "colorMode" | "orient"
  > {
  /** What is done to the values. */
  readonly preprocess?: "caffe" | "tf" | "torch";
}

/**
 * The options of images alone.
 *
 * @param options Settings, with others among them.
 * @returns Options for `imageFolder`.
 */
export function imageOptions(options: ImageSettingOptions): ImageOptions {
  const { size, interpolation, antialias, fit } = options;
  const { colorMode, preprocess, orient } = options;
  const all = { size, interpolation, antialias, fit, colorMode, preprocess };
  return Object.fromEntries(
    Object.entries({ ...all, orient }).filter(([, v]) => v !== undefined),
  );
}

/** A layer may be called as it is written, with a comma in its name. */
function layerIds(model: Model, text: string): (string | number)[] {
  if (model.layers.some(({ name }) => name === text)) return [text];
  return text.split(",").map((id) => id.trim()).map((id) =>
    model.layers.some(({ name }) => name === id) ? id : idOf(id)
  );
}

function idOf(text: string): string | number {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}
