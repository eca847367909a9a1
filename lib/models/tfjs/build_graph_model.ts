/**
 * Builds a graph model with TF.js, and tracks the tensors that it creates:
 * TF.js leaks tensors when it fails, and when the model is disposed.
 *
 * @module
 */
import type { io } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";

/** A model, and a function that frees all of its tensors. */
export interface BuiltGraph {
  readonly model: tf.GraphModel;
  readonly free: () => void;
}

/**
 * Builds a graph model.
 *
 * @param artifacts Topology and weights.
 * @returns The model.
 * @throws {Error} The error of TF.js; no tensors leak.
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
 * Creates a backend without the message that the backend "cpu" prints on first
 * use, which advises a package that does not run here.
 */
export async function quietBackend(): Promise<void> {
  await tf.ready();
  const backend = tf.backend() as { firstUse?: boolean };
  if (backend.firstUse === true) backend.firstUse = false;
}
