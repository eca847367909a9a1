/**
 * Scores of known and unknown samples, counted by their distinct values.
 *
 * Every metric depends only on the order of the scores. The scores are
 * therefore sorted once, ties are counted together, and each metric is one pass
 * over the counts: `O(n log n)` in total, and exact for ties.
 *
 * @module
 */
import { cannot, checkAwaited } from "../check.ts";

/**
 * Scores of samples, `[N]`; higher is more out-of-distribution.
 *
 * @category Metrics
 */
export type Scores = ArrayLike<number>;

/**
 * The side that a metric counts as positive.
 *
 * @category Metrics
 */
export interface PositiveSide {
  /**
   * `"unknown"`: an unknown sample classified as unknown is a true positive.
   * `"known"`: a known sample classified as known is one, and the order of the
   * scores is reversed.
   *
   * @default {"unknown"}
   */
  readonly positive?: "known" | "unknown";
}

/** The keys of {@linkcode PositiveSide}, for checks. */
export const SIDES = ["known", "unknown"] as const;

/** Scores of both sides, by distinct value in ascending order, `G` in total. */
export interface ScoreCounts {
  /** The distinct values, ascending, `[G]`. */
  readonly values: Float64Array;
  /** Number of known samples with each value, `[G]`. */
  readonly known: Float64Array;
  /** Number of unknown samples with each value, `[G]`. */
  readonly unknown: Float64Array;
  /** Number of known samples. */
  readonly numKnown: number;
  /** Number of unknown samples. */
  readonly numUnknown: number;
}

/**
 * Checks that a value is an array of finite scores. Copies it.
 *
 * @param scores The value to check.
 * @param action The action, for messages.
 * @param name The argument's name.
 * @returns The scores, `[N]`.
 * @throws {TypeError} If it is a promise, or not an array of numbers.
 * @throws {RangeError} If it is empty, or a score is NaN or infinite.
 */
export function checkScores(
  scores: Scores,
  action: string,
  name: string,
): Float64Array {
  checkAwaited(scores, action, `"${name}"`);
  const isArray = Array.isArray(scores) ||
    ArrayBuffer.isView(scores) && !(scores instanceof DataView);
  if (!isArray) {
    const rule = `"${name}" must be an array of numbers`;
    throw new TypeError(cannot(action, rule, scores));
  }
  if (scores.length === 0) {
    const rule = `"${name}" must hold at least one score`;
    throw new RangeError(cannot(action, rule, scores));
  }
  return Float64Array.from(scores, (score, i) => {
    if (typeof score === "number" && score - score === 0) return score;
    checkAwaited(score, action, `"${name}[${i}]"`);
    if (typeof score !== "number") {
      const rule = `"${name}[${i}]" must be a number`;
      throw new TypeError(cannot(action, rule, score));
    }
    const rule = `every score must be finite, also "${name}[${i}]"`;
    throw new RangeError(
      cannot(action, rule, score, "leave out the samples without a score"),
    );
  }); // [N]
}

/**
 * Checks scores of both sides, and counts them.
 *
 * @param known Scores of known samples, `[N]`.
 * @param unknown Scores of unknown samples, `[M]`.
 * @param action The action, for messages.
 * @returns The counts.
 * @throws {TypeError} If a side is a promise, or not an array of numbers.
 * @throws {RangeError} If a side is empty, or a score is NaN or infinite.
 */
export function countScores(
  known: Scores,
  unknown: Scores,
  action: string,
): ScoreCounts {
  return countChecked(
    checkScores(known, action, "known"),
    checkScores(unknown, action, "unknown"),
  );
}

/**
 * Counts finite scores.
 *
 * @param known Scores of known samples, `[N]`.
 * @param unknown Scores of unknown samples, `[M]`.
 * @returns The counts.
 */
export function countChecked(
  known: Float64Array,
  unknown: Float64Array,
): ScoreCounts {
  const sides = [known.toSorted(), unknown.toSorted()] as const;
  const most = known.length + unknown.length;
  const values = new Float64Array(most);
  const counts = [new Float64Array(most), new Float64Array(most)] as const;
  const at: [number, number] = [0, 0];
  let groups = 0;
  while (at[0] < known.length || at[1] < unknown.length) {
    const value = Math.min(
      sides[0][at[0]] ?? Infinity,
      sides[1][at[1]] ?? Infinity,
    );
    values[groups] = value;
    for (const side of [0, 1] as const) {
      const begin = at[side];
      while (sides[side][at[side]] === value) at[side]++; // 0 equals -0
      counts[side][groups] = at[side] - begin;
    }
    groups++;
  }
  return {
    values: values.slice(0, groups),
    known: counts[0].slice(0, groups),
    unknown: counts[1].slice(0, groups),
    numKnown: known.length,
    numUnknown: unknown.length,
  };
}

/**
 * Exchanges the sides and reverses the order of the scores, so that the known
 * samples are the positive ones.
 *
 * @param counts The counts.
 * @returns The counts of the negated scores.
 */
export function exchanged(counts: ScoreCounts): ScoreCounts {
  return {
    values: counts.values.toReversed().map((value) => 0 - value),
    known: counts.unknown.toReversed(),
    unknown: counts.known.toReversed(),
    numKnown: counts.numUnknown,
    numUnknown: counts.numKnown,
  };
}
