/**
 * Finds operations of an ONNX file that compute over the samples of a batch, as
 * a softmax along the batch axis does, so that the result of a sample depends
 * on the others.
 *
 * The axis of the samples is followed operation by operation, as far as it is
 * known for certain. What comes after an unknown operation is not examined.
 *
 * @module
 */
import { typeName } from "../formats/onnx_tensor.ts";
import { valuesOf } from "../formats/stored_array.ts";
import {
  type GraphNode,
  type OnnxCall,
  origin,
  type Ref,
  refKey,
  specOf,
} from "../models/graph/graph.ts";
import { BROADCASTING, UNARY } from "../models/graph/onnx_operators.ts";
import type { OnnxOrigin } from "../models/graph/onnx_origin.ts";
import type { TensorSpec } from "../types.ts";

/** Where the samples are in a tensor. */
interface Samples {
  /** Their axis; null if the tensor is the same for all samples. */
  readonly axis: number | null;
  /** Number of axes; undefined if unknown. */
  readonly rank: number | undefined;
}

/** An operation, with the facts about its inputs. */
interface Operation {
  readonly kind: string;
  readonly version: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (Samples | undefined)[];
  /** The first input. */
  readonly x: Located;
  /** Integers of an attribute, or of a constant input; undefined if unknown. */
  readonly integers: (
    attribute: string,
    input: number,
  ) => readonly number[] | undefined;
}

/** A tensor with a known sample axis. */
interface Located {
  readonly axis: number;
  readonly rank: number;
}

/** Samples after an operation; undefined if unknown. */
type Outcome = Samples | "mixed" | undefined;
type Rule = (operation: Operation) => Outcome;

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

const RULES: ReadonlyMap<string, Rule> = new Map([
  ...each(UNARY.join(" "), same),
  ...each(BROADCASTING.join(" "), broadcast),
  ...each("BatchNormalization", same),
  ...each("AveragePool Conv ConvTranspose GlobalAveragePool", spatial),
  ...each("GlobalMaxPool InstanceNormalization LRN MaxPool", spatial),
  ...each("Softmax LogSoftmax Hardmax", softmax),
  ...each("ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum", reduced),
  ...each("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp", reduced),
  ...each("ReduceSumSquare", reduced),
  ...each("MatMul Gemm", product),
  ...each("LayerNormalization", fromAxis),
  ...each("LpNormalization", along(-1)),
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
  // 0 copies the size.
  ...each("Reshape", ({ integers, x }) => {
    const sizes = integers("shape", 1);
    const isKept = x.axis === 0 && sizes?.[0] === 0;
    return isKept ? { axis: 0, rank: sizes.length } : undefined;
  }),
]);

function each(kinds: string, rule: Rule): (readonly [string, Rule])[] {
  return kinds.split(" ").map((kind) => [kind, rule] as const);
}

/**
 * Finds the first operations that compute over the samples of a batch.
 *
 * @param source The file.
 * @param feeds The tensors that are fed, with their specs.
 * @param nodes The operations that run, in order.
 * @returns Those for which it is certain; later ones that depend on them are
 * left out.
 */
export function mixingNodes(
  source: OnnxOrigin,
  feeds: readonly { readonly ref: Ref; readonly spec: TensorSpec }[],
  nodes: readonly GraphNode[],
): GraphNode[] {
  if (source.batch === 1) return []; // one sample at a time
  const known = new Map<string, Samples>();
  for (const { ref, spec } of feeds) {
    const { shape, batchAxis: axis = 0 } = spec;
    const rank = shape.length === 0 && axis !== null ? undefined : shape.length;
    known.set(refKey(origin(ref)), { axis, rank });
  }
  return nodes.filter((node) => {
    const call = node.call.kind === "raw" ? node.call.onnx : undefined;
    if (call === undefined) return false;
    const after = samplesAfter(node, call, known, source);
    if (after !== undefined && after !== "mixed") {
      known.set(refKey({ node, index: 0 }), after);
    }
    return after === "mixed";
  });
}

function samplesAfter(
  node: GraphNode,
  call: OnnxCall,
  known: ReadonlyMap<string, Samples>,
  { constants }: OnnxOrigin,
): Outcome {
  const { operation: { domain, kind, inputs: names }, producers } = call;
  const rank = specOf({ node, index: 0 })?.shape.length;
  if (kind === "Shape" && domain === "") return { axis: null, rank: 1 };
  const inputs = names.map((name, i): Samples | undefined => {
    const constant = constants.get(name);
    if (constant !== undefined) {
      return { axis: null, rank: constant.shape.length };
    }
    const ref = producers[i];
    return ref && known.get(refKey(origin(ref)));
  });
  const isKnown = names.every((name, i) => name === "" || inputs[i]);
  if (!isKnown) return undefined;
  if (inputs.every((input) => (input?.axis ?? null) === null)) {
    return { axis: null, rank };
  }
  const rule = domain === "" ? RULES.get(kind) : undefined;
  if (rule === undefined || call.operands.length > names.length) return;
  const [x] = inputs;
  // Where the first input is shared, only rules that look at all inputs apply.
  const isAlike = rule === broadcast || rule === product;
  const isLocated = x?.axis != null && x.rank !== undefined;
  if (!isLocated && !isAlike) return undefined;
  return rule({
    kind,
    version: call.version,
    config: node.row.config,
    inputs,
    x: x as Located,
    integers(attribute, input) {
      const value = node.row.config[attribute];
      if (Array.isArray(value)) return value.map(Number);
      const constant = constants.get(names[input] ?? "");
      const type = typeName(constant?.tensor.type ?? 0);
      if (type !== "int64" && type !== "int32") return undefined;
      const bytes = constant!.storedBytes?.();
      return bytes && [...valuesOf(bytes, type)].map(Number);
    },
  });
}
