/**
 * Colours of images `[N, H, W, 3]`.
 *
 * Source: TensorFlow 2.21 `tf.image`, `colorspace_op.h`.
 *
 * @module
 */
import { clip } from "./activations.ts";
import { cannot } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { entryAt, knownSize } from "./operation_forms.ts";

const c = <T>(ops: Ops<T>, value: number) => ops.constant(value);

/** The channels of images, each `[N, H, W, 1]`. */
export function channelsOfImages<T>(
  ops: Ops<T>,
  x: T,
  name: string,
): [T, T, T] {
  const depth = knownSize(ops, x, 3, name);
  if (depth !== 3) {
    throw new TypeError(
      cannot(`call operation "${name}"`, "images must have 3 channels", depth),
    );
  }
  const at = (i: number) => entryAt(ops, x, 3, i);
  return [at(0), at(1), at(2)];
}

/**
 * Hue, saturation and value of red, green and blue.
 *
 * @param ops The engine's operations.
 * @param x `[N, H, W, 3]`.
 * @param name The operation's name, for messages.
 * @returns `[N, H, W, 3]`.
 */
export function rgbToHsv<T>(ops: Ops<T>, x: T, name: string): T {
  const [red, green, blue] = channelsOfImages(ops, x, name);
  const value = ops.maximum(red, ops.maximum(green, blue));
  const least = ops.minimum(red, ops.minimum(green, blue));
  const range = ops.subtract(value, least);
  const zero = c(ops, 0);
  const isGray = ops.logicalNot(ops.greater(range, zero));
  const safe = ops.where(isGray, c(ops, 1), range);
  const sixth = (a: T, b: T, start: number) =>
    ops.add(
      ops.divide(ops.subtract(a, b), ops.multiply(c(ops, 6), safe)),
      c(ops, start),
    );
  const hue = ops.where(
    ops.equal(red, value),
    sixth(green, blue, 0),
    ops.where(
      ops.equal(green, value),
      sixth(blue, red, 2 / 6),
      sixth(red, green, 4 / 6),
    ),
  );
  const positive = ops.where(
    ops.greater(zero, hue),
    ops.add(hue, c(ops, 1)),
    hue,
  );
  const isBlack = ops.logicalNot(ops.greater(value, zero));
  const saturation = ops.where(
    isBlack,
    zero,
    ops.divide(range, ops.where(isBlack, c(ops, 1), value)),
  );
  return ops.concatenate(
    [ops.where(isGray, zero, positive), saturation, value],
    3,
  );
}

/**
 * Red, green and blue of hue, saturation and value.
 *
 * @param ops The engine's operations.
 * @param x `[N, H, W, 3]`.
 * @param name The operation's name, for messages.
 * @returns `[N, H, W, 3]`.
 */
export function hsvToRgb<T>(ops: Ops<T>, x: T, name: string): T {
  const [hue, saturation, value] = channelsOfImages(ops, x, name);
  const angle = ops.multiply(hue, c(ops, 6));
  const ramp = (middle: number, sign: 1 | -1) => {
    const away = ops.abs(ops.subtract(angle, c(ops, middle)));
    const raw = sign === 1
      ? ops.subtract(away, c(ops, 1))
      : ops.subtract(c(ops, 2), away);
    return clip(ops, raw, 0, 1);
  };
  const channel = (middle: number, sign: 1 | -1) =>
    ops.multiply(
      ops.add(
        ops.subtract(ops.multiply(saturation, ramp(middle, sign)), saturation),
        c(ops, 1),
      ),
      value,
    );
  return ops.concatenate([channel(3, 1), channel(2, -1), channel(4, -1)], 3);
}
