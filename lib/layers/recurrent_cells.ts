/**
 * Recurrent cells: the computation of one time step.
 *
 * A cell computes in two parts: it projects its input, which does not depend on
 * the state and is done for all time steps at once, then it steps.
 *
 * Source: Keras 3.15 `SimpleRNNCell`, `GRUCell`, `LSTMCell`,
 * `StackedRNNCells`; Keras 2 has the same, with other defaults.
 *
 * @module
 */
import type { Ops, Recurrence } from "../ops/ops.ts";
import { addBias, checkWeight, wrongConfig } from "./_checks.ts";
import { activationNamed } from "./activations.ts";
import type { Activation, FactoryTable, Layer, LayerConfig } from "./layer.ts";

/** A cell; as a layer it maps `[x, …state]` to `[output, …state]`. */
export interface Cell extends Layer {
  /** Number of tensors of its state. */
  readonly numStates: number;
  /** Index of the state tensor that is its output. */
  readonly outputState: number;
  /** The cell with its weights. */
  bind<T>(ops: Ops<T>, weights: Readonly<Record<string, T>>): BoundCell<T>;
}

/** A cell with its weights. */
export interface BoundCell<T> {
  /**
   * The cell in the form of {@linkcode Ops.recurrence}; undefined if it has
   * none.
   */
  readonly operator?: CellOperator<T> | undefined;
  /**
   * The projection of the input, `[N, D]` or `[N, T, D]`, which does not depend
   * on the state.
   */
  project(x: T): T;
  /** A state of zeros, of the shape of one projected time step `[N, …]`. */
  zeroState(projected: T): T[];
  /** Computes the next state; the output is its tensor `outputState`. */
  step(projected: T, state: readonly T[]): T[];
}

/** The kind and weights of a cell, for {@linkcode Ops.recurrence}. */
export type CellOperator<T> = Pick<
  Recurrence<T>,
  "kind" | "kernel" | "recurrentKernel" | "bias"
>;

/**
 * Whether a layer is a cell.
 *
 * @param layer Any layer.
 * @returns True if it is a cell.
 */
export function isCell(layer: Layer): layer is Cell {
  return "bind" in layer;
}

/**
 * Creates a cell that is also a layer.
 *
 * @param parts The parts of the cell.
 * @returns The cell.
 */
export function cellOf(parts: Omit<Cell, "call">): Cell {
  return {
    ...parts,
    call(ops, [x, ...state], weights) {
      const bound = parts.bind(ops, weights);
      const next = bound.step(bound.project(x!), state);
      return [next[parts.outputState]!, ...next];
    },
    masks: () => [],
  };
}

/**
 * Reads an activation that the config must name, because Keras' defaults have
 * changed.
 *
 * @param config The cell's config.
 * @param key The option.
 * @returns The activation.
 */
export function namedActivation(config: LayerConfig, key: string): Activation {
  if (config.has(key)) return config.activation(key);
  throw wrongConfig(config.name, `"${key}" must be there`, undefined);
}

/** Reads the options of all cells; those of training have no effect. */
function readCell(config: LayerConfig) {
  for (const key of ["dropout", "recurrent_dropout"]) config.raw(key);
  return {
    units: config.number("units"),
    activation: namedActivation(config, "activation"),
    hasBias: config.boolean("use_bias", true),
  };
}

/** Reads a cell with gates, and whether engines' operators compute the same. */
function readGatedCell(config: LayerConfig) {
  const cell = readCell(config);
  const gate = namedActivation(config, "recurrent_activation");
  const isStandard =
    cell.activation === activationNamed("tanh", config.dialect) &&
    gate === activationNamed("sigmoid", config.dialect);
  return { ...cell, gate, isStandard };
}

/** The engines' operator with the weights of a cell. */
function operatorOf<T>(
  kind: CellOperator<T>["kind"],
  { kernel, recurrent_kernel: recurrent, bias }: Readonly<Record<string, T>>,
): CellOperator<T> {
  return { kind, kernel: kernel!, recurrentKernel: recurrent!, bias };
}

/** Checks the number of columns of the kernels. */
function checkKernels<T>(
  ops: Ops<T>,
  name: string,
  { kernel, recurrent_kernel: recurrent }: Readonly<Record<string, T>>,
  units: number,
  gates: number,
): void {
  const columns = gates * units;
  checkWeight(name, "kernel", ops.shape(kernel!), [null, columns]);
  const wanted = [units, columns];
  checkWeight(name, "recurrent_kernel", ops.shape(recurrent!), wanted);
}

/**
 * SimpleRNNCell: `h = activation(x K + b + h U)`.
 *
 * @param config The cell's config.
 * @returns The cell.
 */
export function simpleRnnCell(config: LayerConfig): Cell {
  const { units, activation, hasBias } = readCell(config);
  return cellOf({
    weights: weightNames(hasBias),
    numStates: 1,
    outputState: 0,
    bind<T>(ops: Ops<T>, weights: Readonly<Record<string, T>>): BoundCell<T> {
      checkKernels(ops, config.name, weights, units, 1);
      const { kernel, recurrent_kernel: recurrent, bias } = weights;
      return {
        project: (x) => affine(ops, x, config.name, kernel!, bias),
        zeroState: (projected) => [zeros(ops, projected, recurrent!)],
        step: (projected, [h]) => {
          const sum = ops.add(projected, ops.matmul(h!, recurrent!));
          return [activation(ops, sum)];
        },
      };
    },
  });
}

/**
 * LSTMCell: gates i, f, c, o side by side in the kernels;
 * `c = f c + i activation(…)`, `h = o activation(c)`.
 *
 * @param config The cell's config.
 * @returns The cell.
 */
export function lstmCell(config: LayerConfig): Cell {
  const { units, activation, gate, hasBias, isStandard } = readGatedCell(
    config,
  );
  config.raw("unit_forget_bias"); // an initial value only
  return cellOf({
    weights: weightNames(hasBias),
    numStates: 2,
    outputState: 0,
    bind<T>(ops: Ops<T>, weights: Readonly<Record<string, T>>): BoundCell<T> {
      checkKernels(ops, config.name, weights, units, 4);
      const { kernel, recurrent_kernel: recurrent, bias } = weights;
      return {
        operator: isStandard ? operatorOf("lstm", weights) : undefined,
        project: (x) => affine(ops, x, config.name, kernel!, bias),
        zeroState: (projected) => {
          const zero = zeros(ops, projected, recurrent!);
          return [zero, zero];
        },
        step: (projected, [h, c]) => {
          const sum = ops.add(projected, ops.matmul(h!, recurrent!)); // [N, 4 units]
          return lstmStep(ops, sum, c!, activation, gate);
        },
      };
    },
  });
}

/**
 * One step of an LSTM, for values of any rank.
 *
 * @param ops The engine's operations.
 * @param sum The sum of the projected input and state, gates i, f, c, o on the
 * last axis.
 * @param carry The carry state.
 * @param activation The activation.
 * @param gate The gates' activation.
 * @returns The next state: output and carry.
 */
export function lstmStep<T>(
  ops: Ops<T>,
  sum: T,
  carry: T,
  activation: Activation,
  gate: Activation,
): T[] {
  const [i, f, c, o] = columns(ops, sum, 4);
  const next = ops.add(
    ops.multiply(gate(ops, f!), carry),
    ops.multiply(gate(ops, i!), activation(ops, c!)),
  );
  return [ops.multiply(gate(ops, o!), activation(ops, next)), next];
}

/**
 * GRUCell: gates z, r, h side by side; `h = z h + (1 − z) activation(…)`.
 *
 * With `reset_after` the reset gate acts on `h U + b`, else on `h` before it.
 *
 * @param config The cell's config.
 * @returns The cell.
 */
export function gruCell(config: LayerConfig): Cell {
  const { units, activation, gate, hasBias, isStandard } = readGatedCell(
    config,
  );
  const isAfter = config.boolean("reset_after", config.dialect === 3);
  return cellOf({
    weights: weightNames(hasBias),
    numStates: 1,
    outputState: 0,
    bind<T>(ops: Ops<T>, weights: Readonly<Record<string, T>>): BoundCell<T> {
      checkKernels(ops, config.name, weights, units, 3);
      const { kernel, recurrent_kernel: recurrent } = weights;
      const [bias, recurrentBias] = gruBiases(
        ops,
        weights.bias,
        isAfter,
        config.name,
      );
      const size = ops.shape(recurrent!)[0]!;
      const early = ops.slice(recurrent!, [{ axis: 1, stop: 2 * size }]);
      const late = ops.slice(recurrent!, [{ axis: 1, start: 2 * size }]);
      return {
        operator: isStandard && isAfter
          ? operatorOf("gru", weights)
          : undefined,
        project: (x) => affine(ops, x, config.name, kernel!, bias),
        zeroState: (projected) => [zeros(ops, projected, recurrent!)],
        step: (projected, [h]) => {
          const [xz, xr, xh] = columns(ops, projected, 3);
          const inner = isAfter
            ? affine(ops, h!, config.name, recurrent!, recurrentBias) // [N, 3 units]
            : ops.matmul(h!, early); // [N, 2 units]
          const [hz, hr, hh] = columns(ops, inner, isAfter ? 3 : 2);
          const z = gate(ops, ops.add(xz!, hz!));
          const r = gate(ops, ops.add(xr!, hr!));
          const reset = isAfter
            ? ops.multiply(r, hh!)
            : ops.matmul(ops.multiply(r, h!), late);
          const found = activation(ops, ops.add(xh!, reset));
          const rest = ops.subtract(ops.constant(1), z);
          return [ops.add(ops.multiply(z, h!), ops.multiply(rest, found))];
        },
      };
    },
  });
}

/** The bias of the input, and with `reset_after` that of the state. */
function gruBiases<T>(
  ops: Ops<T>,
  bias: T | undefined,
  isAfter: boolean,
  name: string,
): [T | undefined, T | undefined] {
  if (bias === undefined) return [undefined, undefined];
  const shape = ops.shape(bias);
  if (shape.length !== (isAfter ? 2 : 1)) {
    throw wrongConfig(
      name,
      `with reset_after ${isAfter} its bias must have ${isAfter ? 2 : 1} axes`,
      shape,
    );
  }
  checkWeight(name, "bias", shape, isAfter ? [2, null] : [null]);
  if (!isAfter) return [bias, undefined];
  const row = (at: number) =>
    ops.squeeze(ops.slice(bias, [{ axis: 0, start: at, stop: at + 1 }]), 0);
  return [row(0), row(1)];
}

export function weightNames(hasBias: boolean): string[] {
  const kernels = ["kernel", "recurrent_kernel"];
  return hasBias ? [...kernels, "bias"] : kernels;
}

/** `x · kernel + bias`. */
function affine<T>(
  ops: Ops<T>,
  x: T,
  name: string,
  kernel: T,
  bias: T | undefined,
): T {
  return addBias(ops, ops.matmul(x, kernel), bias, name);
}

/** Splits the last axis into equal parts. */
function columns<T>(ops: Ops<T>, x: T, count: number): T[] {
  const shape = ops.shape(x);
  const axis = shape.length - 1;
  const size = shape[axis]! / count;
  return Array.from(
    { length: count },
    (_, i) => ops.slice(x, [{ axis, start: i * size, stop: (i + 1) * size }]),
  );
}

/** Zeros `[N, units]`, also if the input contains NaN. */
function zeros<T>(ops: Ops<T>, projected: T, recurrent: T): T {
  const size = ops.shape(recurrent)[0]!;
  const data = new Float32Array(size);
  const row = ops.constant({ data, shape: [1, size], dtype: "float32" });
  const column = ops.slice(projected, [{ axis: 1, stop: 1 }]); // [N, 1]
  return ops.where(ops.isNaN(column), row, row);
}

/** Factories of this family. */
export const CELL_LAYERS: FactoryTable = Object.freeze({
  SimpleRNNCell: simpleRnnCell,
  LSTMCell: lstmCell,
  GRUCell: gruCell,
});
