/**
 * Folds factors and offsets after convolutions, those of biases and
 * BatchNormalization, into the kernels. The runtime would do the same when it
 * opens a model, but copies every kernel several times: opening ResNet-50 takes
 * 0.9 of the processor time and 0.95 of the memory (`rewrites` of `tests/bench`).
 *
 * @module
 */
import {
  DerivedConstant,
  type OnnxGraph,
  type OnnxNode,
} from "../graph/onnx_graph.ts";

/** Element-wise operators on constants. */
const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};
const UNARY: Readonly<Record<string, (a: number) => number>> = {
  Neg: (a) => -a,
  Sqrt: Math.sqrt,
};

/** The operators after a convolution that are folded into it. */
interface Chain {
  readonly conv: OnnxNode;
  /** The transpose to channels last. */
  readonly transpose: OnnxNode;
  /** Factors and offsets, in order. */
  readonly steps: readonly OnnxNode[];
  /** One factor for each channel; undefined if there is none. */
  readonly factors: Float64Array | undefined;
  readonly offsets: Float64Array;
}

/**
 * Folds per-channel factors and offsets into the kernels and biases of the
 * convolutions before them, if nothing else uses the values between.
 *
 * @param graph The outermost graph, all recorded. Kernels that several
 * convolutions share are unchanged, and so does what follows them.
 */
export function foldScales(graph: OnnxGraph): void {
  const users = graph.users();
  const constants = new ConstantValues(graph);
  for (const conv of [...graph.nodes]) {
    if (conv.operator !== "Conv" || conv.inputs.length !== 2) continue;
    const chain = chainOf(graph, conv, users, constants);
    if (chain !== undefined) fold(graph, chain);
  }
}

/** Finds the operators that can be folded into a convolution. */
function chainOf(
  graph: OnnxGraph,
  conv: OnnxNode,
  users: ReadonlyMap<string, readonly OnnxNode[]>,
  constants: ConstantValues,
): Chain | undefined {
  const onlyUser = (node: OnnxNode): OnnxNode | undefined => {
    const [first, ...others] = users.get(node.outputs[0]!) ?? [];
    return others.length === 0 ? first : undefined;
  };
  const [, kernelName] = conv.inputs as [string, string];
  const kernel = graph.constantOf(kernelName);
  if (!(kernel instanceof DerivedConstant)) return;
  if (users.get(kernelName)!.length > 1) return;
  const transpose = onlyUser(conv);
  if (
    transpose === undefined || !putsChannelsLast(transpose, kernel.shape.length)
  ) {
    return;
  }
  const numChannels = kernel.shape[0]!;
  const offsets = new Float64Array(numChannels);
  let factors: Float64Array | undefined;
  const steps: OnnxNode[] = [];
  for (let value = transpose;;) {
    const step = onlyUser(value);
    const values = step && constants.beside(step, value.outputs[0]!);
    if (values === undefined) break;
    if (values.length > 1 && values.length !== numChannels) break;
    if (!values.every(Number.isFinite)) break;
    const at = (channel: number) => values[values.length > 1 ? channel : 0]!;
    if (step!.operator === "Mul") {
      factors ??= new Float64Array(numChannels).fill(1);
      factors.forEach((factor, i) => factors![i] = factor * at(i));
      offsets.forEach((offset, i) => offsets[i] = offset * at(i));
    } else {
      offsets.forEach((offset, i) => offsets[i] = offset + at(i));
    }
    steps.push(step!);
    value = step!;
  }
  if (steps.length === 0) return;
  return { conv, transpose, steps, factors, offsets };
}

function fold(
  graph: OnnxGraph,
  { conv, transpose, steps, factors, offsets }: Chain,
): void {
  const [map, kernelName] = conv.inputs as [string, string];
  const kernel = graph.constantOf(kernelName) as DerivedConstant;
  if (factors !== undefined) kernel.scale(factors);
  const bias = Float32Array.from(offsets);
  const biasName = graph.constant("float32", [bias.length], bias);
  graph.replace(conv, { ...conv, inputs: [map, kernelName, biasName] });
  for (const step of steps) graph.replace(step);
  graph.replace(transpose, { ...transpose, outputs: steps.at(-1)!.outputs });
}

function putsChannelsLast(
  { operator, attributes }: OnnxNode,
  rank: number,
): boolean {
  const order = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
  return operator === "Transpose" && String(attributes.perm) === String(order);
}

/** Values that do not depend on the feeds: one number, or one per channel. */
class ConstantValues {
  readonly #graph: OnnxGraph;
  readonly #known = new Map<string, Float64Array | undefined>();

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
  }

  /**
   * The addend or factor of an operator, if it is an addition or
   * multiplication.
   */
  beside(
    { operator, inputs }: OnnxNode,
    value: string,
  ): Float64Array | undefined {
    if (operator !== "Add" && operator !== "Mul") return undefined;
    const others = inputs.filter((name) => name !== value);
    return others.length === 1 ? this.#of(others[0]!) : undefined;
  }

  #of(name: string): Float64Array | undefined {
    if (!this.#known.has(name)) this.#known.set(name, this.#compute(name));
    return this.#known.get(name);
  }

  #compute(name: string): Float64Array | undefined {
    const constant = this.#graph.constantOf(name);
    if (constant !== undefined) {
      const { shape, type } = constant;
      // With more axes it could add axes to the feature map.
      if (shape.length > 1 || type !== "float32") return undefined;
      return Float64Array.from(constant.data as Float32Array);
    }
    const node = this.#graph.makerOf(name);
    if (node === undefined) return undefined;
    const [unary, binary] = [UNARY[node.operator], BINARY[node.operator]];
    if (unary === undefined && binary === undefined) return undefined;
    const [a, b] = node.inputs.map((input) => this.#of(input));
    if (unary !== undefined) return a?.map(unary);
    if (a === undefined || b === undefined) return undefined;
    const length = Math.max(a.length, b.length);
    if ([a, b].some((x) => x.length > 1 && x.length < length)) return undefined;
    const at = (x: Float64Array, i: number) => x[x.length > 1 ? i : 0]!;
    return Float64Array.from({ length }, (_, i) => binary!(at(a, i), at(b, i)));
  }
}
