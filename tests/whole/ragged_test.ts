/**
 * Models with ragged inputs, on batches of equally long samples, of the real
 * Keras: `tests/data/make_ragged.py`.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import type { Inputs } from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { inTurn } from "../support/extent.ts";

interface Batch {
  readonly x: readonly unknown[];
  readonly shape: readonly number[];
  readonly y: readonly number[];
}

const FOLDER = new URL("../data/ragged/", import.meta.url);
const EXPECTED: Readonly<Record<string, readonly Batch[]>> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);
const ENGINES = ["onnx", "tfjs"] as const;

/** Nested numbers as an array; strings as they are. */
function inputOf(rows: readonly unknown[]): Inputs {
  const values = rows.flat(3) as (number | string)[];
  if (typeof values[0] === "string") return rows as string[][];
  const shape = [rows.length];
  for (let at = rows[0]; Array.isArray(at); at = at[0]) shape.push(at.length);
  const data = Float64Array.from(values as number[]);
  return { data, shape, dtype: "float64" };
}

for (const [at, [name, batches]] of Object.entries(EXPECTED).entries()) {
  Deno.test(`a ragged model computes equally long samples as Keras does: ${name}`, async () => {
    await using model = await loadModel(new URL(name, FOLDER));
    const y = batches.flatMap(({ y }) => y);
    const numRows = batches.reduce((sum, { x }) => sum + x.length, 0);
    for (const engine of inTurn(ENGINES, at)) {
      const extractor = new FeatureExtractor(model)
        .layers([model.layers.at(-1)!.name]).logits(false).engine(engine);
      const isText = name.includes("text");
      assertEquals(
        (await extractor.plan()).warnings,
        isText ? [] : [
          'input "x" is ragged in Keras: here the samples of a batch are equally long, and padding counts as values; pass batches of equally long samples',
        ],
      );
      const set = await extractor.predict(
        new Set(batches.map(({ x }) => inputOf(x))) as never,
        { progress: false },
      );
      assertEquals(set.features[0]!.shape, [numRows, batches[0]!.shape[1]!]);
      assertAllClose([...set.features[0]!.data] as number[], y, {
        rtol: 0,
        atol: 1e-5 * Math.max(...y.map(Math.abs)),
      });
    }
  });
}

Deno.test("textVectorization() refuses a ragged batch of different lengths; .batch(1) computes it", async () => {
  await using model = await loadModel(new URL("k3_text.keras", FOLDER));
  const extractor = new FeatureExtractor(model)
    .layers([model.layers.at(-1)!.name]).logits(false);
  const batches = EXPECTED["k3_text.keras"]!;
  const texts = batches.flatMap(({ x }) => x) as string[][];
  await assertRejects(
    () => extractor.predict(texts),
    TypeError,
    'Cannot call layer "text" as with "ragged" the strings of a batch must have equally many tokens: current value is "2, 3, 5"; use .batch(1)',
  );
  const { features: [found] } = await extractor.batch(1).predict(texts);
  assertAllClose(
    [...found!.data] as number[],
    batches.flatMap(({ y }) => y),
    { atol: 1e-6 },
  );
});
