/**
 * Constants of spectrograms: the Fourier basis and the triangular filters of
 * the mel scale.
 *
 * @module
 */
import type { NdArray } from "../types.ts";

/** Options of a mel filter bank. */
export interface MelOptions {
  /** Samples per second. */
  readonly rate: number;
  /** Number of filters. */
  readonly numMels: number;
  /** Lower edge of the first filter, in hertz. */
  readonly least: number;
  /** Upper edge of the last filter, in hertz. */
  readonly most: number;
}

/**
 * The Fourier transform of a real signal, as a convolution kernel.
 *
 * @param size Number of samples per frame.
 * @param window The window function, `[size]`.
 * @returns `[size, 1, 2 · bins]`: the real parts of all frequencies, then the
 * imaginary parts; and the number of frequencies.
 */
export function fourierKernel(
  size: number,
  window: Float64Array,
): { kernel: NdArray<Float32Array>; bins: number } {
  const bins = Math.floor(size / 2) + 1;
  const data = new Float32Array(size * 2 * bins);
  for (let i = 0; i < size; i++) {
    for (let bin = 0; bin < bins; bin++) {
      // The product is reduced first, so that angles stay small and accurate.
      const angle = (2 * Math.PI * ((i * bin) % size)) / size;
      data[2 * bins * i + bin] = window[i]! * Math.cos(angle);
      data[2 * bins * i + bins + bin] = -window[i]! * Math.sin(angle);
    }
  }
  return {
    kernel: { data, shape: [size, 1, 2 * bins], dtype: "float32" },
    bins,
  };
}

/**
 * Triangular filters of height 1, spaced evenly on the mel scale
 * `2595 log10(1 + f / 700)`; frequency 0 is in none.
 *
 * @param bins Frequencies, from 0 to half the rate.
 * @param options Rate, number and edges of the filters.
 * @returns The weight of each frequency in each filter, `[bins, mels]`.
 */
export function melTriangles(
  bins: number,
  { rate, numMels, least, most }: MelOptions,
): NdArray<Float32Array> {
  const [first, last] = [mel(least), mel(most)];
  const edge = (i: number) => first + ((last - first) * i) / (numMels + 1);
  const data = new Float32Array(bins * numMels);
  for (let bin = 1; bin < bins; bin++) {
    const at = mel((rate / 2) * (bin / (bins - 1)));
    for (let i = 0; i < numMels; i++) {
      const rising = (at - edge(i)) / (edge(i + 1) - edge(i));
      const falling = (edge(i + 2) - at) / (edge(i + 2) - edge(i + 1));
      data[bin * numMels + i] = Math.max(0, Math.min(rising, falling));
    }
  }
  return { data, shape: [bins, numMels], dtype: "float32" };
}

function mel(hertz: number): number {
  return 1127 * Math.log(1 + hertz / 700);
}
