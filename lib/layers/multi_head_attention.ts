/**
 * Multi-head attention: queries, keys and values are projected for each head,
 * and the outputs of the heads are projected back.
 *
 * Masks of query, value and key come from the inputs; Keras passes them
 * implicitly and does not store them in the file.
 *
 * Source: Keras 3.15 `MultiHeadAttention`, `GroupedQueryAttention`; Keras 2.15
 * `MultiHeadAttention`.
 *
 * @module
 */
import { counted } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { asBooleans, flagArgument, tensorArgument } from "./_arguments.ts";
import { attend, merged, projected, repeatedTo } from "./_attention_heads.ts";
import { allOf, causalMask, windowMask } from "./_attention_masks.ts";
import { weightsOfPart } from "./_parts.ts";
import { wrongCall, wrongOption } from "./_checks.ts";
import type {
  CallContext,
  Dialect,
  FactoryTable,
  Layer,
  LayerConfig,
} from "./layer.ts";

/**
 * MultiHeadAttention: `softmax(q kᵀ / √key_dim) v` in each head, over any axes.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function multiHeadAttention(config: LayerConfig): Layer {
  const heads = config.number("num_heads");
  const size = config.number("key_dim");
  for (const role of ["query", "value", "key"]) config.raw(`${role}_shape`); // Keras 2
  const read = config.raw("attention_axes");
  const axes = typeof read === "number" ? [read] : read as number[] | null;
  if (config.dialect !== 3 && axes?.some((axis) => axis < 0)) {
    // Keras 2 counts axes on the projected input, which includes the heads.
    throw wrongOption(config, "attention_axes", "hold no negative numbers");
  }
  return headsOf(config, {
    sizes: {
      heads,
      keyHeads: heads,
      key: size,
      value: config.number("value_dim", size),
    },
    prefix: config.dialect === 3 ? "" : "_",
    axes,
    // Keras 3 ignores a query mask passed by name, so it is not read here.
    explicitMasks: config.dialect === 3 ? ["value", "key"] : [],
    dropsInputMasks: config.dialect === 3,
  });
}

/**
 * GroupQueryAttention: several heads of the query share one of key and value.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function groupQueryAttention(config: LayerConfig): Layer {
  const size = config.number("head_dim");
  return headsOf(config, {
    sizes: {
      heads: config.number("num_query_heads"),
      keyHeads: config.number("num_key_value_heads"),
      key: size,
      value: size,
    },
    prefix: "_",
    axes: [1],
    explicitMasks: ["query", "value", "key"],
    dropsInputMasks: false,
  });
}

type Role = "query" | "value" | "key";

interface Kind {
  /**
   * Number of heads of the query, and of key and value; and the size of each.
   */
  readonly sizes: Readonly<
    Record<"heads" | "keyHeads" | "key" | "value", number>
  >;
  /** Prefix of the names of nested layers. */
  readonly prefix: string;
  readonly axes: readonly number[] | null | undefined;
  /** Inputs whose masks may be passed by name. */
  readonly explicitMasks: readonly Role[];
  readonly dropsInputMasks: boolean;
}

function headsOf(config: LayerConfig, kind: Kind): Layer {
  const { name } = config;
  const options = optionsOf(config, kind);
  const { parts, hasBias, isGated } = options;
  const used = [
    parts.query,
    parts.key,
    ...(isGated ? [parts.gate] : []),
    parts.value,
    parts.output,
  ];
  return {
    weights: used.flatMap((part) =>
      hasBias ? [`${part}/kernel`, `${part}/bias`] : [`${part}/kernel`]
    ),
    dropsInputMasks: kind.dropsInputMasks,
    call: (ops, inputs, weights, context) =>
      runHeads(ops, inputs, weights, context, {
        ...{ kind, options, dialect: config.dialect },
      }),
    masks: (ops, inputs, context) => [
      rolesOf(ops, inputs, context, { name, explicit: [] }).masks.query,
    ],
  };
}

function runHeads<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  weights: Readonly<Record<string, T>>,
  context: CallContext<T>,
  { kind, options, dialect }: {
    readonly kind: Kind;
    readonly options: ReturnType<typeof optionsOf>;
    readonly dialect: Dialect;
  },
): T[] {
  const { name, parts, sizes } = options;
  const roles = rolesOf(ops, inputs, context, {
    name,
    explicit: kind.explicitMasks,
  });
  const { query, value, key } = roles;
  const rank = ops.shape(query).length;
  const depth = ops.shape(query)[rank - 1];
  checkRanks(name, [query, value, key].map((x) => ops.shape(x).length));
  const axes = axesOf(name, kind.axes, rank);
  const allowed = allowedOf(ops, roles, context, { ...options, axes });
  const project = (x: typeof query, part: string) =>
    projected(ops, x, weightsOfPart(weights, part), {
      name: `${name}/${part}`,
      sizes: options.kernels[part]!,
    });
  const givesWeights = flagArgument(
    name,
    context,
    "return_attention_scores",
  );
  const attention = attend(ops, {
    q: project(query, parts.query), // [N, …, heads, H]
    k: repeatedTo(ops, project(key, parts.key), sizes.heads),
    v: repeatedTo(ops, project(value, parts.value), sizes.heads),
    axes,
    allowed,
    // Keras 3 has two implementations; in the one that computes the weights
    // itself, masked weights are 0 also if all positions are masked.
    isZeroed: dialect === 3 &&
      (givesWeights || options.hasDropout || rank !== 3),
    isLowered: options.isLowered,
    name,
  });
  const gated = options.isGated
    ? ops.multiply(
      attention.output,
      ops.sigmoid(project(query, parts.gate)),
    )
    : attention.output;
  const output = merged(ops, gated, weightsOfPart(weights, parts.output), {
    name: `${name}/${parts.output}`,
    sizes: [
      sizes.heads,
      sizes.value,
      ...[options.outputShape ?? depth].flat(),
    ],
  });
  return givesWeights ? [output, attention.weights] : [output];
}

/** Options of both classes. */
function optionsOf(config: LayerConfig, { sizes, prefix }: Kind) {
  const parts = {
    query: `${prefix}query_dense`,
    key: `${prefix}key_dense`,
    gate: "_gate_dense",
    value: `${prefix}value_dense`,
    output: `${prefix}output_dense`,
  };
  const kernels: Readonly<Record<string, readonly [number, number]>> = {
    [parts.query]: [sizes.heads, sizes.key],
    [parts.key]: [sizes.keyHeads, sizes.key],
    [parts.gate]: [sizes.heads, sizes.value],
    [parts.value]: [sizes.keyHeads, sizes.value],
  };
  return {
    name: config.name,
    sizes,
    parts,
    kernels,
    hasDropout: config.number("dropout", 0) > 0,
    hasBias: config.boolean("use_bias", true),
    isLowered: config.dialect === 2 &&
      !config.boolean("softmax_robust_masking", false),
    isGated: config.boolean("use_gate", false),
    window: config.raw("sliding_window") as number | null | undefined,
    outputShape: config.raw("output_shape") ?? undefined,
  };
}

/** The combined mask, `[N, …T, …S]`; undefined if there is none. */
function allowedOf<T>(
  ops: Ops<T>,
  { query, value, masks }: Roles<T>,
  context: CallContext<T>,
  { name, window, axes }: {
    readonly name: string;
    readonly window: number | null | undefined;
    readonly axes: readonly number[];
  },
): T | undefined {
  const explicit = tensorArgument(name, context, "attention_mask");
  const isCausal = flagArgument(name, context, "use_causal_mask");
  const rows = masks.query && ops.expandDims(masks.query, -1); // [N, T, 1]
  const columns = [masks.value, masks.key].map((mask) =>
    mask && ops.expandDims(mask, -2) // [N, 1, S]
  );
  const auto = allOf(ops, [
    rows,
    ...columns,
    isCausal ? causalMask(ops, query, value) : undefined,
    typeof window === "number"
      ? windowMask(ops, query, value, window)
      : undefined,
  ]);
  if (auto !== undefined) checkAutomatic(name, axes);
  const hasInputMasks = [rows, ...columns].some((mask) => mask !== undefined);
  if (hasInputMasks && explicit !== undefined) {
    checkExplicit(name, ops.shape(explicit));
  }
  return allOf(ops, [
    explicit === undefined ? undefined : asBooleans(ops, explicit),
    auto,
  ]);
}

/** Query, value and key of a call, with their masks. */
interface Roles<T> {
  readonly query: T;
  readonly value: T;
  readonly key: T;
  readonly masks: Readonly<Record<Role, T | undefined>>;
}

/** Query, value and key by position or by name, with their masks. */
function rolesOf<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  context: CallContext<T>,
  { name, explicit }: { name: string; explicit: readonly Role[] },
): Roles<T> {
  const roles = ["query", "value", "key"] as const;
  const found = roles.map((role, i) =>
    inputs[i] ?? tensorArgument(name, context, role)
  );
  const [query, value, key = value] = found;
  const isFit = inputs.length <= 3 && query !== undefined &&
    value !== undefined &&
    [query, value, key!].every((x) => ops.dtype(x) !== "bool");
  if (!isFit) {
    throw wrongCall(
      name,
      "its inputs must be a query, a value and maybe a key",
      counted(inputs.length, "input"),
    );
  }
  const maskOf = (role: Role, i: number) => {
    const named = explicit.includes(role)
      ? tensorArgument(name, context, `${role}_mask`)
      : undefined;
    const carried = i < inputs.length
      ? context.masks[i]
      : context.argMasks?.[role];
    const mask = named ?? carried;
    return mask === undefined ? undefined : asBooleans(ops, mask);
  };
  const masks = {
    query: maskOf("query", 0),
    value: maskOf("value", 1),
    key: maskOf("key", 2),
  };
  return { query, value, key: key!, masks };
}

function checkRanks(name: string, ranks: readonly number[]): void {
  if (ranks.every((rank) => rank === ranks[0] && rank >= 3)) return;
  throw wrongCall(
    name,
    "query, value and key must have equal numbers of axes, at least 3",
    ranks,
  );
}

function axesOf(
  name: string,
  axes: readonly number[] | null | undefined,
  rank: number,
): readonly number[] {
  const all = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  if (axes === null || axes === undefined) return all;
  const found = axes.map((axis) => axis < 0 ? axis + rank : axis);
  if (found.length > 0 && found.every((axis) => all.includes(axis))) {
    return found;
  }
  throw wrongCall(
    name,
    `"attention_axes" must lie between the first and the last of ${rank} axes`,
    axes,
  );
}

/** Keras computes these masks only along axis 1. */
function checkAutomatic(name: string, axes: readonly number[]): void {
  if (axes.length === 1 && axes[0] === 1) return;
  throw wrongCall(
    name,
    "with causal, sliding or input masks it must attend over axis 1 alone",
    axes,
  );
}

/** In Keras, a mask per head cannot be combined with masks of the inputs. */
function checkExplicit(name: string, shape: readonly (number | null)[]): void {
  if (shape.length <= 3) return;
  throw wrongCall(
    name,
    `with masks of its inputs "attention_mask" must have at most 3 axes`,
    shape,
  );
}

/** Factories of this family. */
export const MULTI_HEAD_ATTENTION_LAYERS: FactoryTable = Object.freeze({
  MultiHeadAttention: multiHeadAttention,
  GroupQueryAttention: groupQueryAttention,
  GroupedQueryAttention: groupQueryAttention,
});
