import { cannot } from "../check.ts";
import {
  type GraphNode,
  origin,
  type Ref,
  refKey,
} from "../models/graph/graph.ts";
import type { HostComputation } from "../layers/layer.ts";
import type { TensorSpec } from "../types.ts";

/** An input tensor. */
export interface Feed {
  readonly ref: Ref;
  readonly spec: TensorSpec;
  /**
   * The inputs from which the host computes it; undefined for an input from the
   * dataset.
   */
  readonly host?: {
    /** The inputs of the model, one for each argument. */
    readonly specs: readonly TensorSpec[];
    /** All inputs of the model, in their order. */
    readonly all: readonly TensorSpec[];
    readonly computation: HostComputation;
  };
}

/** Nodes in the order in which they run, and when each tensor can be freed. */
export interface Schedule {
  readonly nodes: readonly GraphNode[];
  /** Keys of the tensors to free after each node. */
  readonly releases: readonly (readonly string[])[];
}

/**
 * Orders the nodes between the feeds and the requested tensors; no others run.
 *
 * @param feeds The input tensors. @param wanted The requested tensors.
 * @returns The nodes, each after its inputs.
 * @throws {TypeError} If a requested tensor needs an input that is not fed.
 */
export function schedule(
  feeds: readonly Feed[],
  wanted: readonly Ref[],
): Schedule {
  const fed = new Set(feeds.map(({ ref }) => refKey(ref)));
  const nodes: GraphNode[] = [];
  const done = new Set<GraphNode>();
  for (const target of wanted) {
    const stack = [origin(target)].filter((ref) => !fed.has(refKey(ref)));
    while (stack.length > 0) {
      const { node } = stack.at(-1)!;
      if (node.call.kind === "input") throw notFed(target, feeds);
      const waiting = node.inputs.map(origin).filter((ref) =>
        !fed.has(refKey(ref)) && !done.has(ref.node)
      );
      if (done.has(node) || waiting.length === 0) {
        stack.pop();
        if (!done.has(node)) nodes.push(node);
        done.add(node);
      } else stack.push(...waiting.toReversed());
    }
  }
  return { nodes, releases: releasesOf(nodes, wanted) };
}

function notFed(target: Ref, feeds: readonly Feed[]): TypeError {
  const missing = leftOut(target, feeds).node.row.name;
  const rule = missing === target.node.row.name
    ? "it must come after what is fed"
    : `all that it needs must come from what is fed, and it needs "${missing}"`;
  return new TypeError(
    cannot(
      `compute "${target.node.row.name}"`,
      rule,
      feeds.map(({ spec }) => spec.name),
      "cut the input earlier, or select other layers",
    ),
  );
}

/**
 * The nearest tensor before a target that depends on the model's inputs but on
 * no feed.
 */
function leftOut(target: Ref, feeds: readonly Feed[]): Ref {
  const fed = new Set(feeds.map(({ ref }) => refKey(ref)));
  const isFed = (ref: Ref) => fed.has(refKey(ref));
  const isLeftOut = (ref: Ref) => !isFed(ref) && ref.node.call.kind === "input";
  let at = origin(target);
  while (reaches(at, isFed)) {
    at = at.node.inputs.map(origin).find((ref) =>
      !isFed(ref) && reaches(ref, isLeftOut, isFed)
    )!;
  }
  return at;
}

/** Whether a tensor, or one that it is computed from, is in a set. */
function reaches(
  ref: Ref,
  isSuch: (ref: Ref) => boolean,
  isEnd: (ref: Ref) => boolean = isSuch,
): boolean {
  const seen = new Set<GraphNode>();
  const stack = [origin(ref)];
  while (stack.length > 0) {
    const at = stack.pop()!;
    if (isSuch(at)) return true;
    if (isEnd(at) || seen.has(at.node)) continue;
    seen.add(at.node);
    stack.push(...at.node.inputs.map(origin));
  }
  return false;
}

/** Frees a tensor after its last use, unless it is requested. */
function releasesOf(
  nodes: readonly GraphNode[],
  wanted: readonly Ref[],
): string[][] {
  const kept = new Set(wanted.map(refKey));
  const lastUse = new Map<string, number>();
  for (const [step, node] of nodes.entries()) {
    node.row.outputs.forEach((_, index) =>
      lastUse.set(refKey({ node, index }), step)
    );
    for (const ref of node.inputs) lastUse.set(refKey(ref), step);
  }
  const releases: string[][] = nodes.map(() => []);
  for (const [key, step] of lastUse) {
    if (!kept.has(key)) releases[step]!.push(key);
  }
  return releases;
}
