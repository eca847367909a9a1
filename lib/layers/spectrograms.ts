/**
 * Spectrograms of signals.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { depthOf, optionalNumber } from "./_checks.ts";
import { readChannels } from "./_maps.ts";
import { fourierKernel, melTriangles } from "./_mel_scale.ts";
import type { FactoryTable, Layer, LayerConfig } from "./layer.ts";

/**
 * STFTSpectrogram: short-time Fourier transform by two convolutions, whose
 * kernels Keras stores; then magnitude, logarithm, power, or both parts.
 *
 * Source: Keras 3.15 `STFTSpectrogram`. The angle is refused.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function stftSpectrogram(config: LayerConfig): Layer {
  const mode = config.oneOf("mode", [
    "log",
    "magnitude",
    "psd",
    "real",
    "imag",
    "stft",
  ], "log");
  const length = config.number("frame_length", 256);
  const step = config.number("frame_step", Math.floor(length / 2));
  const padding = config.oneOf("padding", ["valid", "same"], "valid");
  const channels = readChannels(config);
  const isFirst = channels === "first";
  const expands = config.boolean("expand_dims", false);
  for (const key of ["fft_length", "window", "periodic", "scaling"]) {
    config.raw(key); // implied by the kernels
  }
  const options = { strides: [step], padding, dilation: [1] };
  return {
    weights: [
      ...(mode === "imag" ? [] : ["real_kernel"]),
      ...(mode === "real" ? [] : ["imag_kernel"]),
    ],
    channels,
    call(ops, [x], weights) {
      const signal = isFirst ? x! : ops.transpose(x!, [0, 2, 1]); // [N, D, T]
      const depth = depthOf(config.name, [ops.shape(signal)[1]!]);
      const rows = ops.expandDims(ops.merge(signal, 0, 1), 2); // [N · D, T, 1]
      const part = (kernel: typeof rows | undefined) =>
        kernel === undefined ? undefined : ops.conv(rows, kernel, options);
      const real = part(weights.real_kernel);
      const imaginary = part(weights.imag_kernel);
      const spectrum = spectrumOf(ops, mode, real, imaginary); // [N · D, T, F]
      const split = ops.unmerge(spectrum, 0, [-1, depth]); // [N, D, T, F]
      return [arranged(ops, split, isFirst, expands)];
    },
    masks: () => [],
  };
}

/**
 * MelSpectrogram: magnitudes of a short-time Fourier transform, to a power,
 * summed by triangular filters spaced evenly on the mel scale, `[N, T]` to
 * `[N, mels, frames]`.
 *
 * Source: Keras 3.15 `MelSpectrogram`. Decibels (`power_to_db`, the default)
 * depend on the batch: they are clipped relative to its largest value.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function melSpectrogram(config: LayerConfig): Layer {
  const scaled = decibels(config);
  const isScaled = config.boolean("power_to_db", true);
  const size = config.number("fft_length", 2048);
  const { kernel, bins } = fourierKernel(size, windowOf(config, size));
  const triangles = melTriangles(bins, melOptions(config));
  const stride = config.number("sequence_stride", 512);
  const exponent = config.number("mag_exp", 2);
  const options = {
    strides: [stride],
    padding: "valid",
    dilation: [1],
  } as const;
  return {
    weights: [],
    call(ops, [x]) {
      const signal = reflected(ops, ops.float(x!), Math.floor(size / 2));
      const line = ops.expandDims(signal, 2); // [N, T, 1]
      const parts = ops.conv(line, ops.constant(kernel), options); // [N, F, 2 · bins]
      const part = (start: number) => {
        const stop = start + bins;
        const value = ops.slice(parts, [{ axis: 2, start, stop }]);
        return ops.multiply(value, value);
      };
      const magnitude = ops.sqrt(ops.add(part(0), part(bins)));
      const power = ops.power(magnitude, ops.constant(exponent));
      const mels = ops.matmul(power, ops.constant(triangles)); // [N, F, mels]
      const rows = ops.transpose(mels, [0, 2, 1]);
      return [isScaled ? scaled(ops, rows) : rows];
    },
    masks: () => [],
  };
}

/** Decibels relative to a reference, at most `top_db` below the largest. */
function decibels(config: LayerConfig) {
  const least = config.number("min_power", 1e-10);
  const reference = Math.max(Math.abs(config.number("ref_power", 1)), least);
  const range = config.number("top_db", 80);
  return <T>(ops: Ops<T>, power: T): T => {
    const bounded = ops.maximum(power, ops.constant(least));
    const scaled = ops.multiply(ops.log(bounded), ops.constant(10 / Math.LN10));
    const relative = ops.subtract(
      scaled,
      ops.constant(10 * Math.log10(reference)),
    );
    const floor = ops.subtract(ops.max(relative), ops.constant(range));
    return ops.maximum(relative, floor);
  };
}

/** Factories of this family. */
export const SPECTROGRAM_LAYERS: FactoryTable = Object.freeze({
  STFTSpectrogram: stftSpectrogram,
  MelSpectrogram: melSpectrogram,
});

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

/**
 * Transposes `[N, D, T, F]` to Keras' order of time, frequency and channels.
 */
function arranged<T>(
  ops: Ops<T>,
  spectrum: T,
  isFirst: boolean,
  expands: boolean,
): T {
  if (expands) {
    return isFirst ? spectrum : ops.transpose(spectrum, [0, 2, 3, 1]);
  }
  const transposed = ops.transpose(spectrum, [0, 1, 3, 2]); // [N, D, F, T]
  const flat = ops.merge(transposed, 1, 2); // [N, D · F, T]
  return isFirst ? flat : ops.transpose(flat, [0, 2, 1]);
}

/** The window over one frame, centred in the length of the transform. */
function windowOf(config: LayerConfig, size: number): Float64Array {
  const length = config.number("sequence_length", size);
  const kind = config.raw("window") === null
    ? "none"
    : config.oneOf("window", ["hann", "hamming"], "hann");
  const waves = { none: 0, hann: 0.5, hamming: 0.46 } as const;
  const wave = waves[kind];
  const level = 1 - wave;
  const first = Math.floor((size - length) / 2);
  return Float64Array.from({ length: size }, (_, i) => {
    const at = i - first;
    return at < 0 || at >= length
      ? 0
      : level - wave * Math.cos((2 * Math.PI * at) / length);
  });
}

function melOptions(config: LayerConfig) {
  const rate = config.number("sampling_rate", 16000);
  return {
    rate,
    numMels: config.number("num_mel_bins", 128),
    least: config.number("min_freq", 20),
    most: optionalNumber(config, "max_freq") || Math.trunc(rate / 2),
  };
}

/** Pads a signal `[N, T]` by reflection. */
function reflected<T>(ops: Ops<T>, x: T, width: number): T {
  const part = (start: number, stop: number) =>
    ops.flip(ops.slice(x, [{ axis: 1, start, stop }]), [1]);
  return ops.concatenate([part(1, width + 1), x, part(-width - 1, -1)], 1);
}
