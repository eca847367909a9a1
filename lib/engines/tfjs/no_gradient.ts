import { tf } from "../../tf.ts";

/**
 * Computes a piecewise constant function, such as a comparison, with a gradient
 * of zeros. TF.js has no gradients for these, not even zeros, and refuses
 * gradients of everything that depends on them.
 *
 * @param compute The computation.
 * @param inputs Its inputs.
 * @returns The result, with a gradient of zeros.
 */
export function withoutGradient<I extends tf.Tensor[]>(
  compute: (...inputs: I) => tf.Tensor,
  ...inputs: I
): tf.Tensor {
  if (!tf.engine().isTapeOn()) return compute(...inputs);
  const shapes = inputs.map(({ shape }) => shape);
  return tf.customGrad((...values) => ({
    value: compute(...values.slice(0, inputs.length) as I),
    gradFunc: () => shapes.map((shape) => tf.zeros(shape)),
  }))(...inputs);
}
