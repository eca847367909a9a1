/**
 * LSTM and GRU by the operators that ONNX has for them, which ONNX Runtime
 * computes many times faster than a scan of small operators.
 *
 * The operators do not propagate NaN, and their gates have an absolute error of
 * 2e-7. So an `If` in the graph chooses at each run, and runs the scan if a
 * value could be NaN or infinite, or if all of a state is near zero.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__LSTM.html and `onnx__GRU.html`.
 *
 * @module
 */
import type { Recurrence, ScanStep } from "../../../ops/ops.ts";
import { OnnxGraph } from "./onnx_graph.ts";
import type { OnnxValue } from "./onnx_value.ts";

/** Differences between the operators. */
interface Operator {
  readonly operator: "LSTM" | "GRU";
  readonly attributes: Readonly<Record<string, number>>;
  readonly numStates: number;
  /** Keras' gates in the order of the operator. */
  readonly gates: readonly number[];
  /** Whether a gate can make all of a state near zero. */
  readonly hasOutputGate: boolean;
}

const OPERATORS: Readonly<Record<Recurrence<unknown>["kind"], Operator>> = {
  lstm: {
    operator: "LSTM",
    attributes: {},
    numStates: 2,
    gates: [0, 3, 1, 2], // i, o, f, c of Keras' i, f, c, o
    hasOutputGate: true,
  },
  gru: {
    operator: "GRU",
    attributes: { linearBeforeReset: 1 },
    numStates: 1,
    gates: [0, 1, 2], // z, r, h in both
    hasOutputGate: false,
  },
};

/**
 * The sigmoid of the operators has an absolute error of 2e-7. A state below
 * this limit may have a relative error of more than 1e-5.
 */
const NEAR_ZERO = 2 ** -5;

/**
 * Limit for the sum of absolute values, so that no intermediate value
 * overflows.
 */
const MOST = 1e15;

/**
 * Records an LSTM or a GRU.
 *
 * @param graph The graph to record in.
 * @param layer The layer.
 * @param scan Records the same as a scan, in the graph that is passed.
 * @returns The last state, and the outputs of all time steps.
 */
export function recurrence(
  graph: OnnxGraph,
  layer: Recurrence<OnnxValue>,
  scan: (graph: OnnxGraph) => ScanStep<OnnxValue>,
): ScanStep<OnnxValue> {
  const { sequence, kernel, recurrentKernel, bias, initial = [] } = layer;
  const units = recurrentKernel.shape[0];
  const weights = bias === undefined
    ? [kernel, recurrentKernel]
    : [kernel, recurrentKernel, bias];
  const areConstants = weights.every(({ name }) =>
    graph.constantOf(name)?.type === "float32"
  );
  if (typeof units !== "number" || !areConstants) return scan(graph);
  const { hasOutputGate } = OPERATORS[layer.kind];
  let result: ScanStep<OnnxValue> | undefined;
  const scanned = (outer: OnnxGraph) => {
    const branch = new OnnxGraph(outer);
    result = scan(branch);
    return branch.returning(namesOf(result), "float32");
  };
  const branch = new OnnxGraph(graph);
  const names = recordOperator(branch, layer, units);
  const checked = hasOutputGate
    ? branch.nodeWith(names.length, "If", [hasNearZeroRow(branch, names[0]!)], {
      thenBranch: scanned(branch),
      elseBranch: new OnnxGraph(branch).returning(names, "float32"),
    })
    : names;
  branch.returning(checked, "float32");
  const values = [sequence, ...initial, ...weights];
  const condition = [isBounded(graph, values)];
  const chosen = graph.nodeWith(names.length, "If", condition, {
    thenBranch: branch,
    elseBranch: scanned(graph),
  });
  return withNames(result!, chosen);
}

/** Renames the values of a result. */
function withNames(
  { state, outputs }: ScanStep<OnnxValue>,
  names: readonly string[],
): ScanStep<OnnxValue> {
  const named = (value: OnnxValue, i: number) => ({
    ...value,
    name: names[i]!,
  });
  return {
    state: state.map(named),
    outputs: outputs.map((value, i) => named(value, state.length + i)),
  };
}

function namesOf({ state, outputs }: ScanStep<OnnxValue>): string[] {
  return [...state, ...outputs].map(({ name }) => name);
}

/** Whether all values are numbers, and small enough; false for NaN. */
function isBounded(graph: OnnxGraph, values: readonly OnnxValue[]): string {
  const sum = values
    .map(({ name }) => graph.node("ReduceL1", [name], { keepdims: 0 }))
    .reduce((a, b) => graph.node("Add", [a, b]));
  return graph.node("LessOrEqual", [sum, graph.scalar("float32", MOST)]);
}

/** Whether some row of `[N, units]` has only values near zero. */
function hasNearZeroRow(graph: OnnxGraph, states: string): string {
  const sizes = graph.node("Abs", [states]);
  const axes = graph.integers([1]);
  const largest = graph.node("ReduceMax", [sizes, axes], { keepdims: 0 });
  const least = graph.node("ReduceMin", [largest], { keepdims: 0 });
  return graph.node("Less", [least, graph.scalar("float32", NEAR_ZERO)]);
}

/**
 * Records the operator; returns the names of the last state and of the outputs.
 */
function recordOperator(
  graph: OnnxGraph,
  layer: Recurrence<OnnxValue>,
  units: number,
): string[] {
  const { sequence, initial, reverse, returnSequences } = layer;
  const { operator, attributes, numStates } = OPERATORS[layer.kind];
  const axis = (at: number) => graph.integers([at]);
  const first = initial?.map(({ name }) =>
    graph.node("Unsqueeze", [name, axis(0)])
  );
  const [all, ...last] = graph.nodeWith(1 + numStates, operator, [
    graph.node("Transpose", [sequence.name], { perm: [1, 0, 2] }), // [T, N, D]
    ...weightNames(graph, layer, units),
    ...first === undefined ? [] : ["", ...first],
  ], {
    ...attributes,
    hiddenSize: units,
    direction: reverse ? "reverse" : "forward",
  });
  const state = last.map((name) => graph.node("Squeeze", [name, axis(0)]));
  if (!returnSequences) return state;
  // [T, 1, N, units] in the order of time; a scan has the order of computation.
  const steps = graph.node("Squeeze", [all!, axis(1)]);
  const range = [-1, -Infinity, 0, -1].map(axis);
  const ordered = reverse ? graph.node("Slice", [steps, ...range]) : steps;
  return [...state, graph.node("Transpose", [ordered], { perm: [1, 0, 2] })];
}

/** Kernel, recurrent kernel and bias in the format of the operator. */
function weightNames(
  graph: OnnxGraph,
  { kind, kernel, recurrentKernel, bias }: Recurrence<OnnxValue>,
  units: number,
): string[] {
  const { operator, gates } = OPERATORS[kind];
  const width = gates.length * units;
  const transposed = ({ name }: OnnxValue) => {
    const [rows] = graph.constantOf(name)!.shape;
    return graph.derived(name, operator, {
      shape: [1, width, rows!],
      compute: (data) => gatesFirst(data, rows!, units, gates),
    });
  };
  const biases = bias && graph.derived(bias.name, `${operator} bias`, {
    shape: [1, 2 * width], // of the input, of the state
    compute: (data) => {
      const both = new Float32Array(2 * width);
      for (let at = 0; at < data.length; at += width) {
        both.set(gatesFirst(data.subarray(at), 1, units, gates), at);
      }
      return both;
    },
  });
  return [transposed(kernel), transposed(recurrentKernel), biases ?? ""];
}

/** `[rows, gates · units]` → `[gates · units, rows]`, gates in another order. */
function gatesFirst(
  values: Float32Array,
  rows: number,
  units: number,
  gates: readonly number[],
): Float32Array<ArrayBuffer> {
  const width = gates.length * units;
  const transposed = new Float32Array(rows * width);
  gates.forEach((gate, index) => {
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++) {
        transposed[(index * units + unit) * rows + row] =
          values[row * width + gate * units + unit]!;
      }
    }
  });
  return transposed;
}
