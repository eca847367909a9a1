/**
 * Finds nodes by layer ids.
 *
 * An exact name takes precedence, because names of graph operations contain
 * `/`, `:` and `*`. `name[1]` is the second output of a layer with several.
 * Integers follow Python over Keras' own list. Other ids are patterns over the
 * paths, in the model's order.
 *
 * @module
 */
import { cannot, nearestNames, quote } from "../../check.ts";
import { LayerNotFoundError } from "../../errors.ts";
import type { LayerRow } from "../../types.ts";
import { type GraphNode, specOf } from "./graph.ts";

/**
 * An id of one or several layers.
 *
 * @category Extraction
 */
export type LayerId = string | number | RegExp | ((layer: LayerRow) => boolean);

/** Advice where no name is near. */
const LISTED = "await show(model) lists the layers";

/** The nodes to search. */
export interface Findable {
  /** Nodes that have a row, in the model's order. */
  readonly listed: readonly GraphNode[];
  /** Keras' own list of the top level. */
  readonly topLevel: readonly GraphNode[];
  /** Additional names, with their nodes. */
  readonly otherNames?: ReadonlyMap<string, GraphNode>;
}

/**
 * Finds one layer by name, path or index.
 *
 * @param model The nodes to search.
 * @param id Exact name or path, or an index as in Python (`-1` is the last).
 * @param offset Offset along the top level.
 * @returns Its node.
 * @throws {LayerNotFoundError} If no layer matches.
 * @throws {TypeError} If the id is neither a string nor an integer.
 */
export function findLayer(
  model: Findable,
  id: string | number,
  offset = 0,
): GraphNode {
  if (typeof id !== "string" && typeof id !== "number") {
    throw new TypeError(
      cannot("find layer", "its id must be a name or an index", id),
    );
  }
  if (!Number.isInteger(offset)) {
    throw new TypeError(
      cannot("find layer", `"offset" must be an integer`, offset),
    );
  }
  const node = typeof id === "string" ? byName(model, id) : byIndex(model, id);
  if (offset === 0) return node;
  const at = model.topLevel.indexOf(node);
  const found = at < 0 ? undefined : model.topLevel[at + offset];
  if (found !== undefined) return found;
  throw new LayerNotFoundError(
    `${offset} steps from "${node.row.name}"`,
    [],
    `the top level has ${model.topLevel.length} layers`,
  );
}

/**
 * Finds all layers that match ids, in the order of the ids.
 *
 * @param model The nodes to search.
 * @param ids Names, paths, indices, globs, patterns, predicates.
 * @returns Their nodes, each once.
 * @throws {LayerNotFoundError} If an id matches no layer.
 * @throws {RangeError} If there are no ids, or two ids match the same layer.
 */
export function findLayers(
  model: Findable,
  ids: readonly LayerId[],
): GraphNode[] {
  if (ids.length === 0) {
    throw new RangeError(
      cannot(
        "set layers",
        "there must be at least one id",
        ids,
        "without .layers(…) there are logits and no features",
      ),
    );
  }
  const nodes: GraphNode[] = [];
  const foundBy = new Map<string, LayerId>();
  for (const id of ids) {
    for (const node of findAll(model, id)) {
      const keys = outputsOf(node).map(({ node: { row }, index }) =>
        JSON.stringify([row.name, index])
      );
      const earlier = keys.map((key) => foundBy.get(key))
        .find((found) => found !== undefined);
      if (earlier !== undefined) {
        throw new RangeError(
          cannot(
            "set layers",
            `each layer must be requested once, but ${idText(earlier)} and ${
              idText(id)
            } find the same`,
            node.row.name,
          ),
        );
      }
      for (const key of keys) foundBy.set(key, id);
      nodes.push(node);
    }
  }
  return nodes;
}

/** Nodes that represent one output of a layer, by the layer's node. */
const outputNodes = new WeakMap<GraphNode, GraphNode[]>();

/** The owner of an output, and its index there. */
const owners = new WeakMap<GraphNode, { node: GraphNode; index: number }>();

function numOutputs({ row, call }: GraphNode): number {
  return call.kind === "alias" ? call.outputs.length : row.outputs.length;
}

/** The output nodes, by the node of their layer. */
function outputsOf(node: GraphNode): { node: GraphNode; index: number }[] {
  const owner = owners.get(node);
  if (owner !== undefined) return [owner];
  const length = Math.max(1, numOutputs(node));
  return Array.from({ length }, (_, index) => ({ node, index }));
}

/**
 * One output of a layer with several outputs, as a separate node: `name[1]`.
 */
function outputByName(model: Findable, name: string): GraphNode | undefined {
  const [, layer, digits] = /^(.+)\[(\d+)\]$/s.exec(name) ?? [];
  const owner = layer === undefined ? undefined : byExactName(model, layer);
  const index = Number(digits);
  if (owner === undefined || numOutputs(owner) < 2) return undefined;
  if (index >= numOutputs(owner)) return undefined;
  const known = outputNodes.get(owner) ?? [];
  outputNodes.set(owner, known);
  known[index] ??= outputNode(owner, index, name);
  return known[index];
}

function outputNode(owner: GraphNode, index: number, name: string): GraphNode {
  const spec = specOf({ node: owner, index });
  const outputs = spec === undefined ? [] : [Object.freeze({ ...spec, name })];
  const node: GraphNode = {
    ...owner,
    row: Object.freeze({ ...owner.row, name, outputs: Object.freeze(outputs) }),
    isListed: false,
    call: { kind: "alias", outputs: [{ node: owner, index }] },
  };
  owners.set(node, { node: owner, index });
  return node;
}

/** All layers that match one id, in the model's order. */
function findAll(model: Findable, id: LayerId): GraphNode[] {
  if (typeof id === "number") return [byIndex(model, id)];
  if (typeof id === "string") {
    const exact = byExactName(model, id) ?? outputByName(model, id);
    if (exact !== undefined) return [exact];
    if (!id.includes("*") && !id.includes("?")) return [byName(model, id)];
    return matching(globPattern(id), model, id);
  }
  if (id instanceof RegExp) {
    // A copy: the caller's "lastIndex" is unchanged, and a sticky one cannot
    // skip.
    const pattern = new RegExp(id.source, id.flags.replace(/[gy]/g, ""));
    return matching(pattern, model, id);
  }
  if (typeof id === "function") {
    return orNone(model.listed.filter(({ row }) => id(row)), model, id);
  }
  throw new TypeError(
    cannot(
      "find layer",
      "its id must be a name, an index, a glob, a RegExp or a predicate",
      id,
    ),
  );
}

function matching(pattern: RegExp, model: Findable, id: LayerId): GraphNode[] {
  const found = model.listed.filter(({ row }) => pattern.test(row.name));
  return orNone(found, model, id);
}

function orNone(nodes: GraphNode[], model: Findable, id: LayerId): GraphNode[] {
  if (nodes.length > 0) return nodes;
  if (typeof id === "string") {
    const names = nearest(model, id.replace(/[*?]+/g, ""));
    throw new LayerNotFoundError(quote(id), names);
  }
  const rule = typeof id === "function"
    ? "its function returned true for none"
    : "it matches no path";
  throw new LayerNotFoundError(idText(id), [], `${rule}; ${LISTED}`);
}

function byExactName(
  { listed, otherNames }: Findable,
  name: string,
): GraphNode | undefined {
  return listed.find(({ row }) => row.name === name) ?? otherNames?.get(name);
}

function byName(model: Findable, name: string): GraphNode {
  const found = byExactName(model, name) ?? outputByName(model, name);
  if (found !== undefined) return found;
  const names = nearest(model, name);
  const reason = /^-?\d+$/.test(name)
    ? `an index is a number: ${name} without quotes`
    : names.length === 0
    ? LISTED
    : undefined;
  throw new LayerNotFoundError(quote(name), names, reason);
}

function byIndex({ topLevel }: Findable, index: number): GraphNode {
  const size = topLevel.length;
  if (!Number.isInteger(index)) {
    throw new TypeError(
      cannot("find layer", "its index must be an integer", index),
    );
  }
  const found = topLevel[index < 0 ? index + size : index];
  if (found !== undefined) return found;
  throw new LayerNotFoundError(
    String(index),
    [],
    `indices go from ${-size} to ${size - 1}`,
  );
}

function nearest({ listed }: Findable, name: string): string[] {
  return nearestNames(name, listed.map(({ row }) => row.name));
}

function idText(id: LayerId): string {
  if (typeof id === "string") return quote(id);
  if (typeof id !== "function") return String(id);
  return id.name === "" ? "by a predicate" : `by predicate "${id.name}"`;
}

/**
 * `*` and `?` match within one part of a path, `**` across parts. Later calls
 * of a layer, `name:1`, are found only by a glob with a colon.
 */
function globPattern(glob: string): RegExp {
  const part = glob.includes(":") ? "[^/]" : "[^/:]";
  const any = glob.includes(":") ? "." : "[^:]";
  const source = glob.replace(
    /\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g,
    (token) =>
      token === "**/"
        ? `(?:${any}*/)?`
        : token === "**"
        ? `${any}*`
        : token === "*"
        ? `${part}*`
        : token === "?"
        ? part
        : `\\${token}`,
  );
  return new RegExp(`^${source}$`, "s");
}
