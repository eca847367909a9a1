/**
 * Opens the part of an ONNX file that a program needs on ONNX Runtime.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import { typeName, typeNumber, widerType } from "../../formats/onnx_tensor.ts";
import type { Pacer } from "../../formats/pacer.ts";
import {
  type OnnxCall,
  origin,
  type Ref,
  refKey,
} from "../../models/graph/graph.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";
import type { TensorSpec } from "../../types.ts";
import { logitsRef, type Program, wantedRefs } from "../program.ts";
import { type CutFeed, cutFile } from "./cut_file.ts";
import { exactProducts } from "./exact_products.ts";
import { TYPE_NUMBERS } from "./graph/onnx_graph.ts";
import type { DeviceName } from "./runtime/device.ts";
import type { RuntimeLink } from "./runtime/link.ts";
import type { OnnxOutput } from "./runtime/messages.ts";
import { openPipeline, type RuntimePipeline } from "./runtime/open_pipeline.ts";

/** An open part of a file. */
export interface OpenStages {
  readonly stages: RuntimePipeline;
  /** Names of the inputs, in the order of the program's feeds. */
  readonly inputs: readonly string[];
  /** Type and shape of each requested tensor, in order. */
  readonly outputs: readonly OnnxOutput[];
  /** Size of the part, in bytes. */
  readonly byteLength: number;
}

/**
 * Opens the part of a file that a program needs.
 *
 * @param program The program.
 * @param calls The operations that run.
 * @param where Number of threads, device, and link.
 * @param pacer Yields the thread at intervals.
 * @returns The part; the caller closes its stages.
 * @throws {UnsupportedByEngineError} If ONNX Runtime is not available, or
 * refuses it.
 */
export async function openStages(
  program: Program,
  calls: readonly OnnxCall[],
  { threads, device, link }: {
    readonly threads: number;
    readonly device?: DeviceName;
    /** @default {in this process if permitted, otherwise in a worker} */
    readonly link?: RuntimeLink | undefined;
  },
  pacer: Pacer,
): Promise<OpenStages> {
  const source = program.graph.onnx!;
  const { isNeeded, zeroPoints } = await exactProducts(source, calls);
  const model = cutFile(source, {
    feeds: program.feeds.map(({ ref, spec }) => feedOf(source, ref, spec)),
    calls,
    zeroPoints,
    wanted: wantedRefs(program).map((ref) => source.nameOf(origin(ref))),
  });
  const transferable = model.externalData.map(({ data }) => data);
  const byteLength = transferable.reduce(
    (sum, data) => sum + data.byteLength,
    model.bytes.length,
  );
  await pacer.rest();
  const stages = await openPipeline(model, {
    threads,
    device,
    link,
    transferable,
    exactProducts: isNeeded,
  });
  const byName = new Map(stages.outputs.map((known) => [known.name, known]));
  const outputs = model.outputs.map((name) => byName.get(name)!);
  return { stages, inputs: model.inputs, outputs, byteLength };
}

/**
 * Name, type and shape of an input of the part that runs.
 *
 * @param source The file.
 * @param ref The tensor.
 * @param spec Its spec in the model.
 * @returns Its name in the file, element type and sizes.
 * @throws {TypeError} If the runtime does not accept its type.
 */
export function feedOf(
  { types, nameOf, batch }: OnnxOrigin,
  ref: Ref,
  { shape, dtype, name: called, batchAxis = 0 }: TensorSpec,
): CutFeed {
  const name = nameOf(origin(ref));
  const number = dtype === "string"
    ? typeNumber(dtype)
    : TYPE_NUMBERS[dtype as keyof typeof TYPE_NUMBERS];
  const type = types.get(name) ?? number;
  const found = typeName(type ?? 0) ?? dtype;
  const isFed = type === number || widerType(found)?.dtype === dtype;
  if (number === undefined || type === undefined || !isFed) {
    const rule =
      `input "${called}" must be of real numbers, booleans or strings`;
    throw new TypeError(cannot("open the model", rule, found));
  }
  const isUnknown = shape.length === 0 && batchAxis !== null;
  const sizes = isUnknown
    ? undefined
    : shape.map((size, axis) => axis === batchAxis ? batch ?? null : size);
  return { name, type, shape: sizes };
}

/**
 * The tensor of optional logits, unless it is a feature too.
 *
 * @param program The program.
 * @returns Its key; undefined if there is none.
 */
export function optionalKey({ logits, features }: Program): string | undefined {
  if (!logits?.isOptional) return undefined;
  const key = refKey(origin(logitsRef(logits)));
  const isFeature = features.some(({ ref }) => refKey(origin(ref)) === key);
  return isFeature ? undefined : key;
}

/**
 * Checks that a requested tensor can be returned.
 *
 * @param ref The tensor.
 * @param output Its type and shape, from the runtime.
 * @param source The file.
 * @throws {TypeError} If it does not contain numbers, or always has another
 * number of rows than the samples.
 */
export function checkOutput(
  { node, index }: Ref,
  { type, shape }: OnnxOutput,
  { batch }: OnnxOrigin,
): void {
  const action = `take layer "${node.row.name}"`;
  if (type === undefined || type === "string") {
    const rule = "it must return a tensor of numbers";
    const found = type === undefined ? "a sequence or a map" : "strings";
    const further = otherTensor(node, index);
    throw new TypeError(cannot(action, rule, found, further));
  }
  const first = shape[0] ?? null;
  // A file that was exported for one sample gives one row, right for one sample.
  if (first === null || first === batch || first === 1) return;
  const rule = "it must return one row per sample, whatever their number";
  throw new TypeError(cannot(action, rule, shape));
}

/** Advice on a tensor of numbers beside one that is not, if there is one. */
function otherTensor(
  { call, row }: Ref["node"],
  index: number,
): string | undefined {
  if (call.kind !== "raw") return undefined;
  const { kind, inputs, outputs } = call.onnx!.operation;
  if (kind === "ZipMap") {
    return `request "${inputs[0]}", which it reads`;
  }
  return outputs.length < 2 || index > 0
    ? undefined
    : `request another of its outputs, as "${row.name}[1]"`;
}
