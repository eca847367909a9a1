import type { Ref } from "../graph/graph.ts";
import {
  type ComputedSize,
  computedSizes,
  takesSizes,
} from "./computed_sizes.ts";
import type {
  Argument,
  CallSpec,
  LayerSpec,
  TensorId,
} from "./keras_topology.ts";
import { mapValues } from "./records.ts";

/** The arguments of a call, with tensors as indices. */
export interface BoundArguments {
  readonly tensors: readonly Ref[];
  /** Number of tensors among the positional arguments. */
  readonly numInputs: number;
  readonly positional: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** The model around a call. */
export interface CallContext {
  /** Its layers. */
  readonly layers: readonly LayerSpec[];
  /** Finds a tensor. */
  readonly refOf: (tensor: TensorId) => Ref;
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
  { layers, refOf, fail }: CallContext,
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
  const bind = (argument: Argument): unknown => {
    if ("tensor" in argument) {
      const sizes = takesSizes(spec, argument, call)
        ? computedSizes(argument.tensor, layers)
        : undefined;
      if (sizes === undefined) return { input: indexOf(argument.tensor) };
      return "of" in sizes ? sizeMark(sizes) : sizes.map(sizeMark);
    }
    if ("list" in argument) return argument.list.map(bind);
    if (!("record" in argument)) return argument.value;
    const rule =
      "layers and operations must be called on tensors or lists, not on records with keys";
    return fail(rule, Object.keys(argument.record));
  };
  const positional = call.positional.map(bind);
  const numInputs = tensors.length;
  const named = mapValues(call.named, bind);
  return { tensors, numInputs, positional, named };
}
