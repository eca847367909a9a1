/**
 * The arguments of the command `extract`.
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from "commander";
import {
  addImageSettings,
  addSettings,
  inputsOption,
  toInteger,
} from "./_options.ts";
import type { ImageSettingOptions, SettingOptions } from "./settings.ts";

/** The parsed options of the command. */
export interface ExtractOptions extends SettingOptions, ImageSettingOptions {
  /** The target. */
  readonly out?: string;
  /** The target to merge. */
  readonly merge?: string;
  /** Columns of the inputs. */
  readonly inputs: readonly string[];
  /** Column of the labels. */
  readonly labels?: string;
  /** Column of the ids. */
  readonly ids?: string;
  /** Condition on rows. */
  readonly where?: string;
  /** Order of rows. */
  readonly orderBy?: string;
  /** What to do about a bad image. */
  readonly onBad?: "stop" | "skip";
  /** Maximum number of samples. */
  readonly limit?: number;
  /** Seed of the order. */
  readonly shuffle?: number;
  /** Folder of the cache. */
  readonly cache?: string;
  /** Whether no progress is shown. */
  readonly quiet?: boolean;
  /** Format of a folder. */
  readonly format?: "npz" | "safetensors" | "parquet";
  /** Samples per file of a folder. */
  readonly shardSize?: number;
  /** Rows per row group. */
  readonly rowGroupSize?: number;
  /** Samples per part. */
  readonly partSize?: number;
  /** The shard. */
  readonly shard?: readonly [number, number] | "env";
  /** The number of shards. */
  readonly shards?: number;
}

const USAGE = `MODEL DATA --out TARGET [options]
       extract --merge TARGET`;

const AFTER = `
Ctrl-C stops the command, and the same command resumes it.
Exit codes: 0 success, 1 error, 2 invalid arguments, 130 stopped.`;

const DATA =
  "a folder, .zip or .tar of images; .csv, .tsv, .txt, .jsonl, .parquet; " +
  ".npy, .npz";

/**
 * Creates the command.
 *
 * @returns The command, with its options.
 */
export function extractCommand(): Command {
  const extract = new Command("extract").usage(USAGE)
    .description("Writes the features of a dataset to files.")
    .argument("[MODEL]", "path or URL of a Keras, TF.js or ONNX model")
    .argument("[DATA]", DATA);
  addSettings(extract)
    .option("--cache <folder>", "caches results in this folder")
    .option("--quiet", "no progress");
  addData(extract);
  addImageSettings(extract).addOption(
    new Option("--on-bad <what>", "for an image that cannot be read")
      .choices(["stop", "skip"]),
  );
  return addOutput(extract).addHelpText("after", AFTER);
}

function addData(command: Command): void {
  command.optionsGroup("Data:")
    .addOption(inputsOption())
    .option("--labels <column>", "column or array of the labels")
    .option("--ids <column>", "column or array of the ids")
    .option("--where <condition>", "selects rows of a table, in SQL")
    .option("--order-by <columns>", "order of the rows of a table, in SQL")
    .option("--limit <n>", "maximum number of samples", toInteger)
    .option("--shuffle <seed>", "shuffles the samples", toSeed);
}

function addOutput(command: Command): Command {
  return command.optionsGroup("Output:")
    .option("--out <target>", ".npz, .safetensors, .parquet, or a folder")
    .addOption(
      new Option("--format <format>", "format of a folder")
        .choices(["npz", "safetensors", "parquet"]),
    )
    .option("--shard-size <n>", "samples per file of a folder", toInteger)
    .option("--row-group-size <n>", "rows per row group of Parquet", toInteger)
    .option(
      "--part-size <n>",
      "samples per part, lost at most by a kill",
      toInteger,
    )
    .optionsGroup("Several machines:")
    .option(
      "--shard <part>",
      "K/N computes part K of N, from 0; env reads both from Slurm, K from " +
        "Kubernetes",
      toShard,
    )
    .option("--shards <n>", "N, if the scheduler does not set it", toInteger)
    .option("--merge <target>", "joins the parts");
}

/**
 * Checks the combination of the command's options.
 *
 * @param command The command, with parsed arguments.
 */
export function checkExtract(command: Command): void {
  const { out, merge, format, shards, shard } = command.opts<ExtractOptions>();
  if (merge !== undefined) {
    const others = command.options.filter((option) => {
      const name = option.attributeName();
      return name !== "merge" && command.getOptionValueSource(name) === "cli";
    }).map(({ long }) => long);
    if (others.length === 0 && command.args.length === 0) return;
    const found = [...others, ...command.args].join(", ");
    command.error(`error: --merge must stand alone, without ${found}`);
  }
  for (const [at, name] of ["MODEL", "DATA"].entries()) {
    if (command.args[at] === undefined) {
      command.error(`error: missing required argument '${name}'`);
    }
  }
  if (out === undefined) {
    return command.error(
      "error: required option '--out <target>' not specified",
    );
  }
  if (format === undefined && !/\.(npz|safetensors|parquet)$/i.test(out)) {
    command.error(
      "error: option '--out <target>' must end in .npz, .safetensors or " +
        ".parquet. A folder needs '--format safetensors' or '--format parquet'.",
    );
  }
  checkSizes(command, format ?? /\.([a-z]+)$/i.exec(out)?.[1] ?? "", out);
  if (shards !== undefined && shard !== "env") {
    command.error("error: option '--shards <n>' needs '--shard env'");
  }
}

/** Refuses sizes that have no effect on the target. */
function checkSizes(command: Command, format: string, out: string): void {
  const { shardSize, rowGroupSize } = command.opts<ExtractOptions>();
  if (shardSize !== undefined && /\.(npz|safetensors|parquet)$/i.test(out)) {
    command.error(
      "error: option '--shard-size <n>' is for a folder, not for one file",
    );
  }
  if (rowGroupSize !== undefined && format.toLowerCase() !== "parquet") {
    command.error(
      `error: option '--row-group-size <n>' is for Parquet, not for ${format}`,
    );
  }
}

function toSeed(text: string): number {
  const value = Number(text);
  if (text !== "" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("It must be a whole number of at least 0.");
}

function toShard(text: string): readonly [number, number] | "env" {
  if (text === "env") return text;
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (index !== undefined && Number(index) < Number(count)) {
    return [Number(index), Number(count)];
  }
  throw new InvalidArgumentError("It must be K/N with K < N, or env.");
}
