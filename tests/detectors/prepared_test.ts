import { assertEquals } from "@std/assert";
import { prepared } from "../../lib/detectors/_prepared.ts";
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { nnGuide } from "../../lib/detectors/nn_guide.ts";
import { relation } from "../../lib/detectors/relation.ts";
import { assertAllClose } from "../support/all_close.ts";
import { blobs, streamOf } from "../support/detector_sets.ts";

Deno.test("prepared() computes once for each state", () => {
  let calls = 0;
  const lengthOf = prepared(({ x }) => ({
    call: ++calls,
    size: x!.data.length,
  }));
  const state = (...values: number[]) =>
    Object.freeze({
      x: {
        data: Float64Array.from(values),
        shape: [values.length],
        dtype: "float64" as const,
      },
    });
  const [one, two] = [state(1), state(1, 2)];
  assertEquals(lengthOf(one), { call: 1, size: 1 });
  assertEquals(lengthOf(two), { call: 2, size: 2 });
  assertEquals(lengthOf(one), { call: 1, size: 1 });
});

const KNOWN = blobs({ samples: 40 });
const OTHERS = blobs({ samples: 30, seed: 2 });
const QUERY = blobs({ samples: 12, seed: 3, unknown: true });

for (
  const detector of [
    deepKnn({ neighbors: 3 }),
    nnGuide({ neighbors: 3 }),
    relation(),
  ]
) {
  Deno.test(`${detector.name}() caches prepared data separately for each fit, and scores one sample as in a batch`, async () => {
    const [first, second] = [
      await detector.fit(KNOWN),
      await detector.fit(OTHERS),
    ];
    const whole = [await first.score(QUERY), await second.score(QUERY)];
    for (let row = 0; row < 12; row++) {
      // In turn, so that neither may use what is the other's.
      for (const [i, scorer] of [first, second].entries()) {
        const [score] = await scorer.score(QUERY.select([row]));
        assertAllClose([score!], [whole[i]![row]!], { rtol: 1e-12 });
      }
    }
    // Of a stream the number of samples is not known: many may come.
    const streamed = await first.score(streamOf(QUERY, 5));
    assertAllClose(streamed, whole[0]!, { rtol: 1e-12 });
  });
}
