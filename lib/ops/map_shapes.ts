import { cannot, shapeText } from "../check.ts";
import type {
  ConvOptions,
  ConvTransposeOptions,
  PoolingOptions,
} from "./ops.ts";
import type { ShapeValue } from "./shape_elements.ts";
import { sameSize } from "./shapes.ts";
import { numWindows, transposedSize } from "./windows.ts";

/**
 * The shape and element type of a convolution.
 *
 * @param x The feature map, `[N, …positions, D]`.
 * @param kernel The kernel, `[…size, D / groups, C]`.
 * @param options Strides, padding and so on.
 * @returns Its shape and element type.
 * @throws {TypeError} If feature map and kernel are not compatible.
 * @throws {RangeError} If the kernel does not fit the feature map.
 */
export function convolved(
  x: ShapeValue,
  kernel: ShapeValue,
  options: ConvOptions,
): ShapeValue {
  const { strides, dilation, padding, groups = 1 } = options;
  const [sizes, depth, filters] = kernelOf(x, kernel, strides.length);
  sameSize(x.shape.at(-1)!, depth * groups, () =>
    cannot(
      "convolve",
      `the feature map must have ${depth * groups} channels, as kernel ${
        shapeText(kernel.shape)
      } has in ${groups} groups`,
      x.shape,
    ));
  if (filters % groups !== 0) {
    throw new RangeError(
      cannot("convolve", `"groups" must divide ${filters} filters`, groups),
    );
  }
  const positions = sizes.map((size, i) =>
    numWindows(x.shape[i + 1]!, {
      kernel: size,
      stride: strides[i]!,
      dilation: dilation[i]!,
      padding,
    })
  );
  return { shape: [x.shape[0]!, ...positions, filters], dtype: "float32" };
}

/**
 * The shape and element type of a transposed convolution.
 *
 * @param x The feature map, `[N, …positions, D]`.
 * @param kernel The kernel, `[…size, C, D]`.
 * @param options Strides, padding and so on.
 * @returns Its shape and element type.
 * @throws {TypeError} If feature map and kernel are not compatible.
 */
export function convolvedBack(
  x: ShapeValue,
  kernel: ShapeValue,
  options: ConvTransposeOptions,
): ShapeValue {
  const { strides, dilation, padding, outputPadding } = options;
  const [sizes, filters, depth] = kernelOf(x, kernel, strides.length);
  sameSize(x.shape.at(-1)!, depth, () =>
    cannot(
      "transpose a convolution",
      `the feature map must have ${depth} channels, as kernel ${
        shapeText(kernel.shape)
      }`,
      x.shape,
    ));
  const positions = sizes.map((size, i) =>
    transposedSize(x.shape[i + 1]!, {
      kernel: size,
      stride: strides[i]!,
      dilation: dilation[i]!,
      padding,
    }, outputPadding?.[i])
  );
  return { shape: [x.shape[0]!, ...positions, filters], dtype: "float32" };
}

/**
 * The shape of a pooling; the element type is that of the feature map.
 *
 * @param x The feature map, `[N, …positions, D]`.
 * @param options Sizes, strides and padding.
 * @returns Its shape and element type.
 * @throws {RangeError} If a window does not fit the feature map.
 */
export function pooled(x: ShapeValue, options: PoolingOptions): ShapeValue {
  const { size, strides, padding } = options;
  if (x.shape.length !== size.length + 2) {
    throw new TypeError(
      cannot(
        "pool",
        `the feature map must have ${size.length + 2} axes`,
        x.shape,
      ),
    );
  }
  const positions = size.map((kernel, i) =>
    numWindows(x.shape[i + 1]!, {
      kernel,
      stride: strides[i]!,
      dilation: 1,
      padding,
    })
  );
  const shape = [x.shape[0]!, ...positions, x.shape.at(-1)!];
  return { shape, dtype: x.dtype };
}

/** The spatial sizes, and the last two axes, of a kernel. */
function kernelOf(
  x: ShapeValue,
  { shape }: ShapeValue,
  axes: number,
): [sizes: number[], number, number] {
  const isKnown = shape.every((size) => size !== null);
  if (
    !isKnown || shape.length !== axes + 2 || x.shape.length !== axes + 2
  ) {
    throw new TypeError(
      cannot(
        "convolve",
        `feature map ${shapeText(x.shape)} and kernel must have ${
          axes + 2
        } axes, and the kernel's sizes be known`,
        shape,
      ),
    );
  }
  const sizes = shape as readonly number[];
  return [sizes.slice(0, axes), sizes.at(-2)!, sizes.at(-1)!];
}
