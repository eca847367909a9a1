/**
 * The role of a node in the head search.
 *
 * @module
 */
import { type GraphNode, type Ref, specOf, type WeightValue } from "./graph.ts";

/** The role of a node in the search. */
export type Link =
  /** A separate activation. */
  | {
    readonly kind: "activation";
    readonly activation: HeadActivation;
    /** Its operand, if that is not the node's first input. */
    readonly of?: Ref;
    /** Whether it is over the last axis of several non-batch axes. */
    readonly isOverLastAxis?: boolean;
  }
  /** An operation that changes no values: reshaping, dropout, identity. */
  | {
    readonly kind: "pass";
    /**
     * The tensor that passes through, if that is not the node's first input.
     */
    readonly of?: Ref;
    /** Whether it also keeps the shape. @default {false} */
    readonly keepsShape?: boolean;
    /** Whether it rounds values for a quantisation. @default {false} */
    readonly rounds?: boolean;
  }
  /** A linear layer, with its fused activation. */
  | {
    readonly kind: "linear";
    readonly activation: HeadActivation | "other";
    readonly weights: () => HeadTensors;
    /** Its input. */
    readonly penultimate: Ref;
    /** Whether it is a convolution. */
    readonly isConvolution: boolean;
    /** Its channel axis; default: last. */
    readonly channels?: "first";
  }
  /** A linear layer over integers: its dequantised output can be logits. */
  | {
    readonly kind: "integerLinear";
    /** Whether its output is dequantised already. @default {false} */
    readonly isDequantised?: boolean;
  }
  /** Any other operation. */
  | { readonly kind: "other" };

/** Activations that can be removed. */
export type HeadActivation = "softmax" | "logSoftmax" | "sigmoid" | "linear";

/** A head's current weights; must not be disposed. */
export interface HeadTensors {
  /** `[…, D, C]`, or `[C, D]` if transposed; leading sizes are 1. */
  readonly kernel: WeightValue;
  readonly isTransposed: boolean;
  /** `[C]`. */
  readonly bias: WeightValue | undefined;
}

/**
 * Adds a constant `[C]`, or `[1, …, C]`, to a product.
 *
 * @param inner The role of the product.
 * @param bias The constant, if the operand is one.
 * @returns The role of the sum.
 */
export function biasedLink(
  inner: Link | undefined,
  bias: (() => WeightValue) | undefined,
): Link {
  if (inner?.kind !== "linear" || inner.activation !== "linear") {
    return { kind: "other" };
  }
  const { weights } = inner;
  if (weights().bias !== undefined) return { kind: "other" };
  const units = unitsOf(weights());
  const shape = bias?.().shape ?? [];
  const rank = inner.isConvolution ? 4 : 2; // a longer one would add axes
  const fits = shape.at(-1) === units && shape.length <= rank &&
    shape.slice(0, -1).every((size) => size === 1);
  if (bias === undefined || !fits) return { kind: "other" };
  return { ...inner, weights: () => ({ ...weights(), bias: bias() }) };
}

/**
 * The number of units of a linear layer.
 *
 * @param weights Its weights.
 * @returns `C`.
 */
export function unitsOf(
  { kernel, isTransposed }: HeadTensors,
): number | undefined {
  return kernel.shape.at(isTransposed ? -2 : -1);
}

/**
 * Whether the last axis of a tensor may be the input of a product.
 *
 * @param input The tensor, if there is one.
 * @param product The product.
 * @returns False if its size is another one.
 */
export function isDeep(
  input: Ref | undefined,
  product: Link & { readonly kind: "linear" },
): input is Ref {
  const { kernel, isTransposed } = product.weights();
  const depth = kernel.shape.at(isTransposed ? -1 : -2);
  const last = input && specOf(input)?.shape.at(-1);
  return input !== undefined && [undefined, null, depth].includes(last);
}

/**
 * A constant argument of an operation.
 *
 * @param node The operation's node.
 * @param index Its index among the arguments.
 * @returns A function that returns the constant; undefined if the argument is
 * not constant.
 */
export function constant(
  node: GraphNode,
  index: number,
): (() => WeightValue) | undefined {
  return node.call.kind === "raw" ? node.call.constants.get(index) : undefined;
}
