// Files and numbers of Keras: tests/data/make_crossings.py.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FeatureExtractor, loadModel, ModelFormatError } from "@sonde/sonde";
import { inTurn } from "../support/extent.ts";
import { layerOf } from "./_one_call.ts";

type Column = readonly (string | number | readonly (string | number)[])[];
interface Case {
  readonly x: Readonly<Record<string, Column>>;
  readonly y: { readonly shape: number[]; readonly data: number[] };
}

const FOLDER = new URL("../data/crossings/", import.meta.url);
const EXPECTED: Readonly<Record<string, Case>> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);
const MIXED = "k3_mixed.keras";

function inputOf(column: Column) {
  const values = column.flat();
  if (typeof values[0] === "string") return column as string[];
  const shape = Array.isArray(column[0]) ? [column.length, 1] : [column.length];
  const data = Float64Array.from(values as number[]);
  return { data, shape, dtype: "float64" as const };
}

for (const [at, [name, { x, y }]] of Object.entries(EXPECTED).entries()) {
  if (name === MIXED) continue;
  Deno.test(`hashedCrossing() gives the bins of Keras: ${name}`, async () => {
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
        assertEquals([...found!.data], y.data, engine);
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

Deno.test("hashedCrossing() refuses inputs that do not fit", () => {
  const { onHost } = layerOf("HashedCrossing", { "num_bins": 3 });
  const says = (shapes: (number | null)[][], message: string) =>
    assertThrows(() => onHost!.shapeOf(...shapes), TypeError, message);
  says([[null, 1]], "it must get two inputs: current value is 1");
  says([[null, 1], [null]], "its inputs must all be [N], or all [N, 1]");
  says([[null, 2], [null, 2]], "current value is [null, 2]");
  assertThrows(
    () => layerOf("HashedCrossing", { "num_bins": 3, sparse: true }),
    TypeError,
    '"sparse" must be false',
  );
});
