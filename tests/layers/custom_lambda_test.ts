// deno-lint-ignore-file camelcase -- Keras' own keys
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { call, layer, tensor } from "../support/keras_spec.ts";
import { kerasOf, modelOf, on } from "../support/model_files.ts";

/** Code of Python, which is never run. */
const CODE = { class_name: "__lambda__", config: { code: "4wEA" } };
const lambda = (name: string, options: Record<string, unknown> = {}) =>
  layer(name, "Lambda", { function: CODE, ...options }, on("x"));

// deno-lint-ignore no-explicit-any -- JavaScript, as in a notebook
type Custom = any;

async function outputs(
  bytes: Uint8Array<ArrayBuffer>,
  customObjects: Custom,
): Promise<number[][]> {
  await using model = await loadModel(bytes, { customObjects });
  const data = { data: Float32Array.of(1, -2), shape: [1, 2] };
  const found: number[][] = [];
  for (const engine of ["onnx", "tfjs"] as const) {
    const extractor = new FeatureExtractor(model).engine(engine).layers([-1]);
    const set = await extractor.predict(data, { progress: false });
    found.push([...set.features[0]!.data]);
  }
  return found;
}

const twice = (ops: Custom, x: Custom) => ops.multiply(x, 2);

for (const key of ["Lambda", "scaled"]) {
  Deno.test(`customObjects: a Lambda layer is a function, under ${key}`, async () => {
    const bytes = kerasOf(modelOf(lambda("scaled")));
    assertEquals(await outputs(bytes, { [key]: twice }), [[2, -4], [2, -4]]);
  });
}

Deno.test("customObjects: Lambda layers are told apart by their names, as the message says", async () => {
  const second = layer("b", "Lambda", { function: CODE }, on("a"));
  const bytes = kerasOf(modelOf(lambda("a"), second));
  await assertRejects(
    () => loadModel(bytes),
    Error,
    "pass customObjects: { a: …, b: … }, where a Lambda layer is (ops, x) => …",
  );
  const minus = (ops: Custom, x: Custom) => ops.subtract(x, 1);
  assertEquals(await outputs(bytes, { a: twice, b: minus }), [[1, -5], [
    1,
    -5,
  ]]);
  assertEquals(await outputs(bytes, { a: minus, Lambda: twice }), [
    [0, -6],
    [0, -6],
  ]);
});

Deno.test("customObjects: the arguments of a Lambda layer are its third parameter", async () => {
  const bytes = kerasOf(modelOf(lambda("a", { arguments: { scale: 3 } })));
  await assertRejects(
    () => outputs(bytes, { Lambda: twice }),
    Error,
    "take them as the third parameter: (ops, x, { scale }) => …",
  );
  const scaled = (ops: Custom, x: Custom, { scale }: Custom) =>
    ops.multiply(x, scale);
  assertEquals(await outputs(bytes, { Lambda: scaled }), [[3, -6], [3, -6]]);
});

Deno.test("customObjects: a Lambda layer on several inputs receives a list", async () => {
  const both = [call([[tensor("x"), tensor("x")]])];
  const bytes = kerasOf(
    modelOf(layer("a", "Lambda", { function: CODE }, both)),
  );
  const sum = (ops: Custom, [first, second]: Custom) => ops.add(first, second);
  assertEquals(await outputs(bytes, { a: sum }), [[2, -4], [2, -4]]);
});
