/**
 * TimeDistributed over a model: each inner layer is distributed over time
 * separately, so that it can be found, fetched and fed like any other layer.
 * Its outputs have the time axes in front.
 *
 * There are two kinds of masks. A mask `[N, T]` is over the time steps: Keras
 * passes one step of it, `[N]`, to the model, where it has no meaning, so an
 * inner layer that reads it is refused. A mask `[N, T, …]` was computed inside,
 * and is passed from layer to layer as in the model alone.
 *
 * @module
 */
import { calledAgain } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { wrongCall } from "./_checks.ts";
import { firstStep, overTime } from "./_over_time.ts";
import type { CallContext, Dialect, Layer } from "./layer.ts";

/**
 * Distributes a layer over the time steps of its inputs.
 *
 * @param layer The layer, for one time step.
 * @param name Its name, for messages.
 * @param tensorArgs Its keyword arguments that are tensors.
 * @returns The layer, for inputs `[N, T, …]`.
 */
export function distributed(
  layer: Layer,
  name: string,
  tensorArgs: readonly string[] = [],
): Layer {
  const { weights, keepsAxes, passesValues, dropsInputMasks } = layer;
  if (layer.keepsState) throw calledAgain(name);
  return {
    weights,
    ...(layer.channels === "last" ? { channels: "last" as const } : {}),
    ...(keepsAxes === undefined ? {} : { keepsAxes }),
    ...(passesValues === undefined ? {} : { passesValues }),
    ...(dropsInputMasks === undefined ? {} : { dropsInputMasks }),
    call(ops, inputs, weights, context) {
      const options = { name, tensorArgs, readsOuterMasks: false };
      const { all, contextOf } = feedsOf(ops, inputs, context, options);
      return overTime(ops, all, (rows) => {
        const tensors = rows.slice(0, inputs.length);
        return layer.call(ops, tensors, weights, contextOf(rows));
      });
    },
    ...(layer.masks === undefined ? {} : {
      masks<T>(ops: Ops<T>, inputs: readonly T[], context: CallContext<T>) {
        const options = { name, tensorArgs, readsOuterMasks: true };
        const { all, contextOf } = feedsOf(ops, inputs, context, options);
        const masksOf = (rows: readonly T[]) => {
          const tensors = rows.slice(0, inputs.length);
          return layer.masks!(ops, tensors, contextOf(rows));
        };
        const first = all.map((x) => firstStep(ops, x));
        return masksOf(first).map((mask, i) =>
          mask === undefined
            ? undefined
            : overTime(ops, all, (rows) => [masksOf(rows)[i]!])[0]
        );
      },
    }),
  };
}

/**
 * The end of a distributed model: passes on the output of the model, with the
 * mask of TimeDistributed.
 *
 * Source: Keras 3.15 `TimeDistributed`, which passes on the mask of its input; in
 * Keras 2 the model computes one if the input has none.
 *
 * @param dialect The writer of the layer.
 * @returns A layer whose inputs are the model's output and the input of
 * TimeDistributed.
 */
export function distributedOutput(dialect: Dialect): Layer {
  return {
    weights: [],
    passesValues: true,
    call: (_ops, [output]) => [output!],
    masks: (_ops, _inputs, { masks: [made, fed] }) => [
      fed ?? (dialect === 3 ? undefined : made),
    ],
  };
}

/**
 * The values that are split over time with the inputs: masks and tensor
 * arguments.
 */
function feedsOf<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  { masks, args, argMasks = {} }: CallContext<T>,
  { name, tensorArgs, readsOuterMasks }: FeedOptions,
) {
  if (Object.values(argMasks).some((mask) => mask !== undefined)) {
    throw unreadable(name, "a mask of an argument");
  }
  const all = [
    ...inputs,
    ...masks.filter((mask) => mask !== undefined),
    ...tensorArgs.map((key) => args[key] as T),
  ];
  const contextOf = (rows: readonly T[]): CallContext<T> => {
    let next = inputs.length;
    const ofStep: (T | undefined)[] = [];
    for (const [i, mask] of masks.entries()) {
      const row = mask === undefined ? undefined : rows[next++];
      const isOuter = mask !== undefined && ops.shape(mask).length === 2;
      Object.defineProperty(ofStep, i, {
        enumerable: true,
        get() {
          if (!isOuter || readsOuterMasks) return row;
          throw unreadable(name, "a mask of [N, T]");
        },
      });
    }
    const argsOfStep = {};
    for (const key of Object.keys(args)) {
      const index = tensorArgs.indexOf(key);
      const row = rows[next + index];
      Object.defineProperty(argsOfStep, key, {
        enumerable: true,
        get: () => index < 0 ? args[key] : row,
      });
    }
    return { masks: ofStep, args: argsOfStep };
  };
  return { all, contextOf };
}

interface FeedOptions {
  readonly name: string;
  readonly tensorArgs: readonly string[];
  /**
   * Whether masks over time steps may be read; Keras passes only one step of
   * them.
   */
  readonly readsOuterMasks: boolean;
}

function unreadable(name: string, mask: string): TypeError {
  const rule = "a layer in a TimeDistributed model must not read masks of it";
  return wrongCall(name, rule, mask);
}
