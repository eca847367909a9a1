import { tf } from "../../tf.ts";
import { cannot } from "../../check.ts";
import { errorText, UnsupportedByEngineError } from "../../errors.ts";
import type { Perturbation } from "../program.ts";
import { signOf } from "./tfjs_elements.ts";

/** The inputs of a perturbation. */
export interface PerturbedRun {
  readonly perturbation: Perturbation;
  readonly backend: string;
  /** Names of the inputs, for messages. */
  readonly names: readonly string[];
  /** Computes unshaped logits `[N, C]` from inputs; without side effects. */
  readonly logits: (inputs: readonly tf.Tensor[]) => tf.Tensor;
}

/**
 * `x − ε · sign(∂ CE(logits / T, argmax) / ∂x)`, for every input.
 *
 * Must be called inside `tf.tidy`, with its backend current.
 *
 * Source: Liang et al., "Enhancing The Reliability of Out-of-distribution Image
 * Detection in Neural Networks", ICLR 2018, https://arxiv.org/abs/1706.02690.
 *
 * @param run The parameters of the perturbation.
 * @param inputs One tensor for each input; not changed.
 * @returns New tensors of the same shapes.
 * @throws {UnsupportedByEngineError} If the backend or a layer has no gradient.
 */
export function perturbed(
  run: PerturbedRun,
  inputs: readonly tf.Tensor[],
): tf.Tensor[] {
  const { epsilon } = run.perturbation;
  const gradients = gradientsOf(run, inputs);
  return inputs.map((x, i) =>
    tf.sub(x, tf.mul(signOf(gradients[i]!), epsilon))
  );
}

function gradientsOf(
  run: PerturbedRun,
  inputs: readonly tf.Tensor[],
): tf.Tensor[] {
  run.names.forEach((name, i) => {
    if (inputs[i]!.dtype === "float32") return;
    throw new UnsupportedByEngineError(
      `perturb input "${name}"`,
      `tfjs:${run.backend}`,
      `it must hold floats to have a gradient, and it holds ${
        inputs[i]!.dtype
      }; cut the input after the layer that takes integers, with .input(id)`,
    );
  });
  const loss = (...xs: tf.Tensor[]) =>
    crossEntropy(run.logits(xs), run.perturbation);
  try {
    return tf.grads(loss)([...inputs]);
  } catch (cause) {
    freeTape();
    throw noGradient(cause, run);
  }
}

/**
 * Frees the tensors that TF.js saved for a backward pass that is not run.
 */
function freeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return; // the caller's
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

/**
 * Sum over the rows of the cross entropy of `logits / T` with the predicted
 * class. The gradient is explicit, `(softmax(z / T) − onehot) / T`, as in
 * TensorFlow. If the softmax is saturated in float32, it is 0, and the input is
 * unchanged. There is no gradient through argmax.
 */
function crossEntropy(logits: tf.Tensor, options: Perturbation): tf.Scalar {
  const { temperature, isBinary } = options;
  const z = isBinary
    ? tf.concat([tf.zerosLike(logits), logits], -1) as tf.Tensor2D
    : logits as tf.Tensor2D;
  const loss = tf.customGrad((x, save) => {
    const values = x as tf.Tensor2D;
    const onehot = tf.oneHot(
      tf.argMax(values, -1),
      values.shape[1],
    ) as tf.Tensor2D;
    const scaled = tf.div(values, temperature);
    const rows = tf.sub(tf.logSumExp(scaled, -1), tf.max(scaled, -1));
    const slope = tf.div(tf.sub(tf.softmax(scaled), onehot), temperature);
    (save as (tensors: tf.Tensor[]) => void)([slope]);
    return {
      value: tf.sum(rows),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, saved[0]!),
    };
  });
  return loss(z) as tf.Scalar;
}

function noGradient(cause: unknown, run: PerturbedRun): unknown {
  const text = errorText(cause);
  const isMissing = /gradient|not registered|not yet implemented|executeAsync/i
    .test(text);
  if (!isMissing) return cause;
  const hint = run.backend === "cpu"
    ? "leave out perturb()"
    : 'use .engine("tfjs", { backend: "cpu" })';
  return new UnsupportedByEngineError(
    "perturb",
    `tfjs:${run.backend}`,
    `every layer on the path must have a gradient, and TF.js reports "${
      text.split("\n")[0]
    }"; ${hint}`,
  );
}

/** Checks that the logits are those of classes. */
export function checkClasses(logits: tf.Tensor, isBinary: boolean): void {
  if (logits.rank === 2 && (isBinary || logits.shape[1]! > 1)) return;
  throw new TypeError(
    cannot(
      "perturb",
      "the logits must be [N, C], with two classes or more",
      logits.shape,
    ),
  );
}
