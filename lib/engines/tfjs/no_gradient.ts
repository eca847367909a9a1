import { tf } from "../../tf.ts";

/**
 * Computes what does not change with its inputs by small steps: comparisons,
 * and what follows from truth values. TF.js has no gradients of these, not
 * even zeros, and refuses the gradient of all that they decide.
 *
 * @param compute The computation.
 * @param inputs Its inputs.
 * @returns What it gives, with a gradient of zeros.
 */
export function withoutGradient<I extends tf.Tensor[]>(
  compute: (...inputs: I) => tf.Tensor,
  ...inputs: I
): tf.Tensor {
  if (!tf.engine().isTapeOn()) return compute(...inputs);
  const shapes = inputs.map(({ shape }) => shape);
  return tf.customGrad((...given) => ({
    value: compute(...given.slice(0, inputs.length) as I),
    gradFunc: () => shapes.map((shape) => tf.zeros(shape)),
  }))(...inputs);
}
