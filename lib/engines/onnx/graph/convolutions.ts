/**
 * Convolutions and transposed convolutions.
 *
 * @module
 */
import { cannot } from "../../../check.ts";
import type { ConvOptions, ConvTransposeOptions } from "../../../ops/ops.ts";
import type { OnnxGraph } from "./onnx_graph.ts";
import type { OnnxValue } from "./onnx_value.ts";
import { channelsFirst, channelsLast, paddedWindows } from "./windows.ts";

/**
 * Convolution of `[N, …positions, D]` with a kernel `[…size, D / groups, C]`.
 *
 * @param graph The graph to record in.
 * @param x The feature map.
 * @param kernel The kernel.
 * @param options Strides, padding, dilation, groups.
 * @returns The name of the result, channels last.
 */
export function conv(
  graph: OnnxGraph,
  x: OnnxValue,
  kernel: OnnxValue,
  options: ConvOptions,
): string {
  const rank = x.shape.length;
  const size = sizeOfKernel(kernel);
  const { strides, padding, dilation, groups = 1 } = options;
  const { map, attributes } = paddedWindows(
    graph,
    channelsFirst(graph, x.name, rank),
    x.shape.slice(1, -1),
    { size, strides, padding, dilation },
    0,
  );
  const transposed = kernelFirst(graph, kernel); // [C, D / groups, …size]
  const result = graph.node("Conv", [map, transposed], {
    ...attributes,
    kernelShape: size,
    dilations: dilation,
    group: groups,
  });
  return channelsLast(graph, result, rank);
}

/**
 * Transposed convolution of `[N, …positions, D]` with a kernel `[…size, C, D]`.
 *
 * The ONNX output contains every position that a kernel reaches. The output of
 * Keras is a part of it, or extends it at the end, by an amount that does not
 * depend on sizes.
 *
 * @param graph The graph to record in.
 * @param x The feature map.
 * @param kernel The kernel.
 * @param options Strides, padding, dilation.
 * @returns The name of the result, channels last.
 */
export function convTranspose(
  graph: OnnxGraph,
  x: OnnxValue,
  kernel: OnnxValue,
  options: ConvTransposeOptions,
): string {
  const rank = x.shape.length;
  const size = sizeOfKernel(kernel);
  const { strides, dilation } = options;
  const cuts = size.map((_, i) => cutOf(size[i]!, i, options));
  const result = graph.node("ConvTranspose", [
    channelsFirst(graph, x.name, rank),
    kernelFirst(graph, kernel), // [D, C, …size]
  ], {
    kernelShape: size,
    strides,
    dilations: dilation,
    pads: [
      ...cuts.map(({ before }) => before),
      ...cuts.map(({ after }) => Math.max(after, 0)),
    ],
  });
  const more = cuts.map(({ after }) => Math.max(-after, 0));
  const none = cuts.map(() => 0);
  const padded = more.every((n) => n === 0) ? result : graph.node("Pad", [
    result,
    graph.integers([0, 0, ...none, 0, 0, ...more]),
    graph.scalar("float32", 0),
  ]);
  return channelsLast(graph, padded, rank);
}

/** Number of positions to crop, before and after. */
function cutOf(
  size: number,
  axis: number,
  { strides, padding, dilation, outputPadding }: ConvTransposeOptions,
): { before: number; after: number } {
  const stride = strides[axis]!;
  const reach = (size - 1) * dilation[axis]! + 1;
  const extra = outputPadding?.[axis];
  // Both: output size minus (input size − 1) · stride.
  const wanted = padding === "valid"
    ? extra === undefined ? Math.max(reach, stride) : reach + extra
    : extra === undefined
    ? stride
    : reach % 2 + extra;
  const before = padding === "valid"
    ? 0
    : Math.floor(Math.max(reach - wanted, 0) / 2);
  return { before, after: reach - wanted - before };
}

/** `[…size, A, B]` → `[B, A, …size]`; immediately for constants. */
function kernelFirst(graph: OnnxGraph, { name, shape }: OnnxValue): string {
  const constant = graph.constantOf(name);
  if (constant?.type === "float32") {
    const sizes = constant.shape;
    const [a, b] = sizes.slice(-2) as [number, number];
    return graph.derived(name, "kernelFirst", {
      shape: [b, a, ...sizes.slice(0, -2)],
      compute: (data, factors) => transposeKernel(data, sizes, factors),
    });
  }
  const rank = shape.length;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i);
  const perm = [rank - 1, rank - 2, ...spatial];
  return graph.node("Transpose", [name], { perm });
}

function sizeOfKernel({ shape }: OnnxValue): number[] {
  return shape.slice(0, -2).map((size) => {
    if (size !== null) return size;
    throw new TypeError(
      cannot(
        "convolve",
        "the sizes of the kernel must be known before the run",
        shape,
      ),
    );
  });
}

/**
 * Side of the blocks that are transposed one by one; a block fits the cache.
 */
const SIDE = 64;

/**
 * Transposes a kernel, `[…size, A, B]` → `[B, A, …size]`. The runtime would do
 * so when it opens a model, which takes as long as the rest of the opening.
 *
 * @param values The kernel's values; only read.
 * @param shape Its sizes, at least two.
 * @param factors Factors along `B`. @default {1}
 * @returns The same values in the new order, multiplied.
 */
export function transposeKernel(
  values: Float32Array,
  shape: readonly number[],
  factors?: Float64Array,
): Float32Array<ArrayBuffer> {
  const [numA, numB] = shape.slice(-2) as [number, number];
  const numPositions = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const transposed = new Float32Array(values.length);
  for (let position = 0; position < numPositions; position++) {
    for (let firstA = 0; firstA < numA; firstA += SIDE) {
      const endA = Math.min(numA, firstA + SIDE);
      for (let firstB = 0; firstB < numB; firstB += SIDE) {
        const endB = Math.min(numB, firstB + SIDE);
        for (let b = firstB; b < endB; b++) {
          const factor = factors === undefined ? 1 : factors[b]!;
          let from = (position * numA + firstA) * numB + b;
          let to = (b * numA + firstA) * numPositions + position;
          for (let a = firstA; a < endA; a++) {
            transposed[to] = values[from]! * factor;
            from += numB;
            to += numPositions;
          }
        }
      }
    }
  }
  return transposed;
}
