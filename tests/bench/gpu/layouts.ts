/**
 * Times ONNX Runtime alone on the files that `main.ts` left, in both layouts
 * that its WebGPU provider has for convolutions.
 *
 *     deno run -A tests/bench/gpu/layouts.ts FOLDER [batch]
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { InferenceSession, Tensor } from "onnxruntime-node";

const [folder = "out/gpu", batch = "64"] = Deno.args;
const count = Number(batch);
const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
  .filter((name) => name.endsWith(".onnx")).sort();
for (const name of names) {
  for (const preferredLayout of ["NHWC", "NCHW", "NHWC", "NCHW"] as const) {
    const session = await InferenceSession.create(`${folder}/${name}`, {
      executionProviders: [{ name: "webgpu", preferredLayout }],
      logSeverityLevel: 4,
    });
    const data = new Float32Array(count * 224 * 224 * 3)
      .map((_, i) => Math.sin(i));
    const input = new Tensor("float32", data, [count, 224, 224, 3]);
    const feeds = { [session.inputNames[0]!]: input };
    await session.run(feeds);
    const begin = performance.now();
    let runs = 0;
    while (performance.now() - begin < 1500) {
      await session.run(feeds);
      runs++;
    }
    const rate = 1000 * runs * count / (performance.now() - begin);
    console.log(
      `${name} ${preferredLayout}, batch ${count}: ${
        rate.toFixed(1)
      } samples/s`,
    );
    await session.release();
  }
}
