import { tf } from "../../tf.ts";

/**
 * Returns a tensor handle that the caller owns, independent of every scope.
 *
 * A tensor of the current scope has no owner yet and is kept; for any other
 * tensor, a second handle to the same values is created. The distinction saves
 * time: creating a handle costs TF.js as much as a small layer.
 *
 * @param tensor The output of a layer or operation.
 * @returns A handle to the same values.
 */
export function tensorHandle(tensor: tf.Tensor): tf.Tensor {
  const { activeScope } = tf.engine().state;
  const isNew = !tensor.kept && activeScope !== undefined &&
    activeScope !== null && activeScope.id === tensor.scopeId;
  return tf.keep(isNew ? tensor : tf.clone(tensor));
}

/**
 * Frees intermediate tensors, as `tf.tidy` does, except kept ones: tensors in
 * the result are not searched for.
 *
 * @param name The name of the scope in TF.js' profile.
 * @param work Synchronous work.
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
