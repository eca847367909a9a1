import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { type File, type Node, onnxBytes } from "../../support/onnx_bytes.ts";

/** The result of the engine, and that of the exported file. */
async function both(
  file: File,
  x: Parameters<FeatureExtractor["predict"]>[0],
): Promise<number[][]> {
  await using model = await loadModel(onnxBytes(file));
  const extractor = new FeatureExtractor(model).layers("it").logits(false);
  await using exported = await loadModel(await extractor.toOnnx());
  const again = new FeatureExtractor(exported).layers([-1]).logits(false);
  const sets = [await extractor.predict(x), await again.predict(x)];
  return sets.map(({ features: [feature] }) => [...feature!.data]);
}

Deno.test("a sequence of length 0 is not reversed, and its memory is written", async () => {
  const node: Node = {
    op: "ReverseSequence",
    name: "it",
    in: ["x", "lengths"],
    out: ["y"],
    attributes: { batch_axis: 0, time_axis: 1 },
  };
  const file: File = {
    nodes: [node],
    inputs: [
      { name: "x", shape: ["N", 3] },
      { name: "lengths", type: 7, shape: ["N"] },
    ],
    outputs: [{ name: "y", shape: ["N", 3] }],
  };
  const x = {
    x: {
      data: Float32Array.from({ length: 12 }, (_, i) => i + 1),
      shape: [4, 3],
    },
    lengths: { data: BigInt64Array.of(0n, 1n, 2n, 3n), shape: [4] },
  };
  const wanted = [1, 2, 3, 4, 5, 6, 8, 7, 9, 12, 11, 10];
  for (const found of await both(file, x)) assertEquals(found, wanted);
});

/** Means over windows of 2 by 1, of a column of numbers. */
function means(opset: number, pads: readonly number[], size: number | string) {
  const node: Node = {
    op: "AveragePool",
    name: "it",
    in: ["x"],
    out: ["y"],
    attributes: {
      ...{ kernel_shape: [2, 1], strides: [2, 1], pads },
      ...{ ceil_mode: 1, count_include_pad: 1 },
    },
  };
  return {
    opsets: { "": opset },
    nodes: [node],
    inputs: [{ name: "x", shape: ["N", 1, size, 1] }],
    outputs: [{ name: "y", shape: ["N", 1, "M", 1] }],
  } satisfies File;
}

Deno.test("a mean with ceil_mode divides by what is in its window, in every opset", async () => {
  const x = { data: Float32Array.of(1, 3, 5), shape: [1, 1, 3, 1] };
  for (const opset of [11, 18, 19]) {
    for (const size of [3, "H"]) {
      const found = await both(means(opset, [0, 0, 0, 0], size), x);
      for (const values of found) assertAllClose(values, [2, 5]);
    }
  }
  // With padding, only windows that end with it are right before opset 19.
  for (const values of await both(means(11, [1, 0, 0, 0], 3), x)) {
    assertAllClose(values, [0.5, 4]);
  }
  const four = { data: Float32Array.of(1, 3, 5, 7), shape: [1, 1, 4, 1] };
  for (const values of await both(means(19, [1, 0, 0, 0], 4), four)) {
    assertAllClose(values, [0.5, 4, 7]);
  }
  for (const size of [4, "H"]) {
    await assertRejects(
      () => both(means(18, [1, 0, 0, 0], size), four),
      UnsupportedByEngineError,
      'Cannot run "it" as its runtime gives wrong values for windows that reach beyond the padding, before opset 19; convert the file in Python',
    );
  }
});

Deno.test("causal attention with lengths of keys is refused", async () => {
  const port = (name: string) => ({ name, shape: ["N", 1, 2, 4] });
  const file: File = {
    opsets: { "": 24 },
    nodes: [{
      op: "Attention",
      name: "it",
      in: ["q", "k", "v", "", "", "", "lengths"],
      out: ["y"],
      attributes: { is_causal: 1 },
    }],
    inputs: [
      ...["q", "k", "v"].map(port),
      { name: "lengths", type: 7, shape: ["N"] },
    ],
    outputs: [port("y")],
  };
  const data = { data: new Float32Array(8), shape: [1, 1, 2, 4] };
  const lengths = { data: BigInt64Array.of(2n), shape: [1] };
  await assertRejects(
    () => both(file, { q: data, k: data, v: data, lengths }),
    UnsupportedByEngineError,
    "its runtime gives wrong values for causal attention with nonpad_kv_seqlen",
  );
});

/** Operators on `x`, `[N, 2]`, that omit an output; the result, `[N, …]`. */
const OMITTING: Readonly<Record<string, [Node[], number[]]>> = {
  "Split, the first": [[split("", "y")], [2, 4]],
  "Split, the last": [[split("y", "")], [1, 3]],
  "If": [[{ ...branches("y", ""), in: ["yes"] }], [-1, -2, -3, -4]],
  "Loop": [[{
    op: "Loop",
    in: ["two", "yes", "x"],
    out: ["", "all"],
    attributes: {
      body: {
        graph: {
          inputs: [
            { name: "i", type: 7, shape: [] },
            { name: "was", type: 9, shape: [] },
            { name: "a", type: 1 },
          ],
          nodes: [
            { op: "Add", in: ["a", "a"], out: ["b"] },
            { op: "Identity", in: ["was"], out: ["is"] },
            { op: "Identity", in: ["b"], out: ["c"] },
          ],
          outputs: [
            { name: "is", type: 9, shape: [] },
            { name: "b", type: 1 },
            { name: "c", type: 1 },
          ],
        },
      },
    },
  }, {
    op: "Transpose",
    in: ["all"],
    out: ["y"],
    attributes: { perm: [1, 0, 2] },
  }], [
    2,
    4,
    4,
    8,
    6,
    8,
    12,
    16,
  ]],
  "BatchNormalization": [[{
    op: "BatchNormalization",
    in: ["x", "ones", "ones", "zeros", "ones"],
    out: ["y", "", "", "", ""],
    attributes: { epsilon: { float: 0 } },
  }], [2, 3, 4, 5]],
};

function split(...out: string[]): Node {
  return { op: "Split", in: ["x"], out, attributes: { axis: 1 } };
}

function branches(...out: string[]): Node {
  const graph = {
    nodes: [
      { op: "Neg", in: ["x"], out: ["n"] },
      { op: "Abs", in: ["x"], out: ["m"] },
    ],
    outputs: [{ name: "n", type: 1 }, { name: "m", type: 1 }],
  };
  const attributes = { "then_branch": { graph }, "else_branch": { graph } };
  return { op: "If", in: ["yes"], out, attributes };
}

function omitting(nodes: readonly Node[]): File {
  const end = { op: "Identity", name: "it", in: ["y"], out: ["z"] };
  return {
    opsets: { "": 13 },
    nodes: [...nodes, end],
    inputs: [{ name: "x", shape: ["N", 2] }],
    outputs: [{ name: "z", type: 1 }],
    constants: [
      { name: "yes", type: 9, shape: [], raw: Uint8Array.of(1) },
      { name: "two", type: 7, shape: [], ints: [2] },
      { name: "ones", shape: [2], floats: [1, 1] },
      { name: "zeros", shape: [2], floats: [0, 0] },
    ],
  };
}

const FOUR = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };

for (const [what, [nodes, wanted]] of Object.entries(OMITTING)) {
  Deno.test(`an output that is omitted does not end the process: ${what}`, async () => {
    for (const found of await both(omitting(nodes), FOUR)) {
      assertAllClose(found, wanted);
    }
  });
}

Deno.test("a BatchNormalization that trains has its own statistics, whatever constants are equal", async () => {
  for (const opset of [14, 17]) {
    const ones = { shape: [2], floats: [1, 1] };
    const file: File = {
      opsets: { "": opset },
      nodes: [{
        op: "BatchNormalization",
        name: "it",
        in: ["x", "scale", "bias", "mean", "variance"],
        out: ["y", "m", "v"],
        attributes: { "training_mode": 1 },
      }],
      inputs: [{ name: "x", shape: ["N", 2] }],
      outputs: [{ name: "y", shape: ["N", 2] }],
      constants: ["scale", "bias", "mean", "variance"].map((name) => (
        { name, ...ones }
      )),
    };
    // (x - 2) / 1 + 1 and (x - 3) / 1 + 1.
    for (const values of await both(file, FOUR)) {
      assertAllClose(values, [0, 0, 2, 2], { atol: 1e-4 });
    }
  }
});
