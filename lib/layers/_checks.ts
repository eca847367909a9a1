/**
 * Checks shared by families of layers: of options, beyond those of
 * {@linkcode LayerConfig}, and of inputs and weights.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { LayerConfig } from "./layer.ts";

/**
 * Creates the error for an invalid option.
 *
 * @param config The layer's config.
 * @param key The option.
 * @param rule The rule that it violates.
 * @returns The error to throw.
 */
export function wrongOption(
  config: LayerConfig,
  key: string,
  rule: string,
): TypeError {
  return new TypeError(
    cannot(
      `read layer "${config.name}"`,
      `"${key}" must ${rule}`,
      config.raw(key),
    ),
  );
}

/**
 * Reads sizes or steps, each at least 1.
 *
 * @param config The layer's config.
 * @param key The option.
 * @param length Their number; a single number is repeated.
 * @param fallback The default if the option is absent.
 * @returns The numbers.
 * @throws {TypeError} If one is not a positive integer.
 */
export function positiveInts(
  config: LayerConfig,
  key: string,
  length: number,
  fallback?: number | readonly number[],
): readonly number[] {
  const list = config.ints(key, length, fallback);
  if (list.every((size) => size >= 1)) return list;
  throw wrongOption(config, key, "hold whole numbers of 1 or more");
}

/**
 * Checks the rank of an input.
 *
 * @param name The layer's name.
 * @param shape The input's shape.
 * @param rank The required number of axes.
 * @throws {TypeError} If it has another number of axes.
 */
export function checkRank(
  name: string,
  shape: readonly (number | null)[],
  rank: number,
): void {
  if (shape.length === rank) return;
  throw new TypeError(
    cannot(`call layer "${name}"`, `its input must have ${rank} axes`, shape),
  );
}

/**
 * The number of channels of a feature map, which must be known.
 *
 * @param name The layer's name.
 * @param shape The map's shape, channels last.
 * @returns The size of its last axis.
 * @throws {TypeError} If it is unknown.
 */
export function depthOf(
  name: string,
  shape: readonly (number | null)[],
): number {
  const depth = shape.at(-1);
  if (typeof depth === "number") return depth;
  throw new TypeError(
    cannot(
      `call layer "${name}"`,
      "the number of its input's channels must be known",
      shape,
    ),
  );
}

/**
 * Checks that the shape of a weight matches the options.
 *
 * @param name The layer's name.
 * @param weight The weight's name.
 * @param shape Its shape.
 * @param wanted The required shape; null for any size.
 * @throws {TypeError} If the shapes differ.
 */
export function checkWeight(
  name: string,
  weight: string,
  shape: readonly (number | null)[],
  wanted: readonly (number | null)[],
): void {
  const isRight = shape.length === wanted.length &&
    wanted.every((size, i) => size === null || size === shape[i]);
  if (isRight) return;
  throw new TypeError(
    cannot(
      `call layer "${name}"`,
      `the shape of its "${weight}" must be ${shapeText(wanted)}`,
      shape,
    ),
  );
}

/**
 * Adds a bias. Its sizes must be those of the last axes, because broadcasting
 * would hide an error.
 *
 * @param ops The engine's operations.
 * @param x The sum so far.
 * @param bias The bias; undefined for none.
 * @param name The layer's name.
 * @param axes Number of axes of the bias.
 * @returns The sum.
 * @throws {TypeError} If the bias has other sizes.
 */
export function addBias<T>(
  ops: Ops<T>,
  x: T,
  bias: T | undefined,
  name: string,
  axes = 1,
): T {
  if (bias === undefined) return x;
  checkWeight(name, "bias", ops.shape(bias), ops.shape(x).slice(-axes));
  return ops.add(x, bias);
}

/**
 * Parts of the names of Keras' quantised policies, such as `int8_from_float32`.
 */
const QUANTIZED = /_from_|Quantized|Int4|Float8|GPTQ|AWQ/;

/**
 * How the weights of a layer are stored, and whether its input is quantised.
 */
export type Quantization = "none" | "int8" | "int8-weights";

/**
 * Reads how a layer's weights are stored. Keras merges LoRA into the stored
 * kernel, so that only the options differ.
 *
 * @param config The layer's config.
 * @returns `int8` if the input is quantised to 8 bits too, `int8-weights` if
 * only the weights are.
 * @throws {TypeError} If they are quantised in another way.
 */
export function quantizationOf(config: LayerConfig): Quantization {
  config.raw("lora_rank");
  config.raw("lora_alpha");
  const policy = config.raw("dtype");
  const text = JSON.stringify(policy ?? null);
  const quantized = config.raw("quantization_config") as Quantized;
  if (!QUANTIZED.test(text)) {
    if (quantized === null || quantized === undefined) return "none";
    throw wrongOption(config, "quantization_config", "not be there");
  }
  const isInt8 = text.startsWith('"int8_from_float32"') ||
    /"QuantizedDTypePolicy".*"mode":"int8"/.test(text) &&
      /"source_name":"float32"/.test(text);
  if (!isInt8) {
    throw new TypeError(
      cannot(
        `read layer "${config.name}"`,
        '"dtype" must be a policy without quantisation, or of int8',
        /"mode":"([^"]+)"/.exec(text)?.[1] ?? text,
        "save it in Python before model.quantize() is called",
      ),
    );
  }
  if (quantized === null || quantized === undefined) return "int8";
  const { weight_quantizer: weights, activation_quantizer: inputs } =
    quantized.config ?? {};
  const isKnown = quantized.class_name === "Int8QuantizationConfig" &&
    (weights ?? null) === null && ((inputs ?? null) === null ||
      inputs!.class_name === "AbsMaxQuantizer" &&
        JSON.stringify(inputs!.config?.value_range) === "[-127,127]" &&
        inputs!.config?.epsilon === 1e-7);
  if (isKnown) return (inputs ?? null) === null ? "int8-weights" : "int8";
  throw wrongOption(config, "quantization_config", "be Keras' own of int8");
}

/** The part of a quantisation config that is read. */
type Quantized =
  | {
    readonly class_name?: string;
    readonly config?: {
      readonly weight_quantizer?: unknown;
      readonly activation_quantizer?: {
        readonly class_name?: string;
        readonly config?: Readonly<Record<string, unknown>>;
      } | null;
    };
  }
  | null
  | undefined;

/**
 * Checks that the weights of a layer are not quantised.
 *
 * @param config The layer's config.
 * @throws {TypeError} If they are.
 */
export function checkPlainWeights(config: LayerConfig): void {
  const quantization = quantizationOf(config);
  if (quantization === "none") return;
  throw new TypeError(
    cannot(
      `read layer "${config.name}"`,
      '"dtype" must be a policy without quantisation, which Dense and Embedding alone may have',
      quantization,
      "save it in Python before model.quantize() is called",
    ),
  );
}
