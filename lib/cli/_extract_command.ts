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

/** Options of the command, once they are read. */
export interface ExtractOptions extends SettingOptions, ImageSettingOptions {
  /** Where the features go. */
  readonly out?: string;
  /** What is merged. */
  readonly merge?: string;
  /** Columns of the inputs. */
  readonly inputs: readonly string[];
  /** Column of the labels. */
  readonly labels?: string;
  /** Column of the identities. */
  readonly ids?: string;
  /** Condition on rows. */
  readonly where?: string;
  /** Order of rows. */
  readonly orderBy?: string;
  /** What a bad image does. */
  readonly onBad?: "stop" | "skip";
  /** The most samples. */
  readonly limit?: number;
  /** Seed of the order. */
  readonly shuffle?: number;
  /** Folder of the cache. */
  readonly cache?: string;
  /** Whether no progress is shown. */
  readonly quiet?: boolean;
  /** Format of a folder. */
  readonly format?: "npz" | "safetensors" | "parquet";
  /** Samples in each file of a folder. */
  readonly shardSize?: number;
  /** Rows in a row group. */
  readonly rowGroupSize?: number;
  /** Samples in a part. */
  readonly partSize?: number;
  /** Which part of the work. */
  readonly shard?: readonly [number, number] | "env";
  /** How many parts there are. */
  readonly shards?: number;
}

const USAGE = `MODEL DATA --out TARGET [options]
       extract --merge TARGET`;

const AFTER = `
Ctrl-C stops it, and the same command goes on where it was.
Exit codes: 0 done, 1 an error, 2 wrong arguments, 130 stopped.`;

const DATA =
  "a folder, .zip or .tar of images; .csv, .tsv, .jsonl, .parquet; " +
  ".npy, .npz";

/**
 * Makes the command.
 *
 * @returns The command, with its options.
 */
export function extractCommand(): Command {
  const extract = new Command("extract").usage(USAGE)
    .description("Writes the features of a dataset to files.")
    .argument("[MODEL]", "path or URL of a Keras, TF.js or ONNX model")
    .argument("[DATA]", DATA);
  addSettings(extract)
    .option("--cache <folder>", "keeps there what was computed, and reuses it")
    .option("--quiet", "no progress");
  addData(extract);
  addImageSettings(extract).addOption(
    new Option("--on-bad <what>", "what an image that cannot be read does")
      .choices(["stop", "skip"]),
  );
  return addOutput(extract).addHelpText("after", AFTER);
}

function addData(command: Command): void {
  command.optionsGroup("Which data:")
    .addOption(inputsOption())
    .option("--labels <column>", "column or array of the labels")
    .option("--ids <column>", "column or array of the identities")
    .option("--where <condition>", "rows of a table, in SQL")
    .option("--order-by <columns>", "order of the rows of a table, in SQL")
    .option("--limit <n>", "the most samples", toInteger)
    .option("--shuffle <seed>", "another order of samples", toSeed);
}

function addOutput(command: Command): Command {
  return command.optionsGroup("Where it goes:")
    .option("--out <target>", ".npz, .safetensors, .parquet, or a folder")
    .addOption(
      new Option("--format <format>", "of a folder, or against the name")
        .choices(["npz", "safetensors", "parquet"]),
    )
    .option("--shard-size <n>", "samples in each file of a folder", toInteger)
    .option("--row-group-size <n>", "rows in a group of Parquet", toInteger)
    .option("--part-size <n>", "the most samples a kill loses", toInteger)
    .optionsGroup("Many machines:")
    .option(
      "--shard <part>",
      "K/N does part K of N, from 0; env takes both from Slurm, K from " +
        "Kubernetes",
      toShard,
    )
    .option("--shards <n>", "N, where the scheduler does not say it", toInteger)
    .option("--merge <target>", "joins what all parts wrote");
}

/**
 * Checks what options of the command must be together.
 *
 * @param command The command, once its arguments are read.
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
  if (shards !== undefined && shard !== "env") {
    command.error("error: option '--shards <n>' needs '--shard env'");
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
