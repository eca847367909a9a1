/**
 * ConvLSTM: an LSTM over sequences of feature maps, with convolutions instead
 * of matrix products.
 *
 * Source: Keras 3.15 `ConvLSTM`; Keras 2.15 `ConvLSTM`. The input is convolved
 * with the options, the state always with stride 1 and `same` padding.
 *
 * @module
 */
import type { ConvOptions, Ops } from "../ops/ops.ts";
import { addBias, checkWeight, wrongOption } from "./_checks.ts";
import {
  filterOptions,
  forAxes,
  fromChannelsLast,
  readChannels,
  type SpatialAxes,
  toChannelsLast,
} from "./_maps.ts";
import { overTime } from "./_over_time.ts";
import type {
  Activation,
  FactoryTable,
  LayerConfig,
  LayerFactory,
} from "./layer.ts";
import { recurrentOf } from "./recurrent.ts";
import {
  type BoundCell,
  type Cell,
  cellOf,
  lstmStep,
  namedActivation,
  weightNames,
} from "./recurrent_cells.ts";

/** ConvLSTM1D to ConvLSTM3D, over `[N, T, …positions, D]`. */
function convLstm(axes: SpatialAxes): LayerFactory {
  return (config) => {
    if (config.boolean("time_major", false)) {
      throw wrongOption(config, "time_major", "be false, as Keras ignores it");
    }
    return recurrentOf(
      config,
      convLstmCell(config, axes),
      readChannels(config),
    );
  };
}

function convLstmCell(config: LayerConfig, axes: SpatialAxes): Cell {
  const filters = config.number("filters");
  const { size, strides, dilation, padding } = filterOptions(config, axes);
  for (const key of ["dropout", "recurrent_dropout", "unit_forget_bias"]) {
    config.raw(key); // training only
  }
  const channels = readChannels(config);
  const ones = Array<number>(axes).fill(1);
  const inner: ConvOptions = { strides: ones, padding: "same", dilation: ones };
  const [activation, gate] = ["activation", "recurrent_activation"].map((key) =>
    inLayout(namedActivation(config, key), channels)
  ) as [Activation, Activation];
  const hasBias = config.boolean("use_bias", true);
  return cellOf({
    weights: weightNames(hasBias),
    numStates: 2,
    outputState: 0,
    bind<T>(ops: Ops<T>, weights: Readonly<Record<string, T>>): BoundCell<T> {
      const { kernel, recurrent_kernel: recurrent, bias } = weights;
      checkWeight(config.name, "kernel", ops.shape(kernel!), [
        ...size,
        null,
        4 * filters,
      ]);
      checkWeight(config.name, "recurrent_kernel", ops.shape(recurrent!), [
        ...size,
        filters,
        4 * filters,
      ]);
      const convolve = (x: T) => {
        const map = toChannelsLast(ops, x, channels);
        const sum = ops.conv(map, kernel!, { strides, dilation, padding });
        return addBias(ops, sum, bias, config.name);
      };
      return {
        // Channels last from here on: [N, …positions, 4 filters].
        project: (x) =>
          ops.shape(x).length === axes + 2
            ? convolve(x)
            : overTime(ops, [x], ([maps]) => [convolve(maps!)])[0]!,
        zeroState: (projected) => {
          const axis = axes + 1;
          const stop = ops.shape(projected)[axis]! / 4;
          const like = ops.slice(projected, [{ axis, stop }]);
          const nought = ops.constant(0);
          const zero = ops.where(ops.isNaN(like), nought, nought);
          const state = fromChannelsLast(ops, zero, channels);
          return [state, state];
        },
        step: (projected, state) => {
          const [h, c] = state.map((x) => toChannelsLast(ops, x, channels));
          const sum = ops.add(projected, ops.conv(h!, recurrent!, inner));
          return lstmStep(ops, sum, c!, activation, gate)
            .map((x) => fromChannelsLast(ops, x, channels));
        },
      };
    },
  });
}

/**
 * An activation over maps with channels last, in the layout of the layer: one
 * over the last axis, such as softmax, is over positions if channels are first.
 */
function inLayout(
  activation: Activation,
  channels: ReturnType<typeof readChannels>,
): Activation {
  if (channels !== "first") return activation;
  return (ops, x) => {
    const first = fromChannelsLast(ops, x, channels);
    return toChannelsLast(ops, activation(ops, first), channels);
  };
}

/** Factories of this family. */
export const CONV_RECURRENT_LAYERS: FactoryTable = Object.freeze(
  forAxes([1, 2, 3], convLstm, "ConvLSTM#D"),
);
