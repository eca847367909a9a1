import { cannot, shapeText } from "../../../check.ts";
import type { ScanStep } from "../../../ops/ops.ts";
import { OnnxGraph } from "./onnx_graph.ts";
import { castTo, type OnnxValue } from "./onnx_value.ts";
import { recurrent } from "./recurrent.ts";

/** What is to be walked, and how. */
export interface Walk {
  /** The state before the first place. */
  readonly initial: readonly OnnxValue[];
  /** What is walked along axis 1, `[N, T, …]`. */
  readonly inputs: readonly OnnxValue[];
  /** Whether from the end. */
  readonly reverse: boolean;
}

/**
 * Records a walk as ONNX' `Scan`, whose body is a graph of its own.
 *
 * The body takes values from around it by name, so that weights are not carried
 * along as a state.
 *
 * @param graph Where to record it.
 * @param walk What is to be walked.
 * @param record Records one step in the body that it is given.
 * @returns The last state, and the outputs of all places along axis 1.
 */
export function scan(
  graph: OnnxGraph,
  { initial, inputs, reverse }: Walk,
  record: (
    body: OnnxGraph,
    state: readonly OnnxValue[],
    places: readonly OnnxValue[],
  ) => ScanStep<OnnxValue>,
): ScanStep<OnnxValue> {
  const body = new OnnxGraph(graph);
  const state = initial.map(({ shape, dtype }): OnnxValue => (
    { name: body.input("state", dtype), shape, dtype }
  ));
  const places = inputs.map(({ shape, dtype }): OnnxValue => (
    {
      name: body.input("place", dtype),
      shape: [shape[0]!, ...shape.slice(2)],
      dtype,
    }
  ));
  const given = record(body, state, places);
  checkState(initial, given.state);
  given.state.forEach(({ name, dtype }, i) => {
    const wanted = initial[i]!.dtype;
    const value = dtype === wanted ? name : castTo(body, name, wanted);
    body.output("state", value, wanted);
  });
  for (const { name, dtype } of given.outputs) {
    body.output("output", name, dtype);
  }
  const numResults = given.state.length + given.outputs.length;
  const ones = (values: readonly unknown[]) => values.map(() => 1);
  const walkOn = (
    graph: OnnxGraph,
    initial: readonly string[],
    ...places: readonly string[]
  ) =>
    graph.nodeWith(numResults, "Scan", [...initial, ...places], {
      body,
      numScanInputs: inputs.length,
      scanInputAxes: ones(inputs),
      scanInputDirections: inputs.map(() => reverse ? 1 : 0),
      // An empty list of integers has no type in ONNX.
      ...(given.outputs.length > 0
        ? { scanOutputAxes: ones(given.outputs) }
        : {}),
    });
  const step = { initial, inputs, reverse, state, places, given };
  const namesOf = (values: readonly OnnxValue[]) =>
    values.map(({ name }) => name);
  const names = recurrent(graph, step, walkOn) ??
    walkOn(graph, namesOf(initial), ...namesOf(inputs));
  const length = inputs[0]!.shape[1]!;
  return {
    state: given.state.map(({ shape }, i) => ({
      name: names[i]!,
      shape: shape.map((size, axis) => size ?? initial[i]!.shape[axis]!),
      dtype: initial[i]!.dtype,
    })),
    outputs: given.outputs.map(({ shape, dtype }, i) => ({
      name: names[given.state.length + i]!,
      shape: [shape[0]!, length, ...shape.slice(1)],
      dtype,
    })),
  };
}

/** A state keeps its shape from place to place. */
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
        `every step must give states of the shapes that it gets, ${
          shapeText(shape)
        } for number ${i}`,
        next,
      ),
    );
  });
}
