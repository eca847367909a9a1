/**
 * Weights of the linear layers of ONNX files, as the file stores them: whole,
 * quantised, transposed, cast or scaled.
 *
 * @module
 */
import { storedType } from "../../formats/onnx_tensor.ts";
import { toFloat32 } from "../../formats/stored_array.ts";
import type { GraphNode, WeightSource, WeightValue } from "./graph.ts";
import { constant } from "./head_link.ts";
import type { FileConstant } from "./onnx_origin.ts";

/** Element types, as numbered in Cast, that hold float16 exactly. */
const WIDE_FLOATS = new Set([1, 11]);
/** Maximum number of operations between a constant and its use. */
const MOST_LEVELS = 8;

/**
 * A constant argument, also if it is computed from constants: dequantised,
 * transposed, or cast to a wider float.
 *
 * @param node The operation.
 * @param index The index of the argument.
 * @returns A function that returns its values; undefined if it is not constant.
 */
export function parameter(
  node: GraphNode,
  index: number,
): (() => WeightValue) | undefined {
  return parameterAt(node, index, 0);
}

function parameterAt(
  node: GraphNode,
  index: number,
  level: number,
): (() => WeightValue) | undefined {
  const plain = constant(node, index);
  if (plain !== undefined || level > MOST_LEVELS) return plain;
  const from = producerOf(node, index);
  if (from === undefined || !from.isConstant) return undefined;
  const { kind, config } = from.row;
  if (kind === "DequantizeLinear") return dequantisedConstant(from);
  const inner = parameterAt(from, 0, level + 1);
  if (inner === undefined) return undefined;
  if (kind === "Cast" && WIDE_FLOATS.has(Number(config.to))) {
    return () => floats(inner());
  }
  const isSwap = (config.perm ?? [1, 0]).toString() === "1,0";
  if (kind !== "Transpose" || !isSwap || inner().shape.length !== 2) {
    return undefined;
  }
  return () => transposed(floats(inner()));
}

function producerOf({ call }: GraphNode, index: number): GraphNode | undefined {
  return call.kind === "raw" ? call.onnx?.producers[index]?.node : undefined;
}

/**
 * A constant of bytes with a scale in total or for each slice of an axis. Those
 * of half a byte, or with a scale for each block, are not read.
 */
function dequantisedConstant(
  from: GraphNode,
): (() => WeightSource) | undefined {
  const { axis = 1, block_size: block = 0 } = from.row.config;
  const parts = [0, 1, 2].map((i) => constant(from, i)?.());
  const [stored, scale, zero] = parts as (FileConstant | undefined)[];
  if (stored === undefined || scale === undefined || block !== 0) {
    return undefined;
  }
  const size = stored.shape.at(Number(axis));
  const isEven = [scale, ...(zero ? [zero] : [])].every(({ shape }) =>
    shape.length === 0 || shape.length === 1 && [1, size].includes(shape[0])
  );
  if (storedType(stored.tensor.type) === undefined || !isEven) return undefined;
  return () => dequantised(stored, [scale], zero, Number(axis));
}

/**
 * `(stored - zero) * scale * …`, with one scale in total or one for each slice
 * of an axis.
 *
 * @param stored The integers.
 * @param scales The factors.
 * @param zero The integer of zero, in total or for each slice.
 * @param axis The axis of the slices.
 * @returns The weight, in float32.
 */
export function dequantised(
  stored: WeightSource,
  scales: readonly WeightSource[],
  zero: WeightSource | undefined,
  axis: number,
): WeightSource {
  const { shape } = stored;
  const at = axis < 0 ? axis + shape.length : axis;
  const inner = shape.slice(at + 1).reduce((product, n) => product * n, 1);
  return computed(stored, async () => {
    const [values, zeros, ...factors] = await Promise.all([
      stored.read(),
      zero?.read(),
      ...scales.map((scale) => scale.read()),
    ]);
    const slice = (data: ArrayLike<unknown>, i: number) =>
      Number(data[data.length === 1 ? 0 : Math.floor(i / inner) % data.length]);
    return Float32Array.from(Array.from(values.data, Number), (value, i) => {
      const from = zeros === undefined ? 0 : slice(zeros.data, i);
      return factors.reduce(
        (product, { data }) => product * slice(data, i),
        value - from,
      );
    });
  });
}

/**
 * Converts a weight to float32, in which heads are computed.
 *
 * @param value The weight.
 * @param factor Multiplies its values. @default {1}
 * @returns The weight.
 */
export function floats(value: WeightValue, factor = 1): WeightSource {
  const source = value as WeightSource;
  return computed(source, async () => {
    const { data, shape, dtype } = await source.read();
    const stored = { data, shape, dtype } as Parameters<typeof toFloat32>[0];
    const values = toFloat32(stored, source.name);
    return factor === 1 ? values : values.map((number) => number * factor);
  });
}

function transposed(source: WeightSource): WeightSource {
  const [rows, columns] = source.shape as [number, number];
  const swapped = { ...source, shape: [columns, rows] };
  return computed(swapped, async () => {
    const { data } = await source.read();
    return Float32Array.from(
      data,
      (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!,
    );
  });
}

/** A weight of the same shape with other values, in float32. */
function computed(
  source: WeightSource,
  values: () => Promise<Float32Array>,
): WeightSource {
  const { name, shape, mustBeFinite = false } = source;
  return {
    name,
    shape,
    mustBeFinite,
    read: async () => ({ data: await values(), shape, dtype: "float32" }),
  };
}
