/**
 * Writes programs over an ONNX file as separate models: the needed part of the
 * file, followed by the steps applied to its tensors.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import { UnsupportedByEngineError } from "../../errors.ts";
import { tensorNames } from "../../models/graph/onnx_operators.ts";
import { byteLength, typeNumber } from "../../formats/onnx_tensor.ts";
import { Pacer } from "../../formats/pacer.ts";
import { origin, type Ref, refKey, specOf } from "../../models/graph/graph.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";
import { logitsRef, type Program, wantedRefs } from "../program.ts";
import { checkNoNaN } from "./check_no_nan.ts";
import { constantsOf, MOST_BYTES } from "./cut_file.ts";
import { exportFile, type ExportPort } from "./export_file.ts";
import { OPSET } from "./graph/encode_model.ts";
import { lowerOpset } from "./graph/lower_opset.ts";
import {
  namesIn,
  type OnnxGraph,
  ROWS,
  TYPE_NUMBERS,
} from "./graph/onnx_graph.ts";
import { checkOutput, feedOf, openStages, optionalKey } from "./file_stages.ts";
import { recordOutputs } from "./record_outputs.ts";
import { stepObstacle } from "./recording.ts";
import { halved } from "./rewrites/half_outputs.ts";
import type { OnnxOutput } from "./runtime/messages.ts";
import { defaultThreads } from "./runtime/runtime.ts";

/**
 * Writes a program over a model of an ONNX file.
 *
 * Names are as for {@linkcode writeProgram}. Operations keep the file's opset,
 * and the following steps are written in the same opset. Element types and a
 * fixed batch size of the file are kept.
 *
 * @param program The program.
 * @param metadata Further metadata.
 * @returns The model's bytes.
 * @throws {UnsupportedByEngineError} If a step cannot be expressed in ONNX, or
 * ONNX Runtime, which infers the shapes, is not available.
 * @throws {RangeError} If the weights exceed the limit of the format, the
 * file's opset lacks an operator, or a weight is NaN.
 */
export async function writeFileProgram(
  program: Program,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const obstacle = stepObstacle(program);
  if (obstacle !== undefined) {
    throw new UnsupportedByEngineError("write ONNX", "onnx", obstacle);
  }
  const source = program.graph.onnx!;
  const { nodes } = program.schedule;
  const calls = nodes.flatMap(({ call }) =>
    call.kind === "raw" ? [call.onnx!] : []
  );
  checkWeights(source, calls);
  await checkNoNaN(source, calls, new Pacer());
  const known = await knownOutputs(program, calls);
  const outputOf = (ref: Ref) => known.get(refKey(ref))!;
  const kept = withoutUnfit(program, outputOf);
  const names = new Names(source, calls);
  const { names: outputs, graph, from } = recordOutputs(
    { ...kept, features: kept.features.map(unlessHalf) },
    outputOf,
    { scope: names.scope },
  );
  program.features.forEach(({ readAs }, i) => {
    if (readAs !== undefined) halve(graph, outputs.features[i]!);
  });
  const tensors = new Map<string, Typed>(
    [...known.values()].map((output) => [output.name, output]),
  );
  const unchanged = new Map(
    graph.outputs.map(({ name }) => [name, sourceOf(name, graph, from)]),
  );
  const isComputed = ({ name }: { readonly name: string }) => {
    const type = tensors.get(unchanged.get(name) ?? "")?.type;
    return type === undefined || type === "float16";
  };
  graph.outputs.splice(0, Infinity, ...graph.outputs.filter(isComputed));
  graph.dropUnused();
  lowerOpset(graph, source.file.opsets.get("") ?? OPSET);
  graph.dropUnused(); // axes that are no longer inputs
  bridge(graph, from, tensors);
  for (const port of graph.outputs) tensors.set(port.name, port);
  const feeds = program.feeds.map((feed) => feedPort(source, feed, names));
  const fed = new Set(feeds.map(({ tensor }) => tensor));
  const { features, logits, penultimate } = outputs;
  const wanted = [
    ...features.map((tensor, i) => [program.features[i]!.name, tensor]),
    ...Object.entries({ logits, penultimate }),
  ].filter((pair): pair is [string, string] => pair[1] !== undefined);
  const ports = wanted.map(([name, output]): ExportPort => {
    const tensor = tensors.has(output) ? output : unchanged.get(output)!;
    return {
      name: names.output(name, tensor, fed.has(tensor)),
      ...outputPort(source, tensor, tensors.get(tensor)!),
    };
  });
  return exportFile(source, { feeds, calls, graph, metadata, outputs: ports });
}

/** An input of the written model. */
function feedPort(
  source: OnnxOrigin,
  { ref, spec }: Program["feeds"][number],
  names: Names,
): ExportPort {
  const { name: tensor, type, shape } = feedOf(source, ref, spec);
  const { batchAxis = 0 } = spec;
  const sizes = shape?.map((size, axis) =>
    size === null && axis === batchAxis ? ROWS : size
  );
  return { name: names.input(spec.name, tensor), tensor, type, shape: sizes };
}

/** An output of the written model, without its public name. */
function outputPort(
  { batch }: OnnxOrigin,
  tensor: string,
  { type, shape = [] }: Typed,
): Omit<ExportPort, "name"> {
  const [, ...sizes] = shape;
  return {
    tensor,
    type: typeNumber(type!)!,
    shape: shape.length === 0 ? undefined : [batch ?? ROWS, ...sizes],
  };
}

/** What is known of a tensor. */
interface Typed {
  readonly type: string | undefined;
  readonly shape?: ExportPort["shape"];
}

/** The tensor of the file that an output of the graph is, if it is unchanged. */
function sourceOf(
  output: string,
  graph: OnnxGraph,
  from: Readonly<Record<string, string>>,
): string | undefined {
  let at = output;
  for (
    let maker = graph.makerOf(at);
    maker?.operator === "Identity";
    maker = graph.makerOf(at)
  ) at = maker.inputs[0]!;
  return from[at];
}

/** Connects the recorded steps to the tensors of the file, as float32. */
function bridge(
  graph: OnnxGraph,
  from: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Typed>,
): void {
  const used = new Set([
    ...namesIn(graph.nodes),
    ...graph.outputs.map(({ name }) => name),
  ]);
  for (const [input, tensor] of Object.entries(from)) {
    if (!used.has(input)) continue;
    const isHalf = tensors.get(tensor)?.type === "float16";
    graph.nodes.unshift({
      operator: isHalf ? "Cast" : "Identity",
      inputs: [tensor],
      outputs: [input],
      attributes: isHalf ? { to: TYPE_NUMBERS.float32 } : {},
    });
  }
}

function checkWeights(
  source: OnnxOrigin,
  calls: Parameters<typeof constantsOf>[1],
): void {
  const bytes = [...new Set(constantsOf(source, calls).values())]
    .reduce((sum, { tensor }) => sum + (byteLength(tensor) ?? 0), 0);
  if (bytes <= MOST_BYTES) return;
  throw new RangeError(
    cannot(
      "write ONNX",
      `weights must be at most ${MOST_BYTES} bytes`,
      bytes,
      "select earlier layers, and no logits",
    ),
  );
}

/**
 * Types and shapes of the requested tensors from the runtime, by their names in
 * the file.
 */
async function knownOutputs(
  program: Program,
  calls: Parameters<typeof constantsOf>[1],
): Promise<ReadonlyMap<string, OnnxOutput>> {
  const source = program.graph.onnx!;
  const { stages, outputs } = await openStages(
    program,
    calls,
    { threads: defaultThreads() },
    new Pacer(),
  );
  await stages.close();
  const optional = optionalKey(program);
  return new Map(
    wantedRefs(program).map((wanted, i) => {
      const ref = origin(wanted);
      const name = source.nameOf(ref);
      // The runtime does not infer all ranks; the file may declare them.
      const { type, shape: inferred } = outputs[i]!;
      const shape = inferred.length > 0
        ? inferred
        : specOf(wanted)?.shape ?? [];
      const output = { name, type, shape };
      if (refKey(ref) !== optional) checkOutput(ref, output, source);
      return [refKey(ref), output];
    }),
  );
}

/** Omits optional logits that do not have one row per sample. */
function withoutUnfit(
  program: Program,
  outputOf: (ref: Ref) => OnnxOutput,
): Program {
  const { logits } = program;
  if (optionalKey(program) === undefined) return program;
  const { shape, type } = outputOf(origin(logitsRef(logits!)));
  const { batch } = program.graph.onnx!;
  const [rows = null] = shape;
  const isFit = type !== undefined && type !== "string" &&
    (rows === null || rows === batch);
  return isFit ? program : { ...program, omitsLogits: true };
}

/**
 * Halves are converted in the graph, so that such a feature is never passed
 * through.
 */
function unlessHalf(
  feature: Program["features"][number],
): Program["features"][number] {
  return feature.readAs === undefined
    ? feature
    : { ...feature, isPlain: false };
}

function halve(graph: OnnxGraph, name: string): void {
  const index = graph.outputs.findIndex((port) => port.name === name);
  const half = halved(graph, graph.outputs[index]!);
  // Under its previous name, by which it is found.
  const maker = graph.makerOf(name)!;
  const cast = graph.makerOf(half.name)!;
  const value = maker.inputs[0]!;
  graph.replace(maker, { ...cast, inputs: [value], outputs: [name] });
  graph.replace(cast);
  graph.outputs[index] = { ...half, name };
}

/** The names of a written model, each unique. */
class Names {
  /** Prefix of the names of the appended graph. */
  readonly scope: string;
  readonly #used: Set<string>;
  readonly #outputs = new Set<string>();

  constructor(source: OnnxOrigin, calls: Parameters<typeof constantsOf>[1]) {
    this.#used = new Set([
      ...constantsOf(source, calls).keys(),
      ...tensorNames(calls.map(({ operation }) => operation)),
    ]);
    let scope = "sonde";
    while ([...this.#used].some((name) => name.startsWith(`${scope}/`))) {
      scope += "'";
    }
    this.scope = scope;
  }

  /** The name of an input: the public one, otherwise that in the file. */
  input(name: string, tensor: string): string {
    const free = name === tensor || this.#used.has(name) ? tensor : name;
    this.#used.add(free);
    return free;
  }

  /**
   * The name of an output: the public one, with the suffix `:out` if it is in
   * use.
   */
  output(name: string, tensor: string, isFed: boolean): string {
    if (name === tensor && !isFed && !this.#outputs.has(name)) {
      this.#outputs.add(name);
      return name;
    }
    let free = name;
    while (this.#used.has(free)) free = `${free}:out`;
    this.#used.add(free);
    return free;
  }
}
