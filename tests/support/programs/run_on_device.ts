/**
 * Compares layers on a device with the numbers of Keras, and prints the faults as
 * JSON. Runs in a separate process, because drivers may crash at its end.
 *
 * @module
 */
import { FeatureExtractor, loadModel } from "../../../mod.ts";
import type { FeatureSet, NdArray } from "../../../mod.ts";
import { chooseEngine } from "../../../lib/extractor/choose_engine.ts";
import { resolve } from "../../../lib/extractor/compile.ts";
import { DEFAULTS } from "../../../lib/extractor/settings.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { goldenErrors } from "../golden_layers.ts";
import { faultsOf, layerCases } from "../layer_cases.ts";
import { numbersOf, onnxRecord, openOnnxModel } from "../onnx_models.ts";

/** Largest difference, as a part of a row's largest value. */
const RTOL = 1e-5;
/** Vulkan lets sin and cos be off by 2^-11, and what is made of them. */
const TRIGONOMETRIC = /^(Sin|Cos|Tan|Sinc)$/;

const [families = "", golden = "", files = ""] = Deno.args;
const wrong: string[] = [];
for (const family of families.split(",").filter(Boolean)) {
  const cases = layerCases(family);
  const firsts = cases.filter((each, i) =>
    cases.findIndex((other) => other.class === each.class) === i
  );
  for (const each of firsts) {
    const rtol = TRIGONOMETRIC.test(each.class) ? 1e-3 : RTOL;
    wrong.push(...await faultsOf(each, "onnx:webgpu", rtol));
  }
}
for (const name of golden.split(",").filter(Boolean)) {
  const choices = [undefined, (count: number) => [count - 1]];
  const errors = await goldenErrors(name, "onnx:webgpu", choices);
  if (errors.every((error) => error <= RTOL)) continue;
  wrong.push(`${name} differs by ${errors}`);
}

// Files of exporters, whose operations run there in the versions of their opset.
for (const tensor of files.split(",").filter(Boolean)) {
  const [name, output] = tensor.split(":") as [string, string];
  const { inputs, tensors } = onnxRecord(name);
  await using opened = await openOnnxModel(name);
  const { name: layer } = opened.model.findLayer(output);
  const file = new FeatureExtractor(opened.model).layers(layer).logits(false)
    .engine("onnx", { device: "webgpu" });
  const { features: [feature] } = await file.predict(inputs);
  const expected = numbersOf(tensors[output]!);
  const scale = Math.max(...expected.map(Math.abs));
  const error = Math.max(
    ...expected.map((v, at) => Math.abs(v - feature!.data[at]!)),
  );
  if (!(error <= RTOL * scale)) wrong.push(`${tensor} differs by ${error}`);
}

// A whole network: features and logits, NaN in one row, one row by itself.
await using model = await loadModel(
  new URL("../../../notebooks/models/keras/digits.keras", import.meta.url),
);
const data = Float32Array.from({ length: 3 * 784 }, (_, i) => Math.sin(i));
data[800] = NaN;
const x: NdArray = { data, shape: [3, 28, 28, 1], dtype: "float32" };
const last: NdArray = {
  ...x,
  data: data.slice(2 * 784),
  shape: [1, 28, 28, 1],
};
const extractor = new FeatureExtractor(model).layers(["pool", -2]);
const onDevice = extractor.engine("onnx", { device: "webgpu" });
const plan = await onDevice.plan();
const expected = await extractor.engine("onnx").predict(x);
const kept = await onDevice.open();
const found = await kept.predict(x);
const alone = await kept.predict(last);
await kept.close();

function compare(is: FeatureSet, rows: FeatureSet, from: number): void {
  for (const [i, array] of rows.features.entries()) {
    compareValues(`feature ${i}`, is.features[i]!.data, array.data, from);
  }
  compareValues("logits", is.logits!.data, rows.logits!.data, from);
}

function compareValues(
  name: string,
  is: ArrayLike<number>,
  wanted: ArrayLike<number>,
  from: number,
): void {
  const offset = from * wanted.length / 3;
  for (let i = 0; i < is.length; i++) {
    const [a, b] = [is[i]!, wanted[offset + i]!];
    if (Object.is(a, b) || Math.abs(a - b) <= 2e-5) continue;
    wrong.push(`digits, ${name}: ${a} for ${b} at ${i} from row ${from}`);
    break;
  }
}
compare(found, expected, 0);
compare(alone, expected, 2);

const nonFinite = found.logits!.data.slice(10, 20).every(Number.isNaN);
if (!nonFinite) wrong.push("digits: NaN of row 1 was lost");

// The operations of an ONNX file run there unchanged, so NaN is refused.
await using file = await loadModel(
  new URL("../../data/onnx_models/torch_cnn.onnx", import.meta.url),
);
const shape = [1, ...file.inputs[0]!.shape.slice(1).map(Number)];
const size = shape.reduce((a, b) => a * b, 1);
const nans: NdArray = {
  data: new Float32Array(size).fill(NaN),
  shape,
  dtype: "float32",
};
const fromFile = new FeatureExtractor(file).layers([-1]);
const refusal = await fromFile.engine("onnx", { device: "webgpu" })
  .predict(nans).then(() => "none", (error: Error) => error.message);
if (!refusal.endsWith('use { device: "cpu" }')) {
  wrong.push(`an ONNX file with NaN: ${refusal}`);
}
await fromFile.engine("onnx", { device: "cpu" }).predict(nans);

// A batch large enough for a card: the software adapter is not chosen, a card is.
const graph = modelGraphOf(model)!;
const settings = {
  ...DEFAULTS,
  engine: "onnx",
  device: "auto",
  batchSize: 10_000,
} as const;
const chosen = await chooseEngine(resolve(graph, settings), settings);
const withCard = await chooseEngine(
  resolve(graph, settings),
  settings,
  () => Promise.resolve("a card"),
);
const auto = [chosen, withCard].map((choice) =>
  "device" in choice ? choice.device : choice.engine
);

// deno-lint-ignore no-console
console.log(JSON.stringify({
  wrong,
  device: plan.device,
  adapter: plan.adapter,
  onCpu: plan.onCpu,
  settings: found.source?.settings,
  auto,
}));
