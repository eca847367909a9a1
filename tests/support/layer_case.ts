/**
 * The form of the cases under `tests/data/layer_cases`.
 *
 * @module
 */
import type { Dialect } from "../../lib/layers/layer.ts";
import type { OpsType } from "../../lib/ops/ops.ts";

/** Numbers with their shape; what JSON cannot hold stands as text. */
export interface CaseArray {
  readonly shape: readonly number[];
  readonly dtype: OpsType;
  readonly data: readonly (number | string)[];
}

/** One layer, what went into it and what came out. */
export interface LayerCase {
  readonly name: string;
  readonly class: string;
  readonly dialect: Dialect;
  readonly config: Readonly<Record<string, unknown>>;
  /** In Keras' order. */
  readonly weights: readonly CaseArray[];
  readonly input: CaseArray;
  /** Inputs after the first. */
  readonly others?: readonly CaseArray[];
  /** Of the input. */
  readonly mask: CaseArray | null;
  /** Masks of the inputs after the first. */
  readonly otherMasks?: readonly (CaseArray | null)[];
  /** Whether the class is one of a raw operation. */
  readonly operation?: boolean;
  /** Whether the mask is an argument of the call. */
  readonly explicit: boolean;
  readonly args: Readonly<Record<string, number | boolean | string>>;
  readonly output: CaseArray;
  /** Which of several outputs it is. @default {0} */
  readonly result?: number;
  readonly outputMask: CaseArray | null;
  /** Axes whose sizes need not be known before the run. */
  readonly unknown: readonly number[];
}
