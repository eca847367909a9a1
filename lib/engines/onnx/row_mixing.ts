/**
 * Analyses, operator by operator, whether the rows of a batch influence each
 * other in an ONNX file.
 *
 * The last batch of a model with a fixed batch size is padded with copies of a
 * row. This does not change other rows only if every operator computes each row
 * of its outputs from the same row of its inputs. Unknown operators count as
 * mixing.
 *
 * @module
 */
import type { OnnxCall } from "../../models/graph/graph.ts";
import type { OnnxOrigin } from "../../models/graph/onnx_origin.ts";

/** Facts about a tensor. */
interface Rows {
  /**
   * Whether axis 0 is the batch; false for values that are the same for all
   * samples.
   */
  readonly isBatch: boolean;
  readonly rank: number;
}

/** An operator, with the facts about its inputs. */
interface Operation {
  readonly kind: string;
  readonly version: number;
  readonly inputs: readonly (Rows | undefined)[];
  /** A numeric attribute. */
  readonly number: (name: string, fallback: number) => number;
  /** Integers of an attribute, or of a constant input; undefined if unknown. */
  readonly integers: (
    attribute: string,
    input: number,
  ) => Promise<readonly number[] | undefined>;
  /** Sizes of an input, if they are known before the run. */
  readonly sizes: (input: number) => readonly (number | null)[] | undefined;
  /** Sizes of the first output, if they are known before the run. */
  readonly outputShape: readonly (number | null)[] | undefined;
  /** The batch size of the model. */
  readonly batch: number;
}

/** Sizes by the names of tensors. */
type Shapes = ReadonlyMap<string, readonly (number | null)[]>;

type Rule = (operation: Operation) =>
  | Rows
  | undefined
  | Promise<
    Rows | undefined
  >;

/** The same shape as the first input; other inputs are constants. */
const same: Rule = ({ inputs: [x, ...others] }) =>
  others.every((other) => other?.isBatch !== true) ? x : undefined;

/** As `same`, over axes from 2 on: of at least one channel axis. */
const spatial: Rule = (operation) =>
  operation.inputs[0]!.rank >= 3 ? same(operation) : undefined;

/** Broadcasting: the batch axis must be the first axis of the result. */
const broadcast: Rule = ({ inputs, sizes }) => {
  const rank = Math.max(...inputs.map((x) => x!.rank));
  const fits = inputs.every((x, i) =>
    x!.isBatch ? x!.rank === rank : x!.rank < rank || sizes(i)?.[0] === 1
  );
  return fits ? { isBatch: true, rank } : undefined;
};

/** Normalisation along an axis that is not the first. */
function along(fallback: number | ((version: number) => number)): Rule {
  return (operation) => {
    const { inputs: [x], number, version } = operation;
    const usual = typeof fallback === "number" ? fallback : fallback(version);
    return axisIn(number("axis", usual), x!.rank) > 0
      ? same(operation)
      : undefined;
  };
}

const matmul: Rule = ({ inputs: [a, b], sizes }) => {
  const rank = Math.max(a!.rank, b!.rank);
  if (a!.isBatch && b!.isBatch) {
    return a!.rank === b!.rank && rank >= 3
      ? { isBatch: true, rank }
      : undefined;
  }
  const [x, other] = a!.isBatch ? [a!, b!] : [b!, a!];
  // Axis 0 must be neither summed over nor aligned with an axis of the other
  // operand.
  const least = x === a ? 2 : 3;
  const isOne = other.rank <= x.rank && sizes(x === a ? 1 : 0)?.[0] === 1;
  const isSame = other.rank === 2 || other.rank > 2 && isOne;
  if (x.rank < least || !isSame) return undefined;
  return { isBatch: true, rank: x.rank };
};

const gemm: Rule = ({ inputs: [a, b, c], number, sizes }) => {
  const isBias = c === undefined ||
    !c.isBatch && (c.rank < 2 || sizes(2)?.[0] === 1);
  const fits = a!.isBatch && !b!.isBatch && isBias && number("transA", 0) === 0;
  return fits ? { isBatch: true, rank: 2 } : undefined;
};

const reduce: Rule = async ({ inputs: [x], integers, number }) => {
  const axes = await integers("axes", 1);
  const { rank } = x!;
  if (!axes?.length || axes.some((axis) => axisIn(axis, rank) <= 0)) return;
  const isKept = number("keepdims", 1) !== 0;
  return { isBatch: true, rank: isKept ? rank : rank - axes.length };
};

/** Along one axis that is not the first: that of an attribute, or of an input. */
function onAxis(fallback: number, input = -1): Rule {
  return async (operation) => {
    const { inputs: [x], integers, number } = operation;
    const axis = input < 0
      ? number("axis", fallback)
      : (await integers("", input))?.[0] ?? 0;
    return axisIn(axis, x!.rank) > 0 ? same(operation) : undefined;
  };
}

/** Changes sizes by factors, of which the first must be 1. */
function scaled(attribute: string, input: number): Rule {
  return async (operation) => {
    const factors = await operation.integers(attribute, input);
    // Opset 18 may name the axes of the factors, in any order.
    if (await operation.integers("axes", -1) !== undefined) return undefined;
    const { rank } = operation.inputs[0]!;
    const isKept = factors?.length === rank && factors[0] === 1;
    return isKept ? same(operation) : undefined;
  };
}

const slice: Rule = async (operation) => {
  const { inputs: [x], integers } = operation;
  const axes = await integers("axes", 3);
  const isKept = axes?.length &&
    axes.every((axis) => axisIn(axis, x!.rank) > 0);
  return isKept ? same(operation) : undefined;
};

const gather: Rule = ({ inputs: [x, indices], number }) => {
  const axis = axisIn(number("axis", 0), x!.rank);
  // Rows of a table, by the indices of a sample.
  if (!x!.isBatch && axis !== 0) return;
  if (x!.isBatch && (indices!.isBatch || axis <= 0)) return;
  return { isBatch: true, rank: x!.rank - 1 + indices!.rank };
};

const expand: Rule = async (operation) => {
  const { inputs: [x], integers, batch, outputShape } = operation;
  const sizes = await integers("", 1) ?? outputShape;
  if (sizes === undefined || sizes.length > x!.rank) return;
  const isKept = sizes.length < x!.rank || sizes[0] === 1 || sizes[0] === batch;
  return isKept ? same(operation) : undefined;
};

const RULES: Readonly<Record<string, Rule>> = {
  ...each("Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil Celu", same),
  ...each("Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish", same),
  ...each("Identity IsInf IsNaN LeakyRelu Log Mish Neg Not", same),
  ...each("Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh", same),
  ...each("Softplus Softsign Sqrt Tan Tanh ThresholdedRelu", same),
  ...each(
    "Add And Div Equal Greater GreaterOrEqual Less LessOrEqual",
    broadcast,
  ),
  ...each("Max Mean Min Mod Mul Or Pow PRelu Sub Sum Where Xor", broadcast),
  ...each("Conv ConvTranspose MaxPool AveragePool LpPool LRN", spatial),
  ...each("GlobalAveragePool GlobalMaxPool InstanceNormalization", spatial),
  Clip: (operation) =>
    operation.inputs.slice(1).every((x) => x === undefined || !x.isBatch)
      ? operation.inputs[0]
      : undefined,
  Dropout: ({ inputs: [x, , training] }) =>
    training === undefined ? x : undefined,
  BatchNormalization: (operation) =>
    operation.number("training_mode", 0) === 0 && operation.inputs[0]!.rank >= 2
      ? same(operation)
      : undefined,
  ...each("Softmax LogSoftmax Hardmax", along((v) => v < 13 ? 1 : -1)),
  LayerNormalization: along(-1),
  ...each("QuantizeLinear DequantizeLinear", along(1)),
  ...each("QLinearConv ConvInteger", spatial),
  ...each("QLinearMatMul MatMulInteger", (operation) => {
    const { kind, inputs: [x, b, , d] } = operation;
    const weights = kind === "MatMulInteger" ? b : d;
    return x!.rank >= 2 && weights!.rank === 2 ? same(operation) : undefined;
  }),
  MatMul: matmul,
  Gemm: gemm,
  Flatten: ({ inputs: [x], number }) =>
    axisIn(number("axis", 1), x!.rank) > 0
      ? { isBatch: true, rank: 2 }
      : undefined,
  ...each("ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum", reduce),
  ...each("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp", reduce),
  ReduceSumSquare: reduce,
  Shape: () => ({ isBatch: false, rank: 1 }),
  ...each("ArgMax ArgMin", ({ inputs: [x], number }) => {
    const { rank } = x!;
    if (axisIn(number("axis", 0), rank) <= 0) return;
    return {
      isBatch: true,
      rank: number("keepdims", 1) === 0 ? rank - 1 : rank,
    };
  }),
  Concat: ({ inputs, number }) => {
    // All have the same rank, so that a constant has a value for each row.
    const x = inputs.find((y) => y!.isBatch)!;
    return axisIn(number("axis", 0), x.rank) > 0 ? x : undefined;
  },
  Slice: slice,
  Gather: gather,
  Expand: expand,
  TopK: onAxis(-1),
  LpNormalization: onAxis(-1),
  CumSum: onAxis(0, 1),
  Tile: scaled("", 1),
  Resize: scaled("", 2),
  ...each("DepthToSpace SpaceToDepth Trilu", spatial),
  Split: ({ inputs: [x], number }) =>
    axisIn(number("axis", 0), x!.rank) > 0 ? x : undefined,
  Transpose: async ({ inputs: [x], integers }) =>
    (await integers("perm", -1))?.[0] === 0 ? x : undefined,
  Reshape: async (operation) => {
    const { inputs: [, shape], integers, number, batch, outputShape } =
      operation;
    if (shape?.isBatch) return;
    const sizes = await integers("shape", 1) ?? [];
    // Rows that stay as many keep their values. 0 copies the size of the axis.
    const isKept = sizes[0] === batch || outputShape?.[0] === batch ||
      sizes[0] === 0 && number("allowzero", 0) === 0;
    const rank = sizes.length || (outputShape?.length ?? 0);
    return isKept ? { isBatch: true, rank } : undefined;
  },
  Squeeze: async ({ inputs: [x], integers }) => {
    const axes = await integers("axes", 1);
    const { rank } = x!;
    if (!axes?.length || axes.some((axis) => axisIn(axis, rank) <= 0)) return;
    return { isBatch: true, rank: rank - axes.length };
  },
  Unsqueeze: async ({ inputs: [x], integers }) => {
    const axes = await integers("axes", 1);
    if (!axes?.length) return;
    const rank = x!.rank + axes.length;
    if (axes.some((axis) => axisIn(axis, rank) <= 0)) return;
    return { isBatch: true, rank };
  },
  Pad: async ({ inputs: [x, , , axes], integers }) => {
    const pads = await integers("pads", 1);
    const { rank } = x!;
    const isWhole = axes === undefined && pads?.length === 2 * rank;
    return isWhole && pads[0] === 0 && pads[rank] === 0 ? x : undefined;
  },
};

function each(kinds: string, rule: Rule): Record<string, Rule> {
  return Object.fromEntries(kinds.split(" ").map((kind) => [kind, rule]));
}

/** Normalizes an axis to count from 0; −1 if it does not exist. */
function axisIn(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  return Number.isInteger(at) && at >= 0 && at < rank ? at : -1;
}

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
  feeds: ReadonlyMap<string, Rows | undefined>,
  shapes: Shapes = new Map(),
): Promise<OnnxCall | undefined> {
  const known = new Map(feeds);
  for (const [name, { shape }] of origin.constants) {
    known.set(name, { isBatch: false, rank: shape.length });
  }
  for (const call of calls) {
    const rows = await rowsOf(origin, call, known, shapes);
    if (rows === undefined) return call;
    for (const name of call.operation.outputs) known.set(name, rows);
  }
}

/** Operators whose results differ from run to run. */
const RANDOM = /^(Random|Bernoulli|Multinomial)/;
/** Operators whose first input may be the same for all samples. */
const TAKES_SHARED = new Set(["Concat", "Gather", "Gemm", "MatMul"]);

/** The rank of a result that is the same for all samples; NaN if unknown. */
function sharedRank(
  { kind, outputs }: OnnxCall["operation"],
  rule: Rule | undefined,
  rows: readonly (Rows | undefined)[],
  shapes: Shapes,
): number {
  const shape = shapes.get(outputs[0] ?? "");
  if (shape !== undefined && shape.length > 0) return shape.length;
  const keepsRank = rule === same || kind === "DequantizeLinear" ||
    kind === "Cast";
  if (keepsRank) return rows[0]!.rank;
  return rule === broadcast ? Math.max(...rows.map((x) => x!.rank)) : NaN;
}

async function rowsOf(
  { constants, batch = 1 }: OnnxOrigin,
  { operation, version, operands }: OnnxCall,
  known: ReadonlyMap<string, Rows | undefined>,
  shapes: Shapes,
): Promise<Rows | undefined> {
  const { domain, kind, inputs, outputs, attributes } = operation;
  const isKnown = domain === "" && Object.hasOwn(RULES, kind);
  const rule = isKnown ? RULES[kind] : undefined;
  // An operation that uses more than its inputs has subgraphs.
  if (domain !== "" || operands.length !== inputs.length) return undefined;
  const isUnknown = inputs.some((name) =>
    name !== "" && known.get(name) === undefined
  );
  if (isUnknown || inputs.length === 0) return undefined;
  const rows = inputs.map((name) => known.get(name));
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
    if (rule !== broadcast) return undefined;
  }
  const attribute = (name: string) => attributes.get(name);
  return await rule({
    kind,
    version,
    inputs: rows,
    batch,
    outputShape: shapes.get(outputs[0] ?? ""),
    number(name, fallback) {
      const value = attribute(name);
      return typeof value === "number" ? value : fallback;
    },
    async integers(name, input) {
      const value = attribute(name);
      if (Array.isArray(value)) return value.map(Number);
      const constant = constants.get(inputs[input] ?? "");
      if (constant === undefined) return undefined;
      return Array.from((await constant.read()).data, Number);
    },
    sizes: (input) => {
      const name = inputs[input]!;
      return constants.get(name)?.shape ?? shapes.get(name);
    },
  });
}
