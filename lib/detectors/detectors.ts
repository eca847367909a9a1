/**
 * All detectors by name.
 *
 * @module
 */
import { deepKnn } from "./deep_knn.ts";
import { energy } from "./energy.ts";
import { mahalanobis } from "./mahalanobis.ts";
import { maxLogit } from "./max_logit.ts";
import { msp } from "./msp.ts";

/**
 * The factories of all detectors of one layer, by name. Each can be called
 * without options.
 *
 * @category Detectors
 *
 * @example Score with every detector that needs no fit
 * ```ts
 * import { DETECTORS, featureSet } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(9, 0, 1, 1);
 * const logits = { data, shape: [2, 2], dtype: "float32" } as const;
 * const { msp, maxLogit, energy } = DETECTORS;
 * for (const create of [msp, maxLogit, energy]) {
 *   const [sure, unsure] = await create().score(featureSet({ logits }));
 *   assert.ok(sure! < unsure!);
 * }
 * ```
 */
export const DETECTORS: {
  /** See {@linkcode msp}. */
  readonly msp: typeof msp;
  /** See {@linkcode maxLogit}. */
  readonly maxLogit: typeof maxLogit;
  /** See {@linkcode energy}. */
  readonly energy: typeof energy;
  /** See {@linkcode mahalanobis}. */
  readonly mahalanobis: typeof mahalanobis;
  /** See {@linkcode deepKnn}. */
  readonly deepKnn: typeof deepKnn;
} = Object.freeze({ msp, maxLogit, energy, mahalanobis, deepKnn });

/**
 * A name of {@linkcode DETECTORS}.
 *
 * @category Detectors
 */
export type DetectorName = keyof typeof DETECTORS;
