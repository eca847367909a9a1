import { assert, assertEquals } from "@std/assert";

/** What a program prints that begins anew, with this library. */
async function printed(program: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", program],
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}

Deno.test("features on the native engine come without TF.js, which its first use loads", async () => {
  const program =
    `import { FeatureExtractor, loadModel, tf } from "@sonde/sonde";
const isLoaded = () => globalThis._tfengine !== undefined; // as TF.js writes at its start
for (const path of ["notebooks/models/keras/digits.keras", "tests/data/onnx_models/opset7.onnx"]) {
  await using model = await loadModel(path);
  const shape = model.inputs[0].shape.map((size) => size ?? 1);
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const extractor = new FeatureExtractor(model).layers([-1]);
  const { features } = await extractor.predict({ data, shape, dtype: "float32" });
  console.log(features.length, isLoaded());
}
tf.scalar(1).dispose();
console.log(isLoaded());`;
  assertEquals(await printed(program), "1 false\n1 false\ntrue\n");
});
