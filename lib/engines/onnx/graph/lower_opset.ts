/**
 * Converts recorded operators to an earlier opset, so that they can be in one
 * model with the operations of a file.
 *
 * Source: the operator tables of ONNX 1.17,
 * https://github.com/onnx/onnx/blob/v1.17.0/docs/Changelog.md
 *
 * @module
 */
import { cannot } from "../../../check.ts";
import type { OnnxAttribute, OnnxGraph, OnnxNode } from "./onnx_graph.ts";

/** The first opset in which an operator has all recorded inputs and attributes. */
const FIRST_VERSIONS: Readonly<Record<string, number>> = {
  ...{ Abs: 6, Add: 7, Cast: 6, Concat: 4, Div: 7, Exp: 6, Gather: 1, Mul: 7 },
  ...{ Identity: 1, Reshape: 5, Shape: 1, Sqrt: 6, Squeeze: 1, Sub: 7 },
  ...{ Transpose: 1, Unsqueeze: 1, MatMul: 1, ReduceMax: 1, ReduceMean: 1 },
  ...{ ReduceMin: 1, ReduceSum: 1, Greater: 9, IsNaN: 9, Sign: 9, Where: 9 },
  ...{ Expand: 8, TopK: 10, Pow: 7, Neg: 6, And: 7, Or: 7, Not: 1 },
};

/**
 * Operators whose axes are an input from some opset on, and an attribute
 * before.
 */
const AXES_AS_INPUT: Readonly<Record<string, number>> = {
  ...{ ReduceMax: 18, ReduceMean: 18, ReduceMin: 18, ReduceSum: 13 },
  ...{ Squeeze: 13, Unsqueeze: 13 },
};

/**
 * Rewrites the operators of a graph.
 *
 * @param graph The graph, without loops and branches; it is changed.
 * @param version The opset.
 * @throws {RangeError} If the opset lacks an operator.
 */
export function lowerOpset(graph: OnnxGraph, version: number): void {
  for (const node of [...graph.nodes]) {
    const first = FIRST_VERSIONS[node.operator];
    if (first === undefined || version < first) {
      const hint = first === undefined
        ? "leave the step out"
        : `convert the file in Python: onnx.version_converter.convert_version(model, 21)`;
      throw new RangeError(
        cannot(
          "write ONNX",
          `the operators of the file must include ${node.operator}`,
          `version ${version}`,
          hint,
        ),
      );
    }
    const lowered = lowerNode(graph, node, version);
    if (lowered !== node) graph.replace(node, lowered);
  }
}

function lowerNode(
  graph: OnnxGraph,
  node: OnnxNode,
  version: number,
): OnnxNode {
  const { operator, attributes } = node;
  const asInput = AXES_AS_INPUT[operator];
  if (asInput !== undefined && version < asInput) {
    return withAxes(graph, node);
  }
  if (operator === "Reshape" && version < 14) {
    // Only relevant for empty batches, which are never run.
    return without(node, "allowzero");
  }
  if (operator === "TopK" && version < 11) {
    return without(node, "largest", "sorted"); // both are enabled
  }
  if (operator === "Shape" && version < 15 && "start" in attributes) {
    return partOfShape(graph, node);
  }
  return node;
}

function without(node: OnnxNode, ...keys: readonly string[]): OnnxNode {
  const attributes = Object.entries(node.attributes).filter(([key]) =>
    !keys.includes(key)
  );
  return { ...node, attributes: Object.fromEntries(attributes) };
}

function withAxes(graph: OnnxGraph, node: OnnxNode): OnnxNode {
  const { inputs: [x, axes] } = node;
  const { attributes } = without(node, "noopWithEmptyAxes");
  if (axes === undefined || axes === "") {
    return { ...node, inputs: [x!], attributes };
  }
  const { data } = graph.constantOf(axes)!;
  const list = Array.from(data as BigInt64Array, Number);
  if (list.length === 0 && node.attributes.noopWithEmptyAxes === 1) {
    return { ...node, operator: "Identity", inputs: [x!], attributes: {} };
  }
  const all: Record<string, OnnxAttribute> = { ...attributes, axes: list };
  return { ...node, inputs: [x!], attributes: all };
}

/** Selects some sizes. */
function partOfShape(graph: OnnxGraph, node: OnnxNode): OnnxNode {
  const { start, end } = node.attributes as { start: number; end: number };
  const shape = graph.node("Shape", node.inputs);
  const added = graph.nodes.pop()!; // must precede its user
  graph.nodes.splice(graph.nodes.indexOf(node), 0, added);
  const wanted = Array.from({ length: end - start }, (_, i) => start + i);
  return {
    ...node,
    operator: "Gather",
    inputs: [shape, graph.integers(wanted)],
    attributes: { axis: 0 },
  };
}
