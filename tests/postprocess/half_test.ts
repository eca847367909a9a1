import { tf } from "../../lib/tf.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor } from "../../lib/extractor/feature_extractor.ts";
import { half } from "../../lib/postprocess/half.ts";
import { pool } from "../../lib/postprocess/pool.ts";

function scaled(): tf.Sequential {
  const layer = tf.layers.activation({
    activation: "linear",
    inputShape: [2],
    name: "same",
  });
  return tf.sequential({ layers: [layer] });
}

Deno.test("half() returns float16, rounded to nearest", async () => {
  const extractor = new FeatureExtractor(scaled()).layers(["same"])
    .postprocess(half());
  const data = {
    data: Float32Array.of(1.0004, 65504),
    shape: [1, 2],
    dtype: "float32",
  } as const;
  const { features } = await extractor.predict(data);
  assertEquals(features[0]!.dtype, "float16");
  assertEquals([...features[0]!.data], [1, 65504]);
});

Deno.test("half() can be combined with other steps, and after a map was pooled", async () => {
  const conv = tf.layers.conv2d({
    filters: 3,
    kernelSize: 1,
    inputShape: [4, 4, 1],
  });
  const model = tf.sequential({ layers: [conv] });
  const x = tf.ones([2, 4, 4, 1]);
  const { features } = await new FeatureExtractor(model).layers([-1])
    .postprocess(pool("mean"), half()).predict(x);
  x.dispose();
  assertEquals(features[0]!.shape, [2, 3]);
  assertEquals(features[0]!.dtype, "float16");
});

Deno.test("half() names layer and row of a value beyond float16, and lets infinities be", async () => {
  const extractor = new FeatureExtractor(scaled()).layers(["same"])
    .postprocess(half());
  const beyond = {
    data: Float32Array.of(1, 2, 3, 65520),
    shape: [2, 2],
    dtype: "float32",
  } as const;
  await assertRejects(
    () => extractor.predict(beyond),
    RangeError,
    `Cannot keep layer "same" as float16`,
  );
  const infinite = {
    data: Float32Array.of(Infinity, 1),
    shape: [1, 2],
    dtype: "float32",
  } as const;
  const { features, nonFinite } = await extractor.predict(infinite);
  assertEquals(features[0]!.data[0], Infinity);
  assertEquals([...Array.from(nonFinite)], [0]);
});
