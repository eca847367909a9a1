/**
 * Dense, EinsumDense, and layers that pass on their input.
 *
 * @module
 */
import { passThrough } from "./regularization.ts";
import type { Ops } from "../ops/ops.ts";
import type { FactoryTable, Layer, LayerConfig } from "./layer.ts";
import { addBias, checkWeight, wrongOption } from "./_checks.ts";
import { noMasks } from "./_maps.ts";
import {
  quantizationOf,
  quantizedKernel,
  quantizedProduct,
  quantizedWeights,
} from "./_quantization.ts";
import { quantizedEinsum } from "./_quantized_einsum.ts";

/**
 * Dense: `activation(x · kernel + bias)`, over the last axis of `[N, …, D]`.
 *
 * Source: Keras 3.15 `Dense`; Keras 2 writes the same options.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function dense(config: LayerConfig): Layer {
  const quantization = quantizationOf(config, [8, 4]);
  const units = config.number("units");
  const activation = config.activation("activation");
  const hasBias = config.boolean("use_bias", true);
  return {
    weights: [
      "kernel",
      ...(hasBias ? ["bias"] : []),
      ...quantizedWeights("kernel", quantization),
    ],
    channels: "last",
    call(ops, [x], weights) {
      const { kernel, bias } = weights;
      const depth = ops.shape(x!).at(-1)!;
      if (quantization === undefined) {
        checkWeight(config.name, "kernel", ops.shape(kernel!), [depth, units]);
      }
      const product = quantization === undefined
        ? ops.matmul(x!, kernel!)
        : quantizedProduct(
          ops,
          x!,
          quantizedKernel(weights, "kernel"),
          quantization,
          { name: config.name, units },
        ); // [N, …, units]
      return [activation(ops, addBias(ops, product, bias, config.name))];
    },
  };
}

/** Equations that Keras accepts: an ellipsis on one side, or none. */
const EQUATION =
  /^(\.{3})?([a-zA-Z]+)(\.{3})?,([a-zA-Z]+)->(\.{3})?([a-zA-Z]+)(\.{3})?$/;

/**
 * EinsumDense: `activation(einsum(equation, x, kernel) + bias)`.
 *
 * Source: Keras 3.15 `EinsumDense`; Keras 2 writes the same options. The bias
 * is stored so that it broadcasts.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function einsumDense(config: LayerConfig): Layer {
  const quantization = quantizationOf(config, [8, 4]);
  const outputShape = config.raw("output_shape"); // implied by a plain kernel
  const parts = EQUATION.exec(config.string("equation"));
  if (parts === null || !isBalanced(parts)) {
    const rule = 'be as "ab,bc->ac", with "..." at one side of both or none';
    throw wrongOption(config, "equation", rule);
  }
  const activation = config.activation("activation");
  const biasAxes = config.raw("bias_axes");
  const hasBias = typeof biasAxes === "string";
  return {
    weights: [
      "kernel",
      ...(hasBias ? ["bias"] : []),
      ...quantizedWeights("kernel", quantization),
    ],
    masks: noMasks,
    call(ops, [x], weights) {
      const { kernel, bias } = weights;
      const equation = spelledOut(parts, ops.shape(x!).length);
      const product = quantization === undefined
        ? ops.einsum(equation, x!, kernel!)
        : quantizedEinsum(ops, equation, x!, quantization, {
          name: config.name,
          outputShape,
          ...quantizedKernel(weights, "kernel"),
        });
      if (!hasBias) return [activation(ops, product)];
      const [, letters] = equation.split("->");
      const wanted = biasShape(letters!, biasAxes, ops.shape(product));
      checkWeight(config.name, "bias", ops.shape(bias!), wanted);
      return [activation(ops, ops.add(product, bias!))];
    },
  };
}

/** The sizes from the first axis with a bias; 1 for axes without. */
function biasShape(
  letters: string,
  axes: string,
  shape: readonly (number | null)[],
): (number | null)[] {
  const first = [...letters].findIndex((letter) => axes.includes(letter));
  return shape.map((size, i) => axes.includes(letters[i]!) ? size : 1)
    .slice(first);
}

/**
 * Checks that the ellipsis is on the same side of input and output, or on none.
 */
function isBalanced([, left, , right, , outLeft, , outRight]: string[]) {
  return left === outLeft && right === outRight &&
    (left === undefined || right === undefined);
}

/** Replaces the ellipsis by a letter for each axis. */
function spelledOut(parts: readonly string[], rank: number): string {
  const [, left, input, right, kernel, , output] = parts;
  const free = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    .filter((letter) => !`${input}${kernel}${output}`.includes(letter));
  const between = free.slice(0, Math.max(rank - input!.length, 0)).join("");
  const [before, after] = [
    left === undefined ? "" : between,
    right === undefined ? "" : between,
  ];
  return `${before}${input}${after},${kernel}->${before}${output}${after}`;
}

/**
 * Identity: returns its input.
 *
 * Source: Keras 3.15 `Identity`; in Keras 2 it does not pass on masks.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function identity(config: LayerConfig): Layer {
  const layer = passThrough()(config);
  return config.dialect === 3 ? layer : { ...layer, masks: noMasks };
}

/**
 * Masking: time steps of `[N, T, D]` whose values all equal `mask_value` are
 * set to 0 and masked.
 *
 * Source: Keras 3.15 `Masking`. Keras 2 multiplies by the mask, so that time steps
 * of infinity become NaN.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function masking(config: LayerConfig): Layer {
  const value = config.number("mask_value", 0);
  function isKept<T>(ops: Ops<T>, x: T, keepdims: boolean): T {
    const isOther = ops.logicalNot(
      ops.equal(ops.float(x), ops.constant(value)),
    );
    return ops.any(isOther, { axis: -1, keepdims });
  }
  return {
    weights: [],
    keepsAxes: true,
    masks: (ops, [x]) => [isKept(ops, x!, false)], // [N, T]
    call(ops, [x]) {
      const kept = isKept(ops, x!, true); // [N, T, 1]
      if (config.dialect !== 3) return [ops.multiply(x!, ops.float(kept))];
      return [ops.where(kept, x!, ops.constant(0))];
    },
  };
}

/**
 * Lambda: a function with a name, of Keras or a custom one. Code in a file is
 * never run.
 *
 * Source: Keras 3.15 `Lambda`, which passes on no mask; Keras 2 likewise.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function lambda(config: LayerConfig): Layer {
  const apply = config.activation("function");
  return {
    weights: [],
    call: (ops, [x]) => [apply(ops, x!)],
    masks: () => [undefined],
  };
}

/** Factories of this family. */
export const CORE_LAYERS: FactoryTable = Object.freeze({
  Dense: dense,
  EinsumDense: einsumDense,
  Identity: identity,
  Lambda: lambda,
  ActivityRegularization: passThrough("l1", "l2"),
  // model.add_loss(…) and add_metric(…) of Keras 2 leave these in files.
  AddLoss: passThrough("unconditional"),
  AddMetric: passThrough("aggregation", "metric_name"),
  Masking: masking,
});
