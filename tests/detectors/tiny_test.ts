/**
 * The fixture that oodeel was run on: `reference` numbers are those of oodeel
 * 0.4 in float32, where they differ by a factor it is written beside them.
 */
import { DETECTORS } from "../../lib/detectors/detectors.ts";
import { assertAllClose } from "../support/all_close.ts";
import { TINY_FIT, TINY_QUERY } from "../support/detector_sets.ts";

const EXPECTED: Readonly<
  Partial<Record<keyof typeof DETECTORS, readonly number[]>>
> = {
  msp: [1 - 0.9975274, 1 - 0.9999938, 1 - 0.9996647, 1 - 0.9975274], // oodeel: less by 1
  maxLogit: [-3, -6, -4, -3],
  energy: [-3.0024757, -6.0000062, -4.0003352, -3.0024757],
  mahalanobis: [0.060241, 0.0763052, 338.2289124, 40.6546211]
    .map((half) => 2 * half), // oodeel: half of it
};

for (const [name, expected] of Object.entries(EXPECTED)) {
  Deno.test(`${name}() gives the scores of oodeel on its fixture`, async () => {
    const create = DETECTORS[name as keyof typeof DETECTORS];
    const scorer = await create().fit(TINY_FIT);
    const scores = await scorer.score(TINY_QUERY);
    assertAllClose(scores, expected, { rtol: 1e-5, atol: 1e-7 });
  });
}
