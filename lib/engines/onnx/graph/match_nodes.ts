/**
 * Finds out whether a value is computed in a certain way, by the operators that
 * lead to it.
 *
 * @module
 */
import type { OnnxGraph } from "./onnx_graph.ts";

/**
 * How a value is computed: an operator without attributes and what it takes; a
 * constant of integers; or anything at all, which a word stands for, the same
 * wherever that word is.
 */
export type Pattern =
  | string
  | { readonly integers: readonly number[] }
  | OperatorPattern;

/** An operator's name, and how each of its inputs is computed. */
interface OperatorPattern extends ReadonlyArray<Pattern> {
  readonly 0: string;
}

/** What the words of a pattern stand for. */
export type Found = Map<string, string>;

/** Looks at the operators of a graph, and of the bodies of loops in it. */
export class NodeMatcher {
  readonly #graph: OnnxGraph;

  /**
   * Looks at all that is recorded.
   *
   * @param graph The graph.
   */
  constructor(graph: OnnxGraph) {
    this.#graph = graph;
  }

  /**
   * Compares.
   *
   * @param name The value.
   * @param pattern How it must be computed.
   * @param known What some words stand for.
   * @returns What all words stand for; undefined if it is computed in another way.
   */
  match(name: string, pattern: Pattern, known: Found): Found | undefined {
    const found = new Map(known);
    return this.#fits(name, pattern, found) ? found : undefined;
  }

  #fits(name: string, pattern: Pattern, found: Found): boolean {
    if (typeof pattern === "string") {
      const before = found.get(pattern);
      if (before === undefined) found.set(pattern, name);
      return before === undefined || before === name;
    }
    if (!isOperator(pattern)) {
      const data = this.#graph.constantOf(name)?.data;
      const { integers } = pattern;
      return data instanceof BigInt64Array && data.length === integers.length &&
        integers.every((value, i) => data[i] === BigInt(value));
    }
    const node = this.#graph.makerOf(name);
    const operator = pattern[0];
    const inputs = pattern.slice(1);
    return node !== undefined && node.operator === operator &&
      node.outputs.length === 1 &&
      Object.keys(node.attributes).length === 0 &&
      node.inputs.length === inputs.length &&
      inputs.every((input, i) => this.#fits(node.inputs[i]!, input, found));
  }
}

function isOperator(
  pattern: Exclude<Pattern, string>,
): pattern is OperatorPattern {
  return Array.isArray(pattern);
}
