/**
 * Operations that ONNX Runtime 1.27 runs without checks, which would read memory
 * that is not theirs, or end the process.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { onnxBytes } from "../../support/onnx_bytes.ts";

interface Values {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

async function run(
  bytes: Uint8Array,
  inputs: Values | Readonly<Record<string, Values>>,
) {
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).layers(-1);
  const { features } = await extractor.predict(inputs, { progress: false });
  return [...features[0]!.data];
}

const ones = (shape: readonly number[]): Values => ({
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1),
  shape,
});

const constant = (name: string, shape: readonly number[]) => ({
  name,
  shape,
  floats: [...ones(shape).data].map(Number),
});

/** Swaps samples and time steps. */
const swap = (from: string, to: string) => ({
  op: "Transpose",
  in: [from],
  out: [to],
  attributes: { perm: [1, 0, 2] },
});

Deno.test("an LSTM runs on rows of the width of its weights only", async () => {
  const lstm = (width?: number, declared?: number) =>
    onnxBytes({
      values: declared === undefined
        ? []
        : [{ name: "steps", type: 1, shape: [3, "N", declared] }],
      nodes: [
        swap("x", "steps"),
        {
          op: "LSTM",
          name: "op",
          in: ["steps", "w", "r"],
          out: ["all", "last"],
          attributes: { "hidden_size": 2 },
        },
        swap("last", "y"),
      ],
      constants: [constant("w", [1, 8, 3]), constant("r", [1, 8, 2])],
      inputs: [{ name: "x", shape: ["N", 3, width ?? "width"] }],
      outputs: [{ name: "y", shape: ["N", 1, 2] }],
    });
  const fed = (width: number) => ones([1, 3, width]);
  const expected = await run(lstm(), fed(3));
  assertEquals(await run(lstm(3), fed(3)), expected);
  for (const width of [2, 5]) {
    for (const declared of [undefined, 3]) {
      await assertRejects(
        () => run(lstm(undefined, declared), fed(width)),
        TypeError,
        `the input of operation "op" must have shape [3, 1, 3], not [3, 1, ${width}]`,
      );
    }
  }
});

Deno.test("a linear classifier runs on rows of the width of its coefficients only", async () => {
  const bytes = onnxBytes({
    opsets: { "": 17, "ai.onnx.ml": 3 },
    nodes: [{
      op: "LinearRegressor",
      domain: "ai.onnx.ml",
      name: "op",
      in: ["x"],
      out: ["y"],
      attributes: {
        coefficients: { floats: [1, 2, 3] },
        intercepts: { floats: [0.5] },
      },
    }],
    inputs: [{ name: "x", shape: ["N", "width"] }],
    outputs: [{ name: "y", shape: ["N", 1] }],
  });
  assertEquals(await run(bytes, ones([2, 3])), [6.5, 6.5]);
  await assertRejects(
    () => run(bytes, ones([2, 2])),
    TypeError,
    'the input of operation "op" must have shape [2, 3], not [2, 2]',
  );
});

Deno.test("the lowest integer is divided by -1 as NumPy does", async () => {
  const lowest = -(2 ** 31);
  const cases = [
    ["Div", [3, lowest, 7, 0]],
    ["Mod", [1, 0, 0, 0]],
  ] as const;
  for (const [op, expected] of cases) {
    const bytes = onnxBytes({
      nodes: [{ op, name: "op", in: ["x", "y"], out: ["z"] }],
      inputs: ["x", "y"].map((name) => ({ name, type: 6, shape: ["N"] })),
      outputs: [{ name: "z", type: 6, shape: ["N"] }],
    });
    const ints = (...values: number[]) => ({
      data: Int32Array.from(values),
      shape: [4],
    });
    const inputs = { x: ints(7, lowest, -7, 0), y: ints(2, -1, -1, -1) };
    assertEquals(await run(bytes, inputs), [...expected]);
  }
});

Deno.test("names of a guard differ from those in subgraphs", async () => {
  const graph = {
    nodes: [{ op: "Neg", in: ["q"], out: ["quotient"] }],
    outputs: [{ name: "quotient", type: 6 }],
  };
  const attributes = { "then_branch": { graph }, "else_branch": { graph } };
  const bytes = onnxBytes({
    nodes: [
      { op: "Div", name: "op", in: ["x", "y"], out: ["q"] },
      { op: "If", name: "if", in: ["yes"], out: ["z"], attributes },
    ],
    constants: [
      { name: "yes", type: 9, shape: [], raw: Uint8Array.of(1) },
    ],
    inputs: ["x", "y"].map((name) => ({ name, type: 6, shape: ["N"] })),
    outputs: [{ name: "z", type: 6, shape: ["N"] }],
  });
  const ints = (...data: number[]) => ({
    data: Int32Array.from(data),
    shape: [2],
  });
  assertEquals(await run(bytes, { x: ints(7, 9), y: ints(2, -1) }), [-3, 9]);
});

Deno.test("weights of other sizes than their operator has are refused by name", async () => {
  const lstm = (
    r: readonly number[],
    attributes: Readonly<Record<string, number | string>> = {},
  ) => ({
    nodes: [
      swap("x", "steps"),
      {
        op: "LSTM",
        name: "op",
        in: ["steps", "w", "r"],
        out: ["all", "last"],
        attributes: { "hidden_size": 2, ...attributes },
      },
      swap("last", "y"),
    ],
    constants: [constant("w", [1, 8, 3]), constant("r", r)],
    inputs: [{ name: "x", shape: ["N", 3, 3] }],
  });
  const conv = (bias: number) => ({
    nodes: [{ op: "Conv", name: "op", in: ["x", "w", "b"], out: ["y"] }],
    constants: [constant("w", [2, 3, 1]), constant("b", [bias])],
    inputs: [{ name: "x", shape: ["N", 3, 3] }],
  });
  const x = ones([1, 3, 3]);
  const open = (file: Parameters<typeof onnxBytes>[0]) =>
    onnxBytes({ ...file, outputs: [{ name: "y" }] });
  assertEquals((await run(open(lstm([1, 8, 2])), x)).length, 2);
  assertEquals(await run(open(conv(2)), x), Array(6).fill(4));
  const cases: readonly [Parameters<typeof onnxBytes>[0], string][] = [
    [lstm([1, 8, 1]), 'input "r" must have shape [1, 8, 2], not [1, 8, 1]'],
    [
      lstm([1, 8, 2], { "hidden_size": 3 }),
      'input "w" must have shape [1, 12, null], not [1, 8, 3]',
    ],
    [
      lstm([1, 8, 2], { direction: "bidirectional" }),
      'input "w" must have shape [2, 8, null], not [1, 8, 3]',
    ],
    [conv(1), 'input "b" must have shape [2], not [1]'],
  ];
  for (const [file, says] of cases) {
    await assertRejects(
      () => run(open(file), x),
      TypeError,
      `Cannot run "op" as its ${says}`,
    );
  }
});

Deno.test("a linear classifier of more scores than labels is refused by name", async () => {
  const bytes = onnxBytes({
    opsets: { "": 17, "ai.onnx.ml": 3 },
    nodes: [{
      op: "LinearClassifier",
      domain: "ai.onnx.ml",
      name: "op",
      in: ["x"],
      out: ["label", "y"],
      attributes: {
        coefficients: { floats: [1, 2, 3, 4] },
        intercepts: { floats: [0, 0] },
        "classlabels_ints": [7],
      },
    }],
    inputs: [{ name: "x", shape: ["N", 2] }],
    outputs: [{ name: "y" }],
  });
  await assertRejects(
    () => run(bytes, ones([2, 2])),
    TypeError,
    'Cannot run "op" as it must have 2 labels, not 1',
  );
});

Deno.test("integers are divided before opset 9 by constants other than -1 only", async () => {
  const file = (divisor: number) =>
    onnxBytes({
      opsets: { "": 7 },
      nodes: [{ op: "Div", name: "op", in: ["x", "y"], out: ["z"] }],
      constants: [
        { name: "y", type: 6, shape: [1], ints: [divisor], intsField: 5 },
      ],
      inputs: [{ name: "x", type: 6, shape: ["N", 1] }],
      outputs: [{ name: "z", type: 6, shape: ["N", 1] }],
    });
  const x = { data: Int32Array.of(7, -510), shape: [2, 1] };
  assertEquals(await run(file(255), x), [0, -2]);
  await assertRejects(
    () => run(file(-1), x),
    TypeError,
    'Cannot run "op" as its runtime ends the process on the lowest integer divided by -1, before opset 9; convert the file in Python: onnx.version_converter.convert_version(model, 21)',
  );
});
