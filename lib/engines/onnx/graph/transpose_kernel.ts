/**
 * Side of the blocks that are transposed one by one; a block fits the cache.
 */
const SIDE = 64;

/**
 * Transposes a kernel, `[…size, A, B]` → `[B, A, …size]`. The runtime would do
 * so when it opens a model, which takes as long as the rest of the opening.
 *
 * @param values The kernel's values; only read.
 * @param shape Its sizes, at least two.
 * @param factors Factors along `B`. @default {1}
 * @returns The same values in the new order, multiplied.
 */
export function transposeKernel(
  values: Float32Array,
  shape: readonly number[],
  factors?: Float64Array,
): Float32Array<ArrayBuffer> {
  const [numA, numB] = shape.slice(-2) as [number, number];
  const numPositions = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const transposed = new Float32Array(values.length);
  for (let position = 0; position < numPositions; position++) {
    for (let firstA = 0; firstA < numA; firstA += SIDE) {
      const endA = Math.min(numA, firstA + SIDE);
      for (let firstB = 0; firstB < numB; firstB += SIDE) {
        const endB = Math.min(numB, firstB + SIDE);
        for (let b = firstB; b < endB; b++) {
          const factor = factors === undefined ? 1 : factors[b]!;
          let from = (position * numA + firstA) * numB + b;
          let to = (b * numA + firstA) * numPositions + position;
          for (let a = firstA; a < endA; a++) {
            transposed[to] = values[from]! * factor;
            from += numB;
            to += numPositions;
          }
        }
      }
    }
  }
  return transposed;
}
