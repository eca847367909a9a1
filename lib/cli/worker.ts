/**
 * A command that extracts features for distributed engines: it reads an Arrow
 * IPC stream from stdin, and writes one to stdout.
 *
 * ```sh
 * deno run --allow-read --allow-ffi jsr:@sonde/sonde/worker model.keras \
 *   --layers -2 --pool mean
 * ```
 *
 * Only Arrow is written to stdout. The exit code is 0 if the whole stream was
 * written with its end-of-stream marker, 1 if something failed, and 2 for a
 * wrong command line.
 *
 * @module
 */
import { Command, Option } from "commander";
import { printable } from "../check.ts";
import { progressBar } from "../display/progress.ts";
import { loadModel } from "../extractor/load_model.ts";
import type { ImageOptions } from "../datasets/image_input.ts";
import type { ByteReader } from "./_arrow_frames.ts";
import type { ByteWriter } from "./_arrow_sink.ts";
import type { WorkerCounts, WorkerSettings } from "./_run_worker.ts";
import {
  extractorOf,
  imageOptions,
  type ImageSettingOptions,
  type SettingOptions,
  specsOf,
} from "./settings.ts";
import { errorLines, readArguments, writeText } from "./_arguments.ts";
import {
  addImageSettings,
  addSettings,
  inputsOption,
  repeated,
} from "./_options.ts";

export type { ByteReader, ByteWriter };

/** The pipes of a command. */
export interface Pipes {
  /** The input, such as `Deno.stdin`. */
  readonly stdin: ByteReader;
  /** The output, such as `Deno.stdout`. */
  readonly stdout: ByteWriter;
  /** Writes messages, as to `Deno.stderr`. */
  readonly log: (text: string) => void;
}

interface WorkerOptions extends SettingOptions, ImageSettingOptions {
  readonly inputs: readonly string[];
  readonly keep?: readonly string[] | boolean;
  readonly listType: "list" | "fixed";
  readonly onBad: "stop" | "null";
  readonly id?: string;
  readonly quiet?: boolean;
}

const AFTER = `
Columns of inputs are found by the names of the model's inputs. A model with one
input otherwise gets the only column of images, the only one of numbers, or all
columns if each has one number per row. The others are passed through.

The stream must end with the end-of-stream marker, which writers of Arrow write
when they are closed; without it, the sender is assumed to have crashed.`;

/** The command, with its options. */
function command(): Command {
  const worker = new Command("worker")
    .description(
      "Extracts features: an Arrow IPC stream on stdin, one on stdout, " +
        "a record batch out for each in.",
    )
    .argument("<MODEL>", "path or URL of a Keras, TF.js or ONNX model");
  addSettings(worker)
    .option("--quiet", "no progress and no summary")
    .optionsGroup("Columns:")
    .addOption(inputsOption())
    .option(
      "--keep <column>",
      "passes only this column through; repeated",
      kept,
    )
    .option("--no-keep", "passes no column through")
    .addOption(
      new Option("--list-type <type>", "type of the lists of features")
        .choices(["fixed", "list"]).default("fixed"),
    )
    .addOption(
      new Option("--on-bad <what>", "for a row that cannot be read")
        .choices(["stop", "null"]).default("stop"),
    )
    .option("--id <column>", "column that identifies rows in messages");
  return addImageSettings(worker).addHelpText("after", AFTER);
}

function kept(text: string, before: unknown): string[] {
  return repeated(text, Array.isArray(before) ? before : []);
}

/**
 * Runs the command.
 *
 * @param args Its arguments.
 * @param pipes Its pipes.
 * @returns The exit code.
 */
export async function runWorkerCommand(
  args: readonly string[],
  pipes: Pipes,
): Promise<number> {
  const { log } = pipes;
  const parser = command();
  // stdout is the stream
  const code = readArguments(parser, args, { out: log, err: log }, () => {
    const has = (flag: string) =>
      args.some((arg) => arg === flag || arg.startsWith(`${flag}=`));
    if (!has("--keep") || !has("--no-keep")) return;
    parser.error("error: --keep must not stand beside --no-keep");
  });
  if (code !== undefined) return code;
  try {
    await work(parser.args[0]!, parser.opts<WorkerOptions>(), pipes);
    return 0;
  } catch (error) {
    log(errorLines(error));
    return 1;
  }
}

async function work(
  path: string,
  options: WorkerOptions,
  { stdin, stdout, log }: Pipes,
): Promise<void> {
  await using model = await loadModel(path);
  const extractor = extractorOf(model, options);
  const specs = specsOf(model, options.input);
  await using open = await extractor.open();
  for (const warning of open.plan.warnings) {
    log(`warning: ${printable(warning, 2000)}\n`);
  }
  const { runWorker } = await import("./_run_worker.ts");
  const progress = options.quiet ? undefined : progressBar({ label: "worker" });
  const start = performance.now();
  const rate = ({ rows }: WorkerCounts) =>
    rows / Math.max(1e-3, (performance.now() - start) / 1000);
  const onProgress = (counts: WorkerCounts) =>
    progress?.update(counts.rows, rate(counts));
  const counts = await runWorker(
    { reader: stdin, writer: stdout, extractor: open, specs, onProgress },
    settingsOf(options),
  ).catch(async (error) => {
    await progress?.fail("stopped");
    throw error;
  });
  await progress?.finish(counts.rows, rate(counts));
  if (counts.firstBad !== undefined) {
    log(`warning: ${counts.badRows} of ${counts.rows} rows are null. `);
    log(`The first: ${counts.firstBad}\n`);
  }
  if (counts.nonFiniteRows > 0) {
    log(`warning: ${counts.nonFiniteRows} of ${counts.rows} rows have NaN or `);
    log("infinity in their inputs\n");
  }
}

function settingsOf(options: WorkerOptions): WorkerSettings {
  const { inputs, keep, listType, onBad, id } = options;
  const images: Omit<ImageOptions, "onBad"> = imageOptions(options);
  const columns = Array.isArray(keep) ? [...new Set(keep)] : undefined;
  return {
    ...{ inputs, images, listType, onBad, id },
    keep: keep === false ? false : columns,
  };
}

if (import.meta.main) {
  const log = (text: string) => writeText(Deno.stderr, text);
  const { stdin, stdout } = Deno;
  const code = await runWorkerCommand(Deno.args, { stdin, stdout, log });
  // A read of stdin may still be waiting for a sender.
  Deno.exit(code);
}
