/**
 * The arguments of the command `extract`.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { cannot, checkInteger, nearestNames } from "../check.ts";

/** What the command says of itself. */
export const HELP = `Writes the features of a dataset to a file.

usage: extract MODEL DATA --out TARGET [options]
       extract --merge TARGET

MODEL   .keras, .h5, model.json or .onnx: a path or URL
DATA    a folder, .zip or .tar of images; .csv, .tsv, .jsonl, .parquet; .npy, .npz
TARGET  .npz, .safetensors, .parquet, or a folder with --format

what is extracted
  --layers IDS         layers by name, index or glob, with commas between: -2,conv*
  --pool mean|max      pools feature maps over their positions
  --penultimate        adds what feeds the head
  --no-logits          leaves the logits out
how data are read
  --size HxW           size of images; default: the model's input
  --preprocess MODE    caffe, tf or torch
  --on-bad stop|skip   what to do about an image that cannot be read [stop]
  --inputs COLUMNS     columns or arrays of the inputs, with commas between
  --labels COLUMN      column or array of the labels
  --where CONDITION    rows of a table, in SQL
  --limit N            the first N samples
how it runs
  --batch N            samples at once [64]
  --engine NAME        auto, onnx or tfjs [auto]
  --threads N          threads of onnx
  --cache FOLDER       takes from and keeps in a folder what was computed
  --quiet              no progress on stderr
how it is written
  --format FORMAT      safetensors or parquet, of a folder
  --shard-size N       samples in each file of a folder [8192]
  --row-group-size N   rows in a row group of Parquet
  --part-size N        samples that a killed process loses at the most
many machines
  --shard K/N          does part K of N, from 0
  --shard env          takes K and N from Slurm, K from Kubernetes
  --shards N           how many there are, where the scheduler does not say so
  --merge TARGET       joins what all parts wrote

  --help               this text

Ctrl-C stops it, and the same command goes on where it was.
Exit codes: 0 done, 1 an error, 2 wrong arguments, 130 stopped.`;

const OPTIONS = {
  "layers": { type: "string", multiple: true },
  "pool": { type: "string" },
  "penultimate": { type: "boolean" },
  "no-logits": { type: "boolean" },
  "size": { type: "string" },
  "preprocess": { type: "string" },
  "on-bad": { type: "string" },
  "inputs": { type: "string" },
  "labels": { type: "string" },
  "where": { type: "string" },
  "limit": { type: "string" },
  "batch": { type: "string" },
  "engine": { type: "string" },
  "threads": { type: "string" },
  "cache": { type: "string" },
  "quiet": { type: "boolean" },
  "out": { type: "string" },
  "format": { type: "string" },
  "shard-size": { type: "string" },
  "row-group-size": { type: "string" },
  "part-size": { type: "string" },
  "shard": { type: "string" },
  "shards": { type: "string" },
  "merge": { type: "string" },
  "help": { type: "boolean", short: "h" },
} as const satisfies ParseArgsConfig["options"];

/** What the command is to do. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "merge"; readonly target: string }
  | ExtractCommand;

/** One run. */
export interface ExtractCommand {
  readonly kind: "extract";
  readonly model: string;
  readonly data: string;
  readonly out: string;
  readonly layers: readonly (string | number)[];
  readonly shard?:
    | readonly [number, number]
    | { readonly index: "env"; readonly count?: number };
  /** Options with a text, by name. */
  readonly texts: Readonly<Record<string, string | undefined>>;
  /** Options with a number, by name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Options that are there or not. */
  readonly flags: ReadonlySet<string>;
}

const NUMBERS = ["limit", "batch", "threads", "shard-size", "row-group-size"];
NUMBERS.push("part-size", "shards");

/** Arguments that make no command. */
export class ArgumentError extends TypeError {
  /** The error's class, for programs that go by name. */
  override readonly name = "ArgumentError";
}

/**
 * Reads the arguments of the command.
 *
 * @param args The arguments.
 * @returns What it is to do.
 * @throws {ArgumentError} If they make no command.
 */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  if (values.help || args.length === 0) return { kind: "help" };
  if (values.merge !== undefined) {
    const others = [...Object.keys(values).filter((key) => key !== "merge")];
    if (others.length === 0 && positionals.length === 0) {
      return { kind: "merge", target: values.merge };
    }
    throw bad("--merge must stand alone", [...others, ...positionals]);
  }
  const [model, data, ...rest] = positionals;
  if (model === undefined || data === undefined || rest.length > 0) {
    throw bad("it must be told a model and the data", positionals);
  }
  if (values.out === undefined) {
    throw bad("it must be told where to write", "no --out");
  }
  const texts = values as Record<string, string | undefined>;
  const numbers = Object.fromEntries(
    NUMBERS.filter((name) => texts[name] !== undefined)
      .map((name) => [name, numberOf(name, texts[name]!)]),
  );
  const flags = ["penultimate", "no-logits", "quiet"] as const;
  const shard = shardOf(values.shard, numbers.shards);
  return {
    kind: "extract",
    model,
    data,
    out: values.out,
    layers: (values.layers ?? []).flatMap(idsOf),
    ...(shard === undefined ? {} : { shard }),
    texts,
    numbers,
    flags: new Set(flags.filter((name) => values[name])),
  };
}

function parsed(args: readonly string[]) {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1)?.replace(/^--/, "") ?? "";
    const option = Object.hasOwn(OPTIONS, before)
      ? OPTIONS[before as keyof typeof OPTIONS]
      : undefined;
    // An index such as -2 is a value, and no option.
    if (option?.type === "string" && /^-\d/.test(arg)) {
      joined[joined.length - 1] += `=${arg}`;
    } else joined.push(arg);
  }
  try {
    return parseArgs({
      args: joined,
      options: OPTIONS,
      allowPositionals: true,
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [, name] = /'--?([^'=\s]+)/.exec(error.message) ?? [];
    const isKnown = name !== undefined && Object.hasOwn(OPTIONS, name);
    if (name === undefined || isKnown) {
      throw bad(
        "its arguments must be options and their values",
        error.message,
      );
    }
    const near = nearestNames(name, Object.keys(OPTIONS), 3)
      .map((known) => `--${known}`);
    const hint = near.length > 0
      ? `did you mean ${near.join(" or ")}`
      : undefined;
    throw bad("every option must be one of --help", `--${name}`, hint);
  }
}

/** Layers of one `--layers`; what looks like an index is one. */
function idsOf(text: string): (string | number)[] {
  return text.split(",").filter((id) => id !== "")
    .map((id) => /^-?\d+$/.test(id) ? Number(id) : id);
}

function numberOf(name: string, text: string): number {
  try {
    return checkInteger(Number(text), "extract", `--${name}`);
  } catch (cause) {
    throw new ArgumentError((cause as Error).message, { cause });
  }
}

function shardOf(
  text: string | undefined,
  count: number | undefined,
): ExtractCommand["shard"] {
  if (text === undefined) return undefined;
  if (text === "env") {
    return { index: "env", ...(count === undefined ? {} : { count }) };
  }
  const [, index, total] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (index !== undefined && Number(index) < Number(total)) {
    return [Number(index), Number(total)];
  }
  throw bad("--shard must be K/N with K < N, or env", text);
}

/**
 * The error of arguments that make no command.
 *
 * @param rule What must hold.
 * @param value What came.
 * @param hint What to do about it.
 * @returns The error.
 */
export function bad(
  rule: string,
  value: unknown,
  hint = "--help lists the arguments",
): ArgumentError {
  return new ArgumentError(cannot("extract", rule, value, hint));
}
