/**
 * Rounds to the nearest integer, halves to the even one, as Python's `round`
 * and NumPy's `rint` do.
 *
 * @param x A number.
 * @returns The integer.
 */
export function roundHalfToEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
