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
  const line = /^results depend on \.batch\(\): (.*) compute over all samples/;
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
