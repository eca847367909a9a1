/** Right values: `tests/data/faults/quantised_activations/make.py`. */
import { assertEquals } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { dequantisation } from "../../../lib/models/onnx/dequantisation.ts";
import { assertAllClose } from "../../support/all_close.ts";

const FOLDER = new URL(
  "../../data/faults/quantised_activations/",
  import.meta.url,
);

interface Values {
  readonly y: readonly number[];
  readonly logits: readonly number[];
}

const { x, ...files }: { x: number[] } & Record<string, Values> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);

const X = { data: Float32Array.from(x), shape: [3, 8] };

for (const [name, { y, logits }] of Object.entries(files)) {
  Deno.test(`logits are the floats under a quantised activation: ${name}`, async () => {
    await using model = await loadModel(new URL(`${name}.onnx`, FOLDER));
    const kinds = model.layers.map(({ kind }) => kind);
    const set = await new FeatureExtractor(model).layers([-1]).predict(X);
    assertAllClose(set.logits!.data, logits, { atol: 1e-5 });
    assertAllClose(set.features[0]!.data, y, { atol: 1e-6 });
    assertEquals(set.activation, name.split("_")[0]);
    // What the file does not have is not listed.
    assertEquals(kinds.filter((kind) => kind === "DequantizeLinear").length, 1);
    assertEquals(kinds.at(-1), "DequantizeLinear");
  });
}

Deno.test("toOnnx() of logits under a quantised activation computes them", async () => {
  const name = "softmax_gemm";
  await using model = await loadModel(new URL(`${name}.onnx`, FOLDER));
  const bytes = await new FeatureExtractor(model).toOnnx();
  await using cut = await loadModel(bytes);
  const names = cut.outputs.map(({ name }) => name);
  const set = await new FeatureExtractor(cut).layers([-1]).predict(X);
  assertEquals(names, ["logits"]);
  assertAllClose(set.features[0]!.data, files[name]!.logits, { atol: 1e-5 });
});

const SOFTMAX = {
  name: "act",
  kind: "QLinearSoftmax",
  domain: "com.microsoft",
  inputs: ["q", "s", "z", "t", "w"],
  outputs: ["p"],
  attributes: new Map(),
  span: { start: 0, end: 0 },
};
const OPSETS = new Map([["", 17]]);

Deno.test("dequantisation() converts the input of a quantised activation", () => {
  const made = dequantisation(SOFTMAX, OPSETS, (name) => name === "q:float");
  assertEquals(made?.inputs, ["q", "s", "z"]);
  assertEquals(made?.outputs, ["q:float'"]);
  const inputs = ["q", "s", "", "t", "w"];
  const without = dequantisation({ ...SOFTMAX, inputs }, OPSETS, () => false);
  assertEquals(without?.inputs, ["q", "s"]);
});

Deno.test("dequantisation() leaves other operations, and old opsets, as they are", () => {
  const isThere = () => false;
  for (
    const change of [
      { kind: "QLinearAdd" },
      { domain: "" },
      { inputs: ["q"] },
    ]
  ) {
    const operation = { ...SOFTMAX, ...change };
    assertEquals(dequantisation(operation, OPSETS, isThere), undefined);
  }
  assertEquals(
    dequantisation(SOFTMAX, new Map([["", 9]]), isThere),
    undefined,
  );
});
