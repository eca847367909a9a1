/**
 * Heads of files that people have: by scikit-learn, by converters, quantised,
 * and without shapes. Right values: `tests/data/faults/heads/make.py` and
 * `tests/data/faults/make_onnx.py`.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { headAt } from "../../../lib/models/graph/head.ts";
import type { FeatureSet, NdArray } from "../../../lib/types.ts";
import { assertAllClose } from "../../support/all_close.ts";
import { tf } from "../../../mod.ts";

await tf.setBackend("cpu");

const FAULTS = new URL("../../data/faults/", import.meta.url);

interface Expected {
  readonly logits: readonly number[];
  readonly activation: string;
  readonly kernel?: readonly number[];
}

const expected: Record<string, Expected> & { x: number[] } = JSON.parse(
  await Deno.readTextFile(new URL("heads/expected.json", FAULTS)),
);

const array = (
  shape: readonly number[],
  values: (i: number) => number = (i) => Math.sin(i + 1),
): NdArray<Float32Array> => ({
  data: Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => values(i),
  ),
  shape: [...shape],
  dtype: "float32",
});

const X = array([3, 4], (i) => expected.x[i]!);

/** Layers over integers: their dequantised output is the logits. */
const INTEGERS = ["integer_gemm", "integer_matmul", "signed_gemm"];

/** Whose logits are rounded: the head in floats gives them up to that. */
const ROUNDED = /^(quantised|dynamic|pairs)/;

const HEADS = Object.keys(expected).filter((name) =>
  name !== "x" && !INTEGERS.includes(name)
);

for (const name of HEADS) {
  Deno.test(`a head is found by itself, and its logits are right: ${name}`, async () => {
    const { logits, activation, kernel } = expected[name]!;
    await using model = await loadModel(new URL(`heads/${name}.onnx`, FAULTS));
    const set = await new FeatureExtractor(model).penultimate().predict(X);
    assertAllClose(set.logits!.data, logits, { atol: 1e-5 });
    const head = set.head!;
    assertEquals(set.activation, activation);
    if (kernel) assertAllClose(head.kernel.data, kernel, { atol: 1e-6 });
    assertHeadGivesLogits(set, ROUNDED.test(name) ? 0.05 : 1e-5);
  });
}

for (const name of INTEGERS) {
  Deno.test(`the dequantised output of a layer over integers is the logits: ${name}`, async () => {
    const { logits } = expected[name]!;
    await using model = await loadModel(new URL(`heads/${name}.onnx`, FAULTS));
    const extractor = new FeatureExtractor(model);
    const set = await extractor.predict(X);
    assertAllClose(set.logits!.data, logits, { atol: 1e-5 });
    assertEquals(set.head, undefined);
    assertThrows(
      () => extractor.penultimate(),
      TypeError,
      "is a layer over integers",
    );
  });
}

Deno.test("the first output of a classifier of names is refused as strings, with the second one named", async () => {
  const url = new URL("heads/raw_names.onnx", FAULTS);
  await using model = await loadModel(url);
  const extractor = new FeatureExtractor(model);
  await assertRejects(
    () => extractor.layers(["LinearClassifier"]).predict(X),
    TypeError,
    'is "strings"; request another of its outputs, as "LinearClassifier[1]"',
  );
  const set = await extractor.layers(["LinearClassifier[1]"]).predict(X);
  assertEquals(set.features[0]!.data, set.logits!.data);
});

/** Penultimate · kernel + bias is the logits, up to a part of the largest. */
function assertHeadGivesLogits(set: FeatureSet, part: number): void {
  const { kernel, bias } = set.head!;
  const found = tf.tidy(() => {
    const penultimate = tf.tensor(
      set.penultimate!.data as Float32Array,
      set.penultimate!.shape as [number, number],
    );
    const matrix = tf.tensor2d(
      kernel.data as Float32Array,
      kernel.shape as [number, number],
    );
    return tf.add(
      tf.matMul(penultimate, matrix),
      tf.tensor1d(bias.data as Float32Array),
    )
      .dataSync();
  });
  const largest = Math.max(1, ...set.logits!.data.map(Math.abs));
  const atol = part * largest;
  assertAllClose(found as Float32Array, set.logits!.data, { atol });
}

const FOUND: readonly [string, readonly number[], readonly number[]][] = [
  ["softmax_without_shape/model.onnx", [2, 6, 4, 4], [2, 3]],
  ["softmax_spelled_out/model.onnx", [2, 4], [2, 3]],
  ["softmax_of_places/model.onnx", [2, 5, 4], [2, 5, 3]],
  ["linear_classifier/model.onnx", [2, 4], [2, 3]],
];

for (const [path, input, shape] of FOUND) {
  Deno.test(`logits of ${path} give the model's own output`, async () => {
    await using model = await loadModel(new URL(path, FAULTS));
    const extractor = new FeatureExtractor(model);
    const isClassifier = path.startsWith("linear");
    const last = model.layers.at(isClassifier ? -2 : -1)!.name;
    const x = array(input);
    const set = await (isClassifier ? extractor : extractor.layers([last]))
      .penultimate().predict(x);
    assertEquals(set.logits!.shape, shape);
    const softmax = tf.tidy(() =>
      tf.softmax(tf.tensor(set.logits!.data, [...shape])).dataSync()
    );
    if (!isClassifier) {
      assertAllClose(
        set.features[0]!.data as Float32Array,
        softmax as Float32Array,
      );
    }
    assertEquals(set.penultimate!.shape.at(-1), set.head!.kernel.shape[0]);
  });
}

Deno.test("a graph of TF.js has logits under the Identity that ends it", async () => {
  const path = new URL("identity_after_softmax/model.json", FAULTS);
  await using model = await loadModel(path);
  const x = array([2, 4, 4, 2]);
  for (
    const extractor of [
      new FeatureExtractor(model),
      new FeatureExtractor(model).head("softmax"),
      new FeatureExtractor(model).head("Identity"),
    ]
  ) {
    const set = await extractor.layers(["Identity"]).predict(x);
    const softmax = tf.tidy(() =>
      tf.softmax(tf.tensor2d(set.logits!.data, [2, 3])).dataSync()
    );
    assertAllClose(
      set.features[0]!.data as Float32Array,
      softmax as Float32Array,
    );
  }
});

Deno.test("headAt() of a softmax finds the linear layer under it, with the penultimate", async () => {
  const layers = tf.sequential({
    layers: [
      tf.layers.dense({ units: 3, inputShape: [4], name: "d" }),
      tf.layers.activation({ activation: "softmax", name: "s" }),
    ],
  });
  const x = array([2, 4]);
  const extractor = new FeatureExtractor(layers).penultimate();
  const bySearch = await extractor.predict(x);
  const named = await extractor.head("s").predict(x);
  assertEquals(named.logits, bySearch.logits);
  assertEquals(named.penultimate!.data, x.data);
  assertEquals(named.head!.kernel, bySearch.head!.kernel);
  await extractor.react(1).head("s").predict(x);
  layers.dispose();
});

Deno.test("logits over time steps go by one rule: Dense and Conv1D of size 1", async () => {
  for (
    const layer of [
      tf.layers.dense({ units: 3, activation: "softmax", inputShape: [5, 4] }),
      tf.layers.conv1d({
        filters: 3,
        kernelSize: 1,
        activation: "softmax",
        inputShape: [5, 4],
      }),
    ]
  ) {
    const layers = tf.sequential({ layers: [layer] });
    const set = await new FeatureExtractor(layers).layers([-1])
      .predict(array([2, 5, 4]));
    assertEquals(set.logits!.shape, [2, 5, 3]);
    const softmax = tf.tidy(() =>
      tf.softmax(tf.tensor3d(set.logits!.data, [2, 5, 3])).dataSync()
    );
    assertAllClose(
      set.features[0]!.data as Float32Array,
      softmax as Float32Array,
    );
    layers.dispose();
  }
});

Deno.test("headAt() never names the class that it was passed as the one that it wants", async () => {
  const path = new URL("softmax_without_shape/model.onnx", FAULTS);
  await using model = modelGraphOf(await loadModel(path))!;
  for (const { name, kind } of model.layers) {
    const node = model.findNode(name);
    try {
      headAt(node);
    } catch (error) {
      const { message } = error as Error;
      const [rule] = message.split(": current value is");
      assert(!rule!.toLowerCase().includes(kind.toLowerCase()), message);
    }
  }
  assertThrows(
    () => headAt(model.findNode("pool")),
    TypeError,
    'layer "pool" must be linear, or lead back to a linear layer through activations and reshaping alone: current value is "GlobalAveragePool"; looked at "pool"',
  );
});
