/**
 * Lets TF.js build a model, and knows what it made on the way.
 *
 * TF.js leaves tensors behind when it fails: variables of the layers that it
 * had built, and weights that found no layer. So all that is made while it
 * builds is written down, and freed when it fails, or when the model is closed.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** A model, and how to free all that was made for it. */
export interface Built<M> {
  readonly model: M;
  readonly free: () => void;
}

/** What was made while TF.js was building. */
type Made = Set<tf.Tensor>;

/**
 * Builds a layers model. Its training configuration is left out.
 *
 * @param artifacts Topology and weights.
 * @returns The model.
 * @throws {Error} What TF.js throws; nothing is left behind then.
 */
export async function buildLayersModel(
  artifacts: tf.io.ModelArtifacts,
): Promise<Built<tf.LayersModel>> {
  const made: Made = new Set();
  const { trainingConfig: _unused, ...rest } = artifacts;
  await prepare();
  try {
    const model = await tf.loadLayersModel({
      load: () => bracketed(rest, made),
    });
    return { model, free: () => free(made) };
  } catch (error) {
    free(made);
    throw error;
  }
}

/**
 * Builds a graph model.
 *
 * @param artifacts Topology and weights.
 * @returns The model.
 * @throws {Error} What TF.js throws; nothing is left behind then.
 */
export async function buildGraphModel(
  artifacts: tf.io.ModelArtifacts,
): Promise<Built<tf.GraphModel>> {
  const made: Made = new Set();
  await prepare();
  const record = startRecord(made);
  try {
    const model = tf.loadGraphModelSync({ load: () => artifacts });
    record();
    return {
      model: model as unknown as tf.GraphModel,
      free: () => free(made),
    };
  } catch (error) {
    record();
    free(made);
    throw error;
  }
}

/**
 * A backend, without the advice that the one named "cpu" gives when it is
 * first used: it is to install a package that does not run here.
 */
async function prepare(): Promise<void> {
  await tf.ready();
  const backend = tf.backend() as { firstUse?: boolean };
  if (backend.firstUse === true) backend.firstUse = false;
}

/**
 * Hands the artifacts to TF.js so that what it makes of them can be told from
 * what others make meanwhile. It builds within one microtask, after it has
 * waited for them. Whoever resolves what it waits for can put a microtask right
 * before that one, and one right after it.
 */
function bracketed(
  artifacts: tf.io.ModelArtifacts,
  made: Made,
): Promise<tf.io.ModelArtifacts> {
  const waited: PromiseLike<tf.io.ModelArtifacts> = {
    then(fulfilled) {
      let stop = () => {};
      queueMicrotask(() => stop = startRecord(made));
      fulfilled?.(artifacts);
      queueMicrotask(() => stop());
      return waited as PromiseLike<never>;
    },
  };
  return waited as Promise<tf.io.ModelArtifacts>;
}

/** Writes down the tensors and variables that are made until it is stopped. */
function startRecord(made: Made): () => void {
  const engine = tf.engine();
  const before = new Set(Object.values(engine.registeredVariables));
  engine.startScope("load model");
  const scope = engine.state.activeScope;
  return () => {
    for (const tensor of scope.track) {
      if (!tensor.isDisposed) made.add(tf.keep(tensor));
    }
    for (const variable of Object.values(engine.registeredVariables)) {
      if (!before.has(variable)) made.add(variable);
    }
    engine.endScope();
  };
}

function free(made: Made): void {
  for (const tensor of made) if (!tensor.isDisposed) tensor.dispose();
  made.clear();
}
