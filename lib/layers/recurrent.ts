/**
 * Recurrent layers: a cell applied along axis 1, time step by time step.
 *
 * At masked time steps the state is unchanged, and the output is the previous
 * one, or 0 with `zero_output_for_mask`. Before the first output it is 0, as in
 * Keras 2 and in Keras 3 on TensorFlow and PyTorch; on JAX it is the initial
 * state, if one is passed.
 *
 * Source: Keras 3.15 `RNN`, `SimpleRNN`, `LSTM`, `GRU`,
 * `keras.backend.tensorflow.rnn`; Keras 2.15 `RNN`.
 *
 * @module
 */
import { firstStep, withLastAxes } from "./_over_time.ts";
import { shapeText } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { wrongCall } from "./_checks.ts";
import {
  asBooleans,
  listArgument,
  maskArgument,
  tensorArgument,
} from "./_arguments.ts";
import { namesInPart, weightsOfPart } from "./_parts.ts";
import type {
  CallContext,
  Dialect,
  FactoryTable,
  Layer,
  LayerConfig,
} from "./layer.ts";
import {
  type BoundCell,
  type Cell,
  gruCell,
  lstmCell,
  simpleRnnCell,
} from "./recurrent_cells.ts";
import { cellOfLayer, stackedRnnCells } from "./custom_cell.ts";

/** Outputs and direction of a recurrent layer. */
export interface RecurrentOptions {
  /** Whether it returns the output of each time step, or only the last. */
  readonly returnSequences: boolean;
  /** Whether it also returns its last state. */
  readonly returnState: boolean;
  /** Whether it processes the sequence in reverse. */
  readonly goBackwards: boolean;
  /** Whether the output is 0 at masked time steps. */
  readonly zeroOutputForMask: boolean;
  /** Whether Keras unrolls the time steps: for speed, but see `checkUnrolled`. */
  readonly unroll: boolean;
  /** Whether sequences are `[T, N, …]`, in Keras 2. */
  readonly timeMajor: boolean;
  /** Whether Keras starts a batch from the last state of the one before. */
  readonly stateful: boolean;
}

/** A recurrent layer, which a wrapper may reverse. */
export interface Recurrent extends Layer {
  readonly options: RecurrentOptions;
  /** Number of tensors of its state. */
  readonly numStates: number;
  /** The same layer with other options. */
  with(options: Partial<RecurrentOptions>): Recurrent;
}

/**
 * Whether a layer is recurrent.
 *
 * @param layer Any layer.
 * @returns True if it is recurrent.
 */
export function isRecurrent(layer: Layer): layer is Recurrent {
  return "numStates" in layer && "with" in layer;
}

/**
 * Creates a recurrent layer from a cell.
 *
 * @param config The layer's config.
 * @param cell The cell.
 * @param channels The channel axis of one output.
 * @returns The layer.
 */
export function recurrentOf(
  config: LayerConfig,
  cell: Cell,
  channels: "first" | "last" = "last",
): Recurrent {
  return made(config, cell, channels, {
    returnSequences: config.boolean("return_sequences", false),
    returnState: config.boolean("return_state", false),
    goBackwards: config.boolean("go_backwards", false),
    zeroOutputForMask: config.boolean("zero_output_for_mask", false),
    unroll: config.boolean("unroll", false),
    timeMajor: config.boolean("time_major", false),
    stateful: config.boolean("stateful", false),
  });
}

function made(
  config: LayerConfig,
  cell: Cell,
  channels: "first" | "last" | undefined,
  options: RecurrentOptions,
): Recurrent {
  const recurrence = {
    cell,
    options,
    name: config.name,
    dialect: config.dialect,
  };
  // With a time axis, channels first are not axis 1.
  const hasChannels = channels === "last" ||
    channels === "first" && !options.returnSequences;
  return {
    options,
    numStates: cell.numStates,
    with: (others) => made(config, cell, channels, { ...options, ...others }),
    weights: namesInPart("cell", cell.weights),
    ...(hasChannels ? { channels } : {}),
    ...(options.stateful ? { keepsState: true } : {}),
    call: (ops, inputs, weights, context) =>
      (options.timeMajor ? runTimeMajor : run)(
        ops,
        inputs,
        weightsOfPart(weights, "cell"),
        context,
        recurrence,
      ),
    masks(_ops, _inputs, context) {
      const mask = maskArgument(config.name, context);
      return [options.returnSequences ? mask : undefined];
    },
  };
}

/** A recurrence over the time steps of a sequence. */
interface Recurrence {
  readonly cell: Cell;
  readonly options: RecurrentOptions;
  readonly name: string;
  readonly dialect: Dialect;
}

/** The sequence as the cell reads it, and the states before its first step. */
interface Begun<T> {
  readonly sequence: T;
  readonly zeros: readonly T[];
  readonly initial: readonly T[];
}

function run<T>(
  ops: Ops<T>,
  inputs: readonly T[],
  weights: Readonly<Record<string, T>>,
  context: CallContext<T>,
  recurrence: Recurrence,
): T[] {
  const { cell, options, name, dialect } = recurrence;
  const { returnSequences, returnState } = options;
  const bound = cell.bind(ops, weights);
  const passed = passedState(inputs, context, cell.numStates, name);
  const mask = maskOf(ops, context, passed !== undefined, name, dialect);
  const begin = (): Begun<T> => {
    const sequence = bound.project(inputs[0]!); // [N, T, …]
    const first = firstStep(ops, sequence);
    const zeros = bound.zeroState(first);
    passed?.forEach((state, i) => checkState(ops, state, zeros[i]!, name));
    return { sequence, zeros, initial: passed ?? zeros };
  };
  if (mask !== undefined) {
    checkUnrolled(options, name);
    return scanMasked(ops, bound, mask, begin(), recurrence);
  }
  const scan = () => scanAll(ops, bound, begin(), recurrence);
  const { state, outputs } = bound.operator && ops.recurrence
    ? ops.recurrence({
      ...bound.operator,
      sequence: inputs[0]!,
      initial: passed,
      returnSequences,
      reverse: options.goBackwards,
    }, scan)
    : scan();
  const output = returnSequences ? outputs[0]! : state[cell.outputState]!;
  return returnState ? [output, ...state] : [output];
}

/** Runs over sequences `[T, N, …]`; masks are `[T, N]`, states `[N, …]`. */
function runTimeMajor<T>(
  ops: Ops<T>,
  [x, ...states]: readonly T[],
  weights: Readonly<Record<string, T>>,
  { masks, args }: CallContext<T>,
  recurrence: Recurrence,
): T[] {
  const swapped = (value: T) => {
    const [time, rows, ...others] = [...ops.shape(value).keys()];
    return ops.transpose(value, [rows!, time!, ...others]);
  };
  const mask = tensorArgument(recurrence.name, { masks, args }, "mask");
  const context = {
    masks: masks.map((mask, i) =>
      i === 0 && mask !== undefined ? swapped(mask) : mask
    ),
    args: mask === undefined ? args : { ...args, mask: swapped(mask) },
  };
  const inputs = [swapped(x!), ...states];
  const [output, ...state] = run(ops, inputs, weights, context, recurrence);
  const { returnSequences } = recurrence.options;
  return [returnSequences ? swapped(output!) : output!, ...state];
}

/** Runs the cell at every time step. */
function scanAll<T>(
  ops: Ops<T>,
  bound: BoundCell<T>,
  { sequence, initial }: Begun<T>,
  { cell, options: { returnSequences, goBackwards } }: Recurrence,
) {
  return ops.scan(
    (state, [input]) => {
      const next = bound.step(input!, state);
      const output = next[cell.outputState]!;
      return { state: next, outputs: returnSequences ? [output] : [] };
    },
    initial,
    [sequence],
    goBackwards,
  );
}

/**
 * Runs the cell where the mask is true; at other time steps the state stays. The
 * output is passed on with the state, to be repeated at masked time steps.
 */
function scanMasked<T>(
  ops: Ops<T>,
  bound: BoundCell<T>,
  mask: T,
  { sequence, zeros, initial }: Begun<T>,
  { cell, options, dialect }: Recurrence,
): T[] {
  const { returnSequences, returnState, zeroOutputForMask } = options;
  const blank = zeros[cell.outputState]!;
  const before = dialect === "tfjs" ? initial[cell.outputState]! : blank;
  const { state, outputs } = ops.scan(
    ([last, ...state], [input, counts]) => {
      const next = bound.step(input!, state);
      const choose = (yes: T, no: T) =>
        ops.where(
          withLastAxes(ops, counts!, ops.shape(yes).length - 1),
          yes,
          no,
        );
      const output = choose(
        next[cell.outputState]!,
        zeroOutputForMask ? blank : last!,
      );
      const kept = next.map((value, i) => choose(value, state[i]!));
      return {
        state: [output, ...kept],
        outputs: returnSequences ? [output] : [],
      };
    },
    [before, ...initial],
    [sequence, mask],
    options.goBackwards,
  );
  const [last, ...kept] = state;
  const output = returnSequences ? outputs[0]! : last!;
  return returnState ? [output, ...kept] : [output];
}

/**
 * Refuses an unrolled reverse recurrence with a mask: Keras on TensorFlow
 * applies the mask to the outputs without reversing it, and on JAX does not
 * apply it.
 */
function checkUnrolled(options: RecurrentOptions, name: string): void {
  const { unroll, goBackwards, zeroOutputForMask, returnSequences } = options;
  if (!(unroll && goBackwards && zeroOutputForMask && returnSequences)) return;
  throw wrongCall(
    name,
    `"unroll" must be false where it runs backwards over a mask and gives 0 where that is false`,
    unroll,
    "Keras' backends differ there; save the model with unroll=False, or feed it without a mask",
  );
}

/** The initial state of a call: by keyword, or as further inputs. */
function passedState<T>(
  inputs: readonly T[],
  context: CallContext<T>,
  count: number,
  name: string,
): readonly T[] | undefined {
  const positional = inputs.slice(1);
  const alone = tensorArgument(name, context, "initial_state");
  const listed = listArgument(name, context, "initial_state", count);
  const named = alone === undefined ? listed : [alone, ...listed];
  const passed = positional.length > 0 ? positional : named;
  if (passed.length === 0) return undefined;
  if (passed.length === count) return passed;
  throw wrongCall(
    name,
    `initial_state must be ${count} ${count === 1 ? "tensor" : "tensors"}`,
    passed.length,
  );
}

/**
 * Checks initial states: a mask passed by position would be used as a state.
 */
function checkState<T>(ops: Ops<T>, state: T, like: T, name: string): void {
  const [shape, wanted] = [ops.shape(state), ops.shape(like)];
  const isFit = shape.length === wanted.length &&
    shape.every((size, axis) =>
      axis === 0 || size === null || wanted[axis] === null ||
      size === wanted[axis]
    );
  if (isFit && ops.dtype(state) === "float32") return;
  throw wrongCall(
    name,
    `each initial state must be float32 of shape ${shapeText(wanted)}`,
    `${ops.dtype(state)} ${shapeText(shape)}`,
  );
}

/**
 * The mask of a call. Keras 3 passes the mask of the input only if the call has
 * one tensor, so a call with an initial state has no mask.
 */
function maskOf<T>(
  ops: Ops<T>,
  context: CallContext<T>,
  hasState: boolean,
  name: string,
  dialect: Dialect,
): T | undefined {
  const passed = tensorArgument(name, context, "mask");
  const implicit = dialect === 3 && hasState ? undefined : context.masks[0];
  const mask = passed ?? implicit;
  if (mask === undefined) return undefined;
  const shape = ops.shape(mask);
  if (shape.length === 2) return asBooleans(ops, mask);
  throw wrongCall(name, "its mask must have 2 axes", shape);
}

/**
 * RNN: a cell, or several stacked ones, along the sequence.
 *
 * @param config The layer's config.
 * @returns The layer.
 */
function rnn(config: LayerConfig): Recurrent {
  const { class_name: className } = config.raw("cell") as {
    "class_name": string;
  };
  const cell = cellOfLayer(config.layer("cell"), config.name, className);
  return recurrentOf(config, cell);
}

/** Factories of this family. */
export const RECURRENT_LAYERS: FactoryTable = Object.freeze({
  SimpleRNN: (config) => recurrentOf(config, simpleRnnCell(config)),
  LSTM: (config) => recurrentOf(config, lstmCell(config)),
  GRU: (config) => recurrentOf(config, gruCell(config)),
  RNN: rnn,
  StackedRNNCells: stackedRnnCells,
});
