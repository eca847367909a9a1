/**
 * Combines checksums of consecutive parts.
 *
 * @module
 */

/** The polynomial of CRC-32, lowest power first. */
const POLYNOMIAL = 0xedb88320;

/**
 * The CRC-32 of two concatenated byte sequences, from their checksums.
 *
 * A CRC is linear over bits: `n` appended zero bytes multiply the checksum by
 * `x^(8n)`, modulo the polynomial.
 *
 * Source: as in zlib's `crc32_combine`, by squaring.
 *
 * @param first Checksum of the first sequence.
 * @param second Checksum of the second sequence.
 * @param length Number of bytes of the second sequence.
 * @returns The checksum of both.
 */
export function crc32Combine(
  first: number,
  second: number,
  length: number,
): number {
  let power = 0x80000000; // 1
  let square = 0x00800000; // x^8, one byte
  for (let left = length; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = multiply(square, power);
    square = multiply(square, square);
  }
  return (multiply(power, first) ^ second) >>> 0;
}

/** Product of two polynomials modulo that of CRC-32; the highest bit is `x^0`. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= b;
    b = (b & 1) !== 0 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product >>> 0;
}
