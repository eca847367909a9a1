/**
 * CuDNNLSTM and CuDNNGRU of Keras 2: an LSTM and a GRU whose kernels are stored
 * in cuDNN's format, gate by gate, with separate biases for input and state.
 *
 * Source: tf_keras 2.21 `cudnn_lstm.py`, `cudnn_gru.py`, and
 * `hdf5_format._convert_rnn_weights`, which converts one format to the other.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { checkWeight, wrongCall } from "./_checks.ts";
import type { FactoryTable, LayerFactory } from "./layer.ts";
import { isRecurrent, type Recurrent } from "./recurrent.ts";

/** Options with the same meaning in the plain layer. */
const SAME = ["return_sequences", "return_state", "go_backwards", "stateful"];

function cudnn(kind: "LSTM" | "GRU", gates: number): LayerFactory {
  return (config) => {
    const units = config.number("units");
    config.raw("unit_forget_bias"); // an initial value only
    const { name } = config;
    const layer = config.build(kind, {
      units,
      activation: "tanh",
      "recurrent_activation": "sigmoid",
      "use_bias": true,
      ...(kind === "GRU" ? { "reset_after": true } : {}),
      "time_major": config.boolean("time_major", false),
      ...Object.fromEntries(
        SAME.map((key) => [key, config.boolean(key, false)]),
      ),
    }, "plain");
    if (!isRecurrent(layer)) throw new TypeError(`${kind} must be recurrent`);
    return withGates(layer.with({}), { name, gates, units, kind });
  };
}

/** The differences between the two layers. */
interface Gates {
  readonly name: string;
  readonly gates: number;
  readonly units: number;
  readonly kind: "LSTM" | "GRU";
}

/** Creates a recurrent layer over kernels in cuDNN's format. */
function withGates(plain: Recurrent, parts: Gates): Recurrent {
  const { name, gates, units, kind } = parts;
  return {
    ...plain,
    weights: ["kernel", "recurrent_kernel", "bias"],
    with: (options) => withGates(plain.with(options), parts),
    call(ops, inputs, { kernel, recurrent_kernel: recurrent, bias }, context) {
      if (context.masks[0] !== undefined || context.args.mask !== undefined) {
        throw wrongCall(
          name,
          "its input must have no mask, which cuDNN does not support",
          "a mask",
        );
      }
      const depth = ops.shape(inputs[0]!).at(-1)!;
      const width = gates * units;
      checkWeight(name, "kernel", ops.shape(kernel!), [depth, width]);
      checkWeight(name, "recurrent_kernel", ops.shape(recurrent!), [
        units,
        width,
      ]);
      checkWeight(name, "bias", ops.shape(bias!), [2 * width]);
      const both = ops.reshape(bias!, [2, width]);
      return plain.call(ops, inputs, {
        "cell/kernel": perGate(ops, kernel!, gates),
        "cell/recurrent_kernel": perGate(ops, recurrent!, gates),
        "cell/bias": kind === "GRU" ? both : ops.sum(both, { axis: 0 }),
      }, context);
    },
  };
}

/** Kernels `[D, gates · units]`, each gate's values stored as `[units, D]`. */
function perGate<T>(ops: Ops<T>, kernel: T, gates: number): T {
  const [depth, width] = ops.shape(kernel) as readonly number[];
  const units = width! / gates;
  const parts = Array.from({ length: gates }, (_, i) => {
    const range = { axis: 1, start: i * units, stop: (i + 1) * units };
    const stored = ops.reshape(ops.slice(kernel, [range]), [units, depth!]);
    return ops.transpose(stored, [1, 0]);
  });
  return ops.concatenate(parts, 1);
}

/** Factories of this family. */
export const CUDNN_LAYERS: FactoryTable = Object.freeze({
  CuDNNLSTM: cudnn("LSTM", 4),
  CuDNNGRU: cudnn("GRU", 3),
});
