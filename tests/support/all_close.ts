/**
 * Closeness of arrays of numbers.
 *
 * @module
 */
import { AssertionError } from "@std/assert";

/** How far apart two numbers may be: `|actual - expected| <= atol + rtol · |expected|`. */
export interface Tolerance {
  /** Relative to what is expected. @default {1e-5} */
  readonly rtol?: number;
  /** In the unit of the numbers. @default {1e-8} */
  readonly atol?: number;
}

type Numbers = ArrayLike<number>;
interface Shaped {
  readonly data: ArrayBufferView | Numbers;
  readonly shape: readonly number[];
}

/**
 * Asserts that two arrays have equal lengths and close numbers. NaN equals NaN,
 * and an infinity equals itself. If both have shapes, these must be equal.
 *
 * @param actual The numbers, or the array with its shape.
 * @param expected The expected ones.
 * @param tolerance The largest allowed difference.
 */
export function assertAllClose(
  actual: Numbers | Shaped,
  expected: Numbers | Shaped,
  tolerance: Tolerance = {},
): void {
  const { rtol = 1e-5, atol = 1e-8 } = tolerance;
  if ("shape" in actual && "shape" in expected) {
    const [found, wanted] = [actual, expected].map(({ shape }) =>
      `[${shape.join(", ")}]`
    );
    if (found !== wanted) {
      fail(`Expected shape ${wanted}: current shape is ${found}`);
    }
  }
  const [found, wanted] = [numbersOf(actual), numbersOf(expected)];
  if (found.length !== wanted.length) {
    fail(`Expected ${wanted.length} numbers: current are ${found.length}`);
  }
  let [worst, excess, wrong] = [-1, 0, 0];
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [found[i]!, wanted[i]!];
    if (Object.is(a, b) || a === b) continue;
    const allowed = atol + rtol * Math.abs(b);
    const difference = Math.abs(a - b);
    if (difference <= allowed && Number.isFinite(b)) continue;
    wrong++;
    const by = Number.isFinite(difference) ? difference / allowed : Infinity;
    if (worst < 0 || by > excess) [worst, excess] = [i, by];
  }
  if (wrong === 0) return;
  fail(
    `Expected ${wanted[worst]} at index ${worst}: current value is ${
      found[worst]
    }; ${wrong} of ${wanted.length} numbers differ by more than rtol ${rtol} and atol ${atol}`,
  );
}

function numbersOf(array: Numbers | Shaped): Numbers {
  const numbers = "shape" in array ? array.data : array;
  if ("length" in numbers && typeof numbers.length === "number") {
    return numbers as Numbers;
  }
  fail(`Expected an array of numbers: current value is ${numbers}`);
}

function fail(message: string): never {
  throw new AssertionError({ message });
}
