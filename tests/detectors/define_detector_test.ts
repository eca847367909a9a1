/** Detectors that are made by `defineDetector()`. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { defineDetector } from "../../lib/detectors/define_detector.ts";
import { loadScorer } from "../../lib/detectors/load_scorer.ts";
import type { Scorer } from "../../lib/types.ts";
import { blobs, streamOf } from "../support/detector_sets.ts";

const KNOWN = blobs({ samples: 40 });
const HELD_OUT = blobs({ samples: 25, seed: 2 });
const UNKNOWN = blobs({ samples: 10, seed: 3, unknown: true });

async function saved(scorer: Scorer): Promise<Uint8Array<ArrayBuffer>> {
  const file = await Deno.makeTempFile();
  try {
    await scorer.save(file);
    return await Deno.readFile(file);
  } finally {
    await Deno.remove(file);
  }
}

function custom(power: number) {
  return defineDetector({
    name: "farFromMean",
    settings: { power },
    uses: { features: "layer" },
    async fit({ blocks }) {
      let [sum, count] = [0, 0];
      for await (const { features } of blocks()) {
        for (const x of features.data) sum += x;
        count += features.data.length;
      }
      const mean = Float64Array.of(sum / count);
      return { mean: { data: mean, shape: [1], dtype: "float64" } };
    },
    open: ({ mean }) => ({
      score: ({ rows, features: { data, columns } }) =>
        Float64Array.from({ length: rows }, (_, row) => {
          const first = data[row * columns]! - mean!.data[0]!;
          return Math.abs(first) ** power;
        }),
    }),
  });
}

Deno.test("a custom detector is calibrated, saved, and loaded by { detectors }", async () => {
  const scorer = await (await custom(2).fit(KNOWN)).calibrate(HELD_OUT);
  const bytes = await saved(scorer);
  const loaded = await loadScorer(bytes, { detectors: [custom(2)] });
  assert("decide" in loaded);
  assertEquals(await loaded.decide(UNKNOWN), await scorer.decide(UNKNOWN));
  await assertRejects(
    () => loadScorer(bytes),
    RangeError,
    "pass { detectors: [farFromMean] }",
  );
  await assertRejects(
    () => loadScorer(bytes, { detectors: [custom(1)] }),
    TypeError,
    "must have the settings of the saved one",
  );
});

Deno.test("a custom detector that returns no scores, wrong ones or unused parts is refused", async () => {
  assertThrows(
    () => defineDetector({} as never),
    TypeError,
    "name, uses and open()",
  );
  const of = (score: () => Float64Array) =>
    defineDetector({ name: "wrong", uses: {}, open: () => ({ score }) });
  await assertRejects(
    () => of(() => new Float64Array(3)).score(KNOWN),
    TypeError,
    "must return 40 scores for a block",
  );
  await assertRejects(
    () => of(() => undefined as never).score(KNOWN),
    TypeError,
    "must return 40 scores for a block: current value is undefined",
  );
  await assertRejects(
    () => of(() => new Float64Array(40).fill(NaN, 7)).score(KNOWN),
    RangeError,
    "scores must be finite, also of row 7",
  );
  const careless = defineDetector({
    name: "careless",
    uses: {},
    open: () => ({ score: ({ logits }) => new Float64Array(logits.rows) }),
  });
  await assertRejects(
    () => careless.score(KNOWN),
    TypeError,
    'write logits: "classes"',
  );
});

Deno.test("a custom detector may reuse the array of its scores", async () => {
  const scores = new Float64Array(5);
  const reusing = defineDetector({
    name: "reusing",
    uses: {},
    open: () => ({ score: ({ firstRow }) => scores.fill(firstRow || -0) }),
  });
  const found = await reusing.score(streamOf(KNOWN, 5));
  assertEquals([...found.subarray(0, 11)], [0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 10]);
  assertEquals(scores[0], 35); // of the last block
});

Deno.test("a custom detector whose state cannot be saved is refused", async () => {
  const of = (state: unknown) =>
    defineDetector({
      name: "wrong",
      uses: { features: "layer" },
      fit: async ({ blocks }) => {
        for await (const _ of blocks());
        return state as Record<string, never>;
      },
      open: () => ({ score: ({ rows }) => new Float64Array(rows) }),
    });
  const data = Float64Array.of(1, 2);
  const good = { data, shape: [2], dtype: "float64" };
  const wrong: [unknown, string][] = [
    [
      undefined,
      "its fit must return an object of arrays: current value is undefined",
    ],
    [[good], "its fit must return an object of arrays"],
    [{ mean: data }, 'state "mean" must be { data, shape, dtype }'],
    [{ mean: { ...good, data: [1, 2] } }, "current value is [1, 2]"],
    [
      { mean: { ...good, shape: [3] } },
      "as many numbers as its shape has elements",
    ],
    [
      { mean: { data, shape: [2] } },
      'have the "dtype" of its array, "float64": current value is undefined',
    ],
    [{ mean: { ...good, dtype: "float32" } }, 'current value is "float32"'],
    [{ mean: Promise.resolve(good) }, "write await before it"],
    [{ "sonde.keys": good }, 'current value is "sonde.keys"; rename it'],
    [{ __metadata__: good }, 'current value is "__metadata__"; rename it'],
  ];
  for (const [state, message] of wrong) {
    await assertRejects(() => of(state).fit(KNOWN), TypeError, message);
  }
  await of({ mean: good }).fit(KNOWN);
});
