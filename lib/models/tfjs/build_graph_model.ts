/**
 * Lets TF.js build a graph model, and records what it makes on the way: TF.js
 * leaves tensors behind when it fails, and when the model is disposed of.
 *
 * @module
 */
import type { io } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";

/** A model, and how to free all that was made for it. */
export interface BuiltGraph {
  readonly model: tf.GraphModel;
  readonly free: () => void;
}

/**
 * Builds a graph model.
 *
 * @param artifacts Topology and weights.
 * @returns The model.
 * @throws {Error} What TF.js throws; nothing is left behind then.
 */
export async function buildGraphModel(
  artifacts: io.ModelArtifacts,
): Promise<BuiltGraph> {
  await quietBackend();
  const made = new Set<tf.Tensor>();
  const free = () => {
    for (const tensor of made) if (!tensor.isDisposed) tensor.dispose();
    made.clear();
  };
  const engine = tf.engine();
  engine.startScope("load model");
  const { track } = engine.state.activeScope;
  const endScope = () => {
    for (const tensor of track) {
      if (!tensor.isDisposed) made.add(tf.keep(tensor));
    }
    engine.endScope();
  };
  try {
    const model = tf.loadGraphModelSync({ load: () => artifacts });
    endScope();
    return { model: model as unknown as tf.GraphModel, free };
  } catch (error) {
    endScope();
    free();
    throw error;
  }
}

/**
 * A backend, without the advice that the one named "cpu" gives when it is
 * first used: it is to install a package that does not run here.
 */
export async function quietBackend(): Promise<void> {
  await tf.ready();
  const backend = tf.backend() as { firstUse?: boolean };
  if (backend.firstUse === true) backend.firstUse = false;
}
