/**
 * Windows along one axis: their number and padding, as in TensorFlow.
 *
 * Source: https://www.tensorflow.org/api_docs/python/tf/nn, "Notes on padding".
 *
 * @module
 */
import { cannot } from "../check.ts";

/** Windows along one axis. */
export interface Windows {
  /** Window size. */
  readonly kernel: number;
  /** Stride. */
  readonly stride: number;
  /** Dilation. */
  readonly dilation: number;
  /** `same` gives `ceil(size / stride)` windows. */
  readonly padding: "same" | "valid";
}

/**
 * The extent of a dilated window.
 *
 * @param windows The windows.
 * @returns The number of positions from the first to the last, inclusive.
 */
export function reach({ kernel, dilation }: Windows): number {
  return (kernel - 1) * dilation + 1;
}

/**
 * The number of windows.
 *
 * @param size Size of the axis; null if unknown.
 * @param windows The windows.
 * @returns Their number; null if unknown.
 * @throws {RangeError} If there is none.
 */
export function numWindows(
  size: number | null,
  windows: Windows,
): number | null {
  if (size === null) return null;
  const { stride, padding } = windows;
  const least = padding === "same" ? 1 : reach(windows);
  const length = size - least + 1;
  if (length < 1) {
    throw new RangeError(
      cannot(
        `slide a window with padding "${padding}"`,
        `the axis must have at least ${least} positions`,
        size,
      ),
    );
  }
  return Math.ceil(length / stride);
}

/**
 * The output size of a transposed convolution.
 *
 * Without `outputPadding`, `same` gives `size · stride`, and `valid` at least
 * as many; with it, the size is Keras' `(size − 1) stride + reach − 2 pad +
 * outputPadding`, with `pad` half the reach for `same`.
 *
 * @param size Size of the axis; null if unknown.
 * @param windows The windows of the convolution that is transposed.
 * @param outputPadding Keras' `output_padding`.
 * @returns The output size; null if unknown.
 */
export function transposedSize(
  size: number | null,
  windows: Windows,
  outputPadding?: number,
): number | null {
  if (size === null) return null;
  const { stride, padding } = windows;
  const wide = reach(windows);
  if (outputPadding === undefined) {
    return size * stride +
      (padding === "same" ? 0 : Math.max(wide - stride, 0));
  }
  const pad = padding === "same" ? Math.floor(wide / 2) : 0;
  return (size - 1) * stride + wide - 2 * pad + outputPadding;
}

/**
 * The cropping of a transposed convolution before its first output position.
 *
 * @param size Size of the axis.
 * @param windows The windows of the convolution that is transposed.
 * @param positions Its output size, from {@linkcode transposedSize}.
 * @returns The number of positions cropped at the start.
 */
export function transposedCrop(
  size: number,
  windows: Windows,
  positions: number,
): number {
  if (windows.padding === "valid") return 0;
  const all = (size - 1) * windows.stride + reach(windows);
  return Math.floor(Math.max(all - positions, 0) / 2);
}
