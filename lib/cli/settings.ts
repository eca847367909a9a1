/**
 * Settings of an extractor on a command line, the same for every command.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { cannot } from "../check.ts";
import { FeatureExtractor } from "../extractor/feature_extractor.ts";
import { flatten } from "../postprocess/flatten.ts";
import { half } from "../postprocess/half.ts";
import { normalize } from "../postprocess/normalize.ts";
import { pool } from "../postprocess/pool.ts";
import type { ImageOptions } from "../datasets/image_input.ts";
import type { BuiltInPostprocess, Model } from "../types.ts";

/** What the options of {@linkcode addSettings} give. */
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
}

/**
 * Adds the options that set an extractor to a command.
 *
 * @param command The command; it is changed.
 * @returns The command.
 */
export function addSettings(command: Command): Command {
  const choice = (flags: string, text: string, choices: readonly string[]) =>
    command.addOption(new Option(flags, text).choices(choices));
  command.addOption(
    new Option(
      "--layers <ids>",
      "names, paths, globs or indices of layers, with commas between them " +
        "or repeated; without any, logits only",
    ).argParser(repeated).default([], "none"),
  );
  choice("--pool <kind>", "pools feature maps", ["mean", "max"]);
  command
    .option("--flatten", "makes a vector of each feature")
    .option("--normalize", "scales each feature to length 1")
    .option("--half", "rounds features to float16")
    .option("--penultimate", "adds what feeds the head")
    .option("--no-logits", "leaves the logits out")
    .option("--input <layer>", "starts at what this layer receives")
    .option("--head <layer>", "the layer that gives the logits")
    .option("--react <bound>", "clips the penultimate (ReAct)", toNumber)
    .option("--ash <percentile>", "prunes the penultimate (ASH)", toNumber)
    .option("--scale <percentile>", "scales the penultimate", toNumber)
    .option("--batch <size>", "samples that are computed at once", toInteger);
  choice("--engine <kind>", "what computes", ["auto", "onnx", "tfjs"]);
  choice("--backend <kind>", "of tfjs", ["wasm", "cpu", "webgpu"]);
  return command.option("--threads <n>", "of the native engine", toInteger);
}

/**
 * Makes the extractor that options ask for.
 *
 * @param model The model.
 * @param options What {@linkcode addSettings} parsed.
 * @returns The extractor.
 * @throws {Error} What the extractor's methods throw for such settings.
 */
export function extractorOf(
  model: Model,
  options: SettingOptions,
): FeatureExtractor {
  const { react, ash, scale, batch, threads, backend, engine } = options;
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
  if (engine === undefined && backend === undefined && threads === undefined) {
    return extractor;
  }
  return extractor.engine(engine ?? "auto", {
    ...(backend === undefined ? {} : { backend }),
    ...(threads === undefined ? {} : { threads }),
  });
}

/** What the options of {@linkcode addImageSettings} give. */
export interface ImageSettingOptions extends
  Pick<
    ImageOptions,
    "size" | "interpolation" | "antialias" | "fit" | "colorMode" | "orient"
  > {
  /** What is done to the values. */
  readonly preprocess?: "caffe" | "tf" | "torch";
}

/**
 * Adds the options of `imageFolder` to a command.
 *
 * @param command The command; it is changed.
 * @returns The command.
 */
export function addImageSettings(command: Command): Command {
  const choice = (flags: string, text: string, choices: readonly string[]) =>
    command.addOption(new Option(flags, text).choices(choices));
  command.option("--size <HxW>", "rows and columns of images", toSize);
  choice("--interpolation <kind>", "of images", ["bilinear", "nearest"]);
  command.option("--antialias", "counts all pixels below a new one");
  choice("--fit <kind>", "of another aspect ratio", ["stretch", "crop", "pad"]);
  choice("--color-mode <mode>", "of images", ["rgb", "grayscale", "rgba"]);
  choice("--preprocess <kind>", "of pixel values", ["caffe", "tf", "torch"]);
  return command.option("--orient", "turns images as their EXIF data say");
}

/**
 * The options of images alone.
 *
 * @param options What {@linkcode addImageSettings} parsed, among others.
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

function toSize(text: string): [number, number] {
  const [, height, width] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (height !== undefined) return [toInteger(height), toInteger(width!)];
  throw new InvalidArgumentError("It must be HEIGHTxWIDTH, as 224x224.");
}

/**
 * Collects the values of an option that may be repeated.
 *
 * @param text The next value.
 * @param before Those before it.
 * @returns All of them.
 */
export function repeated(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

/**
 * Reads an option that is a number.
 *
 * @param text What was written.
 * @returns The number.
 * @throws {InvalidArgumentError} If it is none.
 */
export function toNumber(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be a number.");
}

/**
 * Reads an option that is a positive whole number.
 *
 * @param text What was written.
 * @returns The number.
 * @throws {InvalidArgumentError} If it is none.
 */
export function toInteger(text: string): number {
  const value = toNumber(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a positive integer.");
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
