/**
 * Walks that are an LSTM or a GRU as the operators that ONNX has for these,
 * which ONNX Runtime computes many times faster than a loop of small ones.
 *
 * The layers say what they compute once, as a walk. Here it is looked at, and
 * where it is exactly what the operator means, with the input projected by a
 * constant kernel, the operator takes its place. Another activation, a mask
 * between two places, or a kernel that is computed leave the walk as it is.
 * The operator takes NaN for numbers, and its gates lose the digits of what is
 * small: where there could be NaN, or all of a state is small, which an `If`
 * finds out at each run, the walk is walked.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__LSTM.html and `onnx__GRU.html`.
 *
 * @module
 */
import { sizeOf } from "../../../check.ts";
import type { ScanStep } from "../../../ops/ops.ts";
import { type Found, NodeMatcher, type Pattern } from "./match_nodes.ts";
import { type OnnxConstant, OnnxGraph } from "./onnx_graph.ts";
import type { OnnxValue } from "./onnx_value.ts";

/** A walk, and what one step of it computes. */
export interface RecordedWalk {
  readonly initial: readonly OnnxValue[];
  readonly inputs: readonly OnnxValue[];
  readonly reverse: boolean;
  /** Names of the state and of the place in the step. */
  readonly state: readonly OnnxValue[];
  readonly places: readonly OnnxValue[];
  /** What the step gives. */
  readonly given: ScanStep<OnnxValue>;
}

/** What both operators are, in the words of ONNX. */
interface Kind {
  readonly operator: "LSTM" | "GRU";
  readonly attributes: Readonly<Record<string, number>>;
  readonly numStates: number;
  /** Keras' gates in the operator's order. */
  readonly gates: readonly number[];
  /** What the step must give: its state, of which the first is the output. */
  readonly state: (units: number, hasBias: boolean) => readonly Pattern[];
  /** How the bias of the input is computed from that of the layer. */
  readonly bias: Pattern;
  /** Whether a gate can make all of a state small. */
  readonly hasOutputGate: boolean;
}

/** As `Ops` record it. */
const sigmoid = (of: Pattern): Pattern => [
  "Reciprocal",
  ["Add", "one", ["Exp", ["Neg", of]]],
];

const LSTM: Kind = {
  operator: "LSTM",
  attributes: {},
  numStates: 2,
  gates: [0, 3, 1, 2], // Keras: i, f, c, o
  bias: "bias",
  hasOutputGate: true,
  state(units) {
    const sum: Pattern = ["Add", "place", ["MatMul", "h", "recurrent"]];
    const [i, f, c, o] = columns(sum, units, 4);
    const next: Pattern = [
      "Add",
      ["Mul", sigmoid(f!), "c"],
      ["Mul", sigmoid(i!), ["Tanh", c!]],
    ];
    return [["Mul", sigmoid(o!), ["Tanh", next]], next];
  },
};

/** Of a bias `[2, 3 units]`, one row for the input and one for the state. */
const biasRow = (row: number): Pattern => [
  "Squeeze",
  ["Slice", "bias", int(row), int(row + 1), int(0), int(1)],
  int(0),
];

const GRU: Kind = {
  operator: "GRU",
  attributes: { linearBeforeReset: 1 },
  numStates: 1,
  gates: [0, 1, 2], // z, r, h in both
  bias: biasRow(0),
  hasOutputGate: false,
  state(units, hasBias) {
    const product: Pattern = ["MatMul", "h", "recurrent"];
    const inner: Pattern = hasBias ? ["Add", product, biasRow(1)] : product;
    const [xz, xr, xh] = columns("place", units, 3);
    const [hz, hr, hh] = columns(inner, units, 3);
    const z: Pattern = sigmoid(["Add", xz!, hz!]);
    const r: Pattern = sigmoid(["Add", xr!, hr!]);
    const found: Pattern = ["Tanh", ["Add", xh!, ["Mul", r, hh!]]];
    const rest: Pattern = ["Mul", ["Sub", "one", z], found];
    return [["Add", ["Mul", z, "h"], rest]];
  },
};

/**
 * The operators' sigmoid is right to 2e-7. A state that an output gate has made
 * smaller than this may be off by more than 1e-5 of it.
 */
const FAINT = 2 ** -5;

/** The most that values may be for nothing to become infinite on the way. */
const MOST = 1e15;

/**
 * Records a walk as one operator, if it is one.
 *
 * @param graph Where to record it.
 * @param walk The walk.
 * @param walkOn Records the walk as it is, with other names for its first state
 * and its places; gives the names of its results.
 * @returns Names of the last state and of the outputs of all places; undefined
 * if it is not one, and nothing was recorded.
 */
export function recurrent(
  graph: OnnxGraph,
  walk: RecordedWalk,
  walkOn: (
    graph: OnnxGraph,
    initial: readonly string[],
    places: string,
  ) => readonly string[],
): readonly string[] | undefined {
  for (const kind of [LSTM, GRU]) {
    const parts = partsOf(graph, walk, kind);
    if (parts === undefined) continue;
    const walked = (outer: OnnxGraph) => {
      const careful = new OnnxGraph(outer);
      const first = parts.initial ??
        walk.initial.map(() => zeros(careful, parts));
      const names = walkOn(careful, first, project(careful, parts));
      return careful.giving(names, "float32");
    };
    const quick = new OnnxGraph(graph);
    const results = recordOperator(quick, walk, kind, parts);
    const sure = kind.hasOutputGate
      ? quick.nodeWith(results.length, "If", [
        someRowIsFaint(quick, results[0]!),
      ], {
        thenBranch: walked(quick),
        elseBranch: new OnnxGraph(quick).giving(results, "float32"),
      })
      : results;
    quick.giving(sure, "float32");
    const sizes = [parts.x, ...parts.initial ?? []].map((name) =>
      graph.node("ReduceL1", [name], { keepdims: 0 })
    );
    const size = sizes.reduce((a, b) => graph.node("Add", [a, b]));
    const most = graph.scalar("float32", MOST);
    const isTame = graph.node("LessOrEqual", [size, most]); // false for NaN
    return graph.nodeWith(results.length, "If", [isTame], {
      thenBranch: quick,
      elseBranch: walked(graph),
    });
  }
}

/** Whether in some row of `[N, units]` all values are near 0. */
function someRowIsFaint(graph: OnnxGraph, states: string): string {
  const sizes = graph.node("Abs", [states]);
  const axes = graph.integers([1]);
  const largest = graph.node("ReduceMax", [sizes, axes], { keepdims: 0 });
  const least = graph.node("ReduceMin", [largest], { keepdims: 0 });
  return graph.node("Less", [least, graph.scalar("float32", FAINT)]);
}

/** The input through its kernel. */
function project(graph: OnnxGraph, { x, kernel, added }: Parts): string {
  const product = graph.node("MatMul", [x, kernel]);
  return added === undefined ? product : graph.node("Add", [product, added]);
}

/** A state of zeros, for as many samples as there are. */
function zeros(graph: OnnxGraph, { x, zero }: Parts): string {
  const axis = (at: number) => graph.integers([at]);
  const column = graph.node("Slice", [
    x,
    graph.integers([0, 0]),
    graph.integers([1, 1]),
    graph.integers([1, 2]),
  ]);
  const flat = graph.node("Squeeze", [column, axis(1)]); // [N, 1]
  return graph.node("Where", [graph.node("IsNaN", [flat]), zero!, zero!]);
}

/** Names of what an operator takes. */
interface Parts {
  readonly x: string;
  readonly kernel: string;
  readonly recurrent: string;
  readonly bias: string | undefined;
  /** What is added to the projected input, made of the bias. */
  readonly added: string | undefined;
  /** Undefined where the walk begins with zeros. */
  readonly initial: readonly string[] | undefined;
  /** A row of zeros, where it does. */
  readonly zero: string | undefined;
  readonly units: number;
}

function partsOf(
  graph: OnnxGraph,
  { initial, inputs, state, places, given }: RecordedWalk,
  kind: Kind,
): Parts | undefined {
  const units = initial[0]?.shape.at(-1);
  if (inputs.length !== 1 || state.length !== kind.numStates) return undefined;
  if (typeof units !== "number" || inputs[0]!.shape.length !== 3) {
    return undefined;
  }
  const matcher = new NodeMatcher(graph);
  const product: Pattern = ["MatMul", "x", "kernel"];
  const { name } = inputs[0]!;
  const nothing: Found = new Map();
  const sum = matcher.match(name, ["Add", product, "added"], nothing);
  const biased = sum && matcher.match(sum.get("added")!, kind.bias, sum);
  const begin = biased ?? matcher.match(name, product, nothing);
  if (begin === undefined) return undefined;
  begin.set("place", places[0]!.name);
  state.forEach(({ name }, i) => begin.set("hc"[i]!, name));
  const patterns = kind.state(units, biased !== undefined);
  const wanted = [
    ...given.state.map(({ name }, i) => [name, patterns[i]!] as const),
    ...given.outputs.map(({ name }) => [name, patterns[0]!] as const),
  ];
  const found = wanted.reduce<Found | undefined>(
    (found, [name, pattern]) => found && matcher.match(name, pattern, found),
    begin,
  );
  if (found === undefined) return undefined;
  const { x, kernel, recurrent, bias, added, one } = Object.fromEntries(found);
  const numGates = kind.gates.length;
  const hasData = [kernel, recurrent, ...biased ? [bias] : []].every((name) =>
    isFilled(graph.constantOf(name!))
  );
  const size = graph.constantOf(recurrent!)?.shape;
  const isOne = one === undefined || isAll(graph, one, 1);
  if (!hasData || !isOne || size?.join() !== `${units},${numGates * units}`) {
    return undefined;
  }
  const zero = initial.map(({ name }) =>
    matcher.match(name, ["Where", "any", "zero", "zero"], nothing)?.get("zero")
  );
  const isZero = zero.every((name) =>
    name !== undefined && isAll(graph, name, 0)
  );
  return {
    x: x!,
    kernel: kernel!,
    recurrent: recurrent!,
    bias: biased && bias,
    added: biased && added,
    initial: isZero ? undefined : initial.map(({ name }) => name),
    zero: isZero ? zero[0] : undefined,
    units,
  };
}

/** Records the operator; gives the names of the last state and of the outputs. */
function recordOperator(
  graph: OnnxGraph,
  { reverse, given }: RecordedWalk,
  { operator, attributes, gates, numStates }: Kind,
  { x, kernel, recurrent, bias, initial, units }: Parts,
): string[] {
  const width = gates.length * units;
  const turned = (name: string) => {
    const { data, shape: [rows] } = graph.constantOf(name)!;
    return graph.derived(name, operator, {
      shape: [1, width, rows!],
      make: () => gatesFirst(data as Float32Array, rows!, units, gates),
    });
  };
  const biases = bias && graph.derived(bias, `${operator} bias`, {
    shape: [1, 2 * width], // of the input, of the state
    make: () => {
      const data = graph.constantOf(bias)!.data as Float32Array;
      const both = new Float32Array(2 * width);
      for (let at = 0; at < data.length; at += width) {
        both.set(gatesFirst(data.subarray(at), 1, units, gates), at);
      }
      return both;
    },
  });
  const axis = (at: number) => graph.integers([at]);
  const first = initial?.map((name) =>
    graph.node("Unsqueeze", [name, axis(0)])
  );
  const names = [
    graph.node("Transpose", [x], { perm: [1, 0, 2] }), // [T, N, D]
    turned(kernel),
    turned(recurrent),
    biases ?? "",
    ...first === undefined ? [] : ["", ...first],
  ];
  const [all, ...last] = graph.nodeWith(1 + numStates, operator, names, {
    ...attributes,
    hiddenSize: units,
    direction: reverse ? "reverse" : "forward",
  });
  const state = last.map((name) => graph.node("Squeeze", [name, axis(0)]));
  if (given.outputs.length === 0) return state;
  // [T, 1, N, units], in the order of the places; a walk gives its own order.
  const places = graph.node("Squeeze", [all!, axis(1)]);
  const range = [-1, -Infinity, 0, -1].map(axis);
  const ordered = reverse ? graph.node("Slice", [places, ...range]) : places;
  const output = graph.node("Transpose", [ordered], { perm: [1, 0, 2] });
  return [...state, ...given.outputs.map(() => output)];
}

/** `[rows, gates · units]` → `[gates · units, rows]`, gates in another order. */
function gatesFirst(
  values: Float32Array,
  rows: number,
  units: number,
  gates: readonly number[],
): Float32Array<ArrayBuffer> {
  const width = gates.length * units;
  const turned = new Float32Array(rows * width);
  gates.forEach((gate, place) => {
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++) {
        turned[(place * units + unit) * rows + row] =
          values[row * width + gate * units + unit]!;
      }
    }
  });
  return turned;
}

function columns(value: Pattern, units: number, count: number): Pattern[] {
  return Array.from({ length: count }, (_, i): Pattern => [
    "Slice",
    value,
    int(i * units),
    int((i + 1) * units),
    int(1),
    int(1),
  ]);
}

function int(value: number): Pattern {
  return { integers: [value] };
}

/**
 * Whether it is a constant whose values are there, as shapes alone are recorded
 * too, and of which none is infinite or makes others so.
 */
function isFilled(constant: OnnxConstant | undefined): boolean {
  if (constant === undefined) return false;
  const { data, shape } = constant;
  return data instanceof Float32Array && data.length === sizeOf(shape) &&
    data.every((value) => Math.abs(value) <= MOST);
}

/** Whether it is a constant of nothing but one number. */
function isAll(graph: OnnxGraph, name: string, value: number): boolean {
  const constant = graph.constantOf(name);
  return isFilled(constant) &&
    (constant!.data as Float32Array).every((other) => other === value);
}
