/**
 * HashedCrossing: the hash of a pair of categories, modulo the number of bins.
 *
 * `h₀ = key`, `hᵢ = concatenated(hᵢ₋₁, fᵢ)`, where `fᵢ` is an integer itself,
 * or the fingerprint of a string. Where one of the inputs holds strings, the
 * host computes it; otherwise the engine does, with integers of 64 bits as 8
 * bytes along a last axis.
 *
 * Source: Keras 3.15 `HashedCrossing`, Keras 2.15 is the same; TensorFlow's
 * `sparse_cross_op.cc` and `FingerprintCat64` of `fingerprint.h`, described
 * there; reimplemented from their arithmetic.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { readSparse, wrongCall, wrongOption } from "./_checks.ts";
import { encoded } from "./_encodings.ts";
import { concatenated64, FACTOR64, fingerprint64 } from "./_hashes.ts";
import { encodedSizes, encodeRows, rowsOf } from "./_host_encodings.ts";
import { logicalXor } from "./_math_functions.ts";
import { constantOf, integer } from "./operation_forms.ts";
import type { FactoryTable, HostValues, Layer, LayerConfig } from "./layer.ts";

/** The key of `tf.sparse.cross_hashed`. */
const KEY = 0xdecafcaffen;
const NUM_BYTES = 8;
const BYTE = 256;

/** Up to this number, a byte times the number fits int32. */
const MOST_BINS = 2 ** 23;

function hashedCrossing(config: LayerConfig): Layer {
  const depth = config.number("num_bins");
  const mode = config.oneOf("output_mode", ["int", "one_hot"], "int");
  readSparse(config);
  const encoding = { mode, depth };
  return {
    weights: [],
    masks: () => [],
    call(ops, inputs) {
      checkShapes(inputs.map((x) => ops.shape(x)), config);
      if (depth > MOST_BINS) {
        const rule = `be at most ${MOST_BINS} for inputs that are numbers`;
        throw wrongOption(config, "num_bins", rule);
      }
      const bins = crossed(ops, inputs, depth, config);
      return [
        mode === "int" ? bins : encoded(ops, bins, depth, mode, config),
      ];
    },
    onHost: {
      takesNumbers: true,
      takesSeveral: true,
      leavesNumbers: true,
      dtype: mode === "int" ? "int32" : "float32",
      shapeOf(...shapes) {
        checkShapes(shapes, config);
        return encodedSizes(shapes[0]!, encoding, config);
      },
      compute(...values) {
        const [{ shape }] = values as [HostValues];
        const columns = values.map(({ data }) => Array.from(data, hash64));
        const bins = columns[0]!.map((_, row) =>
          columns.reduce(
            (hash, column) => concatenated64(hash, column[row]!),
            KEY,
          )
        ).map((hash) => Number(hash % BigInt(depth)));
        return encodeRows(rowsOf(bins, shape), shape.slice(1), encoding);
      },
    },
  };
}

function hash64(value: string | number | bigint): bigint {
  return typeof value === "string"
    ? fingerprint64(value)
    : BigInt.asUintN(64, BigInt(value));
}

function checkShapes(
  shapes: readonly (readonly (number | null)[])[],
  { name }: LayerConfig,
): void {
  const [first] = shapes;
  if (first === undefined || shapes.length < 2) {
    throw wrongCall(name, "it must get two inputs", shapes.length);
  }
  const wrong = shapes.find(({ length, 1: size }) =>
    length > 2 || length === 2 && size !== 1 || length !== first.length
  );
  if (wrong === undefined) return;
  throw wrongCall(name, "its inputs must all be [N], or all [N, 1]", wrong);
}

/** Bins of integers. */
function crossed<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  numBins: number,
  { name }: LayerConfig,
): T {
  const wrong = inputs.find((x) => ops.dtype(x) !== "int32");
  if (wrong !== undefined) {
    throw wrongCall(name, "its inputs must be integers", ops.dtype(wrong));
  }
  let hash = bytesOf(ops, KEY);
  for (const x of inputs) hash = concatenated(ops, hash, bytes(ops, x));
  // Σ byteᵢ 256ⁱ modulo the number of bins, without a number beyond int32.
  const size = integer(ops, numBins);
  const powers = Array.from(
    { length: NUM_BYTES },
    (_, i) => Number(BigInt(BYTE) ** BigInt(i) % BigInt(numBins)),
  );
  const weights = constantOf(ops, powers, "int32");
  const parts = ops.multiply(ops.cast(hash, "int32"), weights);
  return ops.mod(ops.sum(ops.mod(parts, size), { axis: -1 }), size);
}

/** The bytes of an integer of 64 bits, the lowest first. */
function bytesOf<T>(ops: Ops<T>, value: bigint): T {
  const bytes = Array.from(
    { length: NUM_BYTES },
    (_, i) => Number(value >> BigInt(8 * i) & 255n),
  );
  return constantOf(ops, bytes, "float32");
}

/** The bytes of integers of 32 bits, with their sign: `[…, 8]`. */
function bytes<T>(ops: Ops<T>, x: T): T {
  const axis = ops.shape(x).length;
  const divisors = Array.from({ length: 4 }, (_, i) => BYTE ** i);
  const column = ops.expandDims(x, axis);
  const low = ops.mod(
    ops.floorDivide(column, constantOf(ops, divisors, "int32")),
    integer(ops, BYTE),
  ); // [N, …, 4]
  const negative = ops.greater(integer(ops, 0), column);
  const sign = ops.where(
    negative,
    constantOf(ops, [255, 255, 255, 255], "int32"),
    constantOf(ops, [0, 0, 0, 0], "int32"),
  );
  return ops.float(ops.concatenate([low, sign], axis));
}

/** `FingerprintCat64`, over bytes. */
function concatenated<T>(ops: Ops<T>, first: T, second: T): T {
  const factor = bytesOf<T>(ops, FACTOR64);
  const mixed = times(ops, shiftMixed(ops, times(ops, second)));
  const both = xor(ops, xor(ops, first, factor), mixed);
  return shiftMixed(ops, times(ops, shiftMixed(ops, times(ops, both))));
}

/** The product with the factor, modulo 2⁶⁴. */
function times<T>(ops: Ops<T>, x: T): T {
  const factor = Array.from(
    { length: NUM_BYTES },
    (_, i) => Number(FACTOR64 >> BigInt(8 * i) & 255n),
  );
  const products = moved(ops, x, (by) => factor[by] ?? 0);
  // Sums of 8 products are below 2¹⁹, so that float32 holds them.
  let sums = products;
  for (let i = 0; i < NUM_BYTES; i++) {
    const carry = ops.floor(ops.divide(sums, ops.constant(BYTE)));
    const rest = ops.subtract(sums, ops.multiply(carry, ops.constant(BYTE)));
    sums = ops.add(rest, moved(ops, carry, (by) => by === 1 ? 1 : 0));
  }
  return sums;
}

/** Sums of bytes, each times a factor for how far it moves up. */
function moved<T>(ops: Ops<T>, x: T, factorOf: (by: number) => number): T {
  const matrix = Array.from(
    { length: NUM_BYTES ** 2 },
    (_, i) => factorOf(i % NUM_BYTES - Math.floor(i / NUM_BYTES)),
  );
  const shape = [NUM_BYTES, NUM_BYTES];
  return ops.matmul(x, constantOf(ops, matrix, "float32", shape));
}

/** `x ^ (x >> 47)`: 47 bits are 6 bytes less one bit. */
function shiftMixed<T>(ops: Ops<T>, x: T): T {
  const half = ops.constant(BYTE / 2);
  const high = ops.floor(ops.divide(x, half));
  const low = ops.subtract(x, ops.multiply(high, half));
  const shifted = ops.add(
    moved(ops, high, (by) => by === -5 ? 1 : 0),
    moved(ops, low, (by) => by === -6 ? 2 : 0),
  );
  return xor(ops, x, shifted);
}

/** The bits of bytes that are in one of two only. */
function xor<T>(ops: Ops<T>, a: T, b: T): T {
  const powers = constantOf(
    ops,
    Array.from({ length: 8 }, (_, i) => 2 ** i),
    "float32",
  );
  const bits = (x: T) => {
    const column = ops.expandDims(x, ops.shape(x).length);
    const shifted = ops.floor(ops.divide(column, powers));
    return ops.mod(shifted, ops.constant(2));
  };
  const isOne = logicalXor(ops, bits(a), bits(b)); // [N, …, 8, 8]
  return ops.sum(ops.multiply(ops.float(isOne), powers), { axis: -1 });
}

/** Factories of this family. */
export const CROSSING_LAYERS: FactoryTable = Object.freeze({
  HashedCrossing: hashedCrossing,
});
