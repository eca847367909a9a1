/**
 * Integers of 8 and 16 bits, which wrap around on overflow in Keras.
 *
 * Engines hold them as int32. Where both operands of an arithmetic operation
 * are narrow, its result is wrapped; numbers of Python get the type of the
 * other operand, arrays keep their type.
 *
 * Source: Keras 3.15 `backend.common.dtypes`.
 *
 * @module
 */
import { cannot } from "../../check.ts";
import { isWrittenArray } from "../../layers/constant_values.ts";
import type { Layer } from "../../layers/layer.ts";
import { wrapped } from "../../layers/operation_forms.ts";
import type { OpsType } from "../../ops/ops.ts";
import { refKey } from "../graph/graph.ts";
import { operationName } from "./known_layers.ts";
import type { LayerDraft } from "./layer_draft.ts";

/** A type of integers below 32 bits. */
export type NarrowType = "uint8" | "int8" | "uint16" | "int16";

const RANGES: Readonly<Record<NarrowType, readonly [number, number]>> = {
  uint8: [0, 2 ** 8],
  int8: [-(2 ** 7), 2 ** 8],
  uint16: [0, 2 ** 16],
  int16: [-(2 ** 15), 2 ** 16],
};

/** Operations and layers whose result can leave the range. */
const ARITHMETIC: ReadonlySet<string> = new Set([
  ...["Add", "Subtract", "Multiply", "Negative", "Square", "Abs", "Absolute"],
  ...["BitwiseNot", "BitwiseInvert", "LeftShift", "BitwiseLeftShift"],
  ...["Cumsum", "Cumprod", "FloorDivide"],
  ...["tf.__operators__.add", "tf.math.add", "tf.math.subtract"],
  ...["tf.math.multiply", "tf.math.negative", "tf.math.square", "tf.math.abs"],
  ...["tf.math.cumsum", "tf.math.reduce_sum", "tf.bitwise.invert"],
  ...["tf.bitwise.left_shift", "tf.math.floordiv", "tf.add_n", "tf.math.add_n"],
]);

/** Those whose result stays in the range, and has the type of the inputs. */
const KEEPING: ReadonlySet<string> = new Set([
  ...["Maximum", "Minimum", "Max", "Min", "Amax", "Amin", "Mod", "Clip"],
  ...["Reshape", "Transpose", "Squeeze", "ExpandDims", "Concatenate", "Stack"],
  ...["GetItem", "Flip", "Roll", "Take", "Repeat", "Tile", "BroadcastTo"],
  ...["BitwiseAnd", "BitwiseOr", "BitwiseXor", "RightShift", "Sort", "Where"],
  ...["BitwiseRightShift", "Copy", "Identity", "Flatten", "Permute", "Ravel"],
  ...["Swapaxes", "Moveaxis", "Split", "Unstack", "StopGradient", "Dropout"],
  ...["SlicingOpLambda", "tf.reshape", "tf.transpose", "tf.identity"],
  ...["tf.expand_dims", "tf.squeeze", "tf.compat.v1.squeeze", "tf.concat"],
  ...["tf.math.maximum", "tf.math.minimum", "tf.gather", "tf.reverse"],
]);

/** Products whose overflow differs: TensorFlow saturates some of them. */
const PRODUCTS: ReadonlySet<string> = new Set([
  ...["Power", "Matmul", "Dot", "Inner", "Outer", "Vdot", "Tensordot"],
  ...["Einsum", "tf.math.pow", "tf.linalg.matmul", "tf.tensordot"],
]);

/**
 * Finds a narrow type by its name in a file.
 *
 * @param name An element type.
 * @returns The type; undefined if it is none of these.
 */
export function narrowType(name: unknown): NarrowType | undefined {
  return typeof name === "string" && Object.hasOwn(RANGES, name)
    ? name as NarrowType
    : undefined;
}

/** The type of a result of two types; undefined for int32. */
function joined(
  a: NarrowType,
  b: NarrowType,
): NarrowType | undefined {
  if (a === b) return a;
  const pair = [a, b].sort().join(" ");
  if (pair === "uint16 uint8") return "uint16";
  return pair.includes("uint16") ? undefined : "int16";
}

/** Casts, by the name of their type among the options or arguments. */
const CASTS: ReadonlySet<string> = new Set([
  ...["Cast", "SaturateCast", "tf.cast"],
]);

/** How a call computes with narrow integers. */
export interface NarrowCall {
  /** The type of its integer outputs. */
  readonly type: NarrowType;
  /** Whether they are wrapped. */
  readonly isWrapped: boolean;
}

/**
 * Determines how a call computes with narrow integers.
 *
 * @param name The operation, or the class.
 * @param types Types of its integer inputs; undefined for int32.
 * @param constants Its options and arguments; arrays among them keep their
 * type.
 * @returns Undefined if its results are of 32 bits.
 * @throws {TypeError} If it multiplies narrow integers, and sums the products.
 */
export function narrowCall(
  name: string,
  types: readonly (NarrowType | undefined)[],
  constants: readonly unknown[],
): NarrowCall | undefined {
  if (CASTS.has(name)) {
    const type = narrowType(dtypeIn(constants));
    return type && { type, isWrapped: false };
  }
  const narrow = types.find((type) => type !== undefined);
  if (PRODUCTS.has(name) && narrow !== undefined) {
    throw new TypeError(
      cannot(`compute ${name}`, "integers must have 32 bits", narrow),
    );
  }
  const isWrapped = ARITHMETIC.has(name);
  if (!isWrapped && !KEEPING.has(name)) return undefined;
  if (types.length === 0 || constants.some(isWideArray)) return undefined;
  const type = types.reduce(
    (a, b) => a === undefined || b === undefined ? undefined : joined(a, b),
  );
  return type === undefined ? undefined : { type, isWrapped };
}

/** The first `dtype` among options and arguments. */
function dtypeIn(values: readonly unknown[]): unknown {
  for (const value of values) {
    if (typeof value !== "object" || value === null) continue;
    if ("dtype" in value) return value.dtype;
    const found = dtypeIn(Object.values(value));
    if (found !== undefined) return found;
  }
}

function isWideArray(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (!isWrittenArray(value)) return Object.values(value).some(isWideArray);
  const { config } = value as { config?: { dtype?: unknown } };
  return narrowType(config?.dtype) === undefined;
}

/** The narrow integers of a model, in the order of its calls. */
export class NarrowIntegers {
  readonly #types = new Map<string, NarrowType>();

  /** Adds an input of the model. */
  addInput({ id, spec }: LayerDraft): void {
    const type = narrowType(spec.options.dtype);
    if (type !== undefined) this.#types.set(`${id}:0`, type);
  }

  /**
   * Adds a call, and wraps its results around where they can leave the range.
   *
   * @param draft The call.
   * @param inputs Element types of its inputs.
   * @param outputs Element types of its outputs.
   * @throws {TypeError} If it cannot be computed with narrow integers.
   */
  addCall(
    draft: LayerDraft,
    inputs: readonly OpsType[],
    outputs: readonly OpsType[],
  ): void {
    const { call, spec } = draft;
    if (call.kind !== "builtIn" || !outputs.includes("int32")) return;
    const types = draft.inputs.flatMap((ref, i) =>
      inputs[i] === "int32" ? [this.#types.get(refKey(ref))] : []
    );
    const name = operationName(spec);
    const options = name.startsWith("tf.") ? {} : spec.options;
    const found = narrowCall(name, types, [call.meaning, options]);
    if (found === undefined) return;
    outputs.forEach((dtype, i) => {
      if (dtype === "int32") this.#types.set(`${draft.id}:${i}`, found.type);
    });
    if (!found.isWrapped) return;
    draft.call = { ...call, layer: wrapping(call.layer, found.type) };
  }
}

/** A layer whose integer outputs wrap around. */
function wrapping(layer: Layer, type: NarrowType): Layer {
  const [low, span] = RANGES[type];
  return {
    ...layer,
    call: (ops, inputs, weights, context) =>
      layer.call(ops, inputs, weights, context).map((y) =>
        ops.dtype(y) === "int32" ? wrapped(ops, y, low, span) : y
      ),
  };
}
