/**
 * The command `extract`, once its arguments are read.
 *
 * @module
 */
import { printableMessage } from "../check.ts";
import { imageFolder } from "../datasets/image_folder.ts";
import { npyFile, npzFile } from "../datasets/numpy_files.ts";
import { table } from "../datasets/table.ts";
import type { FeatureExtractor } from "../extractor/feature_extractor.ts";
import { loadModel } from "../models/load_model.ts";
import { mergeFeatures } from "../store/merge_features.ts";
import type { Written } from "../store/written.ts";
import type { DataSource, Model } from "../types.ts";
import {
  ArgumentError,
  bad,
  type ExtractCommand,
  HELP,
  parseCommand,
} from "./_arguments.ts";
import { extractorOf } from "./settings.ts";

/** Where the command writes, and what stops it. */
export interface Surroundings {
  /** Writes a line to stdout. */
  readonly print: (line: string) => void;
  /** Writes a line to stderr. */
  readonly warn: (line: string) => void;
  /** Stops the run. */
  readonly signal: AbortSignal;
}

/** How the command ended. */
export type ExitCode = 0 | 1 | 2 | 130;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 * @param surroundings Where it writes, and what stops it.
 * @returns The exit code.
 */
export async function runExtract(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { print, warn, signal } = surroundings;
  try {
    const command = parseCommand(args);
    if (command.kind === "help") {
      print(HELP);
      return 0;
    }
    const written = command.kind === "merge"
      ? await mergeFeatures(command.target)
      : await extract(command, surroundings);
    print(textOf(written));
    for (const { id, reason } of written.skipped) {
      warn(printableMessage(`skipped "${id}": ${reason}`));
    }
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (signal.aborted) {
      warn(`${message}; the same command goes on where it was`);
      return 130;
    }
    warn(`error: ${message}`);
    return error instanceof ArgumentError ? 2 : 1;
  }
}

function textOf({ samples, files, bytes, samplesPerSecond }: Written): string {
  const [first] = files;
  const where = files.length === 1 ? first : `${files.length} files`;
  return printableMessage(
    `${samples} samples in ${where}, ${bytes} bytes, ` +
      `${samplesPerSecond.toPrecision(3)} samples/s`,
  );
}

async function extract(
  command: ExtractCommand,
  { signal }: Surroundings,
): Promise<Written> {
  const { numbers, texts, flags, shard } = command;
  await using model = await loadModel(command.model, { signal });
  const extractor = extractorWith(model, command);
  const { format } = texts;
  return await extractor.write(dataOf(command), command.out, {
    signal,
    ...(flags.has("quiet") ? { progress: false } : {}),
    ...(format === undefined ? {} : { format: format as "parquet" }),
    ...named(numbers, {
      shardSize: "shard-size",
      rowGroupSize: "row-group-size",
      partSize: "part-size",
    }),
    ...(shard === undefined ? {} : { shard }),
  });
}

function extractorWith(
  model: Model,
  { layers, texts, numbers, flags }: ExtractCommand,
): FeatureExtractor {
  const { pool, engine, cache } = texts;
  const extractor = extractorOf(model, {
    layers: layers.map(String),
    penultimate: flags.has("penultimate"),
    logits: !flags.has("no-logits"),
    ...named({ pool, engine }, { pool: "pool", engine: "engine" }),
    ...named(numbers, { batch: "batch", threads: "threads" }),
  });
  return cache === undefined ? extractor : extractor.cache(cache);
}

/** The options of sources of images, of tables and of arrays. */
const IMAGES = ["size", "preprocess", "on-bad", "limit"];
const TABLES = [...IMAGES, "inputs", "labels", "where"];
const ARRAYS = ["inputs", "labels", "limit"];

/** The dataset, by the ending of its name. */
function dataOf({ data, texts, numbers }: ExtractCommand): DataSource {
  const [, ending = ""] = /\.([a-z\d]+)(?:\.gz)?$/i.exec(data) ?? [];
  const kind = ending.toLowerCase();
  const known = /^(csv|tsv|jsonl|ndjson|json|parquet)$/.test(kind)
    ? TABLES
    : kind === "npz"
    ? ARRAYS
    : kind === "npy"
    ? ["limit"]
    : IMAGES;
  for (const name of TABLES) {
    if (texts[name] === undefined || known.includes(name)) continue;
    throw bad(`--${name} must be left out for such data`, data);
  }
  const images = {
    ...sizeOption(texts.size),
    ...named(texts, { preprocess: "preprocess", onBad: "on-bad" }),
    ...named(numbers, { limit: "limit" }),
  } as { limit?: number };
  const inputs = texts.inputs?.split(",");
  const columns = {
    ...(inputs === undefined
      ? {}
      : { inputs: inputs.length === 1 ? inputs[0]! : inputs }),
    ...named(texts, { labels: "labels" }) as { labels?: string },
  };
  if (known === TABLES) {
    const where = named(texts, { where: "where" }) as { where?: string };
    return table(data, { ...images, ...columns, ...where });
  }
  const limit = named(numbers, { limit: "limit" }) as { limit?: number };
  if (kind === "npz") return npzFile(data, { ...columns, ...limit });
  if (kind === "npy") return npyFile(data, limit);
  return imageFolder(data, images);
}

function sizeOption(
  text: string | undefined,
): { size?: readonly [number, number] } {
  if (text === undefined) return {};
  const [, height, width] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (height === undefined) {
    throw bad("--size must be HxW, as in 224x224", text);
  }
  return { size: [Number(height), Number(width)] };
}

/** Options that were passed, under other names. */
function named<T>(
  values: Readonly<Record<string, T | undefined>>,
  names: Readonly<Record<string, string>>,
): Record<string, T> {
  const found = Object.entries(names)
    .map(([name, key]) => [name, values[key]] as const)
    .filter((pair): pair is [string, T] => pair[1] !== undefined);
  return Object.fromEntries(found);
}
