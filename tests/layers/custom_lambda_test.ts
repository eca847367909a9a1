// deno-lint-ignore-file camelcase -- Keras' own keys
import { assertEquals, assertRejects } from "@std/assert";
import {
  type CustomTable,
  FeatureExtractor,
  loadModel,
  type Ops,
} from "@sonde/sonde";
import { call, layer, tensor } from "../support/keras_spec.ts";
import { kerasOf, modelOf, on } from "../support/model_files.ts";

/** Code of Python, which is never run. */
const CODE = { class_name: "__lambda__", config: { code: "4wEA" } };
const lambda = (name: string, options: Record<string, unknown> = {}) =>
  layer(name, "Lambda", { function: CODE, ...options }, on("x"));

// deno-lint-ignore no-explicit-any -- JavaScript, as in a notebook
type Custom = any;

/** The types take functions of one input, of several, and with arguments. */
const TYPED: CustomTable = {
  scaled: <T>(
    ops: Ops<T>,
    x: T,
    { scale }: Readonly<Record<string, unknown>>,
  ) => ops.multiply(x, ops.constant(scale as number)),
  sum: <T>(ops: Ops<T>, [first, second]: readonly T[]) =>
    ops.add(first!, second!),
};

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
  const factory = () => ({
    weights: [],
    call: (_: Custom, [x]: Custom) => [x],
  });
  await assertRejects(
    () => outputs(bytes, { a: factory }),
    Error,
    "pass customObjects: { a: (ops, x, { scale }) => … }",
  );
  const scaled = (ops: Custom, x: Custom, { scale }: Custom) =>
    ops.multiply(x, scale);
  for (const custom of [{ Lambda: scaled }, { a: TYPED.scaled }]) {
    assertEquals(await outputs(bytes, custom), [[3, -6], [3, -6]]);
  }
});

Deno.test("customObjects: a Lambda layer on several inputs receives a list", async () => {
  const both = [call([[tensor("x"), tensor("x")]])];
  const bytes = kerasOf(
    modelOf(layer("a", "Lambda", { function: CODE }, both)),
  );
  const sum = (ops: Custom, [first, second]: Custom) => ops.add(first, second);
  for (const a of [sum, TYPED.sum]) {
    assertEquals(await outputs(bytes, { a }), [[2, -4], [2, -4]]);
  }
});

Deno.test("customObjects: the function of a Lambda layer may have default values and a rest", async () => {
  const bytes = kerasOf(modelOf(lambda("a")));
  const functions: readonly Custom[] = [
    (ops: Custom, x: Custom, scale = 2) => ops.multiply(x, scale),
    (ops: Custom, x: Custom = 0) => ops.multiply(x, 2),
    (ops: Custom, ...[x]: Custom[]) => ops.multiply(x, 2),
    ((scale: number, ops: Custom, x: Custom) => ops.multiply(x, scale))
      .bind(null, 2),
    { twice: (ops: Custom, x: Custom) => ops.multiply(x, 2) }.twice,
  ];
  for (const a of functions) {
    assertEquals(await outputs(bytes, { a }), [[2, -4], [2, -4]]);
  }
  const scaled = kerasOf(modelOf(lambda("a", { arguments: { scale: 3 } })));
  const withDefault = (ops: Custom, x: Custom, { scale = 2 } = {}) =>
    ops.multiply(x, scale);
  assertEquals(await outputs(scaled, { a: withDefault }), [[3, -6], [3, -6]]);
});

Deno.test("customObjects: a Lambda layer is an activation by its name", async () => {
  const bytes = kerasOf(modelOf(lambda("lam")));
  for (const key of ["lam", "Lambda"]) {
    assertEquals(await outputs(bytes, { [key]: "relu" }), [[1, 0], [1, 0]]);
  }
  await assertRejects(
    () => outputs(bytes, { lam: "Dense" }),
    TypeError,
    'custom object "lam" of a Lambda layer must be a function, or the name of an activation: current value is "Dense"; pass customObjects: { lam: (ops, x) => … }',
  );
});

Deno.test("customObjects: the function of a Lambda layer returns as many tensors as the file uses", async () => {
  const both = (ops: Custom, x: Custom) => [x, ops.multiply(x, 2)];
  await assertRejects(
    () => outputs(kerasOf(modelOf(lambda("a"))), { a: both }),
    Error,
    "its function must return the one tensor that the file uses: current value is 2",
  );
  const second = layer("b", "Activation", { activation: "linear" }, [
    call([tensor("a", 0, 1)]),
  ]);
  const bytes = kerasOf(modelOf(lambda("a"), second));
  assertEquals(await outputs(bytes, { a: both }), [[2, -4], [2, -4]]);
});

Deno.test("customObjects: a value of another loadModel is refused", async () => {
  const bytes = kerasOf(modelOf(lambda("a")));
  let kept: Custom;
  const keeps = (ops: Custom, x: Custom) => {
    kept = ops.constant([1, 2]);
    return ops.add(x, kept);
  };
  assertEquals(await outputs(bytes, { a: keeps }), [[2, 0], [2, 0]]);
  await assertRejects(
    () => outputs(bytes, { a: (ops: Custom, x: Custom) => ops.add(x, kept) }),
    Error,
    "a tensor of another call or model has no value here",
  );
  // Also one of another call of the same function, when the model is loaded.
  let first: Custom;
  const caches = (ops: Custom, x: Custom) =>
    ops.add(x, first ??= ops.constant([1, 2]));
  await assertRejects(
    () => loadModel(bytes, { customObjects: { a: caches } }),
    Error,
    "a tensor of another call or model has no value here",
  );
});
