/**
 * The fixture that oodeel 0.4 was run on: features of two units, two classes,
 * four queries. Where oodeel's scores differ by a factor or a square, that is
 * written beside them. Its perturbation moves each unit by epsilon away from
 * the boundary `Σx = 4`, as the gradient of a linear head says; here it is in
 * the queries, as it is the extractor's.
 */
import { deepKnn } from "../../lib/detectors/deep_knn.ts";
import { energy } from "../../lib/detectors/energy.ts";
import { entropy } from "../../lib/detectors/entropy.ts";
import { gen } from "../../lib/detectors/gen.ts";
import { mahalanobis } from "../../lib/detectors/mahalanobis.ts";
import { maxLogit } from "../../lib/detectors/max_logit.ts";
import { msp } from "../../lib/detectors/msp.ts";
import { odin } from "../../lib/detectors/odin.ts";
import { rmds } from "../../lib/detectors/rmds.ts";
import { she } from "../../lib/detectors/she.ts";
import { vim } from "../../lib/detectors/vim.ts";
import type { Detector } from "../../lib/types.ts";
import { assertAllClose } from "../support/all_close.ts";
import { TINY_FIT, TINY_QUERY, tinySet } from "../support/detector_sets.ts";

/** The queries, perturbed by epsilon. */
function perturbed(epsilon: number) {
  return tinySet(
    [[0.5, 0.5], [5, 5], [10, -10], [-3, 4]].map(([a, b]) => {
      const step = a! + b! < 4 ? -epsilon : epsilon;
      return [a! + step, b! + step];
    }),
  );
}

const CASES: readonly {
  readonly what: string;
  readonly detector: Detector;
  readonly query?: typeof TINY_QUERY;
  readonly expected: readonly number[];
  /** What oodeel's float32 loses, where that is more than 1e-5. */
  readonly atol?: number;
}[] = [
  {
    what: "msp(), less 1",
    detector: msp(),
    expected: [-0.9975274, -0.9999938, -0.9996647, -0.9975274]
      .map((score) => 1 + score),
  },
  { what: "maxLogit()", detector: maxLogit(), expected: [-3, -6, -4, -3] },
  {
    what: "energy()",
    detector: energy(),
    expected: [-3.0024757, -6.0000062, -4.0003352, -3.0024757],
  },
  {
    what: "entropy()",
    detector: entropy(),
    expected: [0.0173114, 0.0000799, 0.0030182, 0.0173114],
  },
  {
    what: "gen()",
    detector: gen(),
    expected: [1.0970789, 0.6026548, 0.8985957, 1.0970789],
    atol: 3e-4, // 1 - p of p = 0.9999938
  },
  {
    what: "odin() with a perturbation",
    detector: odin({ temperature: 10 }),
    query: perturbed(0.1),
    expected: [-0.6547534, -0.7755641, -0.6984652, -0.6547534],
  },
  {
    what: "deepKnn(), squared",
    detector: deepKnn({ neighbors: 2 }),
    expected: [0, 0, 0.9999999, 1].map(Math.sqrt),
  },
  {
    what: "mahalanobis(), halved",
    detector: mahalanobis(),
    expected: [0.060241, 0.0763052, 338.2289124, 40.6546211]
      .map((half) => 2 * half),
  },
  {
    what: "mahalanobis() with a perturbation, halved",
    detector: mahalanobis(),
    query: perturbed(0.5),
    expected: [0.4618474, 0.6867471, 339.8353577, 42.6305237]
      .map((half) => 2 * half),
  },
  {
    what: "rmds(), halved",
    detector: rmds(),
    expected: [-0.4818283, -0.496798, -0.2892151, 1.8442574]
      .map((half) => 2 * half),
    atol: 5e-4, // 338.2 - 338.5
  },
  {
    what: "she() of the nearest pattern, divided by D",
    detector: she({ pattern: "nearest" }),
    expected: [-2.375, -23.75, 0, -2.375].map((part) => 2 * part),
  },
  {
    what: "vim() of one dimension",
    detector: vim({ dims: 1 }),
    expected: [-1.7418774, -5.6841764, 125.5789032, 40.6117134],
  },
];

for (
  const { what, detector, query = TINY_QUERY, expected, atol = 2e-7 } of CASES
) {
  Deno.test(`${what} equals oodeel's scores on its fixture`, async () => {
    const scorer = await detector.fit(TINY_FIT);
    const scores = await scorer.score(query);
    assertAllClose(scores, expected, { rtol: 1e-5, atol });
  });
}
