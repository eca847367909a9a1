/**
 * Reproducible random numbers.
 *
 * @module
 */

/**
 * A generator of uniform numbers in `[0, 1)`, for sampling; not for
 * cryptography.
 *
 * A Weyl sequence of 32 bits, mixed by the finaliser of MurmurHash3
 * (https://en.wikipedia.org/wiki/MurmurHash): the sequence visits every state
 * once, and the mixing is a bijection, so the period is `2 ** 32`.
 *
 * @param seed Any integer; equal seeds give equal numbers.
 * @returns A function that returns the next number.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    return (mixed >>> 0) / 2 ** 32;
  };
}
