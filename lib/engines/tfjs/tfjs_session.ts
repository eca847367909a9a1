import type { NumericDataType } from "@tensorflow/tfjs";
import { tf } from "../../tf.ts";
import { cannot } from "../../check.ts";
import { origin, type Ref, refKey } from "../../models/graph/graph.ts";
import type { NdArray } from "../../types.ts";
import { readNodeWeights } from "../call_node.ts";
import type { Pacer } from "../../formats/pacer.ts";
import { checkPadding, fixedRows, inFixedBatches } from "../fixed_batches.ts";
import {
  computeOutputs,
  type HeadValues,
  logitsOf,
  logitsRef,
  mapOutputs,
  type OutputValues,
  type Program,
  type RunOutputs,
  unshaped,
  wantedRefs,
} from "../program.ts";
import type { Schedule } from "../schedule.ts";
import type { RunSamples, Session, TensorOutputs } from "../session.ts";
import { type BackendName, takeTurn, type Turn } from "./backend.ts";
import { tensorHandle, tidied } from "./tensor_handle.ts";
import { customSteps } from "./custom_steps.ts";
import { checkClasses, perturbed } from "./perturb.ts";
import {
  checkFetch,
  checkOperation,
  fedValues,
  keepFetched,
  nameOf,
  type NodeRun,
  rawCall,
  rawShapes,
  runNodes,
  type Values,
} from "./run_nodes.ts";
import {
  builtInCallOf,
  type UploadedWeights,
  uploadHead,
  uploadWeights,
} from "./run_built_in.ts";
import { rawRows } from "../raw_rows.ts";
import { type NaNForms, nanForms } from "./nan_run.ts";
import { readOutputs } from "./read_outputs.ts";
import { TfjsOps } from "./tfjs_ops.ts";

const OPS = new TfjsOps();

/**
 * Opens a program on TF.js.
 *
 * @param program The program.
 * @param backend The backend, which is loaded if necessary.
 * @param pacer Yields the thread at intervals, and aborts.
 * @returns The session; closing it frees its copy of the head.
 */
export async function openTfjs(
  program: Program,
  backend: BackendName,
  pacer?: Pacer,
): Promise<Session> {
  const { nodes } = program.schedule;
  nodes.forEach(checkOperation);
  wantedRefs(program).map(origin).forEach(checkFetch);
  const host = await readNodeWeights(nodes, builtInCallOf, pacer);
  const held = await takeTurn(
    backend,
    (turn) =>
      Promise.resolve(turn.sync((): Held => ({
        head: uploadHead(program),
        weights: uploadWeights(host),
      }))),
    pacer,
  );
  return new TfjsSession(program, backend, held);
}

/** Tensors that a session holds until it is closed. */
interface Held {
  readonly head: HeadValues<tf.Tensor> | undefined;
  readonly weights: UploadedWeights;
}

/** A program on TF.js: layers are called one by one, with pauses between. */
class TfjsSession implements Session {
  readonly maxInFlight = 1;
  readonly #program: Program;
  readonly #backend: BackendName;
  readonly #held: Held;
  readonly #run: NodeRun;
  readonly #gradientRun: NodeRun | undefined;
  /** Runs that are about to end; closing waits for them. */
  readonly #inFlight = new Set<Promise<unknown>>();
  /**
   * Whether the graph is asynchronous, as with control flow: detected when it
   * is run.
   */
  #isAsync = false;
  /** Whether a last batch may be padded; false until that was checked. */
  #canPad = false;
  #isClosed = false;

  constructor(
    program: Program,
    backend: BackendName,
    held: Held,
  ) {
    const { logits, gradientSchedule } = program;
    this.#program = program;
    this.#backend = backend;
    this.#held = held;
    this.#run = this.#nodeRun(program.schedule, wantedRefs(program));
    this.#gradientRun = gradientSchedule &&
      this.#nodeRun(gradientSchedule, [logitsRef(unshaped(logits!))]);
  }

  #nodeRun(schedule: Schedule, wanted: readonly Ref[]): NodeRun {
    const { feeds, graph } = this.#program;
    return {
      schedule,
      feeds,
      wanted,
      runtime: graph.runtime,
      backend: this.#backend,
      callOf: builtInCallOf,
      weights: this.#held.weights,
    };
  }

  /** The caller's weights that are used, with their current values. */
  #weights(): tf.Tensor[] {
    const used = new Set([
      ...this.#run.schedule.nodes,
      ...this.#gradientRun?.schedule.nodes ?? [],
    ]);
    return [...used].flatMap((node) =>
      node.weights().flatMap(({ value }) => "read" in value ? [] : [value])
    );
  }

  async run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    { first = 0 }: RunSamples = {},
  ): Promise<RunOutputs> {
    const size = fixedRows(this.#program);
    if (size === undefined) return await this.#runBatch(inputs, pacer, first);
    return await inFixedBatches(
      this.#program,
      inputs,
      size,
      (batch, start) => this.#runBatch(batch, pacer, first + start),
      (batch) => this.#checkPadding(batch, size, pacer),
    );
  }

  /** Checks that padding rows cannot change the other rows of a batch. */
  async #checkPadding(
    batch: readonly NdArray<ArrayBufferView>[],
    size: number,
    pacer: Pacer,
  ): Promise<void> {
    if (this.#canPad) return;
    const program = this.#program;
    const rows = program.graph.runtime === undefined
      ? program.rows
      : await rawRows(program, (refs) =>
        this.#inTurn(pacer, (turn) => {
          const shapes = () => rawShapes(this.#run, uploaded(batch), refs);
          return Promise.resolve(turn.sync(() => tidied("shapes", shapes)));
        }));
    checkPadding(rows, size, "the model");
    this.#canPad = true;
  }

  async #runBatch(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
    first: number,
  ): Promise<RunOutputs> {
    const forms = await nanForms(this.#run.schedule.nodes, inputs);
    return await this.#inTurn(pacer, async (turn) => {
      const feeds = () => uploaded(inputs);
      const outputs = await this.#compute(feeds, forms, turn, pacer);
      return await readOutputs(outputs, this.#program, this.#backend, first);
    });
  }

  async runTensors(
    inputs: readonly tf.Tensor[],
    pacer: Pacer,
  ): Promise<TensorOutputs> {
    const forms = await nanForms(this.#run.schedule.nodes, inputs);
    return await this.#inTurn(pacer, async (turn) => {
      const handles = () => inputs.map((input) => tf.clone(input));
      const outputs = await this.#compute(handles, forms, turn, pacer);
      const { features, logits, penultimate, scale } = outputs;
      tf.dispose([penultimate, scale]); // a handle that is not passed on
      try {
        pacer.check();
        return { features, ...(logits === undefined ? {} : { logits }) };
      } catch (error) {
        tf.dispose([...features, logits]);
        throw error;
      }
    });
  }

  /**
   * Queues the work, runs it, and stops waiting for it when the run is aborted.
   */
  async #inTurn<R>(
    pacer: Pacer,
    work: (turn: Turn) => Promise<R>,
  ): Promise<R> {
    this.#checkOpen();
    pacer.check();
    const result = takeTurn(
      this.#backend,
      work,
      pacer,
      () => this.#weights(),
    );
    // Control flow cannot be interrupted: its result is ignored.
    if (!this.#isAsync) {
      const settled = result.catch(() => {}); // thrown by race() below
      this.#inFlight.add(settled);
      settled.then(() => this.#inFlight.delete(settled));
    }
    return await pacer.race(result);
  }

  async #compute(
    inputs: () => tf.Tensor[],
    forms: NaNForms | undefined,
    turn: Turn,
    pacer: Pacer,
  ): Promise<OutputValues<tf.Tensor>> {
    pacer.check(); // other runs were executed meanwhile
    this.#checkOpen();
    if (this.#isAsync) return await this.#batchAsync(inputs, turn);
    try {
      return await turn.drive(this.#batch(inputs, forms), pacer);
    } catch (error) {
      if (!this.#needsPromises(error)) throw error;
      this.#isAsync = true;
      return await this.#batchAsync(inputs, turn);
    }
  }

  /**
   * Whether TF.js needs asynchronous execution, which it reports before running
   * anything.
   */
  #needsPromises(error: unknown): boolean {
    return this.#program.graph.runtime?.isAsync === true &&
      error instanceof Error && error.message.includes("executeAsync()");
  }

  /** Runs one batch, from inputs to outputs on the backend. */
  *#batch(
    inputs: () => tf.Tensor[],
    forms: NaNForms | undefined,
  ): Generator<void, OutputValues<tf.Tensor>> {
    const feeds = this.#feeds(inputs);
    const others = forms && uploadWeights(forms.host);
    const run = forms === undefined ? this.#run : {
      ...this.#run,
      callOf: forms.callOf,
      weights: new Map([...this.#held.weights, ...others!]),
    };
    try {
      return this.#outputs(yield* runNodes(run, feeds));
    } finally {
      tf.dispose([...feeds, ...others?.values() ?? []]);
    }
  }

  /**
   * The same for asynchronous graphs. If the caller's code runs in between, the
   * rest is computed on the caller's backend.
   */
  async #batchAsync(
    inputs: () => tf.Tensor[],
    turn: Turn,
  ): Promise<OutputValues<tf.Tensor>> {
    const { wanted, runtime, feeds: ports } = this.#run;
    const values: Values = new Map();
    const feeds = turn.sync(() => this.#feeds(inputs));
    try {
      const fed = fedValues(ports, feeds);
      const { byName, fetched } = rawCall(ports, wanted, fed);
      const results = fetched.length === 0
        ? []
        : await turn.sync(() =>
          runtime!.executeAsync(byName, fetched.map(nameOf))
        );
      keepFetched(fetched, results, values);
      for (const ref of wanted) {
        const input = fed.get(refKey(ref));
        if (input !== undefined) {
          values.set(refKey(ref), tf.keep(input.clone()));
        }
      }
      this.#checkOpen();
      return turn.sync(() => this.#outputs(values));
    } finally {
      tf.dispose([...values.values(), ...feeds]);
    }
  }

  /** The inputs, perturbed if requested. */
  #feeds(inputs: () => tf.Tensor[]): tf.Tensor[] {
    return tf.tidy(() => {
      const feeds = inputs();
      const { perturbation } = this.#program;
      if (perturbation === undefined) return feeds.map((feed) => tf.keep(feed));
      return perturbed({
        perturbation,
        backend: this.#backend,
        names: this.#program.feeds.map(({ spec }) => spec.name),
        logits: (xs) => this.#plainLogits(xs),
      }, feeds).map((feed) => tf.keep(feed));
    });
  }

  /** Unshaped logits, computed synchronously, as gradients require. */
  #plainLogits(inputs: readonly tf.Tensor[]): tf.Tensor {
    const steps = runNodes(this.#gradientRun!, inputs);
    let step = steps.next();
    while (!step.done) step = steps.next();
    const values = step.value;
    try {
      const logits = unshaped(this.#program.logits!);
      const { logits: z } = logitsOf(
        OPS,
        logits,
        valueIn(values),
        this.#held.head,
      );
      checkClasses(z, this.#program.perturbation!.isBinary);
      return z.clone(); // may be one of the values
    } finally {
      tf.dispose([...values.values()]);
    }
  }

  /**
   * Computes the program's outputs, and frees the values that they are computed
   * from.
   */
  #outputs(values: Values): OutputValues<tf.Tensor> {
    const rest = new Set(values.values());
    try {
      return tidied("outputs", () => {
        const outputs = computeOutputs(
          OPS,
          this.#program,
          valueIn(values),
          this.#held.head,
        );
        const features = outputs.features.map((feature, i) =>
          customSteps(feature, this.#program.features[i]!)
        );
        // An output that is one of the values is reused, once.
        return mapOutputs(
          { ...outputs, features },
          (tensor) => rest.delete(tensor) ? tensor : tensorHandle(tensor),
        );
      });
    } finally {
      values.clear();
      for (const value of rest) value.dispose();
    }
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw new TypeError(
      cannot("run", "the session must be open", "closed", "open it again"),
    );
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all(this.#inFlight);
    const { head, weights } = this.#held;
    if (head) tf.dispose([head.kernel, head.bias]);
    tf.dispose([...weights.values()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function uploaded(inputs: readonly NdArray<ArrayBufferView>[]): tf.Tensor[] {
  return inputs.map(({ data, shape, dtype }) =>
    tf.tensor(data as Float32Array, [...shape], dtype as NumericDataType)
  );
}

function valueIn(values: Values): (ref: Ref) => tf.Tensor {
  return (ref) => values.get(refKey(ref))!;
}
