import { cannot, shapeText } from "../../../check.ts";
import type { ScanStep } from "../../../ops/ops.ts";
import { OnnxGraph } from "./onnx_graph.ts";
import { castTo, type OnnxValue } from "./onnx_value.ts";

/** The inputs of a scan. */
export interface ScanInputs {
  /** The initial state. */
  readonly initial: readonly OnnxValue[];
  /** The sequences, `[N, T, …]`. */
  readonly inputs: readonly OnnxValue[];
  /** Whether the last time step is first. */
  readonly reverse: boolean;
}

/**
 * Records a scan as ONNX' `Scan`, whose body is a separate graph.
 *
 * The body uses values of the outer graph by name, so that weights need not be
 * part of the state.
 *
 * @param graph The graph to record in.
 * @param inputs State, sequences and direction.
 * @param record Records one step in the body that is passed.
 * @returns The last state, and the outputs of all time steps along axis 1.
 */
export function scan(
  graph: OnnxGraph,
  { initial, inputs, reverse }: ScanInputs,
  record: (
    body: OnnxGraph,
    state: readonly OnnxValue[],
    steps: readonly OnnxValue[],
  ) => ScanStep<OnnxValue>,
): ScanStep<OnnxValue> {
  const body = new OnnxGraph(graph);
  const state = initial.map(({ shape, dtype }): OnnxValue => (
    { name: body.input("state", dtype), shape, dtype }
  ));
  const steps = inputs.map(({ shape, dtype }): OnnxValue => (
    {
      name: body.input("step", dtype),
      shape: [shape[0]!, ...shape.slice(2)],
      dtype,
    }
  ));
  const result = record(body, state, steps);
  checkState(initial, result.state);
  result.state.forEach(({ name, dtype }, i) => {
    const wanted = initial[i]!.dtype;
    const value = dtype === wanted ? name : castTo(body, name, wanted);
    body.output("state", value, wanted);
  });
  for (const { name, dtype } of result.outputs) {
    body.output("output", name, dtype);
  }
  const numResults = result.state.length + result.outputs.length;
  const ones = (values: readonly unknown[]) => values.map(() => 1);
  const fed = [...initial, ...inputs].map(({ name }) => name);
  const names = graph.nodeWith(numResults, "Scan", fed, {
    body,
    numScanInputs: inputs.length,
    scanInputAxes: ones(inputs),
    scanInputDirections: inputs.map(() => reverse ? 1 : 0),
    // An empty list of integers has no type in ONNX.
    ...(result.outputs.length > 0
      ? { scanOutputAxes: ones(result.outputs) }
      : {}),
  });
  const length = inputs[0]!.shape[1]!;
  return {
    state: result.state.map(({ shape }, i) => ({
      name: names[i]!,
      shape: shape.map((size, axis) => size ?? initial[i]!.shape[axis]!),
      dtype: initial[i]!.dtype,
    })),
    outputs: result.outputs.map(({ shape, dtype }, i) => ({
      name: names[result.state.length + i]!,
      shape: [shape[0]!, length, ...shape.slice(1)],
      dtype,
    })),
  };
}

/** Checks that the state keeps its shape. */
function checkState(
  before: readonly OnnxValue[],
  after: readonly OnnxValue[],
): void {
  before.forEach(({ shape }, i) => {
    const next = after[i]?.shape ?? [];
    const fits = next.length === shape.length && shape.every((size, axis) => {
      const other = next[axis]!;
      return size === null || other === null || size === other;
    });
    if (fits && after.length === before.length) return;
    throw new TypeError(
      cannot(
        "scan",
        `every step must return states of the shapes that it receives, ${
          shapeText(shape)
        } for number ${i}`,
        next,
      ),
    );
  });
}
