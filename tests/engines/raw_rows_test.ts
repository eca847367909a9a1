import { assertEquals } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import type { Constant, Node, Port } from "../support/onnx_bytes.ts";
import { onnxBytes } from "../support/onnx_bytes.ts";

const X: Port = { name: "x", shape: ["N", 3] };
const ints = (name: string, ...values: number[]): Constant => ({
  name,
  type: 7,
  shape: [values.length],
  ints: values,
});

/** The operations that a plan says to compute over the samples. */
async function mixers(
  nodes: readonly Node[],
  { x = X, constants = [], opset = 17 }: {
    readonly x?: Port;
    readonly constants?: readonly Constant[];
    readonly opset?: number;
  } = {},
): Promise<string[]> {
  await using model = await loadModel(onnxBytes({
    nodes,
    constants,
    inputs: [x],
    outputs: [{ name: "y", shape: [] }],
    opsets: { "": opset },
  }));
  const extractor = new FeatureExtractor(model).layers([-1]).logits(false);
  const { warnings } = await extractor.plan();
  const line =
    /^results depend on \.batch\(\): (.*?) computes? over all samples/;
  return warnings.flatMap((text) => line.exec(text)?.[1]?.split(", ") ?? []);
}

const node = (op: string, attributes: Node["attributes"] = {}): Node => ({
  op,
  name: op,
  in: ["x"],
  out: ["y"],
  attributes,
});

Deno.test("plan() warns of reductions, softmaxes and sums along the samples", async () => {
  assertEquals(await mixers([node("Softmax", { axis: 0 })]), ['"Softmax"']);
  assertEquals(await mixers([node("Softmax", { axis: -2 })]), ['"Softmax"']);
  assertEquals(await mixers([node("Softmax", { axis: -1 })]), []);
  const mean = node("ReduceMean", { axes: [0] });
  assertEquals(await mixers([mean]), ['"ReduceMean"']);
  assertEquals(await mixers([node("ReduceMean")]), ['"ReduceMean"']);
  assertEquals(await mixers([node("ReduceMean", { axes: [-1] })]), []);
  const sum = { ...node("CumSum"), in: ["x", "axis"] };
  const along = (axis: number) => ({ constants: [ints("axis", axis)] });
  assertEquals(await mixers([sum], along(0)), ['"CumSum"']);
  assertEquals(await mixers([sum], along(1)), []);
});

Deno.test("plan() warns of a softmax before opset 13 by the axes that it merges", async () => {
  const at = (axis: number) =>
    mixers([node("Softmax", { axis })], { opset: 11 });
  assertEquals(await at(0), ['"Softmax"']);
  assertEquals(await at(1), []);
});

Deno.test("plan() follows the samples through transposes and reductions", async () => {
  const x: Port = { name: "x", shape: ["T", "batch", 3] };
  const swap: Node = { ...node("Transpose", { perm: [1, 0, 2] }), out: ["t"] };
  const reduce = (axes: number[]): Node => ({
    ...node("ReduceMax", { axes, keepdims: 0 }),
    in: ["t"],
    out: ["r"],
  });
  const softmax = (axis: number): Node => ({
    ...node("Softmax", { axis }),
    in: ["r"],
  });
  const at = (axes: number[], axis: number) =>
    mixers([swap, reduce(axes), softmax(axis)], { x });
  assertEquals(await at([1], 0), ['"Softmax"']);
  assertEquals(await at([1], 1), []);
  assertEquals(await at([0], 1), ['"ReduceMax"']);
});

Deno.test("plan() warns of products of samples with each other, not of those within a sample", async () => {
  const swap = (perm: number[]): Node => ({
    ...node("Transpose", { perm }),
    out: ["t"],
  });
  const product: Node = { ...node("MatMul"), in: ["x", "t"] };
  assertEquals(await mixers([swap([1, 0]), product]), ['"MatMul"']);
  const x: Port = { name: "x", shape: ["N", 4, 3] };
  assertEquals(await mixers([swap([0, 2, 1]), product], { x }), []);
});

Deno.test("plan() warns of a slice that reverses the samples", async () => {
  const slice: Node = {
    ...node("Slice"),
    in: ["x", "start", "end", "axis", "step"],
  };
  const at = (axis: number) => ({
    constants: [
      ...[ints("start", -1), ints("end", -100)],
      ...[ints("axis", axis), ints("step", -1)],
    ],
  });
  assertEquals(await mixers([slice], at(0)), ['"Slice"']);
  assertEquals(await mixers([slice], at(1)), []);
});

Deno.test("plan() does not warn of a model that computes one sample at a time", async () => {
  const x: Port = { name: "x", shape: [1, 3] };
  assertEquals(await mixers([node("Softmax", { axis: 0 })], { x }), []);
});

/** An operation on what some others give, followed by a softmax. */
async function after(
  nodes: readonly Node[],
  axis: number,
  options: Parameters<typeof mixers>[1] = {},
): Promise<string[]> {
  const softmax: Node = { ...node("Softmax", { axis }), in: ["t"] };
  const last = nodes.length - 1;
  const given = nodes.map((each, i) =>
    i === last ? { ...each, out: ["t", ...(each.out ?? []).slice(1)] } : each
  );
  return await mixers([...given, softmax], options);
}

Deno.test("plan() warns of the greatest of all samples, of statistics over them, and of time steps that are samples", async () => {
  assertEquals(await mixers([node("ArgMax")]), ['"ArgMax"']);
  assertEquals(await mixers([node("ArgMax", { axis: 1 })]), []);
  const top: Node = { ...node("TopK", { axis: 0 }), in: ["x", "k"] };
  const one = { constants: [ints("k", 1)] };
  const outputs = (each: Node) => ({ ...each, out: ["y", "i"] });
  assertEquals(await mixers([outputs(top)], one), ['"TopK"']);
  const map: Port = { name: "x", shape: ["N", 3, 4, 4] };
  const whole = node("MeanVarianceNormalization");
  assertEquals(await mixers([whole], { x: map }), [
    '"MeanVarianceNormalization"',
  ]);
  const inner = node("MeanVarianceNormalization", { axes: [2, 3] });
  assertEquals(await mixers([inner], { x: map }), []);
  const zeros = (name: string, ...shape: number[]): Constant => ({
    name,
    shape,
    floats: Array(shape.reduce((a, b) => a * b)).fill(0),
  });
  const lstm: Node = {
    ...node("LSTM", { "hidden_size": 2 }),
    in: ["x", "w", "r"],
  };
  const constants = [zeros("w", 1, 8, 3), zeros("r", 1, 8, 2)];
  const steps = (...shape: (string | number)[]): Port => ({ name: "x", shape });
  assertEquals(await mixers([lstm], { constants, x: steps("N", 5, 3) }), [
    '"LSTM"',
  ]);
  // [T, N, D] to [T, 1, N, H].
  const x = steps("T", "batch", 3);
  assertEquals(await after([lstm], 2, { constants, x }), ['"Softmax"']);
  assertEquals(await after([lstm], 3, { constants, x }), []);
});

Deno.test("plan() follows the samples through changes of shape, joins and selections", async () => {
  const map: Port = { name: "x", shape: ["N", 2, 6] };
  const through = async (op: Node, moved: number, options = {}) => {
    const rest = { x: map, ...options };
    assertEquals(await after([op], moved, rest), ['"Softmax"'], op.op);
    assertEquals(await after([op], -1, rest), [], op.op);
  };
  const axes = (...values: number[]) => ({ constants: [ints("a", ...values)] });
  const with2 = (op: string, attributes = {}): Node => ({
    ...node(op, attributes),
    in: ["x", "a"],
  });
  await through(with2("Unsqueeze"), 1, axes(0));
  await through(with2("Reshape"), 0, axes(-1, 3, 4));
  await through(with2("Gather", { axis: 1 }), 0, axes(1, 0));
  await through({ ...node("Concat", { axis: 1 }), in: ["x", "x"] }, 0);
  await through(
    { ...node("Einsum", { equation: "nij,nkj->inkj" }), in: ["x", "x"] },
    1,
  );
  const one: Port = { name: "x", shape: ["N", 1, 6] };
  await through(with2("Squeeze"), 0, { ...axes(1), x: one });
  await through(with2("Expand"), 1, axes(2, 1, 2, 6));
  // With time steps merged into them.
  await through(with2("Reshape"), 0, axes(-1, 6));
  const shared = { name: "c", shape: [1, 1, 6], floats: Array(6).fill(0) };
  const cls: Node = { ...node("Concat", { axis: 1 }), in: ["c", "x"] };
  await through(cls, 0, { constants: [shared] });
  const pairs: Node = {
    ...node("Einsum", { equation: "nij,mij->nm" }),
    in: ["x", "x"],
  };
  assertEquals(await mixers([pairs], { x: map }), ['"Einsum"']);
});

Deno.test("plan() warns where samples move to other rows, or all get the same one, if their values are used", async () => {
  const constants = [0, 1, -1, 2 ** 31 - 1].map((value) =>
    ints(`${value}`, value)
  );
  const slice = (start: number, end: number): Node => ({
    ...node("Slice"),
    in: ["x", `${start}`, `${end}`, "0"],
  });
  assertEquals(await mixers([slice(1, 2 ** 31 - 1)], { constants }), [
    '"Slice"',
  ]);
  assertEquals(await mixers([slice(-1, 2 ** 31 - 1)], { constants }), [
    '"Slice"',
  ]);
  assertEquals(await mixers([slice(0, 2 ** 31 - 1)], { constants }), []);
  const first: Node = { ...node("Gather"), in: ["x", "0"], out: ["t"] };
  const plus: Node = { ...node("Add"), in: ["x", "t"] };
  assertEquals(await mixers([first, plus], { constants }), ['"Gather"']);
  const size: Node[] = [
    { ...node("Shape"), in: ["t"], out: ["s"] },
    { ...node("Cast", { to: 1 }), in: ["s"], out: ["f"] },
    { ...node("ReduceMax"), in: ["f"], out: ["m"] },
    { ...node("Add"), in: ["x", "m"] },
  ];
  assertEquals(await mixers([first, ...size], { constants }), []);
  const column: Node = { ...node("Unsqueeze"), in: ["x", "1"], out: ["c"] };
  const row: Node = {
    ...column,
    name: "row",
    in: ["x", "0"],
    out: ["r"],
  };
  const pairs: Node = { ...node("Sub"), in: ["c", "r"] };
  assertEquals(await mixers([column, row, pairs], { constants }), ['"Sub"']);
});

Deno.test("plan() does not warn of a slice of rows that a reshape merged before", async () => {
  const nodes = [
    { op: "Reshape", name: "merged", in: ["x", "to"], out: ["a"] },
    { op: "Add", name: "sum", in: ["a", "b"], out: ["c"] },
    {
      op: "Slice",
      name: "last",
      in: ["c", "start", "end", "axis", "step"],
      out: ["y"],
    },
  ];
  const constants = [
    ints("to", -1, 4),
    { name: "b", shape: [4], floats: [1, 2, 3, 4] },
    ...[ints("start", 2), ints("end", 2 ** 31), ints("axis", 0)],
    ints("step", 3),
  ];
  const x = { name: "x", shape: ["N", 3, 4] };
  assertEquals(await mixers(nodes, { x, constants }), []);
});

Deno.test("plan() warns of values that the number of samples changes, not of sizes and indices", async () => {
  const constants = [ints("0", 0), ints("1", 1), ints("2", 2)];
  const counted: Node[] = [
    { ...node("Shape"), out: ["s"] },
    { ...node("Gather"), in: ["s", "0"], out: ["n"] },
    { ...node("Cast", { to: 1 }), in: ["n"], out: ["f"] },
  ];
  const divided: Node = { ...node("Div"), in: ["x", "f"] };
  assertEquals(await mixers([...counted, divided], { constants }), ['"Div"']);
  const root: Node = { ...node("Sqrt"), in: ["f"], out: ["r"] };
  const scaled: Node = { ...node("Mul"), in: ["x", "r"] };
  assertEquals(
    await mixers([...counted, root, scaled], { constants }),
    ['"Mul"'],
  );
  // The size of another axis, and sizes and indices.
  const width = [counted[0]!, { ...counted[1]!, in: ["s", "1"] }, counted[2]!];
  assertEquals(await mixers([...width, divided], { constants }), []);
  const sizes: Node[] = [
    { ...node("Concat", { axis: 0 }), in: ["n", "0"], out: ["to"] },
    { ...node("Reshape"), in: ["x", "to"] },
  ];
  assertEquals(
    await mixers([...counted.slice(0, 2), ...sizes], { constants }),
    [],
  );
  const indices: Node[] = [
    { ...node("ArgMax", { axis: 1 }), out: ["a"] },
    { ...node("Add"), in: ["a", "n"] },
  ];
  assertEquals(
    await mixers([...counted.slice(0, 2), ...indices], { constants }),
    [],
  );
});

Deno.test("plan() warns of an LSTM along samples, after a padding of computed widths", async () => {
  const floats = (name: string, ...shape: number[]): Constant => ({
    name,
    shape,
    floats: Array(shape.reduce((a, b) => a * b)).fill(0),
  });
  const constants = [
    ...[ints("axis", 1), ints("pads", 0, 1, 0, 1), floats("k", 3, 1, 2)],
    ...[floats("w", 1, 8, 3), floats("r", 1, 8, 2)],
  ];
  const of = (lstm: Partial<Node>, ...before: Node[]) => [
    { ...node("Abs"), in: ["pads"], out: ["widths"] },
    { ...node("Pad"), in: ["x", "widths"], out: ["p"] },
    { ...node("Unsqueeze"), in: ["p", "axis"], out: ["u"] },
    { ...node("Conv"), in: ["u", "k"], out: ["c"] },
    ...before,
    {
      ...node("LSTM", { "hidden_size": 2 }),
      ...{ in: ["t", "w", "r"], ...lstm },
    },
  ];
  const swap = (perm: number[]): Node => ({
    ...node("Transpose", { perm }),
    in: ["c"],
    out: ["t"],
  });
  const along = of({}, swap([0, 2, 1]));
  assertEquals(await mixers(along, { constants }), ['"LSTM"']);
  assertEquals(await mixers(of({}, swap([2, 0, 1])), { constants }), []);
  // A state that is made for each sample.
  const state: Node[] = [
    swap([2, 0, 1]),
    { ...node("Shape"), in: ["x"], out: ["s"] },
    { ...node("Gather"), in: ["s", "zero"], out: ["n"] },
    { ...node("Concat", { axis: 0 }), in: ["one", "n", "two"], out: ["to"] },
    { ...node("ConstantOfShape"), in: ["to"], out: ["h"] },
  ];
  const rest = [ints("zero", 0), ints("one", 1), ints("two", 2)];
  const lstm = { in: ["t", "w", "r", "", "", "h"], out: ["z"] };
  const last = (axis: number): Node => ({
    ...node("Softmax", { axis }),
    in: ["z"],
  });
  const on = (axis: number) =>
    mixers([...of(lstm, ...state), last(axis)], {
      constants: [...constants, ...rest],
    });
  assertEquals(await on(2), ['"Softmax"']);
  assertEquals(await on(3), []);
});
