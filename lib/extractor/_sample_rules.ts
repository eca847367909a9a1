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
  /** Whether other axes are merged into it. */
  readonly isMerged?: boolean;
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
export interface Located extends Samples {
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
  // Several: each sample is combined with each.
  return axes.size === 1 ? { axis: [...axes][0]!, rank } : "mixed";
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
const multiplied: Rule = ({ kind, config, inputs: [a, b] }) => {
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

/** A slice of other axes, or one that moves samples to other rows. */
const sliced: Rule = ({ integers, x }) => {
  const [starts, ends] = [integers("starts", 1), integers("ends", 2)];
  const axes = integers("axes", 3) ?? starts?.map((_, i) => i);
  const at = axes?.findIndex((axis) =>
    axis === x.axis || axis + x.rank === x.axis
  );
  if (at === undefined) return undefined;
  if (at < 0) return x;
  const step = integers("steps", 4)?.[at] ?? 1;
  if (step < 0) return "mixed";
  if (x.isMerged || starts === undefined) return undefined;
  if (starts[at] !== 0) return "mixed";
  return step === 1 && ends?.[at]! >= MANY ? x : undefined;
};

/** The end of a slice of all rows, as converters write it. */
const MANY = 2 ** 31 - 1;

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

/** Parts a tensor along another axis. */
const parted: Rule = (operation) =>
  axisOf(operation, 0) === operation.x.axis ? undefined : operation.x;

/** Joins tensors along another axis; some may be the same for all samples. */
const joined: Rule = (operation) => {
  const { inputs } = operation;
  const x = inputs.find((input) => input?.axis != null) as Located;
  const areAlike = inputs.every((input) =>
    input?.rank === x.rank && (input.axis ?? x.axis) === x.axis
  );
  return areAlike ? parted({ ...operation, x }) : undefined;
};

/** Repeats along axes of size 1, or before the first. */
const expanded: Rule = ({ sizes: [, target], integers, x }) => {
  const rank = integers("", 1)?.length ?? target?.[0] ?? undefined;
  return rank === undefined || rank < x.rank
    ? undefined
    : { axis: x.axis + rank - x.rank, rank };
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
  if (indices.axis !== null) return undefined;
  if (table.axis === at) {
    // The same sample for all.
    return operation.x.isMerged ? undefined : "mixed";
  }
  const isAfter = table.axis > at;
  return { axis: table.axis + (isAfter ? indices.rank - 1 : 0), rank };
};

/** Merges or parts other axes, or merges some into that of the samples. */
const reshaped: Rule = ({ integers, x, sizes: [from], outputSizes }) => {
  const sizes = integers("shape", 1);
  // 0 copies the size.
  if (x.axis === 0 && sizes?.[0] === 0) return { axis: 0, rank: sizes.length };
  const to = outputSizes ??
    sizes?.map((size, axis) => size === 0 ? from?.[axis] ?? null : size);
  if (from === undefined || to === undefined) return undefined;
  const sample = to.findIndex((size) => size === null || size < 0);
  const [before, after] = [[0, x.axis], [x.axis + 1]].map((part) =>
    product(from.slice(...part))
  );
  const isKept = sample >= 0 && before !== undefined && after !== undefined &&
    product(to.slice(0, sample)) === before &&
    product(to.slice(sample + 1)) === after;
  if (isKept) return { axis: sample, rank: to.length };
  // The first axis begins with the samples, whatever is merged into it.
  return x.axis > 0 || to[0] === 1
    ? undefined
    : { axis: 0, rank: to.length, isMerged: true };
};

/** The number of elements; undefined if a size is unknown. */
function product(sizes: readonly (number | null)[]): number | undefined {
  return sizes.every((size) => size !== null && size > 0)
    ? sizeOf(sizes as number[])
    : undefined;
}

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
  ...each("BatchNormalization", same),
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
  ...each("MatMul Gemm", multiplied),
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
  ...each("Expand", expanded),
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
const ALIKE: readonly Rule[] = [
  broadcast,
  multiplied,
  gathered,
  summed,
  joined,
];

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
