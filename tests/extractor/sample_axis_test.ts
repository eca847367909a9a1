import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel, type NdArray } from "@sonde/sonde";
import { type File, onnxBytes } from "../support/onnx_bytes.ts";

function numbers(...shape: number[]): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
  return { data, shape, dtype: "float32" };
}

/** A transpose of `[N, T, 4]` to `[T, N, 4]`, or back. */
const swap = (name: string, from: string, to: string) => ({
  op: "Transpose",
  name,
  in: [from],
  out: [to],
  attributes: { perm: [1, 0, 2] },
});

Deno.test("a feature whose rows are time steps is refused before the run, also where they are as many as the samples", async () => {
  await using model = await loadModel(onnxBytes({
    nodes: [
      swap("moved", "x", "m"),
      { op: "Relu", name: "steps", in: ["m"], out: ["s"] },
      swap("back", "s", "y"),
    ],
    inputs: [{ name: "x", shape: ["N", "T", 4] }],
    outputs: [{ name: "y", shape: ["N", "T", 4] }],
  }));
  const square = numbers(5, 5, 4);
  for (const name of ["moved", "steps"]) {
    await assertRejects(
      () => new FeatureExtractor(model).layers(name).predict(square),
      TypeError,
      `Cannot take layer "${name}" as samples must be on axis 0 of its output, and "moved" moves them: current value is 1`,
    );
  }
  const set = await new FeatureExtractor(model).layers("back").predict(square);
  assertEquals(
    set.features[0]!.data,
    square.data.map((v) => Math.max(0, v)),
  );
});

Deno.test("the samples of a state are on the axis that its name tells, and inputs without rows have none", async () => {
  const state: File = {
    nodes: [
      swap("first", "s", "t"),
      { op: "Mul", name: "scaled", in: ["t", "g"], out: ["u"] },
      { op: "Abs", name: "kept", in: ["s"], out: ["v"] },
      { op: "Relu", in: ["x"], out: ["y"] },
    ],
    inputs: [
      { name: "x", shape: ["N", 3] },
      { name: "s", shape: [2, "N", 3] },
      { name: "g", shape: [] },
    ],
    outputs: [{ name: "y", shape: ["N", 3] }, { name: "u" }, { name: "v" }],
  };
  await using model = await loadModel(onnxBytes(state));
  const one = {
    data: Float32Array.of(2),
    shape: [],
    dtype: "float32",
  } as const;
  const inputs = { x: numbers(2, 3), s: numbers(2, 2, 3), g: one };
  const extractor = new FeatureExtractor(model).logits(false);
  const { features } = await extractor.layers("scaled").predict(inputs);
  const [a, b, c, d] = [0, 6, 3, 9].map((from) =>
    [...inputs.s.data.slice(from, from + 3)].map((v) => Math.fround(v * 2))
  ) as [number[], number[], number[], number[]];
  assertEquals([...features[0]!.data], [...a, ...b, ...c, ...d]);
  await assertRejects(
    () => extractor.layers("kept").predict(inputs),
    TypeError,
    "axis 0 of its output: current value is 1",
  );
});

Deno.test("samples are followed through every operator that computes element by element", async () => {
  const unary = ["Sin", "Mish", "Round", "Sign", "Floor", "Softsign"];
  const binary = ["Max", "Min", "Mod", "Mean"];
  for (const op of [...unary, ...binary]) {
    await using model = await loadModel(onnxBytes({
      nodes: [
        swap("moved", "x", "m"),
        {
          op,
          name: "after",
          in: binary.includes(op) ? ["m", "m"] : ["m"],
          out: ["a"],
        },
        swap("back", "a", "y"),
      ],
      inputs: [{ name: "x", shape: ["N", "T", 4] }],
      outputs: [{ name: "y" }],
    }));
    await assertRejects(
      () => new FeatureExtractor(model).layers("after").plan(),
      TypeError,
      `Cannot take layer "after" as samples must be on axis 0`,
    );
  }
});
