import { cannot } from "../check.ts";
import { type GraphNode, origin, type Ref, refKey } from "../models/graph.ts";
import type { Feed } from "./program.ts";

/** Nodes in the order in which they run, and when a tensor is needed no more. */
export interface Schedule {
  readonly nodes: readonly GraphNode[];
  /** Keys of tensors that may go after each node. */
  readonly releases: readonly (readonly string[])[];
}

/**
 * Orders the nodes between what goes in and what is wanted; no others run.
 *
 * @param feeds What goes in.
 * @param wanted What is wanted.
 * @returns The nodes, each after what feeds it.
 * @throws {TypeError} If a wanted tensor needs an input that is not fed.
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
      if (node.call.kind === "input") throw notFed(target, node, feeds);
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

function notFed(
  target: Ref,
  input: GraphNode,
  feeds: readonly Feed[],
): TypeError {
  const { name } = input.row;
  const cut = feeds.map(({ spec }) => `"${spec.name}"`).join(", ");
  return new TypeError(
    cannot(
      `compute "${target.node.row.name}"`,
      `all that it needs must come from what is fed, and it needs input "${name}"`,
      cut,
      "cut the input earlier, or ask for later layers",
    ),
  );
}

/** After its last use a tensor goes, unless it is wanted at the end. */
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
