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
  command.optionsGroup("What is extracted:").addOption(
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
    .optionsGroup("How it runs:")
    .option("--batch <size>", "samples that are computed at once", toInteger);
  choice("--engine <kind>", "what computes", ["auto", "onnx", "tfjs"]);
  choice("--backend <kind>", "of tfjs", ["wasm", "cpu", "webgpu"]);
  choice("--device <name>", "of the native engine", [
    ...["auto", "cpu", "webgpu", "cuda", "coreml", "directml"],
  ]);
  return command.option("--threads <n>", "of the native engine", toInteger);
}

/**
 * Adds the options of `imageFolder` to a command.
 *
 * @param command The command; it is changed.
 * @returns The command.
 */
export function addImageSettings(command: Command): Command {
  const choice = choiceOf(command);
  command.optionsGroup("How images are read:");
  command.option("--size <HxW>", "rows and columns of images", toSize);
  choice("--interpolation <kind>", "of images", ["bilinear", "nearest"]);
  command.option("--antialias", "counts all pixels below a new one");
  choice("--fit <kind>", "of another aspect ratio", ["stretch", "crop", "pad"]);
  choice("--color-mode <mode>", "of images", ["rgb", "grayscale", "rgba"]);
  choice("--preprocess <kind>", "of pixel values", ["caffe", "tf", "torch"]);
  return command.option("--orient", "turns images as their EXIF data say");
}

/**
 * Creates the option that names the columns of inputs.
 *
 * @returns The option, with a list as value.
 */
export function inputsOption(): Option {
  const text = "columns with commas between, or INPUT=COLUMN; repeated for " +
    "several; without any, found by their names";
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
