/**
 * Sizes that Keras 2 computes in the graph: `tf.shape(x)[0]` as an argument of
 * `tf.ones` is the number of rows of `x`. Operations that create tensors get
 * `x` itself instead, and read the size from it.
 *
 * @module
 */
import type {
  Argument,
  CallSpec,
  LayerSpec,
  TensorId,
} from "./keras_topology.ts";

/** A size, or all sizes, of a tensor. */
export interface ComputedSize {
  readonly of: TensorId;
  /** The axis; undefined for all sizes, or a range. */
  readonly axis?: number;
  /** The first axis of a range, and the one after its last, as slices have them. */
  readonly from?: number;
  readonly to?: number;
}

/** Sizes as an argument: a list of them may hold numbers. */
export type ComputedSizes = ComputedSize | readonly (ComputedSize | number)[];

/** Operations of TensorFlow that create values, of sizes alone. */
const CREATING = new Set(["ones", "zeros", "fill", "range"]);
/** Those that repeat or reshape their first argument. */
const REPEATING = new Set(["tile", "broadcast_to", "reshape"]);
const SHAPES = new Set(["shape", "compat.v1.shape"]);

/**
 * Whether an argument of an operation holds sizes, if it is a tensor.
 *
 * @param layer The operation.
 * @param argument The argument.
 * @param call Its call.
 * @returns True for operations that create, repeat or reshape values.
 */
export function takesSizes(
  { className, options }: LayerSpec,
  argument: Argument,
  { positional }: CallSpec,
): boolean {
  const name = String(options.function);
  if (className !== "TFOpLambda") return false;
  return CREATING.has(name) ||
    REPEATING.has(name) && argument !== positional[0];
}

/**
 * Finds what a tensor of sizes is made from.
 *
 * @param tensor The tensor.
 * @param layers The layers of its model.
 * @returns The tensors whose sizes it holds; undefined if it holds something
 * else.
 */
export function computedSizes(
  tensor: TensorId,
  layers: readonly LayerSpec[],
): ComputedSizes | undefined {
  const found = layers.find(({ name }) => name === tensor.layer);
  const call = found?.calls[tensor.call];
  const first = call?.positional[0];
  if (found === undefined || first === undefined || tensor.index !== 0) {
    return undefined;
  }
  const name = String(found.options.function);
  if (found.className === "TFOpLambda" && SHAPES.has(name)) {
    return "tensor" in first ? { of: first.tensor } : undefined;
  }
  if (found.className === "TFOpLambda" && name === "stack") {
    return "list" in first ? sizeList(first.list, layers) : undefined;
  }
  if (found.className === "TFOpLambda" && name === "concat") {
    return "list" in first ? joinedSizes(first.list, layers) : undefined;
  }
  if (found.className !== "SlicingOpLambda" || !("tensor" in first)) {
    return undefined;
  }
  const inner = computedSizes(first.tensor, layers);
  const areAll = inner !== undefined && Object.keys(inner).join() === "of";
  const part = partOf(call?.named.slice_spec);
  return areAll && part !== undefined ? { ...inner, ...part } : undefined;
}

/** The axes of a slice of all sizes: one, or a range without steps. */
function partOf(
  spec: Argument | undefined,
): Omit<ComputedSize, "of"> | undefined {
  const value = spec !== undefined && "value" in spec ? spec.value : undefined;
  if (typeof value === "number") return { axis: value };
  if (typeof value !== "object" || value === null || !("start" in value)) {
    return undefined;
  }
  const { start, stop, step } = value as Record<string, unknown>;
  const areEnds = [start, stop].every((end) =>
    end === null || typeof end === "number"
  );
  if (!areEnds || step !== null && step !== 1) return undefined;
  return { from: Number(start ?? 0), to: Number(stop ?? Infinity) };
}

/** Lists of sizes, one after the other. */
function joinedSizes(
  parts: readonly Argument[],
  layers: readonly LayerSpec[],
): (ComputedSize | number)[] | undefined {
  const sizes = parts.map((part) => {
    if ("list" in part) return sizeList(part.list, layers);
    if ("value" in part) {
      return Array.isArray(part.value) ? part.value : undefined;
    }
    return "tensor" in part ? computedSizes(part.tensor, layers) : undefined;
  });
  const isFit = sizes.every((part) =>
    part !== undefined && (!("axis" in part) || part.axis === undefined)
  );
  return isFit ? sizes.flat() as (ComputedSize | number)[] : undefined;
}

/** Numbers and single sizes. */
function sizeList(
  list: readonly Argument[],
  layers: readonly LayerSpec[],
): (ComputedSize | number)[] | undefined {
  const sizes = list.map((item) => {
    if ("value" in item) return item.value;
    const size = "tensor" in item
      ? computedSizes(item.tensor, layers)
      : undefined;
    return size !== undefined && "of" in size && size.axis !== undefined
      ? size
      : undefined;
  });
  const isFit = sizes.every((size) =>
    typeof size === "number" || typeof size === "object" && size !== null
  );
  return isFit ? sizes as (ComputedSize | number)[] : undefined;
}
