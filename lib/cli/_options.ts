/**
 * Shared options of commands for the extractor and images.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";

/**
 * Adds the options of an extractor to a command.
 *
 * @param command The command; it is changed.
 * @returns The command.
 */
export function addSettings(command: Command): Command {
  const choice = choiceOf(command);
  command.optionsGroup("Features:").addOption(
    new Option(
      "--layers <ids>",
      "names, paths, globs or indices of layers, separated by commas " +
        "or repeated; without it, only logits",
    ).argParser(repeated).default([], "none"),
  );
  choice("--pool <kind>", "pools feature maps", ["mean", "max"]);
  command
    .option("--flatten", "flattens each feature to a vector")
    .option("--normalize", "scales each feature to L2 norm 1")
    .option("--half", "converts features to float16")
    .option("--penultimate", "adds the input of the head")
    .option("--no-logits", "omits the logits")
    .option("--input <layer>", "starts at the input of this layer")
    .option("--head <layer>", "layer of the logits")
    .option("--react <bound>", "clips the input of the head (ReAct)", toNumber)
    .option(
      "--ash <percentile>",
      "prunes the input of the head (ASH)",
      toNumber,
    )
    .option(
      "--scale <percentile>",
      "scales the input of the head (SCALE)",
      toNumber,
    )
    .optionsGroup("Engine:")
    .option("--batch <size>", "batch size", toInteger);
  choice("--engine <kind>", "the engine", ["auto", "onnx", "tfjs"]);
  choice("--backend <kind>", "backend of tfjs", ["wasm", "cpu", "webgpu"]);
  choice("--device <name>", "device of onnx", [
    ...["auto", "cpu", "webgpu", "cuda", "coreml", "directml"],
  ]);
  return command.option("--threads <n>", "threads of onnx", toInteger);
}

/**
 * Adds the options of `imageFolder` to a command.
 *
 * @param command The command; it is changed.
 * @returns The command.
 */
export function addImageSettings(command: Command): Command {
  const choice = choiceOf(command);
  command.optionsGroup("Images:");
  command.option("--size <HxW>", "height and width", toSize);
  choice("--interpolation <kind>", "interpolation", ["bilinear", "nearest"]);
  command.option("--antialias", "filters before downsampling");
  choice("--fit <kind>", "for another aspect ratio", [
    "stretch",
    "crop",
    "pad",
  ]);
  choice("--color-mode <mode>", "colour mode", ["rgb", "grayscale", "rgba"]);
  choice("--preprocess <kind>", "preprocessing", ["caffe", "tf", "torch"]);
  return command.option("--orient", "applies the EXIF orientation");
}

/**
 * Creates the option that names the columns of inputs.
 *
 * @returns The option, with a list as value.
 */
export function inputsOption(): Option {
  const text = "columns separated by commas, or INPUT=COLUMN; repeated for " +
    "several; by default, found by their names";
  return new Option("--inputs <columns>", text)
    .argParser(repeated).default([], "none");
}

/** Adds an option with a set of allowed values. */
function choiceOf(command: Command) {
  return (flags: string, text: string, choices: readonly string[]) =>
    command.addOption(new Option(flags, text).choices(choices));
}

/**
 * Collects the values of an option that may be repeated.
 *
 * @param text The next value.
 * @param before The previous values.
 * @returns All values.
 */
export function repeated(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

/**
 * Parses a numeric option.
 *
 * @param text The text.
 * @returns The number.
 * @throws {InvalidArgumentError} If it is not one.
 */
function toNumber(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be a number.");
}

/**
 * Parses an option that is a positive integer.
 *
 * @param text The text.
 * @returns The number.
 * @throws {InvalidArgumentError} If it is not one.
 */
export function toInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a positive integer.");
}

function toSize(text: string): [number, number] {
  const [, height, width] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (height !== undefined) return [toInteger(height), toInteger(width!)];
  throw new InvalidArgumentError("It must be HEIGHTxWIDTH, as 224x224.");
}
