/**
 * Runs the command `extract` with parsed arguments.
 *
 * @module
 */
import type { Command } from "commander";
import { cannot, printableMessage } from "../check.ts";
import { imageFolder } from "../datasets/image_folder.ts";
import { npyFile, npzFile } from "../datasets/numpy_files.ts";
import { table } from "../datasets/table.ts";
import { formatOf } from "../datasets/table_files.ts";
import type { TableOptions } from "../datasets/table_options.ts";
import { countText } from "../display/cell.ts";
import { loadModel } from "../extractor/load_model.ts";
import { mergeFeatures } from "../store/merge_features.ts";
import { rateText, type Written } from "../store/written.ts";
import type { DataSource, Model, TensorSpec } from "../types.ts";
import { errorLines, readArguments } from "./_arguments.ts";
import {
  checkExtract,
  extractCommand,
  type ExtractOptions,
} from "./_extract_command.ts";
import { extractorOf, imageOptions, specsOf } from "./settings.ts";

/** The output of the command, and its signal. */
export interface CommandContext {
  /** Writes to stdout. */
  readonly out: (text: string) => void;
  /** Writes to stderr. */
  readonly err: (text: string) => void;
  /** Aborts the run. */
  readonly signal: AbortSignal;
}

/** Exit code of the command. */
export type ExitCode = 0 | 1 | 2 | 130;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 * @param context Its output, and its signal.
 * @returns The exit code.
 */
export async function runExtract(
  args: readonly string[],
  context: CommandContext,
): Promise<ExitCode> {
  const { out, err, signal } = context;
  const command = extractCommand();
  const words = args.length === 0 ? ["--help"] : args;
  const code = readArguments(command, words, context, (read) => {
    checkExtract(read);
    checkData(read);
  });
  if (code !== undefined) return code;
  try {
    const { merge } = command.opts<ExtractOptions>();
    const written = merge === undefined
      ? await extract(command, signal)
      : await mergeFeatures(merge);
    out(textOf(written, merge !== undefined));
    for (const { id, reason } of written.skipped) {
      err(`${printableMessage(`skipped "${id}": ${reason}`)}\n`);
    }
    return 0;
  } catch (error) {
    if (!signal.aborted) {
      err(errorLines(error));
      return 1;
    }
    err(errorLines(error, "stopped"));
    err("The same command goes on where it was.\n");
    return 130;
  }
}

function textOf(
  { samples, files, bytes, samplesPerSecond }: Written,
  isMerge: boolean,
): string {
  const [first] = files;
  const where = files.length === 1 ? first : `${files.length} files`;
  const complete = isMerge ? "" : ", already complete";
  const rate = samplesPerSecond === 0 // nothing was computed
    ? complete
    : `, ${rateText(samplesPerSecond)} samples/s`;
  const text = `${
    countText(samples, "sample")
  } in ${where}, ${bytes} bytes${rate}`;
  return `${printableMessage(text)}\n`;
}

async function extract(
  command: Command,
  signal: AbortSignal,
): Promise<Written> {
  const [path, data] = command.args as [string, string];
  const options = command.opts<ExtractOptions>();
  await using model = await loadModel(path, { signal });
  const extractor = extractorOf(model, options);
  const { cache, out, quiet, shard, shards } = options;
  const kept = cache === undefined ? extractor : extractor.cache(cache);
  const source = dataOf(data, options, model);
  return await kept.write(source, out!, {
    signal,
    ...(quiet ? { progress: false } : {}),
    ...picked(options, ["format", "shardSize", "rowGroupSize", "partSize"]),
    ...(shard === undefined ? {} : {
      shard: shard === "env"
        ? { index: shard, ...(shards === undefined ? {} : { count: shards }) }
        : shard,
    }),
  });
}

/** Options of all sources, and of sources of images, tables and arrays. */
const IMAGES = [
  ...["size", "interpolation", "antialias", "fit", "colorMode", "orient"],
  ...["preprocess", "onBad"],
] as const;
const SAMPLES = ["limit", "shuffle"] as const;
const COLUMNS = ["inputs", "labels", "ids"] as const;
const ROWS = ["where", "orderBy"] as const;
const ALL = [...IMAGES, ...SAMPLES, ...COLUMNS, ...ROWS];

type Kind = "table" | "npz" | "npy" | "images";
const KNOWN: Readonly<Record<Kind, readonly (typeof ALL[number])[]>> = {
  table: ALL,
  npz: [...SAMPLES, ...COLUMNS],
  npy: SAMPLES,
  images: [...IMAGES, ...SAMPLES],
};

/** The kind of a dataset, by its extension. */
function kindOf(data: string): Kind {
  if (formatOf(data.replace(/\.gz$/i, "")) !== undefined) return "table";
  const [, ending = ""] = /\.([a-z\d]+)$/i.exec(data) ?? [];
  const kind = ending.toLowerCase();
  return kind === "npz" || kind === "npy" ? kind : "images";
}

/** Refuses options that do not apply to the kind of data. */
function checkData(command: Command): void {
  const [, data] = command.args;
  if (data === undefined) return;
  const known: readonly string[] = KNOWN[kindOf(data)];
  for (const option of command.options) {
    const name = option.attributeName();
    const isData = (ALL as readonly string[]).includes(name);
    if (!isData || known.includes(name)) continue;
    if (command.getOptionValueSource(name) !== "cli") continue;
    command.error(`error: option '${option.flags}' is not for data as ${data}`);
  }
}

function dataOf(
  data: string,
  options: ExtractOptions,
  model: Model,
): DataSource {
  const { limit, shuffle: seed } = options;
  const samples = {
    ...(limit === undefined ? {} : { limit }),
    ...(seed === undefined ? {} : { shuffle: { seed } }),
  };
  const images = {
    ...imageOptions(options),
    ...picked(options, ["onBad"]),
    ...samples,
  };
  const kind = kindOf(data);
  if (kind === "images") return imageFolder(data, images);
  if (kind === "npy") return npyFile(data, samples);
  const columns = {
    ...inputsOf(options.inputs, specsOf(model, options.input)),
    ...picked(options, ["labels", "ids"]),
  };
  if (kind === "npz") return npzFile(data, { ...columns, ...samples });
  return table(data, { ...images, ...columns, ...picked(options, ROWS) });
}

/** Columns as a list, or by input. */
function inputsOf(
  strings: readonly string[],
  specs: readonly TensorSpec[],
): Pick<TableOptions, "inputs"> {
  if (strings.length === 0) return {};
  const list: string[] = [];
  const named: Record<string, string[]> = {};
  for (const text of strings) {
    const spec = specs.find(({ name }) => text.startsWith(`${name}=`));
    const columns = spec === undefined ? list : (named[spec.name] ??= []);
    const rest = spec === undefined ? text : text.slice(spec.name.length + 1);
    columns.push(...rest.split(","));
  }
  if (Object.keys(named).length === 0) {
    return { inputs: list.length === 1 ? list[0]! : list };
  }
  if (list.length === 0) return { inputs: named };
  const rule = "--inputs must be INPUT=COLUMN for all columns or for none";
  throw new TypeError(cannot("extract", rule, list));
}

/** The options that were passed, among the named ones. */
function picked<T, K extends keyof T>(
  options: T,
  names: readonly K[],
): { [key in K]?: Exclude<T[key], undefined> } {
  const found = names.filter((name) => options[name] !== undefined)
    .map((name) => [name, options[name]]);
  return Object.fromEntries(found);
}
