/**
 * What the search for the head makes of one node.
 *
 * @module
 */
import type { GraphNode, Ref, WeightValue } from "./graph.ts";

/** What the search makes of one node. */
export type Link =
  /** An activation by itself. */
  | {
    readonly kind: "activation";
    readonly activation: HeadActivation;
    /** What it is applied to, where that is not the node's first input. */
    readonly of?: Ref;
    /** Whether it is over the last axis, of which there are others beside the batch. */
    readonly isOverLastAxis?: boolean;
  }
  /** Nothing that changes values: reshaping, dropout, identity. */
  | {
    readonly kind: "pass";
    /** What passes, where that is not the node's first input. */
    readonly of?: Ref;
    /** Whether the shape stays, too. @default {false} */
    readonly keepsShape?: boolean;
    /** Whether values are rounded to the steps of a quantisation. @default {false} */
    readonly rounds?: boolean;
  }
  /** A linear layer, with the activation fused in it. */
  | {
    readonly kind: "linear";
    readonly activation: HeadActivation | "other";
    readonly weights: () => HeadTensors;
    /** What feeds it. */
    readonly penultimate: Ref;
    /** Whether it is a convolution. */
    readonly isConvolution: boolean;
    /** Where its channels stand; last by default. */
    readonly channels?: "first";
  }
  /** Anything else. */
  | { readonly kind: "other" };

/** Activations that can be taken off. */
export type HeadActivation = "softmax" | "logSoftmax" | "sigmoid" | "linear";

/** A head's weights as they are now; not to be disposed of. */
export interface HeadTensors {
  /** `[…, D, C]`, or `[C, D]` where transposed; leading sizes are 1. */
  readonly kernel: WeightValue;
  readonly isTransposed: boolean;
  /** `[C]`. */
  readonly bias: WeightValue | undefined;
}

/**
 * A constant `[C]` added to a product.
 *
 * @param inner What the search makes of the product.
 * @param bias The constant, if it is one.
 * @returns What the search makes of the sum.
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
  const { kernel, isTransposed } = weights();
  const units = kernel.shape.at(isTransposed ? -2 : -1);
  const shape = bias?.().shape;
  if (bias === undefined || shape?.length !== 1 || shape[0] !== units) {
    return { kind: "other" };
  }
  return { ...inner, weights: () => ({ ...weights(), bias: bias() }) };
}

/**
 * A constant argument of an operation.
 *
 * @param node The operation's node.
 * @param index Its index among the arguments.
 * @returns Gives the constant; undefined if it is none.
 */
export function constant(
  node: GraphNode,
  index: number,
): (() => WeightValue) | undefined {
  return node.call.kind === "raw" ? node.call.constants.get(index) : undefined;
}
