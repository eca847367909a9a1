import type { Ref } from "../graph/graph.ts";
import type {
  CallSpec,
  LayerSpec,
  StoredArgument,
  TensorId,
} from "./keras_topology.ts";
import { mapValues, sortedKeys } from "./records.ts";

/** The arguments of a call, with tensors as indices. */
export interface BoundArguments {
  readonly tensors: readonly Ref[];
  /** Number of tensors among the positional arguments. */
  readonly numInputs: number;
  readonly positional: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** The model around a call. */
export interface CallScope {
  /** Its layers. */
  readonly layers: readonly LayerSpec[];
  /** Finds a tensor. */
  readonly refOf: (tensor: TensorId) => Ref;
  /**
   * Whether it may be called on a record, which becomes a list in the order of
   * the sorted keys. @default {false}
   */
  readonly takesRecords?: boolean;
  /** Refuses the call. */
  readonly fail: (rule: string, value: unknown) => never;
}

/**
 * Replaces the tensors of a call by their indices: `{ input }`, or `{ sizeOf }`
 * for a size that is computed in the graph.
 *
 * @param spec The layer or operation.
 * @param call Its call.
 * @param context The model around it.
 * @returns The tensors, and the arguments.
 */
export function bindArguments(
  spec: LayerSpec,
  call: CallSpec,
  { layers, refOf, fail, takesRecords = false }: CallScope,
): BoundArguments {
  const tensors: Ref[] = [];
  const ids: TensorId[] = [];
  const indexOf = (tensor: TensorId) => {
    ids.push(tensor);
    return tensors.push(refOf(tensor)) - 1;
  };
  const sizeMark = (size: ComputedSize | number) => {
    if (typeof size === "number") return size;
    const { of, ...axis } = size;
    // The index of an argument, if the sizes are those of one.
    const known = ids.findIndex((id) =>
      id.layer === of.layer && id.call === of.call && id.index === of.index
    );
    return { sizeOf: known < 0 ? indexOf(of) : known, ...axis };
  };
  const bind = (argument: StoredArgument): unknown => {
    if ("tensor" in argument) {
      const sizes = takesSizes(spec, argument, call)
        ? computedSizes(argument.tensor, layers)
        : undefined;
      if (sizes === undefined) return { input: indexOf(argument.tensor) };
      return "of" in sizes ? sizeMark(sizes) : sizes.map(sizeMark);
    }
    if ("list" in argument) return argument.list.map(bind);
    if (!("record" in argument)) return argument.value;
    const { record } = argument;
    if (takesRecords) {
      return sortedKeys(record).map((key) => bind(record[key]!));
    }
    const rule =
      "layers and operations must be called on tensors or lists, not on records with keys";
    return fail(rule, Object.keys(record));
  };
  const positional = call.positional.map(bind);
  const numInputs = tensors.length;
  const named = mapValues(call.named, bind);
  return { tensors, numInputs, positional, named };
}

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

/** Operations of TensorFlow that create values from sizes alone. */
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
  argument: StoredArgument,
  { positional }: CallSpec,
): boolean {
  const name = String(options.function);
  if (className !== "TFOpLambda") return false;
  return CREATING.has(name) ||
    REPEATING.has(name) && argument !== positional[0];
}

/**
 * Finds the tensors whose sizes a tensor holds.
 *
 * @param tensor The tensor.
 * @param layers The layers of its model.
 * @returns These tensors; undefined if it holds anything else.
 */
export function computedSizes(
  tensor: TensorId,
  layers: readonly LayerSpec[],
): ComputedSizes | undefined {
  const found = layers.find(({ name }) => name === tensor.layer);
  const call = found?.calls[tensor.call];
  const first = call?.positional[0];
  if (found === undefined || first === undefined) return undefined;
  const name = String(found.options.function);
  if (found.className === "TFOpLambda" && name === "unstack") {
    return partOfSizes(first, { axis: tensor.index }, layers);
  }
  if (tensor.index !== 0) return undefined;
  if (found.className === "TFOpLambda" && SHAPES.has(name)) {
    return "tensor" in first ? { of: first.tensor } : undefined;
  }
  if (found.className === "TFOpLambda" && name === "stack") {
    return "list" in first ? sizeList(first.list, layers) : undefined;
  }
  if (found.className === "TFOpLambda" && name === "concat") {
    return "list" in first ? joinedSizes(first.list, layers) : undefined;
  }
  if (found.className !== "SlicingOpLambda") return undefined;
  const part = partOf(call?.named.slice_spec);
  return part && partOfSizes(first, part, layers);
}

/** A part of all sizes of a tensor. */
function partOfSizes(
  sizes: StoredArgument,
  part: Omit<ComputedSize, "of">,
  layers: readonly LayerSpec[],
): ComputedSizes | undefined {
  const all = "tensor" in sizes
    ? computedSizes(sizes.tensor, layers)
    : undefined;
  const areAll = all !== undefined && Object.keys(all).join() === "of";
  return areAll ? { ...all, ...part } as ComputedSize : undefined;
}

/** The axes of a slice of all sizes: one, or a range without steps. */
function partOf(
  spec: StoredArgument | undefined,
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
  parts: readonly StoredArgument[],
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
  list: readonly StoredArgument[],
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
