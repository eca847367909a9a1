/**
 * Hashes of strings, as in TensorFlow's `to_hash_bucket_fast` and `_strong`,
 * over the UTF-8 bytes.
 *
 * @module
 */

const MASK = (1n << 64n) - 1n;
const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;

const wrap = (x: bigint) => x & MASK;
const rotate = (x: bigint, by: bigint) =>
  by === 0n ? x : wrap((x >> by) | (x << (64n - by)));
const shiftMix = (x: bigint) => x ^ (x >> 47n);

function hash16(u: bigint, v: bigint, factor: bigint): bigint {
  const a = shiftMix(wrap((u ^ v) * factor));
  return wrap(shiftMix(wrap((v ^ a) * factor)) * factor);
}

/** Reads little-endian integers from the bytes of a string. */
class Bytes {
  readonly length: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte(at: number): bigint {
    return BigInt(this.#view.getUint8(at));
  }

  half(at: number): bigint {
    return BigInt(this.#view.getUint32(at, true));
  }

  word(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }
}

/**
 * FarmHash Fingerprint64.
 *
 * Source: `farmhashna::Hash64`, https://github.com/google/farmhash, described
 * there; reimplemented from its arithmetic.
 *
 * @param text The string.
 * @returns 64 bits.
 */
export function fingerprint64(text: string): bigint {
  const s = new Bytes(new TextEncoder().encode(text));
  const { length } = s;
  if (length <= 16) return upTo16(s);
  const factor = wrap(K2 + BigInt(length) * 2n);
  if (length <= 32) {
    const [a, b, c, d] = ends(s, factor, K1);
    return hash16(
      wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d),
      wrap(a + rotate(wrap(b + K2), 18n) + c),
      factor,
    );
  }
  return length <= 64 ? upTo64(s, factor) : longer(s);
}

/**
 * Loads the first two words and the last two, the first and third times a
 * factor.
 */
function ends(
  s: Bytes,
  factor: bigint,
  first: bigint,
): readonly [bigint, bigint, bigint, bigint] {
  return [
    wrap(s.word(0) * first),
    s.word(8),
    wrap(s.word(s.length - 8) * factor),
    wrap(s.word(s.length - 16) * K2),
  ];
}

function upTo16(s: Bytes): bigint {
  const { length } = s;
  const size = BigInt(length);
  const factor = wrap(K2 + size * 2n);
  if (length >= 8) {
    const a = wrap(s.word(0) + K2);
    const b = s.word(length - 8);
    const c = wrap(rotate(b, 37n) * factor + a);
    const d = wrap((rotate(a, 25n) + b) * factor);
    return hash16(c, d, factor);
  }
  if (length >= 4) {
    return hash16(
      wrap(size + (s.half(0) << 3n)),
      s.half(length - 4),
      factor,
    );
  }
  if (length === 0) return K2;
  const y = s.byte(0) + (s.byte(length >> 1) << 8n);
  const z = size + (s.byte(length - 1) << 2n);
  return wrap(shiftMix(wrap(wrap(y * K2) ^ wrap(z * K0))) * K2);
}

function upTo64(s: Bytes, factor: bigint): bigint {
  const { length } = s;
  const [a, b, c, d] = ends(s, factor, K2);
  const y = wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d);
  const z = hash16(y, wrap(a + rotate(wrap(b + K2), 18n) + c), factor);
  const e = wrap(s.word(16) * factor);
  const f = s.word(24);
  const g = wrap((y + s.word(length - 32)) * factor);
  const h = wrap((z + s.word(length - 24)) * factor);
  return hash16(
    wrap(rotate(wrap(e + f), 43n) + rotate(g, 30n) + h),
    wrap(e + rotate(wrap(f + a), 18n) + g),
    factor,
  );
}

/** Two sums over 32 bytes. */
function seeded(s: Bytes, at: number, first: bigint, second: bigint) {
  const [w, x, y, z] = [0, 8, 16, 24].map((step) => s.word(at + step)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const a = wrap(first + w);
  const b = rotate(wrap(second + a + z), 21n);
  const sum = wrap(a + x + y);
  return [wrap(sum + z), wrap(b + rotate(sum, 44n) + a)] as [bigint, bigint];
}

function longer(s: Bytes): bigint {
  const { length } = s;
  const seed = 81n;
  let y = wrap(seed * K1 + 113n);
  let z = wrap(shiftMix(wrap(y * K2 + 113n)) * K2);
  let x = wrap(seed * K2 + s.word(0));
  let v: [bigint, bigint] = [0n, 0n];
  let w: [bigint, bigint] = [0n, 0n];
  const mix = (at: number, factor: bigint, more: bigint) => {
    x = wrap(rotate(wrap(x + y + v[0] + s.word(at + 8)), 37n) * factor);
    y = wrap(rotate(wrap(y + v[1] + s.word(at + 48)), 42n) * factor);
    x ^= wrap(w[1] * more);
    y = wrap(y + v[0] * more + s.word(at + 40));
    z = wrap(rotate(wrap(z + w[0]), 33n) * factor);
    v = seeded(s, at, wrap(v[1] * factor), wrap(x + w[0]));
    w = seeded(s, at + 32, wrap(z + w[1]), wrap(y + s.word(at + 16)));
    [z, x] = [x, z];
  };
  const end = Math.floor((length - 1) / 64) * 64;
  for (let at = 0; at < end; at += 64) mix(at, K1, 1n);
  const factor = wrap(K1 + ((z & 0xffn) << 1n));
  const rest = (length - 1) & 63;
  w[0] = wrap(w[0] + BigInt(rest));
  v[0] = wrap(v[0] + w[0]);
  w[0] = wrap(w[0] + v[0]);
  mix(end + rest - 63, factor, 9n);
  return hash16(
    wrap(hash16(v[0], w[0], factor) + shiftMix(y) * K0 + z),
    wrap(hash16(v[1], w[1], factor) + x),
    factor,
  );
}

/** The factor of {@linkcode concatenated64}. */
export const FACTOR64 = 0xc6a4a7935bd1e995n;

/**
 * The hash of two hashes: `FingerprintCat64` of TensorFlow.
 *
 * @param first 64 bits.
 * @param second 64 bits.
 * @returns 64 bits.
 */
export function concatenated64(first: bigint, second: bigint): bigint {
  const mixed = wrap(shiftMix(wrap(second * FACTOR64)) * FACTOR64);
  const both = wrap((first ^ FACTOR64 ^ mixed) * FACTOR64);
  return shiftMix(wrap(shiftMix(both) * FACTOR64));
}

/**
 * SipHash-2-4.
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012,
 * https://www.131002.net/siphash/siphash.pdf
 *
 * @param text The string.
 * @param key Two keys of 64 bits.
 * @returns 64 bits.
 */
export function sipHash(text: string, key: readonly [bigint, bigint]): bigint {
  const bytes = new TextEncoder().encode(text);
  const whole = bytes.length - bytes.length % 8;
  const padded = new Uint8Array(whole + 8);
  padded.set(bytes);
  padded[whole + 7] = bytes.length & 255;
  const s = new Bytes(padded);
  const [k0, k1] = key.map(wrap) as [bigint, bigint];
  let a = k0 ^ 0x736f6d6570736575n;
  let b = k1 ^ 0x646f72616e646f6dn;
  let c = k0 ^ 0x6c7967656e657261n;
  let d = k1 ^ 0x7465646279746573n;
  const round = () => { // left rotations
    a = wrap(a + b);
    b = rotate(b, 51n) ^ a;
    a = rotate(a, 32n);
    c = wrap(c + d);
    d = rotate(d, 48n) ^ c;
    a = wrap(a + d);
    d = rotate(d, 43n) ^ a;
    c = wrap(c + b);
    b = rotate(b, 47n) ^ c;
    c = rotate(c, 32n);
  };
  for (let at = 0; at < padded.length; at += 8) {
    const word = s.word(at);
    d ^= word;
    round();
    round();
    a ^= word;
  }
  c ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return a ^ b ^ c ^ d;
}
