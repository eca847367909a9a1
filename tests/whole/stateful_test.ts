/**
 * Stateful recurrent layers of the real Keras: `tests/data/make_stateful.py`.
 * The first batch starts from zero states; Keras starts the next one from the
 * last state, which Sonde refuses.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel, type Model, tf } from "@sonde/sonde";
import { rowsFrom } from "../../lib/math/row_view.ts";
import { assertAllClose } from "../support/all_close.ts";
import { inTurn } from "../support/extent.ts";

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Case {
  readonly x: Values;
  readonly y: Values;
  readonly next: Values;
}

const FOLDER = new URL("../data/stateful/", import.meta.url);
const EXPECTED: Readonly<Record<string, Case>> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);
const ENGINES = ["onnx", "tfjs"] as const;
const QUIET = { progress: false };
const STATELESS = "set layer.stateful = False in Python, and save the model";
/** A layer that is called several times in a run. */
const CALLED_AGAIN = /^(over_time|called_twice)/;

function arrayOf({ shape, data }: Values, times = 1) {
  return {
    shape: [shape[0]! * times, ...shape.slice(1)],
    data: Float32Array.from(Array<readonly number[]>(times).fill(data).flat()),
    dtype: "float32" as const,
  };
}

const opened = (name: string) => loadModel(new URL(name, FOLDER));
const lastOf = (model: Model) =>
  new FeatureExtractor(model).layers([model.layers.at(-1)!.name])
    .logits(false);

/** What refuses two batches, of 4 samples each. */
const REFUSED =
  `Cannot compute layer "rnn" as the samples must be at most the 4 of one batch, as it is stateful: Keras starts the next batch from its last state: current value is "8 samples"; pass each batch to a separate predict(), which starts from zero states, or ${STATELESS}`;

for (const [at, [name, { x, y, next }]] of Object.entries(EXPECTED).entries()) {
  if (CALLED_AGAIN.test(name)) continue;
  Deno.test(`a stateful layer computes one batch as Keras does: ${name}`, async () => {
    await using model = await opened(name);
    assert(next.data.some((value, i) => Math.abs(value - y.data[i]!) > 1e-3));
    for (const engine of inTurn(ENGINES, at)) {
      const extractor = lastOf(model).engine(engine);
      await using kept = await extractor.open();
      assertEquals(kept.plan.warnings, [
        'layer "rnn" is stateful: a run starts from zero states, and may have one batch of 4 samples',
      ]);
      for (let run = 0; run < 2; run++) { // each run starts from zero states
        const { features: [found] } = await kept.predict(arrayOf(x), QUIET);
        assertEquals(found!.shape, y.shape);
        assertAllClose([...found!.data] as number[], [...y.data], {
          rtol: 0,
          atol: 1e-5 * Math.max(...y.data.map(Math.abs)),
        });
      }
      for (const batch of [4, 64]) {
        await assertRejects(
          () => extractor.batch(batch).predict(arrayOf(x, 2), QUIET),
          RangeError,
          REFUSED,
        );
      }
    }
  });
}

Deno.test("a second batch of a stateful layer is refused in all ways to run", async () => {
  const { x, y } = EXPECTED["lstm.keras"]!;
  await using model = await opened("lstm.keras");
  const extractor = lastOf(model);
  const sets = extractor.batch(4).stream(arrayOf(x, 2), QUIET);
  assertEquals((await sets.next()).value?.features[0]?.shape[0], 4);
  await assertRejects(() => sets.next(), RangeError, REFUSED);
  const { data, shape } = arrayOf(x, 2);
  const tensor = tf.tensor(data, shape);
  async function* batches() {
    yield await Promise.resolve(rowsFrom(arrayOf(x), 0, 3));
    yield rowsFrom(arrayOf(x), 0, 1);
    yield arrayOf(x);
  }
  await assertRejects(
    () => extractor.predict(batches(), QUIET),
    RangeError,
    REFUSED,
  );
  await assertRejects(
    () => extractor.engine("tfjs", { backend: "cpu" }).predictTensor(tensor),
    RangeError,
    REFUSED,
  );
  tensor.dispose();
  await assertRejects(
    () => new FeatureExtractor(model).fitReact(arrayOf(x, 2)),
    RangeError,
    REFUSED,
  );
  const input = model.layers[0]!.name;
  const before = new FeatureExtractor(model).layers([input]).logits(false);
  const { features: [row] } = await before.predict(arrayOf(x, 2), QUIET);
  assertEquals(row!.shape[0], 8); // the stateful layer does not run
  assertEquals(
    (await extractor.predict(arrayOf(x))).features[0]!.shape,
    y.shape,
  );
});

Deno.test("write() does not resume a stateful layer with its second batch", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { x } = EXPECTED["lstm.keras"]!;
    await using model = await opened("lstm.keras");
    const extractor = lastOf(model).batch(4);
    for (let run = 0; run < 2; run++) {
      await assertRejects(
        () =>
          extractor.write(arrayOf(x, 2), `${folder}/new`, {
            format: "safetensors",
            shardSize: 4,
            ...QUIET,
          }),
        RangeError,
        REFUSED,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("toOnnx() refuses a stateful layer", async () => {
  await using model = await opened("lstm.keras");
  await assertRejects(
    () => new FeatureExtractor(model).toOnnx(),
    TypeError,
    `Cannot write ONNX as layer "rnn" must not be stateful: a file keeps no state between runs: current value is true; ${STATELESS}`,
  );
});

for (const [name, { x }] of Object.entries(EXPECTED)) {
  if (!CALLED_AGAIN.test(name)) continue;
  Deno.test(`a stateful layer that is called several times is refused: ${name}`, async () => {
    const says = new RegExp(
      `it must not have "stateful" where it is called several times: current value is true; ${STATELESS}`,
    );
    const error = await assertRejects(async () => {
      await using model = await opened(name);
      await lastOf(model).predict(arrayOf(x), QUIET);
    }, Error);
    assert(says.test(error.message), error.message);
  });
}
