/**
 * Convolutions on TF.js, with the semantics of Keras.
 *
 * TF.js supports two and three spatial axes, without groups, and not strides
 * and dilation at once; its transposed convolutions have no output padding, and
 * the 3-D one is wrong on wasm. The missing cases are emulated by changing
 * feature map and kernel: an axis of size 1, zeros between the values of the
 * kernel, zeros between those of the map.
 *
 * @module
 */
import type { Tensor5D } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";
import type { ConvOptions, ConvTransposeOptions } from "../../ops/ops.ts";
import {
  reach,
  transposedCrop,
  transposedSize,
  type Windows,
} from "../../ops/windows.ts";
import { aroundAxis, padAxis, reversed } from "./webgpu_kernels.ts";

/**
 * Convolution, channels last.
 *
 * @param x The feature map, `[N, …positions, D]`.
 * @param kernel The kernel, `[…size, D / groups, C]`.
 * @param options Strides, padding, dilation, groups.
 * @returns The feature map, `[N, …positions, C]`.
 */
export function conv(
  x: tf.Tensor,
  kernel: tf.Tensor,
  options: ConvOptions,
): tf.Tensor {
  const { strides, dilation, padding, groups = 1 } = options;
  if (strides.length === 1) {
    const wide = conv(tf.expandDims(x, 1), tf.expandDims(kernel, 0), {
      strides: [1, ...strides],
      dilation: [1, ...dilation],
      padding,
      groups,
    });
    return tf.squeeze(wide, [1]);
  }
  const isStrided = strides.some((stride) => stride > 1);
  if (padding === "same" && isStrided && hasGaps(kernel, options)) {
    return conv(paddedSame(x, kernel, options), kernel, {
      ...options,
      padding: "valid",
    });
  }
  if (isStrided && dilation.some((distance) => distance > 1)) {
    return conv(x, spreadKernel(kernel, dilation), {
      ...options,
      dilation: dilation.map(() => 1),
    });
  }
  const depth = x.shape.at(-1)!;
  if (groups > 1 && groups === depth && strides.length === 2) {
    return depthwise(x, kernel, options);
  }
  if (groups > 1) {
    const maps = tf.split(x, groups, -1);
    const kernels = tf.split(kernel, groups, -1);
    return tf.concat(
      maps.map((map, i) => conv(map, kernels[i]!, { ...options, groups: 1 })),
      -1,
    );
  }
  return plainConv(x, kernel, options);
}

/** Convolution as TF.js has it, without groups. */
function plainConv(
  x: tf.Tensor,
  kernel: tf.Tensor,
  { strides, dilation, padding }: ConvOptions,
): tf.Tensor {
  return strides.length === 2
    ? tf.conv2d(
      x as tf.Tensor4D,
      kernel as tf.Tensor4D,
      pair(strides),
      padding,
      "NHWC",
      pair(dilation),
    )
    : tf.conv3d(
      x as Tensor5D,
      kernel as Tensor5D,
      triple(strides),
      padding,
      "NDHWC",
      triple(dilation),
    );
}

/**
 * Whether there are gaps between windows. Then `same` may need no padding and
 * leave positions over, which TF.js treats as negative padding: in 3-D, and on
 * wasm.
 */
function hasGaps(
  kernel: tf.Tensor,
  { strides, dilation, padding }: ConvOptions,
): boolean {
  return strides.some((stride, i) => {
    const windows = { kernel: kernel.shape[i]!, dilation: dilation[i]! };
    return reach({ ...windows, stride, padding }) < stride;
  });
}

/** Pads a feature map with zeros as for `same`. */
function paddedSame(
  x: tf.Tensor,
  kernel: tf.Tensor,
  { strides, dilation, padding }: ConvOptions,
): tf.Tensor {
  return strides.reduce((map, stride, i) => {
    const windows = { kernel: kernel.shape[i]!, dilation: dilation[i]! };
    const wide = reach({ ...windows, stride, padding });
    const size = map.shape[i + 1]!;
    const missing = (Math.ceil(size / stride) - 1) * stride + wide - size;
    const before = Math.floor(Math.max(missing, 0) / 2);
    return padAxis(map, i + 1, before, Math.max(missing, 0) - before);
  }, x);
}

/** A depthwise convolution: one group per channel. */
function depthwise(
  x: tf.Tensor,
  kernel: tf.Tensor,
  { strides, dilation, padding }: ConvOptions,
): tf.Tensor {
  const [height, width, _, filters] = kernel.shape as number[];
  const depth = x.shape.at(-1)!;
  return tf.depthwiseConv2d(
    x as tf.Tensor4D,
    tf.reshape(kernel, [height!, width!, depth, filters! / depth]),
    pair(strides),
    padding,
    "NHWC",
    pair(dilation),
  );
}

/**
 * Transposed convolution, channels last: zeros between the map's values, then a
 * convolution with the kernel reversed.
 *
 * @param x The feature map, `[N, …positions, D]`.
 * @param kernel The kernel, `[…size, C, D]`.
 * @param options Strides, padding, dilation, output padding.
 * @returns The feature map, `[N, …positions, C]`.
 */
export function convTranspose(
  x: tf.Tensor,
  kernel: tf.Tensor,
  options: ConvTransposeOptions,
): tf.Tensor {
  const { strides, dilation } = options;
  const axes = strides.map((_, i) => i);
  const spread = axes.reduce(
    (map, i) => spreadAxis(map, i + 1, strides[i]!),
    x,
  );
  const framed = axes.reduce(
    (map, i) => frame(map, i, x, kernel, options),
    spread,
  );
  const backwards = reversed(kernel, axes);
  const order = [...axes, axes.length + 1, axes.length];
  return conv(framed, tf.transpose(backwards, order), {
    strides: strides.map(() => 1),
    dilation,
    padding: "valid",
  });
}

/** Pads or crops an axis to a number of positions. */
function frame(
  spread: tf.Tensor,
  axis: number,
  x: tf.Tensor,
  kernel: tf.Tensor,
  options: ConvTransposeOptions,
): tf.Tensor {
  const { strides, dilation, padding, outputPadding } = options;
  const windows: Windows = {
    kernel: kernel.shape[axis]!,
    stride: strides[axis]!,
    dilation: dilation[axis]!,
    padding,
  };
  const size = x.shape[axis + 1]!;
  const positions = transposedSize(size, windows, outputPadding?.[axis])!;
  const border = reach(windows) - 1;
  const before = border - transposedCrop(size, windows, positions);
  const wanted = positions + border;
  return framed(spread, axis + 1, before, wanted);
}

/** Pads an axis before, then crops or pads it to a size. */
function framed(
  x: tf.Tensor,
  axis: number,
  before: number,
  wanted: number,
): tf.Tensor {
  const size = x.shape[axis]!;
  const after = Math.max(0, wanted - before - size);
  const padded = padAxis(x, axis, before, after);
  if (padded.shape[axis] === wanted) return padded;
  const shape = padded.shape.with(axis, wanted);
  return tf.slice(padded, shape.map(() => 0), shape);
}

function spreadKernel(
  kernel: tf.Tensor,
  dilation: readonly number[],
): tf.Tensor {
  return dilation.reduce(
    (spread, distance, axis) => spreadAxis(spread, axis, distance),
    kernel,
  );
}

/**
 * Inserts zeros between the values along an axis: `[1, 2]` to `[1, 0, 0, 2]`.
 */
function spreadAxis(x: tf.Tensor, axis: number, distance: number): tf.Tensor {
  if (distance === 1) return x;
  const [outer, size, inner] = aroundAxis(x.shape, axis);
  const apart = tf.reshape(x, [outer, size, 1, inner]);
  const filled = padAxis(apart, 2, 0, distance - 1);
  const all = tf.reshape(filled, [outer, size * distance, inner]);
  const wanted = (size - 1) * distance + 1;
  const cut = tf.slice(all, [0, 0, 0], [outer, wanted, inner]);
  return tf.reshape(cut, x.shape.with(axis, wanted));
}

function pair([height, width]: readonly number[]): [number, number] {
  return [height!, width!];
}

function triple(
  [depth, height, width]: readonly number[],
): [number, number, number] {
  return [depth!, height!, width!];
}
