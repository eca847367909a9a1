/**
 * Along one axis: how many windows there are, and what is put around the
 * values for them, as TensorFlow has it.
 *
 * Source: https://www.tensorflow.org/api_docs/python/tf/nn, "Notes on padding".
 *
 * @module
 */
import { cannot } from "../check.ts";

/** Windows along one axis. */
export interface Windows {
  /** Positions of one window. */
  readonly kernel: number;
  /** Distance from window to window. */
  readonly stride: number;
  /** Distance between neighbours within a window. */
  readonly dilation: number;
  /** `same` gives `ceil(size / stride)` windows. */
  readonly padding: "same" | "valid";
}

/**
 * How far a window reaches.
 *
 * @param windows The windows.
 * @returns Positions from the first to the last, both counted.
 */
export function reach({ kernel, dilation }: Windows): number {
  return (kernel - 1) * dilation + 1;
}

/**
 * How many windows there are.
 *
 * @param size Values along the axis; null if not known.
 * @param windows The windows.
 * @returns Their number; null if not known.
 * @throws {RangeError} If there is not even one.
 */
export function numWindows(
  size: number | null,
  windows: Windows,
): number | null {
  if (size === null) return null;
  const { stride, padding } = windows;
  const room = padding === "same" ? size : size - reach(windows) + 1;
  if (room < 1) {
    throw new RangeError(
      cannot(
        'slide a window with padding "valid"',
        `its size must be at least ${reach(windows)}`,
        size,
      ),
    );
  }
  return Math.ceil(room / stride);
}

/**
 * How many positions a transposed convolution gives.
 *
 * Without `outputPadding`, `same` gives `size · stride`, and `valid` at least
 * as many; with it, the size is Keras' `(size − 1) stride + reach − 2 pad +
 * outputPadding`, with `pad` half the reach for `same`.
 *
 * @param size Values along the axis; null if not known.
 * @param windows The windows of the convolution that is transposed.
 * @param outputPadding What is added.
 * @returns The number of positions; null if not known.
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
 * What a transposed convolution leaves out before its first position.
 *
 * @param size Values along the axis.
 * @param windows The windows of the convolution that is transposed.
 * @param positions How many positions it gives, of {@linkcode transposedSize}.
 * @returns Positions left out at the start of all that the values reach.
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
