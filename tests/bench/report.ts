/**
 * What a benchmark says: its rows as CSV on stdout, for the file, and in words
 * on stderr, for who watches.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { tf } from "@sonde/sonde";
import { type Bound, breaks, compare, type Pair } from "./measure.ts";
import { csvLine, type ResultRow } from "./results_csv.ts";

/** Results further from the reference than this do not count. */
export const TOLERANCE = 1e-5;

/** A comparison, and what is claimed of it. */
export interface Finding {
  /** What was compared. */
  readonly benchmark: string;
  /** On what. */
  readonly case: string;
  /** What was measured, at least 6 times; or once, where nothing is timed. */
  readonly pairs: readonly Pair[];
  /** The unit of the pairs. */
  readonly unit: string;
  /** How far our numbers are from theirs, relative. */
  readonly difference?: number;
  /** How far they may be. @default {1e-5} */
  readonly tolerance?: number;
  /** Inputs a timing, where passes were cut. */
  readonly inputs?: string;
  /** Versions of what ran, beside Deno's. @default {those of TF.js} */
  readonly versions?: string;
  /** Threads of the backend. */
  readonly threads?: number;
  /** What is claimed of the ratio of ours to theirs. */
  readonly bound?: Bound;
}

/** Whether timings are to be short, to try a benchmark out: `--quick`. */
export const IS_QUICK: boolean = Deno.args.includes("--quick");

/** How pairs are timed: as the house measures, or quickly. */
export const TIMING = IS_QUICK ? { pairs: 6, minMs: 200 } : {};

/**
 * Writes a row, and the word on its bound; the process then ends with 1 where
 * the claim fails.
 *
 * @param finding What was found.
 */
export function report(finding: Finding): void {
  const { pairs, bound = {}, difference = 0 } = finding;
  const { tolerance = TOLERANCE } = finding;
  const found = pairs.length === 1 ? single(pairs[0]!) : compare(pairs);
  const { benchmark, case: name, unit, threads } = finding;
  const row: ResultRow = {
    benchmark,
    case: name,
    ...found,
    unit,
    difference: finding.difference,
    threads,
    inputs: finding.inputs,
    versions: versions(finding.versions),
    date: new Date().toISOString().slice(0, 10),
  };
  console.log(csvLine(row));
  const isClose = difference <= tolerance; // false for NaN
  const fails = !isClose || breaks(found, bound);
  const { ours, theirs, ratio, low, high } = found;
  const word = !isClose
    ? `NUMBERS DIFFER by ${difference}`
    : fails
    ? "FAILS"
    : finding.bound === undefined
    ? ""
    : "holds";
  const claim = [
    ...(bound.least === undefined ? [] : [`>= ${bound.least}`]),
    ...(bound.most === undefined ? [] : [`<= ${bound.most}`]),
  ].join(", ");
  console.error(
    `${benchmark} | ${name}: ${ours.toPrecision(4)} to ${
      theirs.toPrecision(4)
    } ${unit}, ratio ${ratio.toFixed(3)} [${low.toFixed(3)}, ${
      high.toFixed(3)
    }] ${claim} ${word}`.trimEnd(),
  );
  if (fails) Deno.exitCode = 1;
}

function single(pair: Pair) {
  const ratio = pair.ours / pair.theirs;
  return { ...pair, ratio, low: ratio, high: ratio };
}

function versions(others = `tfjs ${tf.version.tfjs}`): string {
  const { platform, arch } = { platform: Deno.build.os, arch: Deno.build.arch };
  return `deno ${Deno.version.deno}; ${others}; ${platform} ${arch}`;
}
