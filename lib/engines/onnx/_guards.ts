/**
 * Operators before those that ONNX Runtime 1.27 runs without checks: it reads
 * beyond the rows of an LSTM, or of a linear model, that have another width than
 * the weights, and integer division of the lowest number by -1 ends the process.
 *
 * @module
 */
import type { ProtoWriter } from "../../formats/proto_writer.ts";
import { type OnnxCall, specOf } from "../../models/graph/graph.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";
import { writeNode } from "./_write_node.ts";

/** Names of the inputs and outputs of an operation. */
interface Ports {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What guards are written with. */
interface GuardContext {
  readonly writer: ProtoWriter;
  readonly origin: OnnxOrigin;
  /** Gives names that no tensor has. */
  readonly fresh: (stem: string) => string;
}

/** Element types, as numbered in the format. */
const [INT32, INT64] = [6, 7];

/**
 * Writes what checks the inputs of an operation, if the runtime does not.
 *
 * @param call The operation.
 * @param context The graph.
 * @returns Other inputs and outputs for the operation, and what has to follow
 * it; undefined if it can run as it is.
 */
export function writeGuards(
  call: OnnxCall,
  context: GuardContext,
): Ports & { readonly after?: () => void } | undefined {
  const { kind, domain, inputs, outputs } = call.operation;
  const width = expectedWidth(call, context.origin);
  if (width !== undefined) {
    const shape = call.producers[0] && specOf(call.producers[0])?.shape;
    if (shape?.at(-1) === width.size) return undefined;
    const sizes = Array<number>(width.rank - 1).fill(0).concat(width.size);
    const checked = context.fresh(`${inputs[0]} of width ${width.size}`);
    const wanted = writeIntegers(context, INT64, [sizes.length], sizes);
    const name = context.fresh(`${call.operation.name || kind} input`);
    const fed = [inputs[0]!, wanted];
    writeNode(context.writer, "Reshape", fed, checked, {}, name);
    return { inputs: [checked, ...inputs.slice(1)], outputs };
  }
  if (domain !== "" || kind !== "Div" && kind !== "Mod") return undefined;
  return writeDivisor(call, context);
}

/** The rank and the last size of the first input, as the weights have it. */
function expectedWidth(
  { operation: { kind, domain, inputs, attributes }, producers }: OnnxCall,
  { constants }: OnnxOrigin,
): { readonly rank: number; readonly size: number } | undefined {
  const weights = constants.get(inputs[1] ?? "")?.shape;
  if (kind === "LSTM" && domain === "" || kind === "DynamicQuantizeLSTM") {
    const size = weights?.[kind === "LSTM" ? 2 : 1];
    return size === undefined ? undefined : { rank: 3, size };
  }
  const isLinear = kind === "LinearClassifier" || kind === "LinearRegressor";
  if (!isLinear || domain !== "ai.onnx.ml") return undefined;
  const count = (key: string) => {
    const value = attributes.get(key);
    return Array.isArray(value) ? value.length : 0;
  };
  const rank = producers[0] && specOf(producers[0])?.shape.length;
  const targets = kind === "LinearClassifier"
    ? count("intercepts")
    : Number(attributes.get("targets") ?? 1);
  const size = count("coefficients") / targets;
  return rank === 2 && Number.isInteger(size) && size > 0
    ? { rank, size }
    : undefined;
}

/** Divides by 1 instead of -1, and changes the sign of the quotient. */
function writeDivisor(
  { operation: { kind, inputs, outputs }, producers }: OnnxCall,
  { writer, origin, fresh }: GuardContext,
): Ports & { readonly after?: () => void } | undefined {
  const type = inputs.map((name, i) => {
    const dtype = producers[i] && specOf(producers[i])?.dtype;
    const known = dtype === "int32" ? INT32 : dtype === "int64" ? INT64 : 0;
    return origin.types.get(name) ?? origin.constants.get(name)?.tensor.type ??
      known;
  }).find((type) => type === INT32 || type === INT64);
  const [x = "", y = ""] = inputs;
  // A constant that divides is nearly never -1: sizes, strides.
  if (type === undefined) return undefined;
  const bytes = origin.constants.get(y)?.storedBytes?.();
  const isMinus = bytes?.some((byte) => byte === 255) ?? true;
  if (!isMinus) return undefined;
  const context = { writer, origin, fresh };
  const one = writeIntegers(context, type, [], [1]);
  const minus = fresh("is minus one");
  const divisor = fresh(`${y} but minus one`);
  writeNode(
    writer,
    "Equal",
    [y, writeIntegers(context, type, [], [-1])],
    minus,
  );
  writeNode(writer, "Where", [minus, one, y], divisor);
  if (kind === "Mod") return { inputs: [x, divisor], outputs };
  const [quotient, negative] = [fresh("quotient"), fresh("negative")];
  return {
    inputs: [x, divisor],
    outputs: [quotient],
    after() {
      writeNode(writer, "Neg", [x], negative);
      writeNode(writer, "Where", [minus, negative, quotient], outputs[0]!);
    },
  };
}

/** Writes a constant of integers. */
function writeIntegers(
  { writer, fresh }: Pick<GuardContext, "writer" | "fresh">,
  type: number,
  shape: readonly number[],
  values: readonly number[],
): string {
  const name = fresh("integers");
  writer.message(5, () => {
    for (const size of shape) writer.integer(1, size);
    writer.integer(2, type);
    for (const value of values) writer.integer(type === INT32 ? 5 : 7, value);
    writer.text(8, name);
  });
  return name;
}
