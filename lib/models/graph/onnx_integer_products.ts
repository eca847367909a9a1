/**
 * Products of 8-bit integers in ONNX files, as converters write them for
 * quantised linear layers.
 *
 * @module
 */
import type { GraphNode, Ref, WeightSource } from "./graph.ts";
import { constant, type Link } from "./head_link.ts";
import { dequantised } from "./onnx_parameters.ts";

/** Operators that are linear over integers, by domain. */
const INTEGER_LAYERS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["", new Set(["QLinearMatMul", "QLinearConv"])],
  ["com.microsoft", new Set(["QGemm", "QLinearAdd"])],
]);
/** Maximum depth of the products that are searched for factors. */
const MOST_LEVELS = 4;

/**
 * Whether an operation of static quantisation is linear, or adds a constant to
 * such a one: its dequantised output can be logits. Its input is integers, so
 * it is no head.
 *
 * @param node The operation's node.
 * @returns True if it is.
 */
export function isIntegerLayer(node: GraphNode): boolean {
  if (node.call.kind !== "raw") return false;
  const { operation, producers } = node.call.onnx!;
  const { kind, domain } = operation;
  if (INTEGER_LAYERS.get(domain)?.has(kind) !== true) return false;
  if (kind !== "QLinearAdd") return constant(node, 3) !== undefined;
  const [a, b] = [producers[0], producers[3]];
  const inner = a ?? b;
  const isBiased = (a === undefined) !== (b === undefined);
  return isBiased && inner!.node.row.kind !== kind &&
    isIntegerLayer(inner!.node);
}

/** The factors of a product. */
interface Factors {
  /** The product of integers. */
  product?: GraphNode;
  /** The scale of its first operand. */
  scale?: Ref;
  readonly constants: WeightSource[];
}

/**
 * A linear layer of dynamic quantisation: its input is quantised by its own
 * range, multiplied by a constant integer kernel, and scaled.
 *
 * ```
 * q, s, z = DynamicQuantizeLinear(x)
 * y = Cast(MatMulInteger(q, kernel, z, zero)) · (s · scale)
 * ```
 *
 * @param node The operation that scales.
 * @returns Its role in the head search; undefined if it is something else.
 */
export function integerProduct(node: GraphNode): Link | undefined {
  const factors: Factors = { constants: [] };
  if (node.row.kind !== "Mul" || !collect(node, factors)) return undefined;
  const { product, scale, constants } = factors;
  if (product?.call.kind !== "raw" || scale === undefined) return undefined;
  const { producers, operation } = product.call.onnx!;
  const [quantised, , zero] = producers;
  const from = quantised?.node;
  const isOneSource = from?.row.kind === "DynamicQuantizeLinear" &&
    scale.node === from && scale.index === 1 && quantised!.index === 0 &&
    zero?.node === from && zero.index === 2;
  const kernel = constant(product, 1)?.() as WeightSource | undefined;
  if (!isOneSource || from.call.kind !== "raw" || kernel?.shape.length !== 2) {
    return undefined;
  }
  const hasZero = (operation.inputs[3] ?? "") !== "";
  const kernelZero = constant(product, 3)?.() as WeightSource | undefined;
  if (hasZero && kernelZero === undefined) return undefined;
  const units = kernel.shape[1]!;
  const fits = [...constants, ...kernelZero ? [kernelZero] : []].every(
    ({ shape }) =>
      shape.slice(0, -1).every((size) => size === 1) &&
      [undefined, 1, units].includes(shape.at(-1)),
  );
  const penultimate = from.call.onnx!.producers[0];
  if (!fits || penultimate === undefined) return undefined;
  return {
    kind: "linear",
    activation: "linear",
    isConvolution: false,
    penultimate,
    weights: () => ({
      kernel: dequantised(kernel, constants, kernelZero, 1),
      isTransposed: false,
      bias: undefined,
    }),
  };
}

/** Collects the factors of a product; false if one is not supported. */
function collect(node: GraphNode, into: Factors, level = 0): boolean {
  if (node.call.kind !== "raw" || level > MOST_LEVELS) return false;
  const { producers } = node.call.onnx!;
  return [0, 1].every((i) => {
    const producer = producers[i];
    if (producer === undefined) {
      const value = constant(node, i)?.();
      if (value !== undefined) into.constants.push(value as WeightSource);
      return value !== undefined;
    }
    const { kind } = producer.node.row;
    if (kind === "Mul") return collect(producer.node, into, level + 1);
    if (kind === "DynamicQuantizeLinear" && into.scale === undefined) {
      into.scale = producer;
      return true;
    }
    const inner = kind === "Cast" ? operandOf(producer.node) : undefined;
    if (inner?.row.kind !== "MatMulInteger" || into.product !== undefined) {
      return false;
    }
    into.product = inner;
    return true;
  });
}

function operandOf({ call }: GraphNode): GraphNode | undefined {
  return call.kind === "raw" ? call.onnx!.producers[0]?.node : undefined;
}
