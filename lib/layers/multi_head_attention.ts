/**
 * Attention in several heads: queries, keys and values are projected for each
 * head, and the heads' answers projected back.
 *
 * Masks of query, value and key come with the inputs; Keras hands them over
 * without writing them into the file.
 *
 * Source: Keras 3.15 `MultiHeadAttention`, `GroupedQueryAttention`; Keras 2.15
 * `MultiHeadAttention`.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { asBooleans, flagArgument, tensorArgument } from "./_arguments.ts";
import { allOf, causalMask, lowered, windowMask } from "./_attention_masks.ts";
import { weightsOfPart } from "./_parts.ts";
import { addBias, checkWeight, wrongOption } from "./_checks.ts";
import type { CallContext, Layer, LayerConfig, LayerFactory } from "./layer.ts";

/**
 * MultiHeadAttention: `softmax(q kᵀ / √key_dim) v` in each head, over any axes.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function multiHeadAttention(config: LayerConfig): Layer {
  const heads = config.number("num_heads");
  const size = config.number("key_dim");
  for (const role of ["query", "value", "key"]) config.raw(`${role}_shape`); // Keras 2
  const given = config.raw("attention_axes");
  const axes = typeof given === "number" ? [given] : given as number[] | null;
  if (config.dialect !== 3 && axes?.some((axis) => axis < 0)) {
    // Keras 2 counts them on the projected input, and so takes the heads' axis.
    throw wrongOption(config, "attention_axes", "hold no negative numbers");
  }
  return headsOf(config, {
    sizes: {
      heads,
      own: heads,
      key: size,
      value: config.number("value_dim", size),
    },
    prefix: config.dialect === 3 ? "" : "_",
    axes,
    // Keras 3 forgets a query mask that is given by name: nobody reads it here.
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
export function groupQueryAttention(config: LayerConfig): Layer {
  const size = config.number("head_dim");
  return headsOf(config, {
    sizes: {
      heads: config.number("num_query_heads"),
      own: config.number("num_key_value_heads"),
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
  /** Heads of the query, and of key and value; and how long each is. */
  readonly sizes: Readonly<Record<"heads" | "own" | "key" | "value", number>>;
  /** What stands before the names of parts. */
  readonly prefix: string;
  readonly axes: readonly number[] | null | undefined;
  /** Whose masks may be given by name. */
  readonly explicitMasks: readonly Role[];
  readonly dropsInputMasks: boolean;
}

function headsOf(config: LayerConfig, kind: Kind): Layer {
  const hasDropout = config.number("dropout", 0) > 0;
  const { name } = config;
  const hasBias = config.boolean("use_bias", true);
  const isLowered = config.dialect === 2 &&
    !config.boolean("softmax_robust_masking", false);
  const isGated = config.boolean("use_gate", false);
  const window = config.raw("sliding_window") as number | null | undefined;
  const parts = {
    query: `${kind.prefix}query_dense`,
    key: `${kind.prefix}key_dense`,
    gate: "_gate_dense",
    value: `${kind.prefix}value_dense`,
    output: `${kind.prefix}output_dense`,
  };
  const { heads, own, key: keySize, value: valueSize } = kind.sizes;
  const kernels: Readonly<Record<string, readonly [number, number]>> = {
    [parts.query]: [heads, keySize],
    [parts.key]: [own, keySize],
    [parts.gate]: [heads, valueSize],
    [parts.value]: [own, valueSize],
  };
  const outputShape = config.raw("output_shape") ?? undefined;
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
    call(ops, inputs, weights, context) {
      const { query, value, key, masks } = rolesOf(ops, inputs, context, {
        name,
        explicit: kind.explicitMasks,
      });
      const rank = ops.shape(query).length;
      const depth = ops.shape(query)[rank - 1];
      checkRanks(name, [query, value, key].map((x) => ops.shape(x).length));
      const axes = axesOf(name, kind.axes, rank);
      const given = tensorArgument(name, context, "attention_mask");
      const isCausal = flagArgument(name, context, "use_causal_mask");
      const places = allOf(ops, [
        isCausal ? causalMask(ops, query, value) : undefined,
        typeof window === "number"
          ? windowMask(ops, query, value, window)
          : undefined,
      ]);
      const rows = masks.query && ops.expandDims(masks.query, -1); // [N, T, 1]
      const columns = [masks.value, masks.key].map((mask) =>
        mask && ops.expandDims(mask, -2) // [N, 1, S]
      );
      const hasRows = rows !== undefined || columns.some((mask) => mask);
      const auto = allOf(ops, [rows, ...columns, places]);
      if (auto !== undefined) checkAutomatic(name, axes);
      if (hasRows && given !== undefined) checkGiven(name, ops.shape(given));
      const allowed = allOf(ops, [
        given === undefined ? undefined : asBooleans(ops, given),
        auto,
      ]);
      const project = (x: typeof query, part: string) =>
        projected(ops, x, weightsOfPart(weights, part), {
          name: `${name}/${part}`,
          sizes: kernels[part]!,
        });
      const q = project(query, parts.query); // [N, …, heads, H]
      const k = shared(ops, project(key, parts.key), heads);
      const v = shared(ops, project(value, parts.value), heads);
      const givesShares = flagArgument(
        name,
        context,
        "return_attention_scores",
      );
      // Keras 3 has two ways; where it makes the shares one by one, those that
      // are not allowed are 0 also where none is.
      const isZeroed = config.dialect === 3 &&
        (givesShares || hasDropout || rank !== 3);
      const { answer, shares } = attend(ops, {
        q,
        k,
        v,
        axes,
        allowed,
        isZeroed,
        isLowered,
        name,
      });
      const gated = isGated
        ? ops.multiply(answer, ops.sigmoid(project(query, parts.gate)))
        : answer;
      const output = merged(
        ops,
        gated,
        weightsOfPart(weights, parts.output),
        {
          name: `${name}/${parts.output}`,
          sizes: [heads, valueSize, ...[outputShape ?? depth].flat()],
        },
      );
      return givesShares ? [output, shares] : [output];
    },
    masks(ops, inputs, context) {
      const { masks } = rolesOf(ops, inputs, context, {
        name,
        explicit: [],
      });
      return [masks.query];
    },
  };
}

/** Who is query, value and key, by place or by name, with their masks. */
function rolesOf<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  context: CallContext<T>,
  { name, explicit }: { name: string; explicit: readonly Role[] },
) {
  const roles = ["query", "value", "key"] as const;
  const found = roles.map((role, i) =>
    inputs[i] ?? tensorArgument(name, context, role)
  );
  const [query, value, key = value] = found;
  const isFit = inputs.length <= 3 && query !== undefined &&
    value !== undefined &&
    [query, value, key!].every((x) => ops.dtype(x) !== "bool");
  if (!isFit) {
    throw new TypeError(
      cannot(
        `call layer "${name}"`,
        "its inputs must be a query, a value and maybe a key",
        `${inputs.length} inputs`,
      ),
    );
  }
  const maskOf = (role: Role, i: number) => {
    const given = explicit.includes(role)
      ? tensorArgument(name, context, `${role}_mask`)
      : undefined;
    const silent = i < inputs.length
      ? context.masks[i]
      : context.argMasks?.[role];
    const mask = given ?? silent;
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
  throw new TypeError(
    cannot(
      `call layer "${name}"`,
      "query, value and key must have as many axes, 3 at the least",
      ranks,
    ),
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
  throw new TypeError(
    cannot(
      `call layer "${name}"`,
      `"attention_axes" must lie between the first and the last of ${rank} axes`,
      axes,
    ),
  );
}

/** Keras makes these masks by axis 1 alone. */
function checkAutomatic(name: string, axes: readonly number[]): void {
  if (axes.length === 1 && axes[0] === 1) return;
  throw new TypeError(
    cannot(
      `call layer "${name}"`,
      "with causal, sliding or input masks it must attend over axis 1 alone",
      axes,
    ),
  );
}

/** A mask for each head does not go with masks of the inputs in Keras. */
function checkGiven(name: string, shape: readonly (number | null)[]): void {
  if (shape.length <= 3) return;
  throw new TypeError(
    cannot(
      `call layer "${name}"`,
      `with masks of its inputs "attention_mask" must have at most 3 axes`,
      shapeText(shape),
    ),
  );
}

/** `[…, D]` times `[D, heads, H]`, and the bias. */
function projected<T>(
  ops: Ops<T>,
  x: T,
  { kernel, bias }: Readonly<Record<string, T>>,
  { name, sizes: [heads, size] }: { name: string; sizes: readonly number[] },
): T {
  const depth = ops.shape(x).at(-1)!;
  checkWeight(name, "kernel", ops.shape(kernel!), [depth, heads!, size!]);
  const product = ops.matmul(x, ops.merge(kernel!, 1, 2));
  const axis = ops.shape(x).length - 1;
  const split = ops.unmerge(product, axis, [heads!, size!]);
  return addBias(ops, split, bias, name, 2);
}

/** `[…, heads, H]` times `[heads, H, …out]`, and the bias. */
function merged<T>(
  ops: Ops<T>,
  x: T,
  { kernel, bias }: Readonly<Record<string, T>>,
  { name, sizes: wanted }: { name: string; sizes: readonly unknown[] },
): T {
  checkWeight(name, "kernel", ops.shape(kernel!), wanted as number[]);
  const sizes = ops.shape(kernel!).slice(2) as number[];
  const flat = ops.merge(kernel!, 0, 1); // [heads · H, …out]
  const matrix = sizes.length > 1 ? ops.merge(flat, 1, sizes.length) : flat;
  const rank = ops.shape(x).length;
  const product = ops.matmul(ops.merge(x, rank - 2, rank - 1), matrix);
  const split = sizes.length > 1
    ? ops.unmerge(product, rank - 2, sizes)
    : product;
  return addBias(ops, split, bias, name, sizes.length);
}

/** Heads of key and value, each for several heads of the query. */
function shared<T>(ops: Ops<T>, x: T, heads: number): T {
  const axis = ops.shape(x).length - 2;
  const own = ops.shape(x)[axis]!;
  return own === heads ? x : ops.repeat(x, heads / own, axis);
}

interface Attend<T> {
  /** `[N, …, heads, H]` each. */
  readonly q: T;
  readonly k: T;
  readonly v: T;
  readonly axes: readonly number[];
  readonly allowed: T | undefined;
  /** Whether what is not allowed has no share even where nothing is. */
  readonly isZeroed: boolean;
  /** Whether scores of what is not allowed are lowered, and not replaced. */
  readonly isLowered: boolean;
  readonly name: string;
}

/** Answers as the query lies, and shares `[N, …others, heads, …T, …S]`. */
function attend<T>(
  ops: Ops<T>,
  { q, k, v, axes, allowed, isZeroed, isLowered, name }: Attend<T>,
): { answer: T; shares: T } {
  const rank = ops.shape(q).length;
  const between = Array.from({ length: rank - 3 }, (_, i) => i + 1);
  const others = between.filter((axis) => !axes.includes(axis));
  const order = [0, ...others, rank - 2, ...axes, rank - 1];
  const first = others.length + 2; // where the axes that are attended over begin
  const last = first + axes.length - 1;
  const gather = (x: T) => ops.merge(ops.transpose(x, order), first, last);
  const outer = Array.from({ length: first }, (_, i) => i);
  const size = ops.shape(q).at(-1)!;
  const scaled = ops.multiply(gather(q), ops.constant(1 / Math.sqrt(size)));
  const keys = ops.transpose(gather(k), [...outer, first + 1, first]);
  const scores = ops.matmul(scaled, keys); // [N, …others, heads, T, S]
  const mask = allowed === undefined
    ? undefined
    : alongside(ops, allowed, axes.length, ops.shape(scores).length, name);
  const masked = mask === undefined
    ? scores
    : isLowered
    ? lowered(ops, scores, mask)
    // Finite, so that where nothing is allowed all count alike, or none.
    : ops.where(mask, scores, ops.constant(-1e30));
  const soft = ops.softmax(masked, -1);
  const shares = mask !== undefined && isZeroed
    ? ops.where(mask, soft, ops.constant(0))
    : soft;
  const gathered = ops.matmul(shares, gather(v)); // [N, …others, heads, T, H]
  if (axes.length === 1) {
    const answer = ops.transpose(gathered, inverse(order));
    return { answer, shares };
  }
  const rows = sizesOf(name, ops.shape(q), axes);
  const columns = sizesOf(name, ops.shape(k), axes);
  const split = ops.unmerge(gathered, first, rows);
  return {
    answer: ops.transpose(split, inverse(order)),
    shares: ops.unmerge(ops.unmerge(shares, first + 1, columns), first, rows),
  };
}

/** A mask `[N, …T, …S]` with as many axes as the scores. */
function alongside<T>(
  ops: Ops<T>,
  mask: T,
  numAxes: number,
  rank: number,
  name: string,
): T {
  const shape = ops.shape(mask);
  const start = shape.length - 2 * numAxes;
  const isWhole = numAxes === 1 || !shape.slice(start).includes(1);
  if (start < 0 || !isWhole) {
    throw new TypeError(
      cannot(
        `call layer "${name}"`,
        `"attention_mask" must have ${numAxes} axes of queries and of keys`,
        shapeText(shape),
      ),
    );
  }
  let wide = mask;
  if (numAxes > 1) {
    wide = ops.merge(wide, start + numAxes, start + 2 * numAxes - 1);
    wide = ops.merge(wide, start, start + numAxes - 1);
  }
  for (let own = start + 2; own < rank; own++) {
    wide = ops.expandDims(wide, start);
  }
  return wide;
}

function sizesOf(
  name: string,
  shape: readonly (number | null)[],
  axes: readonly number[],
): number[] {
  const sizes = axes.map((axis) => shape[axis] ?? -1);
  if (sizes.filter((size) => size === -1).length <= 1) return sizes;
  throw new TypeError(
    cannot(
      `call layer "${name}"`,
      "at most one of the axes that it attends over may be of unknown size",
      shapeText(shape),
    ),
  );
}

function inverse(order: readonly number[]): number[] {
  return order.map((_, axis) => order.indexOf(axis));
}

/** Factories of this family. */
export const MULTI_HEAD_ATTENTION_LAYERS: Readonly<
  Record<string, LayerFactory>
> = Object.freeze({
  MultiHeadAttention: multiHeadAttention,
  GroupQueryAttention: groupQueryAttention,
  GroupedQueryAttention: groupQueryAttention,
});
