import { tf } from "../../tf.ts";

/**
 * A tensor for ourselves, out of reach of every scope: whoever asks for it
 * disposes of it, and of nobody else's.
 *
 * What was made in the current scope belongs to nobody yet and is taken as it
 * is; of anything else comes a second handle to the same values. Taking is
 * worth the look: a handle costs TF.js as much as a small layer.
 *
 * @param tensor What a layer or an operation gave.
 * @returns The same values.
 */
export function tensorHandle(tensor: tf.Tensor): tf.Tensor {
  const { activeScope } = tf.engine().state;
  const isNew = !tensor.kept && activeScope !== undefined &&
    activeScope !== null && activeScope.id === tensor.scopeId;
  return tf.keep(isNew ? tensor : tf.clone(tensor));
}

/**
 * Frees what was made on the way, as `tf.tidy` does, but for what is kept:
 * nothing is looked for in the result.
 *
 * @param name What the scope is called in TF.js' profile.
 * @param work Something synchronous.
 * @returns The result.
 */
export function tidied<R>(name: string, work: () => R): R {
  const engine = tf.engine();
  engine.startScope(name);
  try {
    return work();
  } finally {
    engine.endScope();
  }
}
