/**
 * Wrapper layers.
 *
 * @module
 */
import { shapeText } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import {
  asBooleans,
  listArgument,
  maskArgument,
  tensorArgument,
} from "./_arguments.ts";
import { checkWeight, wrongCall, wrongConfig } from "./_checks.ts";
import { firstStep, overTime } from "./_over_time.ts";
import { namesInPart, weightsOfPart } from "./_parts.ts";
import type { CallContext, FactoryTable, Layer, LayerConfig } from "./layer.ts";
import { isRecurrent, type Recurrent } from "./recurrent.ts";

/**
 * TimeDistributed: one layer at each time step of `[N, T, …]`.
 *
 * A mask `[N, T]` is passed on unchanged. The step of it that Keras passes to
 * the wrapped layer has no meaning, so a layer that reads it is refused. A mask
 * `[N, T, …]` is split like the input.
 *
 * Source: Keras 3.15 `TimeDistributed`; Keras 2.15 uses the mask of the wrapped
 * layer.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function timeDistributed(config: LayerConfig): Layer {
  const layer = config.layer("layer");
  const { name, dialect } = config;
  return {
    weights: namesInPart("layer", layer.weights),
    ...(layer.channels === "last" ? { channels: "last" } : {}),
    ...(layer.passesValues ? { passesValues: true } : {}),
    call(ops, inputs, weights, context) {
      const inner = weightsOfPart(weights, "layer");
      const mask = maskOf(ops, inputs[0]!, context, name);
      const split = mask !== undefined && ops.shape(mask).length > 2;
      return overTime(ops, split ? [...inputs, mask] : inputs, (rows) => {
        const masks = split ? [rows.at(-1)!] : [];
        const ofStep = mask === undefined || split
          ? { masks, args: {} }
          : withoutMask<typeof inputs[number]>(name);
        return layer.call(ops, rows.slice(0, inputs.length), inner, ofStep);
      });
    },
    masks(ops, inputs, context) {
      const mask = maskOf(ops, inputs[0]!, context, name);
      if (dialect === 3 || layer.masks === undefined) return [mask];
      const isSplit = mask !== undefined && ops.shape(mask).length > 2;
      if (mask !== undefined && !isSplit) return [mask];
      // Keras 2 uses the mask of the wrapped layer, which may create one.
      const made = layer.masks.bind(layer);
      const maskOfStep = (rows: readonly typeof inputs[number][]) => {
        const inner = { masks: isSplit ? [rows.at(-1)!] : [], args: {} };
        return made(ops, rows.slice(0, inputs.length), inner)[0];
      };
      const all = isSplit ? [...inputs, mask] : inputs;
      const first = all.map((x) => firstStep(ops, x));
      if (maskOfStep(first) !== undefined) {
        return overTime(ops, all, (rows) => [maskOfStep(rows)!]);
      }
      if (mask === undefined) return [undefined];
      const rank = ops.shape(mask).length;
      const axis = Array.from({ length: rank - 2 }, (_, i) => i + 2);
      return [ops.any(mask, { axis })];
    },
  };
}

function maskOf<T>(
  ops: Ops<T>,
  x: T,
  context: CallContext<T>,
  name: string,
): T | undefined {
  const mask = maskArgument(name, context);
  if (mask === undefined) return undefined;
  const shape = ops.shape(mask);
  const length = ops.shape(x)[1];
  const isFit = shape.length >= 2 &&
    (shape[1] === null || length === null || shape[1] === length);
  if (isFit) return asBooleans(ops, mask);
  throw wrongCall(
    name,
    `its mask must have the time steps of its input, ${
      shapeText(ops.shape(x))
    }`,
    shape,
  );
}

/** The context of a wrapped layer that must not read a mask. */
function withoutMask<T>(name: string): CallContext<T> {
  const masks: (T | undefined)[] = [];
  Object.defineProperty(masks, 0, {
    enumerable: true,
    get: () => {
      throw wrongCall(
        name,
        "a layer that reads masks must have one for each time step",
        "a mask of [N, T]",
      );
    },
  });
  return { masks, args: {} };
}

/**
 * Bidirectional: runs a recurrent layer in both directions, and merges the
 * outputs.
 *
 * Source: Keras 3.15 `Bidirectional`; Keras 2 does not write a `backward_layer`
 * that is the reversed forward one. Both set `zero_output_for_mask` to
 * `return_sequences`.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function bidirectional(config: LayerConfig): Layer {
  const { name } = config;
  const ahead = recurrentOf(config, "layer");
  const isPassed = (config.raw("backward_layer") ?? null) !== null;
  const back = isPassed
    ? recurrentOf(config, "backward_layer")
    : ahead.with({ goBackwards: !ahead.options.goBackwards });
  checkPair(name, ahead, back);
  const merge = mergeOf(config);
  const { returnSequences } = ahead.options;
  return {
    weights: [
      ...namesInPart("forward_layer", ahead.weights),
      ...namesInPart("backward_layer", back.weights),
    ],
    ...(ahead.channels === undefined ? {} : { channels: ahead.channels }),
    ...(ahead.keepsState || back.keepsState ? { keepsState: true } : {}),
    call<T>(
      ops: Ops<T>,
      inputs: readonly T[],
      weights: Readonly<Record<string, T>>,
      context: CallContext<T>,
    ): T[] {
      const [x, ...positional] = inputs;
      const states = positional.length > 0
        ? positional
        : namedStates(name, context, ahead.numStates + back.numStates);
      const half = halfOf(name, states.length, [ahead, back]);
      const mask = tensorArgument(name, context, "mask");
      const inner = {
        masks: context.masks.slice(0, 1),
        args: mask === undefined ? {} : { mask },
      };
      const run = (layer: Recurrent, part: string, initial: readonly T[]) =>
        layer.call(ops, [x!, ...initial], weightsOfPart(weights, part), inner);
      const [y, ...yStates] = run(
        ahead,
        "forward_layer",
        states.slice(0, half),
      );
      const [z, ...zStates] = run(back, "backward_layer", states.slice(half));
      const time = ahead.options.timeMajor ? 0 : 1;
      const reversed = returnSequences ? ops.flip(z!, [time]) : z!;
      return [...merge(ops, y!, reversed), ...yStates, ...zStates];
    },
    masks(_ops, _inputs, context) {
      const mask = maskArgument(name, context);
      if (!returnSequences) return [];
      return merge === both ? [mask, mask] : [mask];
    },
  };
}

function recurrentOf(config: LayerConfig, key: string): Recurrent {
  const layer = config.layer(key);
  if (isRecurrent(layer)) {
    const { returnSequences } = layer.options;
    return layer.with({ zeroOutputForMask: returnSequences });
  }
  throw wrongConfig(
    config.name,
    `"${key}" must be a recurrent layer`,
    (config.raw(key) as { "class_name": string }).class_name,
  );
}

/** Checks that both layers have the same kinds of outputs, as Keras does. */
function checkPair(name: string, ahead: Recurrent, back: Recurrent): void {
  const [a, b] = [ahead.options, back.options];
  const isPair = a.goBackwards !== b.goBackwards &&
    a.returnSequences === b.returnSequences &&
    a.returnState === b.returnState && a.timeMajor === b.timeMajor;
  if (isPair) return;
  throw wrongConfig(
    name,
    "its two layers must have opposite directions and the same kinds of outputs",
    JSON.stringify(b),
  );
}

/** Keras cuts the states in half, so that both layers must have as many. */
function halfOf(
  name: string,
  count: number,
  [ahead, back]: readonly [Recurrent, Recurrent],
): number {
  if (count === 0 || ahead.numStates === back.numStates) return count / 2;
  throw wrongCall(
    name,
    "its two layers must have as many states where initial_state is passed",
    `${ahead.numStates} and ${back.numStates}`,
  );
}

function namedStates<T>(
  name: string,
  context: CallContext<T>,
  count: number,
): T[] {
  const states = listArgument(name, context, "initial_state", count);
  if (states.length === 0 || states.length === count) return states;
  throw wrongCall(
    name,
    `initial_state must be ${count} tensors`,
    states.length,
  );
}

type Merge = <T>(ops: Ops<T>, a: T, b: T) => T[];

function mergeOf(config: LayerConfig): Merge {
  const mode = config.raw("merge_mode");
  if (mode === null) return both;
  const modes = ["concat", "sum", "mul", "ave"] as const;
  return MERGES[config.oneOf("merge_mode", modes, "concat")];
}

function both<T>(_ops: Ops<T>, a: T, b: T): T[] {
  return [a, b];
}

const MERGES: Readonly<Record<"concat" | "sum" | "mul" | "ave", Merge>> = Object
  .freeze({
    concat: <T>(ops: Ops<T>, a: T, b: T) => [ops.concatenate([a, b], -1)],
    sum: <T>(ops: Ops<T>, a: T, b: T) => [ops.add(a, b)],
    mul: <T>(ops: Ops<T>, a: T, b: T) => [ops.multiply(a, b)],
    ave: <T>(ops: Ops<T>, a: T, b: T) => [
      ops.divide(ops.add(a, b), ops.constant(2)),
    ],
  });

/**
 * SpectralNormalization: at inference the wrapped layer with its stored kernel,
 * which was divided by its spectral norm in training.
 *
 * Source: Keras 3.15 `SpectralNormalization`, Keras 2.15 is the same. The
 * wrapper stores a second copy of the kernel, and the vector of the power
 * iteration.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function spectralNormalization(config: LayerConfig): Layer {
  const layer = config.layer("layer");
  config.raw("power_iterations"); // training only
  return {
    weights: ["kernel", "vector_u", ...namesInPart("layer", layer.weights)],
    ...(layer.channels === undefined ? {} : { channels: layer.channels }),
    call(ops, inputs, weights, context) {
      const inner = weightsOfPart(weights, "layer");
      const shape = ops.shape(inner[layer.weights[0]!]!);
      const wanted = { kernel: shape, "vector_u": [1, shape.at(-1)!] };
      for (const [name, sizes] of Object.entries(wanted)) {
        const stored = weights[name];
        if (stored === undefined) continue; // not used at inference
        checkWeight(config.name, name, ops.shape(stored), sizes);
      }
      return layer.call(ops, inputs, inner, context);
    },
    // The output is that of the wrapped layer, with its mask.
    ...(layer.masks === undefined ? {} : { masks: layer.masks.bind(layer) }),
  };
}

/** Factories of this family. */
export const WRAPPER_LAYERS: FactoryTable = Object.freeze({
  TimeDistributed: timeDistributed,
  Bidirectional: bidirectional,
  SpectralNormalization: spectralNormalization,
});
