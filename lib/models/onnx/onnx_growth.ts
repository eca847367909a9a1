/**
 * The size of an ONNX file when it runs: the number of operations with unfolded
 * functions, and lower bounds for the size of tensors. Both are computed before
 * the runtime opens the file.
 *
 * @module
 */
import { quote, sizeOf } from "../../check.ts";
import { ModelFormatError } from "../../errors.ts";
import type {
  OnnxFunction,
  OnnxGraphPart,
  OnnxOperation,
} from "../../formats/onnx_model.ts";
import type { FileConstant, OnnxOrigin } from "../graph/onnx_origin.ts";
import { beyondLimit, type ModelLimits } from "../graph/limits.ts";
import {
  BROADCASTING,
  constantTensor,
  functionsOf,
  graphsIn,
  UNARY,
} from "../graph/onnx_operators.ts";
import type { WholeFile } from "./onnx_checks.ts";

/** Bytes per value; the minimum if its type is unknown. */
const LEAST_BYTES = 4;
/** Maximum number of values of a constant that can be a shape. */
const MOST_AXES = 64;

/** Operations with as many output values as their largest input. */
const KEEPING = new Set([
  ...[...UNARY, ...BROADCASTING, "Reshape", "Transpose", "Flatten", "Squeeze"],
  ...["Unsqueeze", "Softmax", "LogSoftmax", "BatchNormalization"],
  ...["InstanceNormalization", "LayerNormalization"],
]);

/**
 * Counts operations with unfolded functions, and their nesting depth.
 *
 * @param file The file.
 * @param limits The limits.
 * @throws {ModelFormatError} If there are more, or a function calls itself.
 */
export function checkExpansion(
  { graph, functions, reader }: WholeFile,
  { nodes: most, nesting }: Required<ModelLimits>,
): void {
  const { name: source } = reader.source;
  const known = new Map<OnnxFunction, { count: number; depth: number }>();

  const grown = (
    nodes: readonly OnnxOperation[],
    level: number,
    path: readonly OnnxFunction[],
  ) => {
    let count = 0;
    let depth = 0;
    for (const node of nodes) {
      const inner = [
        ...functionsOf(node, functions).map((f) => called(f, level + 1, path)),
        ...graphsIn(node).map((part) => grown(part.nodes, level + 1, path)),
      ];
      count += 1 + inner.reduce((sum, part) => sum + part.count, 0);
      depth = Math.max(depth, ...inner.map((part) => part.depth + 1));
      if (count > most) {
        throw beyondLimit(source, ["nodes", most], `operation "${node.kind}"`);
      }
      if (level + depth > nesting) {
        throw beyondLimit(source, ["nesting", nesting], `"${node.kind}"`);
      }
    }
    return { count, depth };
  };
  const called = (
    body: OnnxFunction,
    level: number,
    path: readonly OnnxFunction[],
  ) => {
    if (path.includes(body)) {
      throw recursive(source, [...path.slice(path.indexOf(body)), body]);
    }
    if (level > nesting) {
      const what = `function "${body.domain}.${body.name}"`;
      throw beyondLimit(source, ["nesting", nesting], what);
    }
    const found = known.get(body) ?? grown(body.nodes, level, [...path, body]);
    known.set(body, found);
    return found;
  };
  grown(graph.nodes, 0, []);
}

/** The error for functions that call themselves, which never end. */
function recursive(
  source: string,
  path: readonly OnnxFunction[],
): ModelFormatError {
  const calls = path.map(({ domain, name }) => quote(`${domain}.${name}`));
  return new ModelFormatError(
    source,
    "its functions must not call themselves, directly or through others: " +
      `current calls are ${
        calls.join(" to ")
      }; write what is repeated as a Loop`,
  );
}

/** A graph, a subgraph, or a function whose inputs have no types. */
type Part = Partial<Pick<OnnxGraphPart, "constants" | "inputs" | "values">> & {
  /** Its operations, each after those that it depends on. */
  readonly nodes: readonly OnnxOperation[];
};

/** Constants by name, and lower bounds for numbers of values. */
interface Known {
  readonly constants: ReadonlyMap<string, FileConstant>;
  readonly sizes: ReadonlyMap<string, number>;
}

/**
 * Checks lower bounds of tensor sizes, from constant shapes, repeats, scales
 * and paddings, also in subgraphs and in functions.
 *
 * @param file The file.
 * @param origin Its constants.
 * @param nodes Its operations, each after those that it depends on.
 * @param limits The limits.
 * @throws {ModelFormatError} If one is larger.
 */
export async function checkTensorSizes(
  { graph, functions, reader }: WholeFile,
  { constants, constantOf }: Pick<OnnxOrigin, "constants" | "constantOf">,
  nodes: readonly OnnxOperation[],
  { tensorBytes }: Required<ModelLimits>,
): Promise<void> {
  const seen = new Set<OnnxFunction>();
  const check = async (part: Part, known: Known) => {
    const { nodes, constants = [], inputs = [], values = [] } = part;
    const sizes = new Map(known.sizes);
    for (const { name, shape } of [...inputs, ...values]) {
      sizes.set(name, sizeOf((shape ?? []).map((size) => size ?? 1)));
    }
    const written = nodes.flatMap((node) => constantTensor(node) ?? []);
    const inner = new Map(known.constants);
    for (const tensor of [...constants, ...written]) {
      inner.set(tensor.name, constantOf(tensor));
      sizes.set(tensor.name, sizeOf(tensor.shape));
    }
    for (const node of nodes) {
      const least = await leastSize(node, sizes, inner);
      if (least * LEAST_BYTES > tensorBytes) {
        throw beyondLimit(
          reader.source.name,
          ["tensorBytes", tensorBytes],
          `${node.kind} "${
            node.name || node.outputs[0]
          }" with ${least} values or more`,
        );
      }
      for (const name of node.outputs) {
        sizes.set(name, Math.max(least, sizes.get(name) ?? 1));
      }
      for (const part of graphsIn(node)) {
        await check(part, { constants: inner, sizes });
      }
      for (const body of functionsOf(node, functions)) {
        if (seen.has(body)) continue;
        seen.add(body);
        const { nodes } = body;
        await check({ nodes }, { constants: new Map(), sizes: new Map() });
      }
    }
  };
  const sizes = new Map(
    [...constants].map(([name, { shape }]) => [name, sizeOf(shape)]),
  );
  const { inputs, values } = graph;
  await check({ nodes, inputs, values }, { constants, sizes });
}

/** The numbers of a constant that may be a shape; none if it is not one. */
async function numbersOf(
  constant: FileConstant | undefined,
): Promise<number[]> {
  const count = constant === undefined ? 0 : sizeOf(constant.shape);
  if (count === 0 || count > MOST_AXES) return [];
  return Array.from((await constant!.read()).data, Number);
}

/** Lower bound for the number of output values of an operation. */
async function leastSize(
  { kind, domain, inputs, attributes }: OnnxOperation,
  sizes: ReadonlyMap<string, number>,
  constants: ReadonlyMap<string, FileConstant>,
): Promise<number> {
  const numbers = (name = "") => numbersOf(constants.get(name));
  const counts = inputs.map((name) => sizes.get(name) ?? 1);
  const product = (list: readonly number[]) =>
    list.reduce((all, n) => all * Math.max(1, n), 1);
  const first = counts[0] ?? 1;
  if (domain !== "") return 1;
  if (KEEPING.has(kind)) return Math.max(1, ...counts);
  switch (kind) {
    case "Concat":
      return counts.reduce((sum, n) => sum + n, 0);
    case "ConstantOfShape":
      return product(await numbers(inputs[0]));
    case "Expand":
      return Math.max(first, product(await numbers(inputs[1])));
    case "Tile":
      return first * product(await numbers(inputs[1]));
    case "Upsample":
    case "Resize": {
      const wanted = await numbers(inputs[3]);
      const inAttribute = attributes.get("scales");
      const scales = Array.isArray(inAttribute)
        ? inAttribute.map(Number)
        : await numbers(inputs[kind === "Upsample" ? 1 : 2] ?? inputs[1]);
      // Scales below and above 1 compensate each other.
      const factor = scales.reduce((all, n) => all * n, 1);
      return Math.max(product(wanted), first * factor);
    }
    case "Pad": {
      const inAttribute = attributes.get("pads");
      const pads = Array.isArray(inAttribute)
        ? inAttribute.map(Number)
        : await numbers(inputs[1]);
      const half = pads.length / 2;
      const grown = pads.slice(0, half).map((n, i) =>
        n + (pads[half + i] ?? 0)
      );
      return product(grown);
    }
    default:
      return 1;
  }
}
