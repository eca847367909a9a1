/**
 * Convolutions and pooling of `tf.nn` that `keras.ops` has in another form.
 *
 * Source: TensorFlow 2.21.
 *
 * @module
 */
import { fromChannelsLast, toChannelsLast } from "./_maps.ts";
import type { FactoryTable } from "./layer.ts";
import {
  channelsOfCall,
  conv,
  paddingOfCall,
  perAxis,
  pooling,
  separable,
} from "./neural_operations.ts";
import { type Compute, operations } from "./operation.ts";
import { knownSize, rank } from "./operation_forms.ts";

/**
 * A transposed convolution. The sizes of its output must be those of a
 * convolution whose input has no pixels left over.
 */
const convTranspose: Compute = (ops, args) => {
  const x = args.tensor("input");
  const channels = channelsOfCall(args);
  const last = toChannelsLast(ops, x, channels);
  const axes = rank(ops, x) - 2;
  const kernel = ops.float(args.tensor("filters"));
  const ones = Array<number>(axes).fill(1);
  const strides = perAxis(args, "strides", axes, ones);
  const padding = paddingOfCall(args);
  const product = ops.convTranspose(last, kernel, {
    strides,
    padding,
    dilation: perAxis(args, "dilations", axes, ones),
  });
  const result = fromChannelsLast(ops, product, channels);
  const shape = ops.shape(result);
  const sizes = args.sizes("output_shape").flatMap(({ value, of, axes }) =>
    of === undefined ? [value] : axes.map((axis) => ops.shape(of)[axis])
  );
  sizes.forEach((size, i) => {
    if (i > 0 && typeof size === "number" && size !== shape[i]) {
      args.refuse("output_shape", `have size ${shape[i]} of axis ${i}`);
    }
  });
  return result;
};

/** A pooling by name. */
const pool: Compute = (ops, args) => {
  for (const key of ["dilations", "dilation_rate"]) args.refuseUnless(key, 1);
  const kind = args.string("pooling_type");
  if (kind !== "MAX" && kind !== "AVG") {
    args.refuse("pooling_type", "be MAX or AVG");
  }
  const axes = rank(ops, args.tensor("inputs")) - 2;
  const ones = Array<number>(axes).fill(1);
  const all = args.has("strides") ? args : args.set("strides", ones);
  return pooling(kind === "MAX" ? "maxPool" : "averagePool")(ops, all);
};

/** Smallest or largest sums of windows and a kernel `[height, width, D]`. */
function morphology(isDilation: boolean): Compute {
  return (ops, args) => {
    const x = args.tensor("input");
    args.refuseUnless("data_format", "NHWC");
    const kernel = ops.float(args.tensor("filters"));
    const [height, width] = [0, 1].map((axis) =>
      knownSize(ops, kernel, axis, args.name)
    ) as [number, number];
    const middle = (key: string) => args.ints(key).slice(1, 3);
    const [strides, dilation] = [middle("strides"), middle("dilations")];
    const padding = paddingOfCall(args);
    const sizes = [1, 2].map((axis) => knownSize(ops, x, axis, args.name));
    const windows = sizes.map((size, i) => {
      const reach = ([height, width][i]! - 1) * dilation[i]! + 1;
      const count = padding === "same"
        ? Math.ceil(size / strides[i]!)
        : Math.floor((size - reach) / strides[i]!) + 1;
      const total = padding === "same"
        ? Math.max(0, (count - 1) * strides[i]! + reach - size)
        : 0;
      const before = Math.floor(total / 2);
      return { count, before, after: total - before };
    });
    const outside = isDilation ? -Infinity : Infinity;
    const padded = ops.pad(x, [
      [0, 0],
      ...windows.map(({ before, after }): [number, number] => [before, after]),
      [0, 0],
    ], outside);
    const parts = Array.from({ length: height * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      const part = ops.slice(
        padded,
        [row, column].map((offset, axis) => {
          const start = offset * dilation[axis]!;
          const step = strides[axis]!;
          const stop = start + (windows[axis]!.count - 1) * step + 1;
          return { axis: axis + 1, start, stop, step };
        }),
      );
      // Erosion uses the mirrored kernel.
      const [r, c] = isDilation
        ? [row, column]
        : [height - 1 - row, width - 1 - column];
      const values = ops.slice(kernel, [
        { axis: 0, start: r, stop: r + 1 },
        { axis: 1, start: c, stop: c + 1 },
      ]);
      const weights = ops.squeeze(ops.squeeze(values, 1), 0);
      return isDilation ? ops.add(part, weights) : ops.subtract(part, weights);
    });
    return parts.reduce((a, b) =>
      isDilation ? ops.maximum(a, b) : ops.minimum(a, b)
    );
  };
}

/** Factories by name. */
export const TF_CONVOLUTIONS: FactoryTable = operations({
  "nn.conv3d(input:inputs, filters:kernel, strides, padding, data_format, dilations:dilation_rate)":
    conv,
  "nn.conv1d_transpose(input, filters, output_shape, strides, padding, data_format, dilations)":
    convTranspose,
  "nn.conv2d_transpose(input, filters, output_shape, strides, padding, data_format, dilations)":
    convTranspose,
  "nn.conv3d_transpose(input, filters, output_shape, strides, padding, data_format, dilations)":
    convTranspose,
  "nn.dilation2d(input, filters, strides, padding, data_format, dilations)":
    morphology(true),
  "nn.erosion2d(value:input, filters, strides, padding, data_format, dilations)":
    morphology(false),
  "compat.v1.nn.pool(input:inputs, window_shape:pool_size, pooling_type, padding, dilation_rate, strides, name, data_format, dilations)":
    pool,
  "compat.v1.nn.separable_conv2d(input:inputs, depthwise_filter:depthwise_kernel, pointwise_filter:pointwise_kernel, strides, padding, rate:dilation_rate, name, data_format, dilations:dilation_rate)":
    separable,
}, "tf.");
