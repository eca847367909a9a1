/**
 * Layers that merge several inputs into one.
 *
 * @module
 */
import { withLastAxes } from "./_over_time.ts";
import type { Ops } from "../ops/ops.ts";
import { wrongCall, wrongConfig } from "./_checks.ts";
import {
  maskedExtreme,
  type MaskedInputs,
  maskedProduct,
} from "./_masked_merging.ts";
import type {
  CallContext,
  FactoryTable,
  Layer,
  LayerConfig,
  LayerFactory,
} from "./layer.ts";

/**
 * The smallest squared norm that Dot divides by, by the writer of the config.
 */
const LEAST_SQUARES = { 2: 1e-12, 3: 1e-14, tfjs: 1e-7 } as const;

/** An operation of two tensors. */
type Pair = "add" | "subtract" | "multiply" | "maximum" | "minimum";

/** Keras 3's treatment of masked inputs. */
type Masked = <T>(ops: Ops<T>, masked: MaskedInputs<T>) => T;

/**
 * Add, Subtract, Multiply, Maximum, Minimum: combines the inputs one by one.
 * Inputs of lower rank get axes of size 1 after the batch.
 *
 * Source: Keras 3.15 `merging.base_merge.Merge`.
 */
function folded(
  pair: Pair,
  { most = Infinity, masked }: { most?: number; masked?: Masked } = {},
): LayerFactory {
  return (config) => ({
    weights: [],
    keepsAxes: true,
    call(ops, inputs, _weights, context) {
      if (inputs.length > most) {
        throw wrongCall(
          config.name,
          `it must have ${most} inputs`,
          inputs.length,
        );
      }
      const alike = sameRank(ops, inputs);
      // In Keras, an input that gets further axes loses its mask.
      const masks = alike.map((x, i) =>
        x === inputs[i] ? context.masks[i] : undefined
      );
      const isMasked = config.dialect === 3 &&
        masks.some((mask) => mask !== undefined);
      if (masked !== undefined && isMasked) {
        return [masked(ops, { name: config.name, inputs: alike, masks })];
      }
      return [alike.reduce((sum, x) => ops[pair](sum, x))];
    },
    masks: mergedMask(config),
  });
}

/**
 * Average: the mean of the inputs.
 *
 * Source: Keras 3.15 `Average`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function average(config: LayerConfig): Layer {
  return {
    weights: [],
    keepsAxes: true,
    call(ops, inputs) {
      const sum = sameRank(ops, inputs).reduce((a, b) => ops.add(a, b));
      return [ops.divide(sum, ops.constant(inputs.length))];
    },
    masks: mergedMask(config),
  };
}

/**
 * Concatenate: joins the inputs along an axis.
 *
 * Source: Keras 3.15 `Concatenate`, with its rule for masks: inputs without a
 * mask count as unmasked, and a time step is unmasked if any of its values is;
 * in Keras 2, if all are.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function concatenate(config: LayerConfig): Layer {
  const axis = config.number("axis", -1);
  const at = <T>(ops: Ops<T>, x: T) =>
    axis < 0 ? axis + ops.shape(x).length : axis;
  return {
    weights: [],
    keepsAxes: true,
    call: (ops, inputs) => [ops.concatenate(inputs, at(ops, inputs[0]!))],
    masks<T>(ops: Ops<T>, inputs: readonly T[], { masks }: CallContext<T>) {
      if (masks.every((mask) => mask === undefined)) return [undefined];
      const wide = inputs.map((x, i) => {
        const all = ops.equal(
          ops.multiply(x, ops.constant(0)),
          ops.constant(0),
        );
        const whole = ops.logicalOr(all, ops.logicalNot(all));
        const mask = masks[i];
        if (mask === undefined) return whole;
        const more = ops.shape(x).length - ops.shape(mask).length;
        return ops.logicalAnd(whole, withLastAxes(ops, mask, more));
      });
      const joined = ops.concatenate(wide, at(ops, inputs[0]!));
      return [
        config.dialect === 3
          ? ops.any(joined, { axis: -1 })
          : ops.all(joined, { axis: -1 }),
      ];
    },
  };
}

/**
 * Dot: scalar products of two inputs along one axis of each, per sample; with
 * `normalize`, of vectors of length 1.
 *
 * Source: Keras 3.15 `Dot` and its `batch_dot`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function dot(config: LayerConfig): Layer {
  const masked = [config.raw("axes")].flat();
  if (!masked.every(Number.isSafeInteger) || masked.length > 2) {
    throw wrongConfig(
      config.name,
      `"axes" must be one axis, or one for each of the two inputs`,
      config.raw("axes"),
    );
  }
  const [first, second = first] = masked as number[];
  const isNormal = config.boolean("normalize", false);
  const least = LEAST_SQUARES[config.dialect];
  return {
    weights: [],
    call(ops, [x, y]) {
      const a = first! < 0 ? first! + ops.shape(x!).length : first!;
      const b = second! < 0 ? second! + ops.shape(y!).length : second!;
      const [left, right] = isNormal
        ? [unit(ops, x!, a, least), unit(ops, y!, b, least)]
        : [x!, y!];
      return [batchDot(ops, left, right, a, b)];
    },
    masks: () => [],
  };
}

/** Factories of this family. */
export const MERGING_LAYERS: FactoryTable = Object.freeze({
  Add: folded("add"),
  Subtract: folded("subtract", { most: 2 }),
  Multiply: folded("multiply", { masked: maskedProduct }),
  Maximum: folded("maximum", { masked: maskedExtreme("maximum") }),
  Minimum: folded("minimum", { masked: maskedExtreme("minimum") }),
  Average: average,
  Concatenate: concatenate,
  Dot: dot,
});

function sameRank<T>(ops: Ops<T>, inputs: readonly T[]): T[] {
  const ranks = inputs.map((x) => ops.shape(x).length);
  const most = Math.max(...ranks);
  return inputs.map((x, i) => {
    let value = x;
    for (let rank = ranks[i]!; rank < most; rank++) {
      value = ops.expandDims(value, 1);
    }
    return value;
  });
}

/**
 * Keras 3: if every input has a mask, a time step is unmasked if it is unmasked
 * in any input. Keras 2: if it is unmasked in all inputs with a mask.
 */
function mergedMask({ dialect }: LayerConfig): NonNullable<Layer["masks"]> {
  return <T>(
    ops: Ops<T>,
    _inputs: readonly T[],
    { masks }: CallContext<T>,
  ): (T | undefined)[] => {
    const known: T[] = masks.flatMap((mask) =>
      mask === undefined ? [] : [mask]
    );
    const isEach = dialect !== 3 || known.length === masks.length;
    if (known.length === 0 || !isEach) return [undefined];
    return [
      known.reduce((a, b) =>
        dialect === 3 ? ops.logicalOr(a, b) : ops.logicalAnd(a, b)
      ),
    ];
  };
}

/**
 * Normalises to length 1 along an axis; the squared norm is at least `least`.
 */
function unit<T>(ops: Ops<T>, x: T, axis: number, least: number): T {
  const squares = ops.sum(ops.multiply(x, x), { axis, keepdims: true });
  return ops.divide(x, ops.sqrt(ops.maximum(squares, ops.constant(least))));
}

/** Reshapes both to rank 3, multiplies them, and reshapes back. */
function batchDot<T>(ops: Ops<T>, x: T, y: T, a: number, b: number): T {
  const left = ops.shape(x);
  const right = ops.shape(y);
  const last = ops.transpose(x, moved(left.length, a, left.length - 1));
  const first = ops.transpose(y, moved(right.length, b, 1));
  const rows = left.length === 2
    ? ops.expandDims(last, 1)
    : ops.merge(last, 1, left.length - 2);
  const columns = right.length === 2
    ? ops.expandDims(first, 2)
    : ops.merge(first, 2, right.length - 1);
  let product = ops.matmul(rows, columns); // [N, left, right]
  const sizes = (shape: readonly (number | null)[]) =>
    shape.map((size) => size ?? -1);
  if (right.length > 3) {
    product = ops.unmerge(product, 2, sizes(ops.shape(first).slice(2)));
  }
  if (left.length > 3) {
    product = ops.unmerge(product, 1, sizes(ops.shape(last).slice(1, -1)));
  }
  if (left.length === 2) return ops.squeeze(product, 1);
  return right.length === 2
    ? ops.squeeze(product, ops.shape(product).length - 1)
    : product;
}

/** Moves one axis to another index. */
function moved(rank: number, from: number, to: number): number[] {
  const axes = [...Array(rank).keys()].filter((axis) => axis !== from);
  axes.splice(to, 0, from);
  return axes;
}
