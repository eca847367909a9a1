/**
 * A model that another copy of TF.js created. That copy is not a dependency, so
 * it is loaded in a separate process, which writes no lock file.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { assertAllClose } from "../support/all_close.ts";

/** Prints the output of a layer from the copy, and from Sonde. */
const SCRIPT = `
  import { FeatureExtractor, fromLayersModel } from "@sonde/sonde";
  const other = await import("npm:@tensorflow/tfjs@4.21.0")
    .catch(() => Deno.exit(3));
  await other.setBackend("cpu");
  const { layers } = other;
  const input = other.input({ shape: [3] });
  const inner = other.sequential({
    name: "inner",
    layers: [layers.dense({ name: "deep", units: 4, activation: "tanh", inputShape: [4] })],
  });
  const hidden = layers.dense({ name: "hidden", units: 4, activation: "relu" }).apply(input);
  const head = layers.dense({ name: "head", units: 2, activation: "softmax" });
  const model = other.model({ inputs: input, outputs: head.apply(inner.apply(hidden)) });
  const x = other.randomUniform([3, 3], -1, 1, "float32", 1);
  const tap = other.model({ inputs: input, outputs: hidden });
  const expected = [tap.predict(x), model.predict(x)].map((y) => [...y.dataSync()]);
  const before = other.memory().numTensors;
  const set = await new FeatureExtractor(model)
    .layers(["hidden", "inner/deep", "head"]).predict(x, { progress: false });
  const kernel = (await fromLayersModel(model).getWeights("head")).kernel;
  console.log(JSON.stringify({
    expected,
    features: set.features.map(({ data }) => [...data]),
    logits: [...set.logits.data],
    activation: set.activation,
    kernel: kernel.shape,
    leaked: other.memory().numTensors - before,
  }));
`;

Deno.test("predict() runs a model that another copy of TF.js made", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", "--ext=mjs", SCRIPT],
    cwd: new URL("../..", import.meta.url),
  }).output();
  if (code === 3) return; // it cannot be fetched here
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
  const { expected, features, logits, activation, kernel, leaked } = JSON
    .parse(text);
  assertAllClose(features[0], expected[0], { atol: 1e-6 });
  assertEquals(features[1].length, 12);
  assertAllClose(features[2], expected[1], { atol: 1e-6 });
  for (let row = 0; row < 3; row++) {
    const [a, b] = logits.slice(row * 2, row * 2 + 2).map(Math.exp);
    assertAllClose([a / (a + b)], [expected[1][row * 2]], { atol: 1e-6 });
  }
  assertEquals([activation, kernel, leaked], ["softmax", [4, 2], 0]);
});
