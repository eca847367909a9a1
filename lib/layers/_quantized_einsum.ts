/**
 * `EinsumDense` whose kernel is stored in 8 or 4 bits.
 *
 * Source: Keras 3.15 `EinsumDense`, after `model.quantize("int8")` or
 * `"int4"`. In 4 bits the kernel is stored as a matrix: rows are its axes that
 * are summed over, columns all others.
 *
 * @module
 */
import type { Ops } from "../ops/ops.ts";
import { checkWeight, wrongConfig } from "./_checks.ts";
import {
  dequantisedBlocks,
  type Quantization,
  type QuantizedKernel,
  roundedTo8Bits,
  unpacked4Bits,
} from "./_quantization.ts";

/** The tensors and options of a layer. */
export interface QuantizedEinsum<T> extends QuantizedKernel<T> {
  /** The layer's name. */
  readonly name: string;
  /** The option `output_shape`, without the batch. */
  readonly outputShape: unknown;
}

/**
 * `einsum(equation, x, kernel)`, the kernel in 8 or 4 bits.
 *
 * If the input is rounded to 8 bits, it is so by the largest value along the
 * axes that are summed over.
 *
 * @param ops The engine's operations.
 * @param equation The equation, without an ellipsis.
 * @param x The input.
 * @param quantization How the kernel is stored.
 * @param layer Its tensors: the scale in the layout of the output for 8 bits,
 * of the columns or of each block for 4.
 * @returns The product.
 */
export function quantizedEinsum<T>(
  ops: Ops<T>,
  equation: string,
  x: T,
  quantization: Quantization,
  layer: QuantizedEinsum<T>,
): T {
  const { bits, roundsInput, blockSize } = quantization;
  const kernel = bits === 8
    ? ops.float(layer.kernel)
    : kernelOf4Bits(ops, equation, x, quantization, layer);
  const scale = bits === 8 ? layer.scale : ops.constant(1);
  if (blockSize !== undefined || !roundsInput) {
    return ops.divide(ops.einsum(equation, x, kernel), scale);
  }
  const [input = "", , output = ""] = equation.split(/,|->/);
  const summed = [...input].flatMap((letter, axis) =>
    output.includes(letter) ? [] : [axis]
  );
  const { rounded, factor } = roundedTo8Bits(ops, x, summed);
  const kept = [...output].filter((letter) => input.includes(letter));
  const axes = [...kept].map((letter) => input.indexOf(letter));
  const inOrder = ops.transpose(factor, [...axes, ...summed]);
  const only = summed.reduce(
    (value) => ops.squeeze(value, kept.length),
    inOrder,
  );
  const aligned = [...output].reduce(
    (value, letter, axis) =>
      input.includes(letter) ? value : ops.expandDims(value, axis),
    only,
  );
  return ops.divide(
    ops.einsum(equation, rounded, kernel),
    ops.multiply(aligned, scale),
  );
}

/** The kernel in floats, from its matrix of 4 bits. */
function kernelOf4Bits<T>(
  ops: Ops<T>,
  equation: string,
  x: T,
  { blockSize }: Quantization,
  { name, outputShape, kernel, scale, zero, block }: QuantizedEinsum<T>,
): T {
  const [input = "", letters = "", output = ""] = equation.split(/,|->/);
  const inputSizes = ops.shape(x);
  const outputSizes = [null, ...[outputShape].flat()] as (number | null)[];
  const sizes = [...letters].map((letter) => {
    const size = input.includes(letter)
      ? inputSizes[input.indexOf(letter)]
      : outputSizes.at(output.indexOf(letter) - output.length);
    if (typeof size === "number") return size;
    const rule = `the size of axis "${letter}" of "${equation}" must be known`;
    throw wrongConfig(name, rule, size ?? null);
  });
  const sizeOver = (isSummed: boolean) =>
    [...letters].reduce(
      (product, letter, i) =>
        output.includes(letter) === isSummed ? product : product * sizes[i]!,
      1,
    );
  const [rows, columns] = [sizeOver(true), sizeOver(false)];
  checkWeight(name, "kernel", ops.shape(kernel), [
    rows,
    Math.ceil(columns / 2),
  ]);
  const numbers = unpacked4Bits(ops, kernel, columns);
  if (blockSize === undefined) {
    checkWeight(name, "kernel_scale", ops.shape(scale), [columns]);
    return ops.reshape(ops.divide(numbers, scale), sizes);
  }
  const values = dequantisedBlocks(ops, numbers, { scale, zero, block }, {
    name,
    shape: [rows, columns],
    blockSize,
  });
  return ops.reshape(values, sizes);
}
