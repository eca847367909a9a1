/**
 * Settings of an extractor on a command line, shared by all commands.
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

/** Settings of an extractor, as parsed from a command line. */
export interface SettingOptions {
  /** Names, paths, globs or indices, as written. */
  readonly layers: readonly string[];
  /** Pooling of feature maps. */
  readonly pool?: "mean" | "max";
  /** Whether to flatten features. */
  readonly flatten?: boolean;
  /** Whether to normalise features to length 1. */
  readonly normalize?: boolean;
  /** Whether to convert features to float16. */
  readonly half?: boolean;
  /** Whether to add the input of the head. */
  readonly penultimate?: boolean;
  /** False omits the logits. */
  readonly logits: boolean;
  /** The first layer that runs. */
  readonly input?: string;
  /** The head. */
  readonly head?: string;
  /** Upper bound of the penultimate. */
  readonly react?: number;
  /** Percentile of ASH. */
  readonly ash?: number;
  /** Percentile of SCALE. */
  readonly scale?: number;
  /** Batch size. */
  readonly batch?: number;
  /** The engine. */
  readonly engine?: "auto" | "onnx" | "tfjs";
  /** The backend of TF.js. */
  readonly backend?: "wasm" | "cpu" | "webgpu";
  /** Threads of the native engine. */
  readonly threads?: number;
  /** The device of the native engine. */
  readonly device?: EngineOptions["device"];
}

/**
 * Creates the extractor for some options.
 *
 * @param model The model.
 * @param options The settings.
 * @returns The extractor.
 * @throws {Error} Errors of the extractor's methods.
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
 * The inputs that the data of a run must have.
 *
 * @param model The model.
 * @param input The first layer that runs, as written.
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

/** Settings of images, as parsed from a command line. */
export interface ImageSettingOptions extends
  Pick<
    ImageOptions,
    "size" | "interpolation" | "antialias" | "fit" | "colorMode" | "orient"
  > {
  /** The preprocessing of values. */
  readonly preprocess?: "caffe" | "tf" | "torch";
}

/**
 * Selects the options of images.
 *
 * @param options All settings.
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

/** Splits layer names at commas, unless a layer has the whole name. */
function layerIds(model: Model, text: string): (string | number)[] {
  if (model.layers.some(({ name }) => name === text)) return [text];
  return text.split(",").map((id) => id.trim()).map((id) =>
    model.layers.some(({ name }) => name === id) ? id : idOf(id)
  );
}

function idOf(text: string): string | number {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}
