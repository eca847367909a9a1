/**
 * Analyses, operation by operation, whether the rows of a batch influence each
 * other in a graph model of TF.js with a fixed batch size.
 *
 * @module
 */
import { mixesRows } from "../fixed_batches.ts";
import type { tf } from "../../tf.ts";
import { type GraphNode, type Ref, refKey } from "../../models/graph/graph.ts";
import type { Program } from "../program.ts";
import {
  batched,
  type BatchTensor,
  broadcastRows,
  concatenated,
  each,
  expanded,
  gathered,
  MOST_NUMBERS,
  reduced,
  type RowOperation,
  type RowRule,
  same,
  spatial,
} from "../row_rules.ts";

/** An operation, with the facts about its inputs. */
interface Operation extends RowOperation {
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly BatchTensor[];
  /** Sizes of its output, for a reshape. */
  readonly outputShape: readonly number[] | undefined;
}

type Rule = RowRule<Operation>;

/** Over the last axis. */
const alongLast: Rule = (operation) =>
  operation.inputs[0]!.rank >= 2 ? same(operation) : undefined;

const matmul: Rule = (operation) => {
  const { inputs: [a, b], config } = operation;
  const isPlain = a!.rank === 2 && b!.rank === 2 && config.transposeA !== true;
  return isPlain ? same(operation) : undefined;
};

const batchMatmul: Rule = (operation) => {
  const { inputs: [a, b] } = operation;
  if (a!.rank < 3) return undefined;
  if (a!.isBatch && b!.isBatch) return a!.rank === b!.rank ? a : undefined;
  return b!.rank === 2 ? same(operation) : undefined;
};

const reduce: Rule = ({ inputs: [x, axes], config }) =>
  reduced(x!, axes?.numbers, config.keepDims === true);

/** A slice that keeps all of axis 0. */
const stridedSlice: Rule = ({ inputs: [x, , , strides], config }) => {
  const mask = (name: string) => Number(config[name] ?? 0);
  const isWhole = (mask("beginMask") & mask("endMask") & 1) === 1 &&
    strides?.numbers?.[0] === 1 && (mask("shrinkAxisMask") & 1) === 0 &&
    mask("ellipsisMask") === 0 && mask("newAxisMask") === 0;
  if (!isWhole) return undefined;
  const removed = mask("shrinkAxisMask").toString(2).replaceAll("0", "");
  return batched(x!.rank - removed.length);
};

const RULES: Readonly<Record<string, Rule>> = {
  ...each("Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil ClipByValue", same),
  ...each("Cos Cosh Elu Erf Exp Expm1 Floor Identity IsFinite IsInf", same),
  ...each("IsNan LeakyRelu Log Log1p LogicalNot Neg Reciprocal Relu", same),
  ...each("Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus", same),
  ...each("Sqrt Square StopGradient Tan Tanh", same),
  ...each("Add AddN AddV2 BiasAdd Div DivNoNan Equal FloorDiv", broadcastRows),
  ...each("FloorMod Greater GreaterEqual Less LessEqual", broadcastRows),
  ...each(
    "LogicalAnd LogicalOr Maximum Minimum Mod Mul NotEqual",
    broadcastRows,
  ),
  ...each("Pow Prelu RealDiv SelectV2 SquaredDifference Sub", broadcastRows),
  ...each("Conv2D _FusedConv2D DepthwiseConv2dNative Conv3D", spatial),
  ...each("FusedDepthwiseConv2dNative MaxPool AvgPool MaxPool3D", spatial),
  ...each("AvgPool3D FusedBatchNorm FusedBatchNormV2", spatial),
  ...each("FusedBatchNormV3 LRN ResizeBilinear DepthToSpace", spatial),
  ...each("ResizeNearestNeighbor", spatial),
  ...each("Softmax LogSoftmax", alongLast),
  ...each("MatMul _FusedMatMul", matmul),
  ...each("BatchMatMul BatchMatMulV2", batchMatmul),
  ...each("All Any Max Mean Min Prod Sum", reduce),
  ...each(
    "ArgMax ArgMin",
    ({ inputs: [x, axis] }) => reduced(x!, axis?.numbers),
  ),
  ConcatV2: ({ inputs }) =>
    concatenated(inputs.slice(0, -1), inputs.at(-1)!.numbers),
  ExpandDims: ({ inputs: [x, axis] }) => expanded(x!, axis?.numbers),
  ...each("Pad PadV2 MirrorPad", (operation) => {
    const [before, after] = operation.inputs[1]?.numbers ?? [];
    return before === 0 && after === 0 ? same(operation) : undefined;
  }),
  // If their number stays the same, rows keep their values.
  Reshape: ({ inputs: [, target], outputShape, batch }) =>
    !target!.isBatch && outputShape?.[0] === batch
      ? batched(outputShape.length)
      : undefined,
  Shape: () => ({ isBatch: false, rank: 1 }),
  GatherV2: ({ inputs: [x, indices, axis], config: { batchDims = 0 } }) =>
    batchDims === 0 ? gathered(x!, indices!, axis?.numbers) : undefined,
  Squeeze: ({ inputs: [x], config: { axis } }) =>
    reduced(x!, Array.isArray(axis) ? axis : []),
  StridedSlice: stridedSlice,
  Transpose: ({ inputs: [x, order] }) =>
    order?.numbers?.[0] === 0 ? x : undefined,
};

/**
 * Checks that padding rows cannot change the other rows of a batch.
 *
 * @param program A program over a graph with a fixed batch size.
 * @param batch The batch size.
 * @param shapesOf Computes the sizes of tensors, for one batch.
 * @throws {RangeError} If an operation may mix the rows.
 */
export async function checkPadding(
  program: Program,
  batch: number,
  shapesOf: ShapesOf,
): Promise<void> {
  const node = await mixingNode(program, batch, shapesOf);
  if (node !== undefined) throw mixesRows("run the model", batch, node.row);
}

/** Computes the sizes of tensors. */
type ShapesOf = (
  refs: readonly Ref[],
) => Promise<readonly (readonly number[])[]>;

/** The first operation that may mix rows. */
async function mixingNode(
  { feeds, schedule, gradientSchedule }: Program,
  batch: number,
  shapesOf: ShapesOf,
): Promise<GraphNode | undefined> {
  const nodes = [
    ...new Set([...schedule.nodes, ...gradientSchedule?.nodes ?? []]),
  ];
  const unknown = nodes.find(({ row }) => !Object.hasOwn(RULES, row.kind));
  if (unknown !== undefined) return unknown;
  const known = new Map<string, BatchTensor>(
    feeds.map(({ ref, spec }) => [refKey(ref), {
      isBatch: spec.batchAxis !== null,
      rank: spec.shape.length,
    }]),
  );
  const reshapes = nodes.filter(({ row }) => row.kind === "Reshape")
    .map((node) => ({ node, index: 0 }));
  const shapes = reshapes.length === 0 ? [] : await shapesOf(reshapes);
  const shapeByNode = new Map(
    reshapes.map(({ node }, i) => [node, shapes[i]!] as const),
  );
  for (const node of nodes) {
    const inputs = await inputsOf(node, known);
    const rows = inputs && rowsAfter(node, {
      config: node.row.config,
      inputs,
      outputShape: shapeByNode.get(node),
      batch,
    });
    if (rows === undefined) return node;
    known.set(refKey({ node, index: 0 }), rows);
  }
}

function rowsAfter(
  node: GraphNode,
  operation: Operation,
): BatchTensor | undefined {
  const { inputs } = operation;
  const { kind } = node.row;
  if (!inputs.some(({ isBatch }) => isBatch)) {
    return { isBatch: false, rank: NaN };
  }
  // The first input may be shared only if all inputs are treated alike.
  const isAlike = RULES[kind] === broadcastRows ||
    kind === "ConcatV2" || kind === "GatherV2";
  return inputs[0]!.isBatch || isAlike ? RULES[kind]!(operation) : undefined;
}

/** The inputs of a node; undefined if one of them is unknown. */
async function inputsOf(
  { call, inputs }: GraphNode,
  known: ReadonlyMap<string, BatchTensor>,
): Promise<BatchTensor[] | undefined> {
  if (call.kind !== "raw") return undefined;
  const { constants } = call;
  const others = [...inputs];
  const all: BatchTensor[] = [];
  while (all.length < constants.size + inputs.length) {
    const constant = constants.get(all.length)?.();
    const ref = constant === undefined ? others.shift() : undefined;
    const rows = constant === undefined
      ? ref && known.get(refKey(ref))
      : await constantRows(constant as tf.Tensor);
    if (rows === undefined) return undefined;
    all.push(rows);
  }
  return all;
}

async function constantRows(tensor: tf.Tensor): Promise<BatchTensor> {
  const { dtype, shape, rank, size } = tensor;
  const isList = dtype === "int32" && size <= MOST_NUMBERS;
  const numbers = isList ? Array.from(await tensor.data()) : undefined;
  return { isBatch: false, rank, shape, numbers };
}
