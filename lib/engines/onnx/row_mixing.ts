/**
 * Analyses, operator by operator, whether the rows of a batch influence each
 * other in an ONNX file with a fixed batch size.
 *
 * @module
 */
import { sizeOf } from "../../check.ts";
import { storedType } from "../../formats/onnx_tensor.ts";
import type { OnnxCall } from "../../models/graph/graph.ts";
import {
  BROADCASTING,
  RANDOM,
  UNARY,
} from "../../models/graph/onnx_operators.ts";
import type {
  FileConstant,
  OnnxOrigin,
} from "../../models/graph/onnx_origin.ts";
import {
  batched,
  type BatchTensor,
  broadcastRows,
  concatenated,
  each,
  expanded,
  gathered,
  innerAxes,
  MOST_NUMBERS,
  reduced,
  type RowOperation,
  type RowRule,
  same,
  spatial,
} from "../row_rules.ts";

/** An operator, with the facts about its inputs. */
interface Operation extends RowOperation {
  readonly version: number;
  /** A numeric attribute. */
  readonly number: (name: string, fallback: number) => number;
  /** A list of numbers: an attribute, or a constant input. */
  readonly integers: (
    attribute: string,
    input: number,
  ) => readonly number[] | undefined;
  /** Sizes of its first output, if they are known before the run. */
  readonly outputShape: readonly (number | null)[] | undefined;
}

/** Sizes of tensors that are known before the run. */
type Shapes = ReadonlyMap<string, readonly (number | null)[]>;

type Rule = RowRule<Operation>;

/** Whether an axis exists, and is not the first. */
function isInner(axis: number, { rank }: BatchTensor): boolean {
  return innerAxes([axis], rank) !== undefined;
}

/** Over an axis that is not the batch; its default may depend on the opset. */
function along(fallback: number | ((version: number) => number)): Rule {
  return (operation) => {
    const { inputs: [x], number, version } = operation;
    const usual = typeof fallback === "number" ? fallback : fallback(version);
    return isInner(number("axis", usual), x!) ? same(operation) : undefined;
  };
}

const matmul: Rule = ({ inputs: [a, b] }) => {
  const rank = Math.max(a!.rank, b!.rank);
  if (a!.isBatch && b!.isBatch) {
    return a!.rank === b!.rank && rank >= 3 ? batched(rank) : undefined;
  }
  const [x, other] = a!.isBatch ? [a!, b!] : [b!, a!];
  // Axis 0 must be neither summed over nor aligned with an axis of the other
  // operand.
  const least = x === a ? 2 : 3;
  const isOne = other.rank <= x.rank && other.shape?.[0] === 1;
  const isSame = other.rank === 2 || other.rank > 2 && isOne;
  return x.rank >= least && isSame ? batched(x.rank) : undefined;
};

const gemm: Rule = ({ inputs: [a, b, c], number }) => {
  const isBias = c === undefined ||
    !c.isBatch && (c.rank < 2 || c.shape?.[0] === 1);
  const fits = a!.isBatch && !b!.isBatch && isBias && number("transA", 0) === 0;
  return fits ? batched(2) : undefined;
};

/** A product of integers, with constant weights. */
function weighted(input: number): Rule {
  return (operation) => {
    const { inputs } = operation;
    const isPlain = inputs[0]!.rank >= 2 && inputs[input]!.rank === 2;
    return isPlain ? same(operation) : undefined;
  };
}

const reduce: Rule = ({ inputs: [x], integers, number }) =>
  reduced(x!, integers("axes", 1), number("keepdims", 1) !== 0);

/** Repeats or resizes by factors, of which that of the batch must be 1. */
function scaled(attribute: string, input: number): Rule {
  return (operation) => {
    const factors = operation.integers(attribute, input);
    // Opset 18 may name the axes of the factors, in any order.
    if (operation.integers("axes", -1) !== undefined) return undefined;
    const { rank } = operation.inputs[0]!;
    const isKept = factors?.length === rank && factors[0] === 1;
    return isKept ? same(operation) : undefined;
  };
}

const expand: Rule = (operation) => {
  const { inputs: [x], integers, batch, outputShape } = operation;
  const sizes = integers("", 1) ?? outputShape;
  if (sizes === undefined || sizes.length > x!.rank) return undefined;
  const isKept = sizes.length < x!.rank || sizes[0] === 1 || sizes[0] === batch;
  return isKept ? same(operation) : undefined;
};

const reshape: Rule = (operation) => {
  const { inputs: [, shape], integers, number, batch, outputShape } = operation;
  if (shape?.isBatch) return undefined;
  const sizes = integers("shape", 1) ?? [];
  // If their number stays the same, rows keep their values. 0 copies a size.
  const isKept = sizes[0] === batch || outputShape?.[0] === batch ||
    sizes[0] === 0 && number("allowzero", 0) === 0;
  return isKept
    ? batched(sizes.length || (outputShape?.length ?? 0))
    : undefined;
};

const pad: Rule = ({ inputs: [x, , , axes], integers }) => {
  const pads = integers("pads", 1);
  const { rank } = x!;
  const isWhole = axes === undefined && pads?.length === 2 * rank;
  return isWhole && pads[0] === 0 && pads[rank] === 0 ? x : undefined;
};

const RULES: Readonly<Record<string, Rule>> = {
  ...each(UNARY.join(" "), same),
  ...each(BROADCASTING.join(" "), broadcastRows),
  ...each("Conv ConvTranspose MaxPool AveragePool LpPool LRN", spatial),
  ...each("GlobalAveragePool GlobalMaxPool InstanceNormalization", spatial),
  ...each("DepthToSpace SpaceToDepth Trilu", spatial),
  Dropout: ({ inputs: [x, , training] }) =>
    training === undefined ? x : undefined,
  BatchNormalization: (operation) =>
    operation.number("training_mode", 0) === 0 && operation.inputs[0]!.rank >= 2
      ? same(operation)
      : undefined,
  ...each("Softmax LogSoftmax Hardmax", along((v) => v < 13 ? 1 : -1)),
  ...each("LayerNormalization TopK LpNormalization", along(-1)),
  ...each("QuantizeLinear DequantizeLinear", along(1)),
  CumSum: (operation) => {
    const { inputs: [x], integers } = operation;
    return isInner(integers("", 1)?.[0] ?? 0, x!) ? same(operation) : undefined;
  },
  ...each("QLinearConv ConvInteger", spatial),
  QLinearMatMul: weighted(3),
  MatMulInteger: weighted(1),
  MatMul: matmul,
  Gemm: gemm,
  Flatten: ({ inputs: [x], number }) =>
    isInner(number("axis", 1), x!) ? batched(2) : undefined,
  ...each("ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum", reduce),
  ...each("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp", reduce),
  ReduceSumSquare: reduce,
  ...each(
    "ArgMax ArgMin",
    ({ inputs: [x], number }) =>
      reduced(x!, [number("axis", 0)], number("keepdims", 1) !== 0),
  ),
  Shape: () => ({ isBatch: false, rank: 1 }),
  // All have the same rank, so that a constant has a value for each row.
  Concat: ({ inputs, number }) =>
    concatenated(inputs.filter((x) => x!.isBatch), [number("axis", 0)]),
  Split: ({ inputs: [x], number }) =>
    isInner(number("axis", 0), x!) ? x : undefined,
  Slice: (operation) => {
    const { inputs: [x], integers } = operation;
    return innerAxes(integers("axes", 3), x!.rank) && same(operation);
  },
  Gather: ({ inputs: [x, indices], number }) =>
    gathered(x!, indices!, [number("axis", 0)]),
  Expand: expand,
  Tile: scaled("", 1),
  Resize: scaled("", 2),
  Transpose: ({ inputs: [x], integers }) =>
    integers("perm", -1)?.[0] === 0 ? x : undefined,
  Reshape: reshape,
  Squeeze: ({ inputs: [x], integers }) => reduced(x!, integers("axes", 1)),
  Unsqueeze: ({ inputs: [x], integers }) => expanded(x!, integers("axes", 1)),
  Pad: pad,
};

/**
 * Finds an operator that may mix the rows of a batch.
 *
 * @param origin The file.
 * @param calls The operations that run, in order.
 * @param feeds Rank of each tensor that is fed, by its name in the file, and
 * whether it has a batch axis; undefined if the rank is unknown.
 * @param shapes Sizes of tensors that are known before the run.
 * @returns The first such operation; undefined if there is none.
 */
export async function mixingOperation(
  origin: OnnxOrigin,
  calls: readonly OnnxCall[],
  feeds: ReadonlyMap<string, BatchTensor | undefined>,
  shapes: Shapes = new Map(),
): Promise<OnnxCall | undefined> {
  const known = new Map(feeds);
  for (const call of calls) {
    const rows = await rowsOf(origin, call, known, shapes);
    if (rows === undefined) return call;
    for (const name of call.operation.outputs) known.set(name, rows);
  }
}

/** Operators whose first input may be the same for all samples. */
const TAKES_SHARED = new Set(["Concat", "Gather", "Gemm", "MatMul"]);

/** The rank of a result that is the same for all samples; NaN if unknown. */
function sharedRank(
  { kind, outputs }: OnnxCall["operation"],
  rule: Rule | undefined,
  rows: readonly (BatchTensor | undefined)[],
  shapes: Shapes,
): number {
  const shape = shapes.get(outputs[0] ?? "");
  if (shape !== undefined && shape.length > 0) return shape.length;
  if (rule === same || kind === "DequantizeLinear") return rows[0]!.rank;
  return rule === broadcastRows ? Math.max(...rows.map((x) => x!.rank)) : NaN;
}

async function rowsOf(
  { constants, batch = 1 }: OnnxOrigin,
  { operation, version, operands }: OnnxCall,
  known: ReadonlyMap<string, BatchTensor | undefined>,
  shapes: Shapes,
): Promise<BatchTensor | undefined> {
  const { domain, kind, inputs, outputs, attributes } = operation;
  const isKnown = domain === "" && Object.hasOwn(RULES, kind);
  const rule = isKnown ? RULES[kind] : undefined;
  // An operation that uses more than its inputs has subgraphs.
  if (domain !== "" || operands.length !== inputs.length) return undefined;
  const rows = await Promise.all(inputs.map((name) => {
    const constant = constants.get(name);
    if (constant !== undefined) return constantRows(constant);
    const computed = known.get(name);
    return computed && { ...computed, shape: shapes.get(name) };
  }));
  const isUnknown = rows.some((x, i) => x === undefined && inputs[i] !== "");
  if (isUnknown || inputs.length === 0) return undefined;
  if (!rows.some((x) => x?.isBatch === true)) {
    // Only constants: the same for all samples.
    return RANDOM.test(kind) ? undefined : {
      isBatch: false,
      rank: sharedRank(operation, rule, rows, shapes),
    };
  }
  if (rule === undefined) return undefined;
  // The first input may be a constant only for some.
  if (rows[0]?.isBatch !== true && !TAKES_SHARED.has(kind)) {
    if (rule !== broadcastRows) return undefined;
  }
  return rule({
    version,
    inputs: rows,
    batch,
    outputShape: shapes.get(outputs[0] ?? ""),
    number(name, fallback) {
      const value = attributes.get(name);
      return typeof value === "number" ? value : fallback;
    },
    integers(name, input) {
      const value = attributes.get(name);
      return Array.isArray(value) ? value.map(Number) : rows[input]?.numbers;
    },
  });
}

/** Element types of axes, sizes and factors. */
const LISTED: readonly unknown[] = ["int32", "int64", "float32"];

async function constantRows(constant: FileConstant): Promise<BatchTensor> {
  const { shape, tensor } = constant;
  const isList = sizeOf(shape) <= MOST_NUMBERS &&
    LISTED.includes(storedType(tensor.type));
  const numbers = isList
    ? Array.from((await constant.read()).data, Number)
    : undefined;
  return { isBatch: false, rank: shape.length, shape, numbers };
}
