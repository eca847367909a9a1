/**
 * Exact products of 8-bit integers.
 *
 * On x64 processors with AVX2 but without VNNI, ONNX Runtime adds pairs of
 * products of unsigned activations and signed weights in 16 bits, which
 * saturate: features were off by 0.4 of the maximum. Its option
 * `x64quantprecision` makes weights unsigned where they are constants with an
 * explicit zero point. Elsewhere it has no effect, or ends the process (1.27),
 * so it is set only on such processors, omitted zero points are written, and
 * other products are refused.
 *
 * @module
 */
import { UnsupportedByEngineError } from "../../errors.ts";
import type { OnnxOperation } from "../../formats/onnx_model.ts";
import { operationsWithin } from "../../models/graph/onnx_operators.ts";
import type { OnnxCall } from "../../models/graph/graph.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";
import { OnnxGraph } from "./graph/onnx_graph.ts";
import { openPipeline } from "./runtime/open_pipeline.ts";

/** Indices of an operand, and of its zero point, among the inputs. */
type Operand = readonly [operand: number, zeroPoint: number];

/** The weights of operators that multiply 8-bit integers. */
const WEIGHTS: ReadonlyMap<string, readonly Operand[]> = new Map([
  ["MatMulInteger", [[1, 3]]],
  ["QLinearMatMul", [[3, 5]]],
  ["QLinearConv", [[3, 5]]],
  ["QGemm", [[3, 5]]],
  ["DynamicQuantizeMatMul", [[1, 3]]],
  ["MatMulIntegerToFloat", [[1, 5]]],
  ["DynamicQuantizeLSTM", [[1, 9], [2, 11]]],
  ["QAttention", [[1, 7]]],
]);
/** The zero point of the activations of some of them. */
const ACTIVATION = new Map([
  ["QLinearMatMul", 2],
  ["QLinearConv", 2],
  ["QGemm", 2],
]);
/** Operators that the runtime fuses to these, with products in between. */
const CONVERSIONS = new Set(["QuantizeLinear", "DequantizeLinear"]);
const PRODUCTS = new Set(["MatMul", "Gemm", "Conv"]);
/** Operators that keep the element type, and that constants are folded in. */
const KEEPS_TYPE = new Set(["Identity", "Transpose", "Reshape"]);
/** Numbers of the element types. */
const UINT8 = 2;
const INT8 = 3;

/** A zero point that a file omits. */
export interface ZeroPoint {
  /** Number of its element type. */
  readonly type: number;
  readonly shape: readonly number[];
}

/** The settings with which a file must be opened for exact products. */
export interface ExactProducts {
  /** Whether the runtime must be set to compute them exactly. */
  readonly isNeeded: boolean;
  /**
   * The zero points to append to the inputs of operations; undefined for an
   * input that stays omitted.
   */
  readonly zeroPoints: ReadonlyMap<
    OnnxOperation,
    readonly (ZeroPoint | undefined)[]
  >;
}

/**
 * Finds how to compute the products of a file exactly.
 *
 * @param origin The file.
 * @param calls The operations that run.
 * @param saturates Whether products saturate on this processor.
 * @returns The settings.
 * @throws {UnsupportedByEngineError} If they cannot be computed exactly.
 */
export async function exactProducts(
  origin: OnnxOrigin,
  calls: readonly OnnxCall[],
  saturates: () => Promise<boolean> = productsSaturate,
): Promise<ExactProducts> {
  const zeroPoints = new Map<
    OnnxOperation,
    readonly (ZeroPoint | undefined)[]
  >();
  const operations = calls.map(({ operation }) => operation);
  const all = [...operationsWithin(operations, origin.file.functions)]
    .filter(({ kind }) => WEIGHTS.has(kind) || CONVERSIONS.has(kind));
  if (all.length === 0 || !await saturates()) {
    return { isNeeded: false, zeroPoints };
  }
  const types = new ElementTypes(origin, operations);
  // Those of subgraphs and functions are copied.
  const outer = new Set(operations);
  const fuses = operations.some(({ kind }) => PRODUCTS.has(kind));
  const inexact = all.filter((operation) =>
    !outer.has(operation) ||
    (CONVERSIONS.has(operation.kind) ? fuses : !types.isSigned(operation))
  );
  for (const operation of inexact) {
    const missing = outer.has(operation) ? types.missing(operation) : undefined;
    if (missing === undefined) throw inexactProduct(operation);
    if (missing.length > 0) zeroPoints.set(operation, missing);
  }
  return { isNeeded: inexact.length > 0, zeroPoints };
}

/** Element types of 8-bit tensors. */
class ElementTypes {
  readonly #origin: OnnxOrigin;
  readonly #producers: ReadonlyMap<string, OnnxOperation>;

  constructor(origin: OnnxOrigin, operations: readonly OnnxOperation[]) {
    this.#origin = origin;
    this.#producers = new Map(
      operations.flatMap((operation) =>
        operation.outputs.map((output) => [output, operation] as const)
      ),
    );
  }

  /**
   * The zero points to append to the inputs of an operation.
   *
   * @returns The zero points; undefined if its products stay inexact.
   */
  missing(
    operation: OnnxOperation,
  ): readonly (ZeroPoint | undefined)[] | undefined {
    const { kind, inputs } = operation;
    if (CONVERSIONS.has(kind)) return this.#missingOfConversion(operation);
    const operands = WEIGHTS.get(kind) ?? [];
    const weights = operands.map(([operand, zeroPoint]) => ({
      type: this.#constantType(inputs[operand] ?? ""),
      zeroPoint,
    }));
    const signed = weights.filter(({ type }) => type !== UINT8);
    if (signed.some(({ type }) => type !== INT8)) return undefined;
    const omitted = signed.filter(({ zeroPoint }) =>
      (inputs[zeroPoint] ?? "") === ""
    );
    if (omitted.length === 0) return [];
    // Inputs can only be appended.
    if (omitted.length > 1 || inputs.length > omitted[0]!.zeroPoint) {
      return undefined;
    }
    const count = omitted[0]!.zeroPoint - inputs.length;
    return [...Array<undefined>(count).fill(undefined), {
      type: INT8,
      shape: [],
    }];
  }

  /** Whether activations are signed too: such products do not saturate. */
  isSigned({ kind, inputs }: OnnxOperation): boolean {
    const index = ACTIVATION.get(kind);
    return index !== undefined && this.#constantType(inputs[index]!) === INT8;
  }

  #missingOfConversion(
    { kind, inputs, outputs }: OnnxOperation,
  ): readonly ZeroPoint[] | undefined {
    if ((inputs[2] ?? "") !== "") return [];
    const quantized = kind === "QuantizeLinear" ? outputs[0]! : inputs[0]!;
    const type = this.#typeOf(quantized);
    if (type !== undefined && type !== UINT8 && type !== INT8) return [];
    const shape = this.#origin.constants.get(inputs[1]!)?.tensor.shape;
    if (type === undefined || shape === undefined) return undefined;
    return [{ type, shape }];
  }

  /** The type of a constant, or of one that is transposed or reshaped. */
  #constantType(name: string): number | undefined {
    const constant = this.#origin.constants.get(name);
    if (constant !== undefined) return constant.tensor.type;
    const producer = this.#producers.get(name);
    return producer !== undefined && KEEPS_TYPE.has(producer.kind)
      ? this.#constantType(producer.inputs[0]!)
      : undefined;
  }

  #typeOf(name: string): number | undefined {
    const producer = this.#producers.get(name);
    if (producer === undefined) return this.#constantType(name);
    const { kind, inputs, attributes } = producer;
    if (KEEPS_TYPE.has(kind)) return this.#typeOf(inputs[0]!);
    if (kind !== "QuantizeLinear" || attributes.has("output_dtype")) {
      return undefined;
    }
    const zeroPoint = inputs[2] ?? "";
    return zeroPoint === "" ? UINT8 : this.#constantType(zeroPoint);
  }
}

function inexactProduct(
  { name, kind, outputs }: OnnxOperation,
): UnsupportedByEngineError {
  return new UnsupportedByEngineError(
    "open the model",
    "onnx",
    "products of 8-bit integers are inexact on this processor, which lacks VNNI, " +
      `and weights in operation "${name || outputs[0]}" (${kind}) are not ` +
      "constants with a zero point; use a processor with VNNI, or open the " +
      "model as it was before quantisation",
  );
}

/** Length of the test vectors, enough for the vectorised loop. */
const LENGTH = 64;

/**
 * Whether products of unsigned and signed 8-bit integers saturate in the
 * runtime on this processor: multiplies the largest ones.
 *
 * @returns True if the result is wrong.
 */
export async function productsSaturate(): Promise<boolean> {
  const { encodeModel } = await import("./graph/encode_model.ts");
  const graph = new OnnxGraph();
  const x = graph.input("x", "uint8", [1, LENGTH]);
  const ones = new Float32Array(LENGTH * LENGTH).fill(127);
  const weights = graph.node(
    "Cast",
    [graph.constant("float32", [LENGTH, LENGTH], ones)],
    { to: INT8 },
  );
  const product = graph.node("MatMulInteger", [x, weights]);
  const y = graph.output("y", product, "int32", [1, LENGTH]);
  const pipeline = await openPipeline(encodeModel(graph), { threads: 1 });
  try {
    const data = new Uint8Array(LENGTH).fill(255);
    const array = { data, shape: [1, LENGTH], dtype: "uint8" } as const;
    const results = await pipeline.run({ [x]: { type: "uint8", array } });
    return results[y]!.data.some((sum) => Number(sum) !== 255 * 127 * LENGTH);
  } finally {
    await pipeline.close();
  }
}
