/**
 * Recognises a softmax that a converter wrote as its parts:
 * `exp(x - max(x)) / sum(exp(x - max(x)))`.
 *
 * @module
 */
import { type GraphNode, origin, type Ref, refKey, specOf } from "./graph.ts";
import type { Link } from "./head_link.ts";

/** The parts in one format. */
export interface SoftmaxSpelling {
  /** Names of the operations. */
  readonly names: Readonly<
    Record<"div" | "exp" | "sub" | "max" | "sum", RegExp>
  >;
  /** The operand of an operation; undefined for constants. */
  readonly argumentsOf: (node: GraphNode) => readonly (Ref | undefined)[];
  /** Whether a reduction keeps its axis with size 1. */
  readonly keepsAxis: (node: GraphNode) => boolean;
  /** The axes of a reduction; undefined if unknown. */
  readonly axesOf: (node: GraphNode) => readonly number[] | undefined;
}

/**
 * Recognises a softmax by its parts.
 *
 * @param node The division.
 * @param spelling The parts in its format.
 * @returns The softmax over the last axis; undefined if it is not one.
 */
export function spelledSoftmax(
  node: GraphNode,
  spelling: SoftmaxSpelling,
): Link | undefined {
  const { names, argumentsOf } = spelling;
  if (!names.div.test(node.row.kind)) return undefined;
  const [power, total] = argumentsOf(node);
  const exp = nodeOf(power, names.exp);
  const sum = nodeOf(total, names.sum);
  if (exp === undefined || sum === undefined) return undefined;
  const summed = argumentsOf(sum)[0];
  if (summed === undefined || refKey(summed) !== refKey(power!)) {
    return undefined;
  }
  const [exponent] = argumentsOf(exp);
  // All but the sums and maxima have the rank of the result.
  const rank = rankOf(node) ?? rankOf(exp) ?? specOf(exponent!)?.shape.length;
  if (!isOverLast(sum, rank, spelling)) return undefined;
  const of = exponent && withoutMaximum(exponent, rank, spelling);
  if (of === undefined) return undefined;
  const isOverLastAxis = rank === undefined || rank > 2;
  return { kind: "activation", activation: "softmax", of, isOverLastAxis };
}

/** The exponent before its maximum is subtracted, if it is. */
function withoutMaximum(
  exponent: Ref,
  rank: number | undefined,
  spelling: SoftmaxSpelling,
): Ref | undefined {
  const { names, argumentsOf } = spelling;
  const sub = nodeOf(exponent, names.sub);
  if (sub === undefined) return exponent;
  const [x, maximum] = argumentsOf(sub);
  const max = nodeOf(maximum, names.max);
  if (x === undefined || max === undefined) return exponent;
  const [over] = argumentsOf(max);
  if (over === undefined || refKey(over) !== refKey(x)) return exponent;
  return isOverLast(max, rank, spelling) ? x : undefined;
}

function nodeOf(ref: Ref | undefined, name: RegExp): GraphNode | undefined {
  let node = ref && origin(ref).node;
  while (
    node !== undefined && node.inputs.length === 1 &&
    /^(Identity|StopGradient)$/.test(node.row.kind)
  ) node = origin(node.inputs[0]!).node;
  return node !== undefined && name.test(node.row.kind) ? node : undefined;
}

function isOverLast(
  node: GraphNode,
  rank: number | undefined,
  { axesOf, keepsAxis }: SoftmaxSpelling,
): boolean {
  const axes = axesOf(node);
  if (axes?.length !== 1 || !keepsAxis(node)) return false;
  const [axis] = axes;
  return axis === -1 || rank !== undefined && axis === rank - 1;
}

function rankOf({ row }: GraphNode): number | undefined {
  return row.outputs[0]?.shape.length;
}
