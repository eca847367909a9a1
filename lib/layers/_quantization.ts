/**
 * Layers whose weights are stored in 8 or 4 bits: their options, and how to
 * compute with them.
 *
 * Source: Keras 3.15 `keras.quantizers`, `Dense`, `EinsumDense`, `Embedding`
 * and `ReversibleEmbedding`, after `model.quantize("int8")` or `"int4"`.
 *
 * @module
 */
import { clip } from "./activations.ts";
import type { Ops } from "../ops/ops.ts";
import { checkWeight, wrongConfig, wrongOption } from "./_checks.ts";
import type { LayerConfig } from "./layer.ts";

/** Parts of the names of quantised policies, such as `int8_from_float32`. */
const QUANTIZED = /_from_|Quantized|Int4|Float8|GPTQ|AWQ/;

/** How the weights of a layer are stored, and how its input is rounded. */
export interface Quantization {
  readonly bits: 8 | 4;
  /** Whether the input is rounded to 8 bits too. */
  readonly roundsInput: boolean;
  /** How many numbers share a scale and a zero point; undefined for one scale a column. */
  readonly blockSize?: number;
}

/** The part of a quantisation's description that is read. */
interface Described {
  readonly "class_name"?: string;
  readonly config?: {
    readonly "weight_quantizer"?: unknown;
    readonly "activation_quantizer"?: {
      readonly "class_name"?: string;
      readonly config?: Readonly<Record<string, unknown>>;
    } | null;
    readonly "block_size"?: number | null;
  };
}

/**
 * Reads how a layer's weights are stored. A `.keras` file holds a layer with
 * LoRA with its product in the kernel, so that only its options differ.
 *
 * @param config The layer's config.
 * @param bits Which widths the layer can be stored in.
 * @returns How; undefined for plain weights.
 * @throws {TypeError} If they are quantised in another way; it names it.
 */
export function quantizationOf(
  config: LayerConfig,
  bits: readonly (8 | 4)[],
): Quantization | undefined {
  config.raw("lora_rank");
  config.raw("lora_alpha");
  const text = JSON.stringify(config.raw("dtype") ?? null);
  const described = (config.raw("quantization_config") ?? undefined) as
    | Described
    | undefined;
  if (!QUANTIZED.test(text)) {
    if (described === undefined) return undefined;
    throw wrongOption(config, "quantization_config", "not be there");
  }
  const stored = storedAs(text);
  if (stored === undefined || !bits.includes(stored.bits)) {
    const known = bits.map((width) => `int${width}`).join(" or ");
    throw wrongConfig(
      config.name,
      `"dtype" must be a policy without quantisation${
        bits.length === 0 ? "" : `, or of ${known}`
      }`,
      /"mode":"([^"]+)"/.exec(text)?.[1] ?? text,
      "save it in Python before model.quantize() is called",
    );
  }
  return withDescription(config, stored, described);
}

/** The settings of a policy; undefined if it is unknown. */
function storedAs(text: string): Quantization | undefined {
  if (text.startsWith('"int8_from_float32"')) {
    return { bits: 8, roundsInput: true };
  }
  if (!text.includes('"source_name":"float32"')) return undefined;
  if (/"QuantizedDTypePolicy".*"mode":"int8"/.test(text)) {
    return { bits: 8, roundsInput: true };
  }
  const block = /"Int4DTypePolicy".*"mode":"int4\/(-?\d+)"/.exec(text)?.[1];
  if (block === undefined) return undefined;
  return { bits: 4, roundsInput: true, ...grouped(Number(block)) };
}

function grouped(size: number): { blockSize?: number } {
  return size > 0 ? { blockSize: size } : {};
}

function withDescription(
  config: LayerConfig,
  stored: Quantization,
  described: Described | undefined,
): Quantization {
  if (described === undefined) return stored;
  const options = described.config ?? {};
  const input = options.activation_quantizer ?? undefined;
  const isKnown =
    described.class_name === `Int${stored.bits}QuantizationConfig` &&
    (options.weight_quantizer ?? null) === null && (input === undefined ||
      input.class_name === "AbsMaxQuantizer" &&
        JSON.stringify(input.config?.value_range) === "[-127,127]" &&
        input.config?.epsilon === 1e-7);
  if (!isKnown) {
    const rule = `be Keras' default of int${stored.bits}`;
    throw wrongOption(config, "quantization_config", rule);
  }
  const roundsInput = input !== undefined;
  if (stored.bits === 8) return { bits: 8, roundsInput };
  return { bits: 4, roundsInput, ...grouped(options.block_size ?? -1) };
}

/**
 * Refuses a layer whose weights are stored quantised.
 *
 * @param config The layer's config.
 * @throws {TypeError} If they are.
 */
export function checkPlainWeights(config: LayerConfig): void {
  quantizationOf(config, []);
}

/**
 * Names of the weights that belong to a quantised one, in Keras' order.
 *
 * @param name The weight's name.
 * @param quantization How it is stored.
 * @returns Their names; none for plain weights.
 */
export function quantizedWeights(
  name: string,
  quantization: Quantization | undefined,
): string[] {
  if (quantization === undefined) return [];
  const { blockSize } = quantization;
  return [
    `${name}_scale`,
    ...(blockSize === undefined ? [] : [`${name}_zero`, "g_idx"]),
  ];
}

/**
 * A value rounded to integers from -127 to 127, and its scale,
 * `127 / (max|x| + 1e-7)` over some axes.
 *
 * @param ops The engine's operations.
 * @param x The value.
 * @param axis The axes that share a factor.
 * @returns The integers, and the factor, its size along these axes 1.
 */
export function roundedTo8Bits<T>(
  ops: Ops<T>,
  x: T,
  axis: readonly number[],
): { rounded: T; factor: T } {
  const most = ops.max(ops.abs(x), { axis, keepdims: true });
  const factor = ops.divide(
    ops.constant(127),
    ops.add(most, ops.constant(1e-7)),
  );
  const whole = ops.round(ops.multiply(x, factor));
  return { rounded: clip(ops, whole, -127, 127), factor };
}

/**
 * Two numbers of 4 bits from each of 8: the low bits first.
 *
 * @param ops The engine's operations.
 * @param packed Numbers from -128 to 127, `[…, ceil(size / 2)]`.
 * @param size Size of the last axis of the result.
 * @returns Numbers from -8 to 7, `[…, size]`.
 */
export function unpacked4Bits<T>(ops: Ops<T>, packed: T, size: number): T {
  const all = ops.float(packed);
  const sixteen = ops.constant(16);
  const high = ops.floor(ops.divide(all, sixteen)); // -8 to 7
  const low = ops.subtract(all, ops.multiply(high, sixteen)); // 0 to 15
  const signed = ops.where(
    ops.greater(low, ops.constant(7)),
    ops.subtract(low, sixteen),
    low,
  );
  const rank = ops.shape(packed).length;
  const pairs = ops.stack([signed, high], rank);
  const flat = ops.merge(pairs, rank - 1, rank);
  return ops.slice(flat, [{ axis: rank - 1, stop: size }]);
}

/** The tensors of a quantised kernel. */
export interface QuantizedKernel<T> {
  readonly kernel: T;
  readonly scale: T;
  /** Zero points, for blocks. */
  readonly zero: T | undefined;
  /** The block of each row, for blocks. */
  readonly block: T | undefined;
}

/**
 * The quantised kernel among a layer's weights.
 *
 * @param weights The layer's weights.
 * @param name The kernel's name.
 * @returns The kernel and its parameters.
 */
export function quantizedKernel<T>(
  weights: Readonly<Record<string, T>>,
  name: string,
): QuantizedKernel<T> {
  return {
    kernel: weights[name]!,
    scale: weights[`${name}_scale`]!,
    zero: weights[`${name}_zero`],
    block: weights["g_idx"],
  };
}

/**
 * `x · kernel`, the kernel `[D, units]` in 8 or 4 bits.
 *
 * @param ops The engine's operations.
 * @param x `[N, …, D]`.
 * @param weights The kernel, its scales `[units]`, or of each block `[blocks, units]`.
 * @param quantization How they are stored.
 * @param layer The layer's name, and its units.
 * @returns `[N, …, units]`.
 */
export function quantizedProduct<T>(
  ops: Ops<T>,
  x: T,
  { kernel, scale, zero, block }: QuantizedKernel<T>,
  { bits, roundsInput, blockSize }: Quantization,
  { name, units }: { readonly name: string; readonly units: number },
): T {
  const depth = ops.shape(x).at(-1)!;
  const width = bits === 8 ? units : Math.ceil(units / 2);
  checkWeight(name, "kernel", ops.shape(kernel), [depth, width]);
  const numbers = bits === 8
    ? ops.float(kernel)
    : unpacked4Bits(ops, kernel, units);
  if (blockSize !== undefined) {
    const stored = { scale, zero, block };
    const shape = [depth!, units] as const;
    const values = dequantisedBlocks(ops, numbers, stored, {
      name,
      shape,
      blockSize,
    });
    return ops.matmul(x, values);
  }
  checkWeight(name, "kernel_scale", ops.shape(scale), [units]);
  if (!roundsInput) return ops.divide(ops.matmul(x, numbers), scale);
  const { rounded, factor } = roundedTo8Bits(ops, x, [-1]);
  return ops.divide(ops.matmul(rounded, numbers), ops.multiply(scale, factor));
}

/**
 * `(numbers - zero) * scale`, with a zero point and a scale for each block of
 * rows.
 *
 * @param ops The engine's operations.
 * @param numbers The integers, `[D, units]`.
 * @param stored Scales and zero points of each block, `[blocks, units]`, and
 * the block of each row, `[D]`.
 * @param layer The layer's name, the shape of the integers, and the rows of a
 * block.
 * @returns `[D, units]`.
 */
export function dequantisedBlocks<T>(
  ops: Ops<T>,
  numbers: T,
  { scale, zero, block }: Omit<QuantizedKernel<T>, "kernel">,
  { name, shape: [depth, units], blockSize }: {
    readonly name: string;
    readonly shape: readonly [number, number];
    readonly blockSize: number;
  },
): T {
  const blocks = Math.ceil(depth / blockSize);
  checkWeight(name, "kernel_scale", ops.shape(scale), [blocks, units]);
  checkWeight(name, "kernel_zero", ops.shape(zero!), [blocks, units]);
  checkWeight(name, "g_idx", ops.shape(block!), [depth]);
  const rows = ops.cast(block!, "int32");
  const of = (value: T) => ops.take(ops.float(value), rows, 0);
  return ops.multiply(ops.subtract(numbers, of(zero!)), of(scale));
}
