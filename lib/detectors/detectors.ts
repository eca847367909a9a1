/**
 * All detectors by name.
 *
 * @module
 */
import { deepKnn } from "./deep_knn.ts";
import { dice } from "./dice.ts";
import { energy } from "./energy.ts";
import { entropy } from "./entropy.ts";
import { fdbd } from "./fdbd.ts";
import { gen } from "./gen.ts";
import { gmm } from "./gmm.ts";
import { gradNorm } from "./grad_norm.ts";
import { gram } from "./gram.ts";
import { klMatching } from "./kl_matching.ts";
import { lts } from "./lts.ts";
import { mahalanobis } from "./mahalanobis.ts";
import { maxLogit } from "./max_logit.ts";
import { mdsPlusPlus } from "./mds_plus_plus.ts";
import { msp } from "./msp.ts";
import { nci } from "./nci.ts";
import { neco } from "./neco.ts";
import { nnGuide } from "./nn_guide.ts";
import { odin } from "./odin.ts";
import { openMax } from "./open_max.ts";
import { pnml } from "./pnml.ts";
import { relation } from "./relation.ts";
import { residual } from "./residual.ts";
import { rmds } from "./rmds.ts";
import { she } from "./she.ts";
import { vim } from "./vim.ts";

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
  /** See {@linkcode entropy}. */
  readonly entropy: typeof entropy;
  /** See {@linkcode energy}. */
  readonly energy: typeof energy;
  /** See {@linkcode gen}. */
  readonly gen: typeof gen;
  /** See {@linkcode odin}. */
  readonly odin: typeof odin;
  /** See {@linkcode mahalanobis}. */
  readonly mahalanobis: typeof mahalanobis;
  /** See {@linkcode rmds}. */
  readonly rmds: typeof rmds;
  /** See {@linkcode mdsPlusPlus}. */
  readonly mdsPlusPlus: typeof mdsPlusPlus;
  /** See {@linkcode deepKnn}. */
  readonly deepKnn: typeof deepKnn;
  /** See {@linkcode vim}. */
  readonly vim: typeof vim;
  /** See {@linkcode residual}. */
  readonly residual: typeof residual;
  /** See {@linkcode she}. */
  readonly she: typeof she;
  /** See {@linkcode klMatching}. */
  readonly klMatching: typeof klMatching;
  /** See {@linkcode dice}. */
  readonly dice: typeof dice;
  /** See {@linkcode fdbd}. */
  readonly fdbd: typeof fdbd;
  /** See {@linkcode gradNorm}. */
  readonly gradNorm: typeof gradNorm;
  /** See {@linkcode gmm}. */
  readonly gmm: typeof gmm;
  /** See {@linkcode gram}. */
  readonly gram: typeof gram;
  /** See {@linkcode lts}. */
  readonly lts: typeof lts;
  /** See {@linkcode nci}. */
  readonly nci: typeof nci;
  /** See {@linkcode neco}. */
  readonly neco: typeof neco;
  /** See {@linkcode nnGuide}. */
  readonly nnGuide: typeof nnGuide;
  /** See {@linkcode openMax}. */
  readonly openMax: typeof openMax;
  /** See {@linkcode pnml}. */
  readonly pnml: typeof pnml;
  /** See {@linkcode relation}. */
  readonly relation: typeof relation;
} = Object.freeze({
  msp,
  maxLogit,
  entropy,
  energy,
  gen,
  odin,
  mahalanobis,
  rmds,
  mdsPlusPlus,
  deepKnn,
  vim,
  residual,
  she,
  klMatching,
  dice,
  fdbd,
  gradNorm,
  gmm,
  gram,
  lts,
  nci,
  neco,
  nnGuide,
  openMax,
  pnml,
  relation,
});

/**
 * A name of {@linkcode DETECTORS}.
 *
 * @category Detectors
 */
export type DetectorName = keyof typeof DETECTORS;
