/**
 * How the operators of ONNX treat the axis of the samples, as far as it is
 * certain.
 *
 * @module
 */
import { BROADCASTING, UNARY } from "../models/graph/onnx_operators.ts";
import { sizeOf } from "../check.ts";

/** Where the samples are in a tensor. */
export interface Samples {
  /** Their axis; null if the tensor is the same for all samples. */
  readonly axis: number | null;
  /** Number of axes; undefined if unknown. */
  readonly rank: number | undefined;
}

/** An operation, with the facts about its inputs. */
export interface SampleOperation {
  readonly kind: string;
  readonly version: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (Samples | undefined)[];
  /** The first input. */
  readonly x: Located;
  /** Sizes of the inputs and of the output, if they are known. */
  readonly sizes: readonly Sizes[];
  readonly outputSizes: Sizes;
  /** Integers of an attribute, or of a constant input; undefined if unknown. */
  readonly integers: (
    attribute: string,
    input: number,
  ) => readonly number[] | undefined;
}

/** A tensor with a known sample axis. */
export interface Located {
  readonly axis: number;
  readonly rank: number;
}

/** Samples after an operation; undefined if unknown. */
export type Outcome = Samples | "mixed" | undefined;
type Sizes = readonly (number | null)[] | undefined;
type Rule = (operation: SampleOperation) => Outcome;

/** As the first input; the others are the same for all samples. */
const same: Rule = ({ inputs: [, ...others], x }) =>
  others.every((other) => other === undefined || other.axis === null)
    ? x
    : undefined;

/** Over windows of spatial axes, with the samples first. */
const spatial: Rule = (operation) =>
  operation.x.axis === 0 && operation.x.rank >= 3 ? same(operation) : undefined;

/** Broadcasting aligns the last axes. */
const broadcast: Rule = ({ inputs }) => {
  const ranks = inputs.map((input) => input?.rank);
  if (!ranks.every((rank) => rank !== undefined)) return undefined;
  const rank = Math.max(...ranks);
  const axes = new Set(
    inputs.flatMap((input) =>
      input!.axis === null ? [] : [input!.axis + rank - input!.rank!]
    ),
  );
  return axes.size === 1 ? { axis: [...axes][0]!, rank } : undefined;
};

/** Along one axis. */
function along(fallback: number): Rule {
  return ({ config, x }) => {
    const axis = Number(config.axis ?? fallback);
    return axis === x.axis || axis + x.rank === x.axis ? "mixed" : x;
  };
}

/** Along one axis; before opset 13, over all from there on. */
const softmax: Rule = (operation) => {
  const { config, version, x } = operation;
  if (version >= 13) return along(-1)(operation);
  const axis = Number(config.axis ?? 1);
  return (axis < 0 ? axis + x.rank : axis) <= x.axis ? "mixed" : x;
};

/** Over all axes from one on. */
const fromAxis: Rule = ({ config, x }) => {
  const axis = Number(config.axis ?? -1);
  return (axis < 0 ? axis + x.rank : axis) <= x.axis ? "mixed" : x;
};

const reduced: Rule = ({ config, inputs, integers, x }) => {
  const axes = integers("axes", 1);
  const isUnknown = axes === undefined && inputs[1] !== undefined;
  if (isUnknown || config.noop_with_empty_axes === 1) return undefined;
  const gone = new Set(
    axes?.length
      ? axes.map((axis) => axis < 0 ? axis + x.rank : axis)
      : Array.from({ length: x.rank }, (_, i) => i),
  );
  if (gone.has(x.axis)) return "mixed";
  if ((config.keepdims ?? 1) === 1) return x;
  const before = [...gone].filter((axis) => axis < x.axis).length;
  return { axis: x.axis - before, rank: x.rank - gone.size };
};

/** Sums over the last axis of the first and the last but one of the second. */
const product: Rule = ({ kind, config, inputs: [a, b] }) => {
  if (a?.rank === undefined || b?.rank === undefined) return undefined;
  if (a.rank < 2 || b.rank < 2) return undefined;
  const isGemm = kind === "Gemm";
  const [summedA, keptA] = isGemm && config.transA === 1 ? [0, 1] : [1, 0];
  const [summedB, keptB] = isGemm && config.transB === 1 ? [1, 0] : [0, 1];
  // Counted from the two last axes.
  const [atA, atB] = [a, b].map(({ axis, rank }) =>
    axis === null ? null : axis - rank! + 2
  );
  if (atA === summedA || atB === summedB) return "mixed";
  if (atA === keptA && atB === keptB) return "mixed";
  const rank = Math.max(a.rank, b.rank);
  if (atA === null) return { axis: moved(atB!, keptB, 1) + rank - 2, rank };
  if (atB === null) return { axis: moved(atA!, keptA, 0) + rank - 2, rank };
  return atA === atB && atA! < 0 ? { axis: atA! + rank - 2, rank } : undefined;
};

/** The position of a kept axis after a product; others stay. */
function moved(at: number, kept: number, to: number): number {
  return at === kept ? to : at;
}

const transposed: Rule = ({ integers, x }) => {
  const order = integers("perm", -1) ??
    Array.from({ length: x.rank }, (_, i) => x.rank - 1 - i);
  const axis = order.indexOf(x.axis);
  return axis < 0 ? undefined : { axis, rank: x.rank };
};

/** A slice of other axes, or one that reverses the samples. */
const sliced: Rule = ({ integers, x }) => {
  const axes = integers("axes", 3);
  const steps = integers("steps", 4);
  const at = axes?.findIndex((axis) =>
    axis === x.axis || axis + x.rank === x.axis
  );
  if (at === undefined) return undefined;
  if (at < 0) return x;
  return (steps?.[at] ?? 1) < 0 ? "mixed" : undefined;
};

/** The axis of an attribute, from the front. */
function axisOf({ config, x }: SampleOperation, fallback: number): number {
  const axis = Number(config.axis ?? fallback);
  return axis < 0 ? axis + x.rank : axis;
}

/** The index of the greatest value along an axis. */
const argument: Rule = (operation) =>
  reduced({ ...operation, integers: () => [axisOf(operation, 0)] });

/** Over the axes of an attribute, which are those of the samples by default. */
const standardised: Rule = ({ config, x }) => {
  const axes = (config.axes ?? [0, 2, 3]) as readonly number[];
  return axes.includes(x.axis) || axes.includes(x.axis - x.rank) ? "mixed" : x;
};

/** With statistics of the batch in training. */
const normalised: Rule = (operation) =>
  Number(operation.config.training_mode ?? 0) === 1
    ? operation.x.axis === 1 ? undefined : "mixed"
    : same(operation);

/** Parts a tensor along another axis. */
const parted: Rule = (operation) =>
  axisOf(operation, 0) === operation.x.axis ? undefined : operation.x;

/** Joins tensors along another axis. */
const joined: Rule = (operation) => {
  const { inputs, x } = operation;
  const areAlike = inputs.every((input) =>
    input !== undefined && input.axis === x.axis && input.rank === x.rank
  );
  return areAlike ? parted(operation) : undefined;
};

const squeezed: Rule = ({ integers, x }) => {
  const axes = integers("axes", 1)?.map((axis) =>
    axis < 0 ? axis + x.rank : axis
  );
  if (axes === undefined || axes.includes(x.axis)) return undefined;
  const before = axes.filter((axis) => axis < x.axis).length;
  return { axis: x.axis - before, rank: x.rank - axes.length };
};

const unsqueezed: Rule = ({ integers, x }) => {
  const added = integers("axes", 1);
  if (added === undefined) return undefined;
  const rank = x.rank + added.length;
  const axes = new Set(added.map((axis) => axis < 0 ? axis + rank : axis));
  const kept = Array.from({ length: rank }, (_, i) => i)
    .filter((axis) => !axes.has(axis));
  return { axis: kept[x.axis]!, rank };
};

/** Selects along an axis: elements of each sample, or rows of a table. */
const gathered: Rule = (operation) => {
  const { inputs: [table, indices], config } = operation;
  if (table?.rank === undefined || indices?.rank === undefined) {
    return undefined;
  }
  const axis = Number(config.axis ?? 0);
  const at = axis < 0 ? axis + table.rank : axis;
  const rank = table.rank - 1 + indices.rank;
  if (table.axis === null) return { axis: at + indices.axis!, rank };
  if (indices.axis !== null || table.axis === at) return undefined;
  const isAfter = table.axis > at;
  return { axis: table.axis + (isAfter ? indices.rank - 1 : 0), rank };
};

/** Merges or parts axes behind that of the samples. */
const reshaped: Rule = ({ integers, x, sizes: [from], outputSizes: to }) => {
  const sizes = integers("shape", 1);
  if (x.axis !== 0) return undefined;
  // 0 copies the size.
  if (sizes?.[0] === 0) return { axis: 0, rank: sizes.length };
  const [ours, theirs] = [from, to].map((sizes) => sizes?.slice(1));
  const areKnown = ours?.length && theirs?.length &&
    [...ours, ...theirs].every((size) => size !== null && size > 0);
  const isKept = areKnown &&
    sizeOf(ours as number[]) === sizeOf(theirs as number[]);
  return isKept ? { axis: 0, rank: to!.length } : undefined;
};

/** Over time steps, [T, N, D], or [N, T, D] with the other layout. */
const recurrent: Rule = ({ config, inputs: [, ...others], x }) => {
  if (others.some((other) => other && other.axis !== null)) return undefined;
  const isFirst = Number(config.layout ?? 0) === 1;
  if (x.axis === (isFirst ? 1 : 0)) return "mixed";
  return x.axis > 1 ? undefined : { axis: isFirst ? 0 : 2, rank: 4 };
};

/** A sum over the letters that the result does not have. */
const summed: Rule = ({ config, inputs }) => {
  const [terms, result] = String(config.equation ?? "").replaceAll(" ", "")
    .split("->");
  if (result === undefined || terms!.includes(".")) return undefined;
  const letters = new Set(
    terms!.split(",").flatMap((term, i) =>
      inputs[i]?.axis == null ? [] : [term[inputs[i]!.axis!]!]
    ),
  );
  const [letter] = letters;
  if (letter === undefined) return undefined;
  const axis = result.indexOf(letter);
  // Two letters of samples: each is combined with each.
  if (letters.size > 1 || axis < 0) return "mixed";
  return { axis, rank: result.length };
};

const RULES: ReadonlyMap<string, Rule> = new Map([
  ...each(UNARY.join(" "), same),
  ...each(BROADCASTING.join(" "), broadcast),
  ...each("BatchNormalization", normalised),
  ...each("QuantizeLinear DequantizeLinear Dropout", same),
  ...each("MeanVarianceNormalization", standardised),
  ...each("ArgMax ArgMin", argument),
  ...each("Concat", joined),
  ...each("Split", parted),
  ...each("Squeeze", squeezed),
  ...each("Unsqueeze", unsqueezed),
  ...each("Gather", gathered),
  ...each("LSTM GRU RNN", recurrent),
  ...each("Einsum", summed),
  ...each("AveragePool Conv ConvTranspose GlobalAveragePool", spatial),
  ...each("GlobalMaxPool InstanceNormalization LRN MaxPool", spatial),
  ...each("Softmax LogSoftmax Hardmax", softmax),
  ...each("ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum", reduced),
  ...each("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp", reduced),
  ...each("ReduceSumSquare", reduced),
  ...each("MatMul Gemm", product),
  ...each("LayerNormalization", fromAxis),
  ...each("RMSNormalization", fromAxis),
  ...each("LpNormalization TopK", along(-1)),
  ...each("Transpose", transposed),
  ...each("Slice", sliced),
  ...each(
    "Flatten",
    ({ config, x }) =>
      x.axis === 0 && (config.axis ?? 1) === 1
        ? { axis: 0, rank: 2 }
        : undefined,
  ),
  ...each(
    "CumSum",
    ({ integers, x }) =>
      [x.axis, x.axis - x.rank].includes(integers("", 1)?.[0] ?? NaN)
        ? "mixed"
        : x,
  ),
  ...each("Reshape", reshaped),
]);

function each(kinds: string, rule: Rule): (readonly [string, Rule])[] {
  return kinds.split(" ").map((kind) => [kind, rule] as const);
}

/**
 * The rule of an operator.
 *
 * @param kind Its name, in the ONNX domain.
 * @returns The rule; undefined if it is not known.
 */
export function sampleRule(kind: string): Rule | undefined {
  return RULES.get(kind);
}

/** Rules that look at all inputs: the first may be the same for all samples. */
const ALIKE: readonly Rule[] = [broadcast, product, gathered, summed];

/**
 * Whether a rule applies where the first input is the same for all samples.
 *
 * @param rule The rule.
 * @returns True if it does.
 */
export function looksAtAll(rule: Rule): boolean {
  return ALIKE.includes(rule);
}

/** The samples in further outputs of an operator. */
export function furtherSamples(
  kind: string,
  first: Samples,
): Samples | undefined {
  if (kind === "Split" || kind === "TopK") return first;
  const isRecurrent = /^(LSTM|GRU|RNN)$/.test(kind);
  return isRecurrent ? { axis: first.axis === 0 ? 0 : 1, rank: 3 } : undefined;
}
