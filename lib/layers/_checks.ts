/**
 * Checks that families of layers share: of options beyond what
 * {@linkcode LayerConfig} checks, and of what a layer is given.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { LayerConfig } from "./layer.ts";

/**
 * Words the error of an option that is not what it must be.
 *
 * @param config The layer's config.
 * @param key The option.
 * @param rule What must hold of it.
 * @returns The error, to be thrown.
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
 * @param length How many; one number stands for all.
 * @param fallback What holds where the option is not there.
 * @returns The numbers.
 * @throws {TypeError} If one is not a positive whole number.
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
 * Refuses an input of another rank.
 *
 * @param name The layer's name.
 * @param shape The input's shape.
 * @param rank How many axes it must have.
 * @throws {TypeError} If it has more or fewer.
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
 * How many channels a map has, which its layer must know.
 *
 * @param name The layer's name.
 * @param shape The map's shape, channels last.
 * @returns The size of its last axis.
 * @throws {TypeError} If it is not known.
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
 * Refuses a weight of another shape than the options say.
 *
 * @param name The layer's name.
 * @param weight The weight's name.
 * @param shape Its shape.
 * @param wanted What it must be; null for any size.
 * @throws {TypeError} If it is another.
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
 * Adds a bias, which must have the sizes of the last axes: one that is
 * broadcast would give numbers without an error.
 *
 * @param ops The engine's operations.
 * @param x The sum so far.
 * @param bias The bias, or nothing.
 * @param name The layer's name.
 * @param axes How many axes the bias has.
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
