/**
 * Models on strings, of the real Keras and tf_keras:
 * `tests/data/make_text_layers.py`.
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  FeatureExtractor,
  loadModel,
  type Model,
  ModelFormatError,
} from "@sonde/sonde";
import type { Inputs } from "@sonde/sonde";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import { assertAllClose } from "../support/all_close.ts";

type Rows = readonly (readonly string[])[] | readonly string[];
interface Case {
  readonly x: unknown;
  readonly y: { readonly shape: number[]; readonly data: number[] };
}

const FOLDER = new URL("../data/text_layers/", import.meta.url);
const EXPECTED: Readonly<Record<string, Case>> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
  (_key, value) => value === null ? NaN : value,
);
const ENGINES = ["onnx", "tfjs"] as const;

/** Rows as a model takes them: strings as they are, numbers as an array. */
function inputOf(rows: Rows | readonly (readonly number[])[]) {
  const [first] = rows.flat();
  if (typeof first === "string") return rows as Rows;
  const width = (rows[0] as readonly number[]).length;
  const data = Float64Array.from(rows.flat() as number[]);
  return { data, shape: [rows.length, width], dtype: "float64" as const };
}

async function lastOf(
  model: Model,
  inputs: Inputs,
  engine: "onnx" | "tfjs",
  batch = 64,
) {
  const { name } = model.layers.at(-1)!;
  const set = await new FeatureExtractor(model).layers([name]).logits(false)
    .engine(engine).batch(batch).predict(inputs, { progress: false });
  return set.features[0]!;
}

for (const [name, { x, y }] of Object.entries(EXPECTED)) {
  if (name.includes("two_inputs")) continue;
  Deno.test(`a model on strings means what its own Keras computes: ${name}`, async () => {
    await using model = await loadModel(new URL(name, FOLDER));
    const inputs = inputOf(x as Rows);
    for (const engine of ENGINES) {
      const found = await lastOf(model, inputs, engine);
      assertEquals(found.shape, y.shape, engine);
      assertAllClose(
        Float32Array.from(found.data as Float32Array),
        y.data,
        { rtol: 1e-5, atol: 1e-6 },
      );
    }
  });
}

Deno.test("strings go alone, in lists, pairs, records and generators, as [N] and [N, 1]", async () => {
  const { x, y } = EXPECTED["k3_length.keras"]!;
  await using model = await loadModel(new URL("k3_length.keras", FOLDER));
  assertEquals(
    model.inputs.map(({ name, shape, dtype }) => [name, shape, dtype]),
    [
      ["x", [null, 1], "string"],
    ],
  );
  const columns = x as string[][];
  const texts = columns.flat();
  const labels = texts.map((_, i) => i);
  const forms = [
    texts,
    columns,
    [texts],
    { x: texts },
    { xs: texts, ys: labels, ids: texts },
    { xs: { x: columns }, ys: labels },
    [texts, labels],
    [columns, labels],
    [{ x: texts }, labels],
    new Set([texts.slice(0, 2), columns.slice(2)]),
  ];
  const extractor = new FeatureExtractor(model).layers(["text", "head"]);
  for (const form of forms) {
    const set = await extractor.batch(4).predict(form as Inputs);
    assertEquals(set.features[0]!.shape, [6, 4]);
    assertEquals(set.features[0]!.dtype, "int32");
    const head = set.features[1]!.data as Float32Array;
    assertAllClose(head, y.data, { rtol: 1e-5, atol: 1e-6 });
    assertEquals(set.logits?.shape, [6, 2]);
    assertEquals([...set.nonFinite as number[]], []);
  }
  for (
    const [form, text] of [
      [[1, 2], "inputs must be"],
      [["a", 3], "current value is 3; it is in row 1"],
      [
        { x: { data: Float32Array.of(1), shape: [1, 1], dtype: "float32" } },
        'input "x" must be an array of strings',
      ],
      [{ xs: [["a", "b"], ["c", "d"]] }, "there must be 1 input"],
      [["a", null], "current value is null; it is in row 1"],
    ] as const
  ) {
    await assertRejects(
      () => extractor.predict(form as never),
      TypeError,
      text,
    );
  }
});

Deno.test("a model takes several inputs of strings and numbers, nested models among their readers", async () => {
  const { x, y } = EXPECTED["k3_two_inputs.keras"]!;
  const [text, tag, size] = x as [string[], string[][], number[][]];
  await using model = await loadModel(new URL("k3_two_inputs.keras", FOLDER));
  const inputs = {
    text,
    tag,
    size: inputOf(size as never) as never,
  };
  const names = model.inputs.map(({ name }) => name);
  const list = names.map((name) => inputs[name as "text"]);
  for (const engine of ENGINES) {
    for (const form of [inputs, list, [list, [0, 1, 0, 1, 0, 1]]]) {
      const found = await lastOf(model, form as Inputs, engine, 4);
      assertAllClose(
        Float32Array.from(found.data as Float32Array),
        y.data,
        { rtol: 1e-5, atol: 1e-5 },
      );
    }
  }
});

Deno.test("toOnnx() of a model on strings begins at the ids", async () => {
  await using model = await loadModel(new URL("k3_length.keras", FOLDER));
  const { x } = EXPECTED["k3_length.keras"]!;
  const extractor = new FeatureExtractor(model).layers(["text"]);
  const set = await extractor.predict(x as string[][]);
  await using written = await loadModel(await extractor.toOnnx());
  assertEquals(
    written.inputs.map(({ name, shape, dtype }) => [name, shape, dtype]),
    [["text", [null, 4], "int32"]],
  );
  const again = await new FeatureExtractor(written).layers("logits")
    .logits(false).predict(set.features[0]! as never);
  assertAllClose(again.features[0]!.data as Float32Array, set.logits!.data);
  // The same, starting at the ids.
  const rest = await new FeatureExtractor(model).input("embedding")
    .predict(set.features[0]! as never);
  assertAllClose(rest.logits!.data, set.logits!.data);
});

Deno.test("models on strings differ by their vocabularies, and say what they cannot do", async () => {
  const prints = new Set<string>();
  for (
    const name of ["k3_default", "k3_lower", "k3_strings", "k3_strings_oov"]
  ) {
    await using model = await loadModel(new URL(`${name}.keras`, FOLDER));
    prints.add(await modelGraphOf(model)!.fingerprint());
  }
  assertEquals(prints.size, 4);
  await using model = await loadModel(new URL("k3_default.keras", FOLDER));
  await assertRejects(
    () => new FeatureExtractor(model).layers(["x"]).predict(["a"]),
    TypeError,
  );
});

Deno.test("an .h5 file that lost its vocabulary is refused with what to do", async () => {
  await assertRejects(
    () => loadModel(new URL("k3_no_vocabulary.h5", FOLDER)),
    ModelFormatError,
    '"vocabulary" must be known: adapt the layer, and save the model as .keras in Python',
  );
});
