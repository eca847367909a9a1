// Files and numbers of Keras: tests/data/make_categories.py.
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel, ModelFormatError } from "@sonde/sonde";
import { inTurn } from "../support/extent.ts";

type Column = readonly (string | number | readonly (string | number)[])[];
interface Case {
  readonly x: Readonly<Record<string, Column>>;
  readonly y: { readonly shape: number[]; readonly data: number[] };
}

const FOLDER = new URL("../data/categories/", import.meta.url);
const EXPECTED: Readonly<Record<string, Case>> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);
const MIXED = "k3_mixed.keras";

function inputOf(column: Column) {
  const values = column.flat();
  if (typeof values[0] === "string") return column as string[];
  const [first] = column;
  const shape = [column.length, ...Array.isArray(first) ? [first.length] : []];
  const data = Float64Array.from(values as number[]);
  return { data, shape, dtype: "float64" as const };
}

for (const [at, [name, { x, y }]] of Object.entries(EXPECTED).entries()) {
  if (name === MIXED) continue;
  Deno.test(`layers of categories compute what Keras does: ${name}`, async () => {
    await using model = await loadModel(new URL(name, FOLDER));
    const inputs = Object.fromEntries(
      Object.entries(x).map(([key, column]) => [key, inputOf(column)]),
    );
    const last = model.layers.at(-1)!.name;
    const listed = model.inputs.map(({ name }) => inputs[name]!);
    for (const engine of inTurn(["onnx", "tfjs"] as const, at)) {
      const extractor = new FeatureExtractor(model).layers([last])
        .logits(false).engine(engine);
      for (const form of inTurn([inputs, listed], at >> 1)) {
        const set = await extractor.batch(2).predict(form as typeof inputs, {
          progress: false,
        });
        const [found] = set.features;
        assertEquals(found!.shape, y.shape, engine);
        assertEquals([...found!.data], y.data, engine); // exact
      }
    }
  });
}

Deno.test("hashedCrossing() refuses strings beside what the engine computes", async () => {
  await assertRejects(
    () => loadModel(new URL(MIXED, FOLDER)),
    ModelFormatError,
    "it must be called on inputs of the model: it is computed on the host",
  );
});

Deno.test("integerLookup() without an index for unknown values refuses them", async () => {
  await using model = await loadModel(new URL("k3_known.keras", FOLDER));
  const extractor = new FeatureExtractor(model)
    .layers([model.layers.at(-1)!.name]).logits(false);
  for (const engine of ["onnx", "tfjs"] as const) {
    await assertRejects(
      () => extractor.engine(engine).predict(inputOf([[1, 3], [2, 3]])),
      RangeError,
      "Cannot run as every index",
    );
  }
});
