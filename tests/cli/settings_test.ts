import { assertEquals, assertThrows } from "@std/assert";
import { loadModel } from "@sonde/sonde";
import { extractorOf, imageOptions } from "../../lib/cli/settings.ts";

const MODEL = "notebooks/models/keras/digits.keras";

Deno.test("extractorOf() sets what the options say", async () => {
  await using model = await loadModel(MODEL);
  const plain = await extractorOf(model, { layers: [], logits: true }).plan();
  assertEquals(plain.layerNames, []);
  const plan = await extractorOf(model, {
    layers: ["conv,-2", "classes"],
    logits: false,
    ...{ pool: "mean", flatten: true, normalize: true, half: true },
    ...{ penultimate: true, batch: 8 },
    ...{ engine: "onnx", threads: 1, device: "cpu" },
  }).plan();
  assertEquals(plan.layerNames, ["conv", "dropout", "classes"]);
  assertEquals([plan.engine, plan.penultimate], ["onnx", "dropout"]);
  for (const step of ["pool", "flatten", "normalize", "half"]) {
    assertEquals(plan.changes.postprocess!.includes(step), true, step);
  }
});

Deno.test("extractorOf() sets shapings, the head and the first layer", async () => {
  await using model = await loadModel(MODEL);
  const settings = { layers: [], logits: true, head: "classes" };
  for (
    const [shaping, name] of [
      [{ react: 0.9 }, "react"],
      [{ ash: 0.8 }, "ash"],
      [{ scale: 0.8 }, "scale"],
    ] as const
  ) {
    const { changes } = await extractorOf(model, { ...settings, ...shaping })
      .plan();
    assertEquals(Object.keys(changes), [name]);
  }
  const cut = extractorOf(model, { layers: ["-1"], logits: true, input: "-1" });
  const set = await cut.predict(
    { data: new Float32Array(64), shape: [1, 64] },
    { progress: false },
  );
  assertEquals(set.features[0]!.shape, [1, 10]);
});

Deno.test("extractorOf() takes the native engine for a device that stands alone", async () => {
  await using model = await loadModel(MODEL);
  const settings = { layers: [], logits: true, device: "cpu" } as const;
  const plan = await extractorOf(model, settings).plan();
  assertEquals([plan.engine, plan.device], ["onnx", "cpu"]);
  assertThrows(
    () => extractorOf(model, { ...settings, engine: "tfjs" }),
    TypeError,
    'use "onnx"',
  );
});

Deno.test("extractorOf() refuses postprocessing of no layer", async () => {
  await using model = await loadModel(MODEL);
  assertThrows(
    () => extractorOf(model, { layers: [], logits: true, pool: "mean" }),
    TypeError,
    '"--layers" must name what is to be postprocessed',
  );
});

Deno.test("imageOptions() picks what imageFolder takes", () => {
  const options = { layers: [], size: [2, 3], antialias: true } as const;
  assertEquals(imageOptions(options), { size: [2, 3], antialias: true });
});
