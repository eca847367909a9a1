import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel, type NdArray } from "@sonde/sonde";
import { type File, floatBytes, onnxBytes } from "../support/onnx_bytes.ts";

function numbers(...shape: number[]): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
  return { data, shape, dtype: "float32" };
}

/** A convolution over a map whose size nobody knows, behind a reshape. */
const MAP_HEAD: File = {
  nodes: [
    { op: "Sqrt", in: ["squares"], out: ["roots"] },
    { op: "Cast", in: ["roots"], out: ["sizes"], attributes: { to: 7 } },
    {
      op: "Concat",
      in: ["free", "sizes"],
      out: ["shape"],
      attributes: { axis: 0 },
    },
    { op: "Reshape", in: ["x", "shape"], out: ["map"] },
    { op: "Conv", name: "head", in: ["map", "kernel"], out: ["rows"] },
    { op: "Reshape", in: ["rows", "flat"], out: ["logits"] },
    { op: "Softmax", in: ["logits"], out: ["y"] },
  ],
  constants: [
    { name: "free", type: 7, shape: [1], ints: [-1] },
    { name: "squares", shape: [3], floats: [4, 4, 4] },
    { name: "flat", type: 7, shape: [2], ints: [-1, 3] },
    {
      name: "kernel",
      shape: [3, 2, 1, 1],
      raw: floatBytes(1, -1, 2, 0, 1, 3),
    },
  ],
  inputs: [{ name: "x", shape: ["N", 8] }],
  outputs: [{ name: "y", shape: ["M", 3] }],
};

Deno.test("optional logits of a convolution over a map of unknown size never keep features from coming", async () => {
  await using model = await loadModel(onnxBytes(MAP_HEAD));
  const extractor = new FeatureExtractor(model).layers("map");
  const x = numbers(3, 8);
  const set = await extractor.predict(x);
  assertEquals(set.features[0]!.shape, [3, 2, 2, 2]);
  assertEquals(set.logits, undefined);
  const open = await extractor.open();
  await open.predict(x);
  assertEquals(open.plan.warnings, [
    'logits are left out, as "head" gives a feature map that is not known to have one spatial position for 3 samples',
  ]);
  await open.close();
  await using written = await loadModel(await extractor.toOnnx());
  assertEquals(written.outputs.length, 1);
  // Requested logits are not optional.
  await assertRejects(
    () => new FeatureExtractor(model).layers("map").head("head").predict(x),
    Error,
    "must have one spatial position",
  );
});
