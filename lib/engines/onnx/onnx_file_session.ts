/**
 * Programs over a model that was made from an ONNX file: the operations of the
 * file run unchanged, followed by the steps applied to their tensors.
 *
 * These are two graphs, because each has a separate opset: the second is
 * recorded, and exists only if there are steps. Both run in one pipeline, without
 * copying the results of the first.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import { origin, type Ref, refKey } from "../../models/graph/graph.ts";
import type { NdArray } from "../../types.ts";
import { Pacer } from "../../formats/pacer.ts";
import { rowsFrom } from "../../math/row_view.ts";
import { checkPadding } from "../fixed_batches.ts";
import { type Program, type RunOutputs, wantedRefs } from "../program.ts";
import type { SampleRows } from "../sample_rows.ts";
import type { RunSamples, Session } from "../session.ts";
import { checkOutput, openStages, optionalKey } from "./file_stages.ts";
import { checkNoNaN } from "./check_no_nan.ts";
import { checkRange } from "./check_range.ts";
import { LastingStages } from "./lasting_stages.ts";
import { passedOutputs } from "./passed_outputs.ts";
import type { DeviceName } from "./runtime/device.ts";
import { closed } from "./runtime/link.ts";
import type { OnnxFeed, OnnxOutput, OnnxResult } from "./runtime/messages.ts";
import {
  openWorkerLink,
  type RuntimePipeline,
} from "./runtime/open_pipeline.ts";
import { featureOf, floatsOf, unshared } from "./read_result.ts";
import type {
  NarrowedTensor,
  OutputNames,
  StepsGraph,
} from "./record_outputs.ts";
import { hasNonFinite, joinResults } from "./runtime/rows.ts";
import { defaultThreads, samplesText } from "./runtime/runtime.ts";
import { isStrings, stringFeed } from "./runtime/string_feed.ts";

/**
 * Limit for files that are opened again in a worker, in bytes. Batches of larger
 * ones take so long that the time between them does not matter.
 */
const MOST_BYTES = 2 ** 25;

/**
 * Opens a program over a model of an ONNX file, in a separate thread.
 *
 * @param program The program, without gradients and custom functions.
 * @param threads Number of threads.
 * @param pacer Stops the opening, and gives the thread back at intervals.
 * @param device The device.
 * @returns The session; closing it frees its resources.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not available, or
 * refuses the file.
 * @throws {RangeError} If a weight contains NaN.
 */
export async function openOnnxFile(
  program: Program,
  threads: number = defaultThreads(),
  pacer: Pacer = new Pacer(),
  device: DeviceName = "cpu",
): Promise<Session> {
  const source = program.graph.onnx!;
  const wanted = wantedRefs(program).map(origin);
  const { nodes } = program.schedule;
  const calls = nodes.flatMap(({ call }) =>
    call.kind === "raw" ? [call.onnx!] : []
  );
  await checkNoNaN(source, calls, pacer);
  const opened = await openStages(program, calls, { threads, device }, pacer);
  const { stages, inputs } = opened;
  try {
    pacer.check();
    const outputs = new Map(
      wanted.map((ref, i) => [refKey(ref), opened.outputs[i]!] as const),
    );
    const outputOf = (ref: Ref) => outputs.get(refKey(ref))!;
    const optional = optionalKey(program);
    for (const ref of wanted) {
      if (refKey(ref) === optional) continue;
      checkOutput(ref, outputOf(ref), source);
    }
    const passed = passedOutputs(program, outputOf);
    const { names, narrowed } = passed === undefined
      ? await appendSteps(stages, program, outputOf)
      : { names: passed, narrowed: [] };
    const { batch = 1 } = source;
    const rows = batch === 1
      ? undefined
      : await (await import("../raw_rows.ts")).rawRows(program);
    const openInWorker = async () => {
      const link = await openWorkerLink();
      if (link === undefined) return undefined;
      const where = { threads, device, link };
      const again = await openStages(program, calls, where, new Pacer());
      if (passed === undefined) {
        await appendSteps(again.stages, program, outputOf);
      }
      return again.stages;
    };
    const lasting = opened.byteLength > MOST_BYTES
      ? stages
      : new LastingStages(stages, openInWorker);
    return new FileSession(program, {
      ...{ stages: lasting, names, narrowed, inputs, rows, device },
    });
  } catch (error) {
    await stages.close();
    throw error;
  }
}

/** Records the steps after the outputs of a file, as a second stage. */
async function appendSteps(
  stages: RuntimePipeline,
  program: Program,
  outputOf: (ref: Ref) => OnnxOutput,
): Promise<Pick<StepsGraph, "names" | "narrowed">> {
  const [{ recordOutputs }, { encodeModel }] = await Promise.all([
    import("./record_outputs.ts"),
    import("./graph/encode_model.ts"),
  ]);
  const { names, graph, from, narrowed } = recordOutputs(program, outputOf, {
    checksRange: true,
  });
  if (graph.outputs.length > 0) await stages.add(encodeModel(graph), from);
  return { names, narrowed };
}

/** The parts of a session. */
interface Open {
  readonly stages: RuntimePipeline | LastingStages;
  readonly names: OutputNames;
  readonly narrowed: readonly NarrowedTensor[];
  /** Names of the inputs, in the order of the program's feeds. */
  readonly inputs: readonly string[];
  /** The device. */
  readonly device: DeviceName;
  /** Where the samples are, for a fixed batch size of several. */
  readonly rows: SampleRows | undefined;
}

class FileSession implements Session {
  readonly maxInFlight = 2;
  readonly #program: Program;
  readonly #open: Open;
  readonly #wanted: readonly string[];
  #isClosed = false;

  constructor(program: Program, open: Open) {
    this.#program = program;
    this.#open = open;
    const { features, ...others } = open.names;
    const ranges = open.narrowed.flatMap(({ range }) => range);
    this.#wanted = [
      ...new Set([...features, ...Object.values(others), ...ranges]),
    ];
  }

  async run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    { first = 0 }: RunSamples = {},
  ): Promise<RunOutputs> {
    if (this.#isClosed) throw closed("run");
    pacer.check();
    const { graph, feeds } = this.#program;
    const axes = feeds.map(({ spec: { batchAxis = 0 } }, i) =>
      inputs[i]!.shape.length === 0 ? null : batchAxis
    );
    const counted = axes.findIndex((axis) => axis !== null);
    const rows = inputs[counted]!.shape[axes[counted]!]!;
    const what = samplesText(first, rows);
    checkFinite(inputs, this.#open.device, what);
    feeds.forEach(({ ref, spec }, i) => {
      const type = graph.onnx!.types.get(graph.onnx!.nameOf(origin(ref)));
      if (type === undefined) return;
      checkRange(inputs[i]!, type, spec.name, `run ${what}`);
    });
    const { batch } = graph.onnx!;
    if (batch === undefined) {
      return this.#read(await pacer.race(this.#runPart(inputs, what)), first);
    }
    if (rows % batch > 0) checkPadding(this.#open.rows!, batch, what);
    // All are sent before the promise is returned: inputs may be read only
    // until then.
    const parts: Promise<Readonly<Record<string, OnnxResult>>>[] = [];
    for (let start = 0; start < rows; start += batch) {
      const part = inputs.map((array, i) =>
        axes[i] === null ? array : rowsFrom(array, start, batch)
      );
      parts.push(this.#runPart(part, what));
    }
    const results = await pacer.race(Promise.all(parts));
    const sizes = results.map(() => batch);
    const optional = this.#optional();
    return this.#read(joinResults(results, sizes, rows, optional), first);
  }

  #runPart(
    inputs: readonly NdArray<ArrayBufferView>[],
    what: string,
  ): Promise<Readonly<Record<string, OnnxResult>>> {
    const { feeds: specs } = this.#program;
    const feeds = this.#open.inputs.map((name, i) =>
      [name, feed(inputs[i]!, specs[i]!.spec.name)] as const
    );
    const { stages, narrowed } = this.#open;
    const wanted = this.#wanted;
    const running = stages.run(Object.fromEntries(feeds), what, { wanted });
    return narrowed.length === 0
      ? running
      : running.then((results) => checkNarrowed(results, narrowed));
  }

  /**
   * Converts the outputs to features; several may be one tensor of the file.
   */
  #read(
    results: Readonly<Record<string, OnnxResult>>,
    first: number,
  ): RunOutputs {
    const { features, scale, ...others } = this.#open.names;
    const arrays = features.map((output, i) => {
      const { name, readAs } = this.#program.features[i]!;
      return featureOf(results[output]!, name, readAs, first);
    });
    const rest = Object.entries(others).flatMap(([key, output]) =>
      results[output] === undefined
        ? []
        : [[key, floatsOf(results[output], key)] as const]
    );
    return unshared({
      features: arrays,
      ...Object.fromEntries(rest),
      ...(scale === undefined
        ? {}
        : { scale: floatsOf(results[scale]!, "scale").data }),
    });
  }

  /**
   * The name of the logits, if they are optional and no other output has it.
   */
  #optional(): string | undefined {
    const { logits, features } = this.#open.names;
    const isOptional = this.#program.logits?.isOptional === true &&
      !features.includes(logits!);
    return isOptional ? logits : undefined;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#open.stages.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Checks that inputs on a device are finite: the operations of the file run
 * unchanged, and shaders may not propagate NaN.
 */
function checkFinite(
  inputs: readonly NdArray<ArrayBufferView>[],
  device: DeviceName,
  what: string,
): void {
  if (device === "cpu" || !inputs.some(hasNonFinite)) return;
  const rule = `inputs of an ONNX file on device "${device}" must be finite`;
  const hint = 'use { device: "cpu" }';
  throw new RangeError(
    cannot(`run ${what}`, rule, "NaN or an infinity", hint),
  );
}

/** Feeds of type float16 are passed as float32, strings as bytes. */
function feed(array: NdArray<ArrayBufferView>, name: string): OnnxFeed {
  const { data, shape, dtype } = array;
  if (isStrings(data)) return stringFeed({ data, shape }, name);
  if (dtype !== "float16") return { type: dtype, array };
  const values = Float32Array.from(data as Float16Array);
  return {
    type: "float32",
    array: { data: values, shape, dtype: "float32" },
  };
}

/** The types that steps compute in, with their largest values. */
const NARROWER = {
  int64: { type: "int32", most: 2 ** 31 - 1 },
  float64: { type: "float32", most: (2 - 2 ** -23) * 2 ** 127 },
} as const;

/**
 * Checks that tensors fit the types in which steps compute with them.
 *
 * @returns The results, without the ranges of these tensors.
 */
function checkNarrowed(
  results: Readonly<Record<string, OnnxResult>>,
  narrowed: readonly NarrowedTensor[],
): Readonly<Record<string, OnnxResult>> {
  const ranges = new Set(narrowed.flatMap(({ range }) => range));
  for (const { name, type, range } of narrowed) {
    const narrower = NARROWER[type];
    const least = type === "int64" ? -narrower.most - 1 : -narrower.most;
    for (const output of range) {
      const value = Number(results[output]!.data[0]);
      const isOutside = value < least || value > narrower.most;
      if (!isOutside || !Number.isFinite(value)) continue;
      const rule = `its ${type} must fit ${narrower.type}`;
      throw new RangeError(
        cannot(`compute with tensor "${name}"`, rule, value),
      );
    }
  }
  const kept = Object.entries(results).filter(([name]) => !ranges.has(name));
  return Object.fromEntries(kept);
}
