import * as tf from "@tensorflow/tfjs";
import { cannot } from "../../check.ts";
import { type Ref, refKey } from "../../models/graph.ts";
import type { FeatureArray, NdArray } from "../../types.ts";
import type { Pacer } from "../pacer.ts";
import {
  computeOutputs,
  type HeadValues,
  logitsOf,
  logitsRef,
  type OutputValues,
  type Program,
  type RunOutputs,
  wantedRefs,
} from "../program.ts";
import { schedule } from "../schedule.ts";
import type { Session } from "../session.ts";
import { type BackendName, makeReady, takeTurn, type Turn } from "./backend.ts";
import { checkClasses, perturbed } from "./perturb.ts";
import { featureArray, floatArray, type RawValues } from "./read_arrays.ts";
import {
  foreignCall,
  nameOf,
  type NodeRun,
  runNodes,
  type Values,
} from "./run_nodes.ts";
import { type NodeWeights, readWeights, uploadWeights } from "./run_ours.ts";
import { TfjsOps } from "./tfjs_ops.ts";

const OPS = new TfjsOps();

/**
 * Opens a program on TF.js.
 *
 * @param program What is to be computed.
 * @param backend The backend, which is loaded if need be.
 * @returns The session; closing it frees its copy of the head.
 */
export async function openTfjs(
  program: Program,
  backend: BackendName,
): Promise<Session> {
  await makeReady(backend);
  const { nodes } = schedule(program.feeds, wantedRefs(program));
  const host = await readWeights(nodes);
  const held = await takeTurn(
    backend,
    (turn) =>
      Promise.resolve(turn.sync(() => ({
        head: uploadHead(program),
        weights: uploadWeights(nodes, host),
      }))),
  );
  return new TfjsSession(program, backend, held);
}

/** What a session holds in the engine until it is closed. */
interface Held {
  readonly head: HeadValues<tf.Tensor> | undefined;
  readonly weights: NodeWeights;
}

/** The head's weights, where the logits must be computed from the penultimate. */
function uploadHead({ logits, perturbation }: Program) {
  if (logits?.head === undefined) return undefined;
  const isTaken = logits.direct !== undefined && logits.shaping === undefined;
  if (isTaken && perturbation === undefined) return undefined;
  const { kernel, bias } = logits.head.weights;
  return { kernel: OPS.constant(kernel), bias: OPS.constant(bias) };
}

/** A program on TF.js: layers are called one by one, between two pauses. */
class TfjsSession implements Session {
  readonly #program: Program;
  readonly #backend: BackendName;
  readonly #held: Held;
  readonly #run: NodeRun;
  readonly #gradientRun: NodeRun | undefined;
  #isClosed = false;

  constructor(
    program: Program,
    backend: BackendName,
    held: Held,
  ) {
    this.#program = program;
    this.#backend = backend;
    this.#held = held;
    this.#run = this.#nodeRun(wantedRefs(program));
    this.#gradientRun = program.perturbation === undefined
      ? undefined
      : this.#nodeRun([logitsRef(unshaped(program).logits!)]);
  }

  #nodeRun(wanted: readonly Ref[]): NodeRun {
    const { feeds, graph } = this.#program;
    return {
      schedule: schedule(feeds, wanted),
      feeds,
      wanted,
      runtime: graph.runtime,
      backend: this.#backend,
      weights: this.#held.weights,
    };
  }

  async run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
  ): Promise<RunOutputs> {
    if (this.#isClosed) {
      throw new TypeError(
        cannot("run", "the session must be open", "closed", "open it again"),
      );
    }
    pacer.check();
    return await pacer.race(
      takeTurn(this.#backend, (turn) => this.#runInTurn(inputs, turn, pacer)),
    );
  }

  async #runInTurn(
    inputs: readonly NdArray<ArrayBufferView>[],
    turn: Turn,
    pacer: Pacer,
  ): Promise<RunOutputs> {
    pacer.check(); // others ran meanwhile
    const feeds = turn.sync(() => this.#upload(inputs));
    try {
      const values = this.#program.graph.runtime?.isAsync
        ? await this.#runAsync(feeds, turn)
        : await drive(runNodes(this.#run, feeds), turn, pacer);
      const outputs = turn.sync(() => this.#outputs(values));
      return await read(outputs, this.#program, turn, this.#backend);
    } finally {
      turn.sync(() => tf.dispose(feeds));
    }
  }

  /** Inputs as tensors, moved against the gradient if that was asked for. */
  #upload(inputs: readonly NdArray<ArrayBufferView>[]): tf.Tensor[] {
    return tf.tidy(() => {
      const feeds = inputs.map(({ data, shape, dtype }) =>
        tf.tensor(data as Float32Array, [...shape], dtype as tf.NumericDataType)
      );
      const { perturbation } = this.#program;
      if (perturbation === undefined) return feeds;
      return perturbed({
        perturbation,
        backend: this.#backend,
        names: this.#program.feeds.map(({ spec }) => spec.name),
        logits: (xs) => this.#plainLogits(xs),
      }, feeds);
    });
  }

  /** Unshaped logits, in one go: under a gradient nothing may wait. */
  #plainLogits(inputs: readonly tf.Tensor[]): tf.Tensor {
    const steps = runNodes(this.#gradientRun!, inputs);
    let step = steps.next();
    while (!step.done) step = steps.next();
    const values = step.value;
    const logits = unshaped(this.#program).logits!;
    const { logits: z } = logitsOf(
      OPS,
      logits,
      valueIn(values),
      this.#held.head,
    );
    checkClasses(z, this.#program.perturbation!.isBinary);
    return z;
  }

  /** Control flow gives promises, and keeps TF.js to itself until it is done. */
  async #runAsync(feeds: readonly tf.Tensor[], turn: Turn): Promise<Values> {
    const { wanted, runtime, feeds: places } = this.#run;
    const values: Values = new Map(
      places.map(({ ref }, i) => [refKey(ref), feeds[i]!.clone()]),
    );
    const { byName, fetched } = foreignCall(places, wanted, values);
    const results = fetched.length === 0
      ? []
      : await turn.sync(() =>
        runtime!.executeAsync(byName, fetched.map(nameOf))
      );
    fetched.forEach((ref, i) => values.set(refKey(ref), results[i]!));
    return values;
  }

  /** The program's outputs; the values that they come from are freed. */
  #outputs(values: Values): OutputValues<tf.Tensor> {
    try {
      return tf.tidy(() => {
        const outputs = computeOutputs(
          OPS,
          this.#program,
          valueIn(values),
          this.#held.head,
        );
        const features = outputs.features.map((feature, i) =>
          ownSteps(feature, this.#program.features[i]!)
        );
        // An output may be a value itself, which is freed below.
        return cloned({ ...outputs, features });
      }) as unknown as OutputValues<tf.Tensor>;
    } finally {
      tf.dispose([...values.values()]);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { head, weights } = this.#held;
    const tensors = [
      ...(head === undefined ? [] : [head.kernel, head.bias]),
      ...new Set([...weights.values()].flatMap(Object.values)),
    ] as tf.Tensor[];
    if (tensors.length === 0) return;
    await takeTurn(this.#backend, () => {
      tf.dispose(tensors);
      return Promise.resolve();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function unshaped(program: Program): Program {
  const { shaping: _shaping, ...logits } = program.logits!;
  return { ...program, logits };
}

function valueIn(values: Values): (ref: Ref) => tf.Tensor {
  return (ref) => values.get(refKey(ref))!;
}

function cloned(outputs: OutputValues<tf.Tensor>) {
  const { features, logits, penultimate, scale } = outputs;
  return {
    features: features.map((feature) => feature.clone()),
    ...(logits ? { logits: logits.clone() } : {}),
    ...(penultimate ? { penultimate: penultimate.clone() } : {}),
    ...(scale ? { scale: scale.clone() } : {}),
  };
}

/** Drives a generator slice by slice; the thread is given back in between. */
async function drive<R>(
  steps: Generator<void, R>,
  turn: Turn,
  pacer: Pacer,
): Promise<R> {
  while (true) {
    const step = turn.sync(() => {
      let step = steps.next();
      while (!step.done && !pacer.isDue()) step = steps.next();
      return step;
    });
    if (step.done) return step.value;
    try {
      await pacer.pause();
    } catch (error) {
      turn.sync(() => steps.return(undefined as never));
      throw error;
    }
  }
}

/** The caller's own postprocessings, each checked for what it gives. */
function ownSteps(
  feature: tf.Tensor,
  { own, name }: Program["features"][number],
): tf.Tensor {
  return own.reduce((value, step) => {
    const action = `postprocess layer "${name}"`;
    let result: tf.Tensor;
    try {
      result = step(value);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      const which = step.name === "" ? "its function" : `"${step.name}"`;
      throw new Error(`Cannot ${action} as ${which} throws: ${text}`, {
        cause,
      });
    }
    const isTensor = typeof result === "object" && result !== null &&
      "dataId" in result && !result.isDisposed;
    if (!isTensor || result.rank === 0 || result.shape[0] !== value.shape[0]) {
      throw new TypeError(
        cannot(
          action,
          `its function must give a tensor of ${
            value.shape[0]
          } rows, not a promise`,
          isTensor ? result.shape : result,
        ),
      );
    }
    return result;
  }, feature);
}

/** Reads the outputs back and frees them. */
async function read(
  outputs: OutputValues<tf.Tensor>,
  program: Program,
  turn: Turn,
  backend: BackendName,
): Promise<RunOutputs> {
  const { features, logits, penultimate, scale } = outputs;
  const others = { logits, penultimate, scale };
  const all = [...features, logits, penultimate, scale];
  const tensors = all.filter((tensor) => tensor !== undefined);
  try {
    const values = await valuesOf(tensors, turn, backend);
    const valueOf = (tensor: tf.Tensor) => values.get(tensor)!;
    const arrays: FeatureArray[] = features.map((tensor, i) => {
      const { name, readAs } = program.features[i]!;
      return featureArray(valueOf(tensor), tensor, name, readAs);
    });
    const floats = Object.entries(others).filter(([, t]) => t !== undefined)
      .map(([key, t]) => [key, floatArray(valueOf(t!), t!.shape)] as const);
    const { scale: factors, ...rest } = Object.fromEntries(floats);
    return {
      features: arrays,
      ...rest,
      ...(factors === undefined ? {} : { scale: factors.data }),
    };
  } finally {
    turn.sync(() => tf.dispose(tensors));
  }
}

async function valuesOf(
  tensors: readonly tf.Tensor[],
  turn: Turn,
  backend: BackendName,
): Promise<Map<tf.Tensor, RawValues>> {
  if (backend === "webgpu") {
    const pending = turn.sync(() => tensors.map((tensor) => tensor.data()));
    const values = await Promise.all(pending);
    return new Map(tensors.map((tensor, i) => [tensor, values[i]!.slice()]));
  }
  return turn.sync(() =>
    new Map(tensors.map((tensor) => {
      const values = tensor.dataSync<tf.NumericDataType>();
      // The cpu backend hands out what it holds, which others may hold too.
      return [tensor, backend === "cpu" ? values.slice() : values];
    }))
  );
}
