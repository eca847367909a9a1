/**
 * Scorers as safetensors files, whose metadata describe the arrays in JSON.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { cannot } from "../check.ts";
import { fromSafetensors, toSafetensors } from "../formats/safetensors.ts";
import type { StoredArray } from "../formats/stored_array.ts";
import type { FeatureSource } from "../types.ts";
import type { DetectorState } from "./definition.ts";

/** The metadata of a scorer's file. */
export interface ScorerFacts {
  /** Version of the format. */
  readonly version: 1;
  /** The detector's name. */
  readonly detector: string;
  /** The options of its factory. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Facts about the fit. */
  readonly fit: unknown;
  /** Calibration, if calibrated. */
  readonly calibration?: {
    readonly tpr: number;
    readonly warnings: readonly string[];
    /** The source of the known samples, if known. */
    readonly source?: FeatureSource;
  };
}

const FACTS = "sonde.scorer";
const HASH = "sonde.sha256";
const ACTION = "load scorer";

/**
 * Writes a scorer.
 *
 * @param facts The description of the arrays.
 * @param arrays Its arrays by name.
 * @returns The bytes of a safetensors file.
 */
export function scorerBytes(
  facts: ScorerFacts,
  arrays: DetectorState,
): Uint8Array<ArrayBuffer> {
  const stored = new Map(Object.entries(arrays) as [string, StoredArray][]);
  const text = JSON.stringify(facts);
  return toSafetensors(stored, {
    [FACTS]: text,
    [HASH]: hashOf(text, stored),
  });
}

/**
 * Reads a scorer.
 *
 * @param bytes The file.
 * @param name Its name, for messages.
 * @returns Its contents.
 * @throws {SyntaxError} If it is not a scorer's file, is truncated or was
 * altered.
 */
export function readScorer(bytes: Uint8Array, name: string): {
  readonly facts: ScorerFacts;
  readonly arrays: DetectorState;
} {
  const { arrays, metadata } = fromSafetensors(bytes, name);
  const { [FACTS]: text, [HASH]: hash } = metadata;
  if (text === undefined || hash === undefined) {
    const rule = `"${name}" must be a file of scorer.save()`;
    throw new SyntaxError(cannot(ACTION, rule, Object.keys(metadata)));
  }
  if (hashOf(text, arrays) !== hash) {
    const rule = `"${name}" must be as it was saved, of SHA-256 "${hash}"`;
    const hint = "save the scorer again";
    throw new SyntaxError(cannot(ACTION, rule, hashOf(text, arrays), hint));
  }
  const facts: ScorerFacts = JSON.parse(text);
  if (facts.version !== 1) {
    const rule = `"${name}" must be of version 1 of the format`;
    const hint = "load it with a newer version of this library";
    throw new SyntaxError(cannot(ACTION, rule, facts.version, hint));
  }
  return { facts, arrays: Object.fromEntries(arrays) as DetectorState };
}

/** The hash over the facts, and each array with its name, sizes and type. */
function hashOf(
  text: string,
  arrays: ReadonlyMap<string, StoredArray>,
): string {
  const hash = createHash("sha256");
  hash.update(text);
  for (const [name, { data, shape, dtype }] of [...arrays].sort(byName)) {
    hash.update(JSON.stringify([name, shape, dtype]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
