/**
 * Spectrograms of signals.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { depthOf } from "./_checks.ts";
import type { Layer, LayerConfig, LayerFactory } from "./layer.ts";

/**
 * STFTSpectrogram: short-time Fourier transform by two convolutions, whose
 * kernels Keras stores; then magnitude, logarithm, power, or both parts.
 *
 * Source: Keras 3.15 `STFTSpectrogram`. The angle is refused.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
export function stftSpectrogram(config: LayerConfig): Layer {
  const mode = config.oneOf("mode", [
    "log",
    "magnitude",
    "psd",
    "real",
    "imag",
    "stft",
  ], "log");
  const length = config.number("frame_length", 256);
  const step = config.raw("frame_step") as number | null ??
    Math.floor(length / 2);
  const padding = config.oneOf("padding", ["valid", "same"], "valid");
  const isFirst = config.oneOf("data_format", [
    "channels_last",
    "channels_first",
  ], "channels_last") === "channels_first";
  const expands = config.boolean("expand_dims", false);
  for (const key of ["fft_length", "window", "periodic", "scaling"]) {
    config.raw(key); // the kernels say it
  }
  if (typeof step !== "number") {
    throw new TypeError(
      cannot(
        `read layer "${config.name}"`,
        `"frame_step" must be a number`,
        step,
      ),
    );
  }
  const options = { strides: [step], padding, dilation: [1] };
  return {
    weights: [
      ...(mode === "imag" ? [] : ["real_kernel"]),
      ...(mode === "real" ? [] : ["imag_kernel"]),
    ],
    channels: isFirst ? "first" : "last",
    call(ops, [x], weights) {
      const signal = isFirst ? x! : ops.transpose(x!, [0, 2, 1]); // [N, D, T]
      const channels = depthOf(config.name, [ops.shape(signal)[1]!]);
      const rows = ops.expandDims(ops.merge(signal, 0, 1), 2); // [N · D, T, 1]
      const part = (kernel: typeof rows | undefined) =>
        kernel === undefined ? undefined : ops.conv(rows, kernel, options);
      const real = part(weights.real_kernel);
      const imaginary = part(weights.imag_kernel);
      const spectrum = spectrumOf(ops, mode, real, imaginary); // [N · D, T, F]
      const split = ops.unmerge(spectrum, 0, [-1, channels]); // [N, D, T, F]
      return [arranged(ops, split, isFirst, expands)];
    },
    masks: () => [],
  };
}

/** Factories of this family. */
export const SPECTROGRAM_LAYERS: Readonly<Record<string, LayerFactory>> = Object
  .freeze({ STFTSpectrogram: stftSpectrogram });

function spectrumOf<T>(
  ops: Ops<T>,
  mode: string,
  real: T | undefined,
  imaginary: T | undefined,
): T {
  if (mode === "real") return real!;
  if (mode === "imag") return imaginary!;
  if (mode === "stft") return ops.concatenate([real!, imaginary!], 2);
  const power = ops.add(
    ops.multiply(real!, real!),
    ops.multiply(imaginary!, imaginary!),
  );
  if (mode === "psd") {
    const inner = ops.slice(power, [{ axis: 2, start: 1, stop: -1 }]);
    return ops.add(power, ops.pad(inner, [[0, 0], [0, 0], [1, 1]]));
  }
  const least = ops.constant(1e-7);
  const magnitude = ops.sqrt(ops.maximum(power, least));
  return mode === "magnitude"
    ? magnitude
    : ops.log(ops.maximum(magnitude, least));
}

/** Brings `[N, D, T, F]` to where Keras puts time, frequency and channels. */
function arranged<T>(
  ops: Ops<T>,
  spectrum: T,
  isFirst: boolean,
  expands: boolean,
): T {
  if (expands) {
    return isFirst ? spectrum : ops.transpose(spectrum, [0, 2, 3, 1]);
  }
  const turned = ops.transpose(spectrum, [0, 1, 3, 2]); // [N, D, F, T]
  const flat = ops.merge(turned, 1, 2); // [N, D · F, T]
  return isFirst ? flat : ops.transpose(flat, [0, 2, 1]);
}
