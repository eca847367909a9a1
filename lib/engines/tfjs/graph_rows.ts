/**
 * Analyses, operation by operation, whether the rows of a batch influence each
 * other in a graph model of TF.js.
 *
 * The last batch of a graph with a fixed batch size is padded with copies of a
 * row. This does not change other rows only if every operation computes each row
 * of its output from the same row of its inputs. Unknown operations count as
 * mixing.
 *
 * @module
 */
import { mixesRows } from "../fixed_batches.ts";
import type { tf } from "../../tf.ts";
import { type GraphNode, type Ref, refKey } from "../../models/graph/graph.ts";
import type { Program } from "../program.ts";

/** Facts about a tensor. */
interface Rows {
  /** Whether axis 0 is the batch; false for values shared by all samples. */
  readonly isBatch: boolean;
  readonly rank: number;
  /** Sizes of a constant. */
  readonly shape?: readonly number[];
  /** Values of a short constant of integers, such as axes. */
  readonly integers?: readonly number[] | undefined;
}

/** An operation, with the facts about its inputs. */
interface Operation {
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Rows[];
  /** Sizes of its output, for a reshape. */
  readonly outputShape: readonly number[] | undefined;
  /** The batch size of the graph. */
  readonly batch: number;
}

type Rule = (operation: Operation) => Rows | undefined;

const batched = (rank: number): Rows => ({ isBatch: true, rank });

/** The shape of the first input; the other inputs are shared. */
const same: Rule = ({ inputs: [x, ...others] }) =>
  x!.isBatch && others.every(({ isBatch }) => !isBatch) ? x : undefined;

/** As `same`, over spatial axes. */
const spatial: Rule = (operation) =>
  operation.inputs[0]!.rank >= 3 ? same(operation) : undefined;

/** Along the last axis. */
const alongLast: Rule = (operation) =>
  operation.inputs[0]!.rank >= 2 ? same(operation) : undefined;

/** Broadcasting: the batch axis must be the first axis of the result. */
const broadcast: Rule = ({ inputs }) => {
  const rank = Math.max(...inputs.map((x) => x.rank));
  const fits = inputs.every((x) =>
    x.isBatch ? x.rank === rank : x.rank < rank || x.shape?.[0] === 1
  );
  return fits ? batched(rank) : undefined;
};

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

const reduce: Rule = ({ inputs: [x, axes], config }) => {
  const list = innerAxes(axes?.integers, x!.rank);
  if (list === undefined) return undefined;
  return batched(config.keepDims === true ? x!.rank : x!.rank - list.length);
};

const concat: Rule = ({ inputs }) => {
  const values = inputs.slice(0, -1);
  const [x] = values;
  const areRows = values.every((y) => y.isBatch && y.rank === x!.rank);
  return areRows && innerAxes(inputs.at(-1)!.integers, x!.rank) ? x : undefined;
};

/** A slice that keeps all of axis 0. */
const stridedSlice: Rule = ({ inputs: [x, , , strides], config }) => {
  const mask = (name: string) => Number(config[name] ?? 0);
  const isWhole = (mask("beginMask") & mask("endMask") & 1) === 1 &&
    strides?.integers?.[0] === 1 && (mask("shrinkAxisMask") & 1) === 0 &&
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
  ...each("Add AddN AddV2 BiasAdd Div DivNoNan Equal FloorDiv", broadcast),
  ...each("FloorMod Greater GreaterEqual Less LessEqual", broadcast),
  ...each("LogicalAnd LogicalOr Maximum Minimum Mod Mul NotEqual", broadcast),
  ...each("Pow Prelu RealDiv SelectV2 SquaredDifference Sub", broadcast),
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
    ({ inputs: [x, axis] }) =>
      innerAxes(axis?.integers, x!.rank) && batched(x!.rank - 1),
  ),
  ConcatV2: concat,
  ExpandDims: ({ inputs: [x, axis] }) =>
    innerAxes(axis?.integers, x!.rank + 1) && batched(x!.rank + 1),
  ...each("Pad PadV2 MirrorPad", (operation) => {
    const [before, after] = operation.inputs[1]?.integers ?? [];
    return before === 0 && after === 0 ? same(operation) : undefined;
  }),
  // Rows that stay as many keep their values.
  Reshape: ({ inputs: [, target], outputShape, batch }) =>
    !target!.isBatch && outputShape?.[0] === batch
      ? batched(outputShape.length)
      : undefined,
  Shape: () => ({ isBatch: false, rank: 1 }),
  GatherV2: ({ inputs: [x, indices, axis], config: { batchDims = 0 } }) => {
    if (batchDims !== 0) return undefined;
    const rank = x!.rank + indices!.rank - 1;
    // Rows of a table, by the indices of a sample.
    const isTable = !x!.isBatch && axis?.integers?.[0] === 0;
    const isInner = x!.isBatch && !indices!.isBatch &&
      innerAxes(axis?.integers, x!.rank) !== undefined;
    return isTable || isInner ? batched(rank) : undefined;
  },
  Squeeze: ({ inputs: [x], config: { axis } }) => {
    const list = innerAxes(Array.isArray(axis) ? axis : [], x!.rank);
    return list && batched(x!.rank - list.length);
  },
  StridedSlice: stridedSlice,
  Transpose: ({ inputs: [x, order] }) =>
    order?.integers?.[0] === 0 ? x : undefined,
};

function each(kinds: string, rule: Rule): Record<string, Rule> {
  return Object.fromEntries(kinds.split(" ").map((kind) => [kind, rule]));
}

/** Axes that exist, none of them the first; undefined otherwise. */
function innerAxes(
  axes: readonly number[] | undefined,
  rank: number,
): readonly number[] | undefined {
  const isInner = (axis: number) => {
    const at = axis < 0 ? axis + rank : axis;
    return at > 0 && at < rank;
  };
  return axes?.length && axes.every(isInner) ? axes : undefined;
}

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
  const known = new Map<string, Rows>(
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

function rowsAfter(node: GraphNode, operation: Operation): Rows | undefined {
  const { inputs } = operation;
  const { kind } = node.row;
  if (!inputs.some(({ isBatch }) => isBatch)) {
    return { isBatch: false, rank: NaN };
  }
  // The first input may be shared only if all inputs are treated alike.
  const isAlike = RULES[kind] === broadcast ||
    kind === "ConcatV2" || kind === "GatherV2";
  return inputs[0]!.isBatch || isAlike ? RULES[kind]!(operation) : undefined;
}

/** The inputs of a node; undefined if one of them is unknown. */
async function inputsOf(
  { call, inputs }: GraphNode,
  known: ReadonlyMap<string, Rows>,
): Promise<Rows[] | undefined> {
  if (call.kind !== "raw") return undefined;
  const { constants } = call;
  const others = [...inputs];
  const all: Rows[] = [];
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

/** Maximum number of axes, or of sizes, in a list. */
const MOST_INTEGERS = 64;

async function constantRows(tensor: tf.Tensor): Promise<Rows> {
  const { dtype, shape, rank, size } = tensor;
  const isList = dtype === "int32" && size <= MOST_INTEGERS;
  const integers = isList ? Array.from(await tensor.data()) : undefined;
  return { isBatch: false, rank, shape, integers };
}
