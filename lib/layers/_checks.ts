/**
 * Checks shared by families of layers: of options, beyond those of
 * {@linkcode LayerConfig}, and of inputs and weights.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { LayerConfig } from "./layer.ts";

/** A config that cannot be read: not an error of a custom function. */
export class ConfigError extends TypeError {}

/**
 * Creates the error for a config that cannot be read.
 *
 * @param name The layer's name.
 * @param rule The rule that it violates.
 * @param value The value that violates it.
 * @param advice What to do instead.
 * @returns The error to throw.
 */
export function wrongConfig(
  name: string,
  rule: string,
  value: unknown,
  advice?: string,
): TypeError {
  return new ConfigError(cannot(`read layer "${name}"`, rule, value, advice));
}

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
  return wrongConfig(config.name, `"${key}" must ${rule}`, config.raw(key));
}

/**
 * Creates the error for inputs, masks or weights that do not fit a layer.
 *
 * @param name The layer's name.
 * @param rule The rule that is violated.
 * @param value The value that violates it.
 * @param advice What to do instead.
 * @returns The error to throw.
 */
export function wrongCall(
  name: string,
  rule: string,
  value: unknown,
  advice?: string,
): TypeError {
  return new TypeError(cannot(`call layer "${name}"`, rule, value, advice));
}

/**
 * Refuses an option that is on.
 *
 * @param config The layer's config.
 * @param key The option; off if it is absent.
 * @throws {TypeError} If it is on.
 */
export function refuseOption(config: LayerConfig, key: string): void {
  if (config.boolean(key, false)) throw wrongOption(config, key, "be false");
}

/**
 * Reads whether a result is sparse: it has the values of a dense one.
 *
 * @param config The layer's config.
 */
export function readSparse(config: LayerConfig): void {
  config.boolean("sparse", false);
}

/**
 * Reads a number that may be absent or null.
 *
 * @param config The layer's config.
 * @param key The option.
 * @returns The number, or undefined.
 * @throws {TypeError} If it is anything else.
 */
export function optionalNumber(
  config: LayerConfig,
  key: string,
): number | undefined {
  const value = config.raw(key) ?? undefined;
  return value === undefined ? undefined : config.number(key);
}

/**
 * Reads the axes over which a layer computes.
 *
 * @param config The layer's config.
 * @returns One axis or several; the last by default.
 * @throws {TypeError} If one is not an integer, or there is none.
 */
export function axesOption(config: LayerConfig): readonly number[] {
  const axes = [config.raw("axis") ?? -1].flat();
  if (axes.length > 0 && axes.every(Number.isSafeInteger)) {
    return axes as number[];
  }
  throw wrongOption(config, "axis", "be one axis, or several");
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
  throw wrongCall(name, `its input must have ${rank} axes`, shape);
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
  throw wrongCall(
    name,
    "the number of its input's channels must be known",
    shape,
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
  throw wrongCall(
    name,
    `the shape of its "${weight}" must be ${shapeText(wanted)}`,
    shape,
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
