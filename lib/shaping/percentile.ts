import { roundHalfToEven } from "../math/round_half_to_even.ts";
import type { Ops } from "../ops/ops.ts";
import { cannot, checkNumber, checkOneOf, checkOptions } from "../check.ts";

/**
 * Settings of the shapings that use a percentile of each row.
 *
 * @category Extraction
 */
export interface PercentileOptions {
  /**
   * Interpolation between two ranks: the nearest rank, as in TensorFlow
   * Probability, or linear, as in NumPy and PyTorch.
   *
   * @default {"nearest"}
   */
  readonly interpolation?: "nearest" | "linear";
}

/** A percentile with its options, checked. */
export interface RowPercentile {
  readonly percentile: number;
  readonly interpolation: "nearest" | "linear";
}

/**
 * Checks a percentile and its options.
 *
 * @param percentile Fraction of a row's values below the threshold, in (0, 1).
 * @param options Interpolation.
 * @param action The action, for messages.
 * @param known Further allowed options.
 * @returns Both, with defaults.
 */
export function checkPercentile(
  percentile: number,
  options: PercentileOptions,
  action: string,
  known: readonly string[] = [],
): RowPercentile {
  checkNumber(percentile, action, "percentile", { above: 0, below: 1 });
  checkOptions(options, action, ["interpolation", ...known]);
  const interpolation = checkOneOf(
    options.interpolation ?? "nearest",
    action,
    "interpolation",
    ["nearest", "linear"],
  );
  return { percentile, interpolation };
}

/**
 * The percentile of each row.
 *
 * `nearest`: the value at index `round((D − 1) p)` of the row in ascending
 * order, with ties rounded to even, as in TensorFlow Probability 0.23.
 * `linear`: at index `(D − 1) p`, between two indices by linear interpolation.
 *
 * @param ops The engine's operations.
 * @param a `[N, D]`; `D` must be known.
 * @param options Percentile and interpolation.
 * @returns `[N, 1]`.
 */
export function rowPercentile<T>(
  ops: Ops<T>,
  a: T,
  options: RowPercentile,
): T {
  const { percentile, interpolation } = options;
  const units = ops.shape(a).at(-1) ?? null;
  if (units === null) {
    throw new TypeError(
      cannot(
        "take a percentile of each row",
        "the penultimate's width must be known before the run",
        null,
      ),
    );
  }
  const column = (index: number): T => {
    const largest = ops.topK(a, index + 1); // [N, index + 1]
    return ops.reshape(ops.takeLast(largest, index), [-1, 1]); // [N, 1]
  };
  if (interpolation === "nearest") {
    return column(units - 1 - roundHalfToEven((units - 1) * percentile));
  }
  const position = (units - 1) * percentile;
  const below = Math.floor(position);
  const share = position - below;
  const low = column(units - 1 - below);
  if (share === 0) return low;
  const step = ops.subtract(column(units - 2 - below), low);
  return ops.add(low, ops.multiply(step, ops.constant(share)));
}
