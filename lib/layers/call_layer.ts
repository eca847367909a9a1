import type { Ops } from "../ops/ops.ts";
import type { CallContext, Layer } from "./layer.ts";

/** A value with its mask, as passed between layers. */
export interface Masked<T> {
  readonly value: T;
  /** `[N, T]` booleans: true for time steps that are not masked. */
  readonly mask: T | undefined;
}

/** One call of one layer. */
export interface LayerCall<T> {
  readonly layer: Layer;
  readonly inputs: readonly Masked<T>[];
  readonly weights: Readonly<Record<string, T>>;
  readonly args: CallContext<T>["args"];
  /** Masks of tensors among the arguments. */
  readonly argMasks?: Readonly<Record<string, T | undefined>>;
}

/**
 * Calls a layer, and computes the masks of its outputs.
 *
 * A layer without mask rules passes on the mask of its input if every output
 * has as many time steps.
 *
 * @param ops The engine's operations.
 * @param call Layer, inputs, weights and arguments.
 * @returns The outputs with their masks.
 */
export function callLayer<T>(ops: Ops<T>, call: LayerCall<T>): Masked<T>[] {
  const { layer, weights, args, argMasks = {} } = call;
  const inputs = call.inputs.map(({ value }) => value);
  const masks = call.inputs.map(({ mask }) => mask);
  const context: CallContext<T> = { masks, args, argMasks };
  const outputs = layer.call(ops, inputs, weights, context);
  const found = layer.masks?.(ops, inputs, context) ??
    handedOn(ops, inputs, outputs, masks);
  return outputs.map((value, i) => ({ value, mask: found[i] }));
}

function handedOn<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  outputs: readonly T[],
  masks: readonly (T | undefined)[],
): (T | undefined)[] {
  const index = masks.findIndex((mask) => mask !== undefined);
  if (index < 0) return [];
  const rank = ops.shape(masks[index]!).length;
  const lengths = ops.shape(inputs[index]!).slice(1, Math.max(2, rank));
  const isSame = outputs.every((output) => {
    const shape = ops.shape(output);
    return shape.length >= 2 &&
      lengths.every((length, i) => shape[1 + i] === length);
  });
  return isSame ? outputs.map(() => masks[index]) : [];
}
