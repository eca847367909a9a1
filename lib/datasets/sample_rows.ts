/**
 * Selects samples of a source, and their order: a split, a limit, a shuffle. All
 * sources use it, so equal seeds select equal rows.
 *
 * @module
 */
import { cannot, checkBoolean, checkInteger, checkNumber } from "../check.ts";
import { checkOneOf, checkOptions } from "../check.ts";
import { seededRandom } from "../math/seeded_random.ts";

/**
 * Options for splitting a source into two parts.
 *
 * @category Data
 */
export interface SplitOptions {
  /** Fraction of the samples in the first part, above 0 and below 1. */
  readonly share: number;
  /** Seed of the random split: any integer. */
  readonly seed: number;
  /** The part to read. */
  readonly part: "first" | "rest";
}

/**
 * Options of all sources: selection and order of samples.
 *
 * They are applied in the order `split`, `shuffle`, `limit`.
 *
 * @category Data
 */
export interface SampleOptions {
  /** Maximum number of samples, a positive integer. @default {all} */
  readonly limit?: number;
  /**
   * Whether `limit` selects equal numbers of each class; if it is not divisible,
   * the first classes have one more. Needs labels, and enough samples of each.
   *
   * @default {false}
   */
  readonly stratify?: boolean;
  /** Splits the samples at random into two parts, and reads one, in the order of the source. */
  readonly split?: SplitOptions;
  /** Shuffles the samples. */
  readonly shuffle?: {
    /** Seed: any integer. */
    readonly seed: number;
  };
}

/** Names of {@linkcode SampleOptions}. */
export const SAMPLE_OPTIONS = ["limit", "stratify", "split", "shuffle"];

/**
 * Checks the options.
 *
 * @param options The options to check.
 * @param action The action, for messages.
 * @throws {TypeError} If an option is unknown or has the wrong type.
 * @throws {RangeError} If a value is out of range.
 */
export function checkSampleOptions(
  { limit, stratify, split, shuffle }: SampleOptions,
  action: string,
): void {
  if (limit !== undefined) checkInteger(limit, action, "limit");
  if (stratify !== undefined) checkBoolean(stratify, action, "stratify");
  if (stratify === true && limit === undefined) {
    const rule = '"stratify" must come with "limit"';
    throw new TypeError(cannot(action, rule, limit));
  }
  if (split !== undefined) {
    checkRecord(split, action, "split", "{ share, seed, part }");
    checkOptions(split, action, ["share", "seed", "part"]);
    const { share, seed, part } = split;
    checkNumber(share, action, "share", { above: 0, below: 1 });
    checkSeed(seed, action);
    checkOneOf(part, action, "part", ["first", "rest"]);
  }
  if (shuffle !== undefined) {
    checkRecord(shuffle, action, "shuffle", "{ seed }");
    checkOptions(shuffle, action, ["seed"]);
    checkSeed(shuffle.seed, action);
  }
}

function checkRecord(
  value: unknown,
  action: string,
  name: string,
  form: string,
): void {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(cannot(action, `"${name}" must be ${form}`, value));
}

function checkSeed(seed: number, action: string): void {
  checkInteger(seed, action, "seed", -(2 ** 53 - 1));
}

/** Facts about the samples. */
export interface SampleFacts {
  /** Their number. */
  readonly count: number;
  /** Class indices, `[count]`, if there are labels. */
  readonly labels?: ArrayLike<number> | undefined;
  /** Names of the classes. */
  readonly classNames?: readonly string[] | undefined;
}

/**
 * Selects samples.
 *
 * @param facts Their number and labels.
 * @param options The checked options.
 * @param action The action, for messages.
 * @returns Row indices in the order of reading; undefined for all, in
 * the order of the source.
 * @throws {TypeError} If `stratify` is set and there are no labels.
 * @throws {RangeError} If no sample is selected, or a class has too few samples.
 */
export function sampleRows(
  facts: SampleFacts,
  options: SampleOptions,
  action: string,
): Uint32Array | undefined {
  const { limit, stratify = false, split, shuffle } = options;
  const isAll = split === undefined && shuffle === undefined &&
    (limit === undefined || (!stratify && limit >= facts.count));
  if (isAll) return undefined;
  let rows = Uint32Array.from({ length: facts.count }, (_, i) => i);
  if (split !== undefined) {
    const drawn = shuffled(rows, split.seed);
    const size = Math.round(split.share * facts.count);
    rows = split.part === "first" ? drawn.slice(0, size) : drawn.slice(size);
    rows.sort();
  }
  if (shuffle !== undefined) rows = shuffled(rows, shuffle.seed);
  if (limit !== undefined) {
    rows = stratify
      ? equally(rows, limit, facts, action)
      : rows.slice(0, limit);
  }
  if (rows.length > 0) return rows;
  const rule = `"split" must leave a sample of the ${facts.count}`;
  throw new RangeError(cannot(action, rule, 0, "choose another share"));
}

/** A random permutation (Fisher–Yates). */
function shuffled(
  rows: Uint32Array<ArrayBuffer>,
  seed: number,
): Uint32Array<ArrayBuffer> {
  const result = rows.slice();
  const random = seededRandom(seed);
  for (let i = result.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [result[i], result[other]] = [result[other]!, result[i]!];
  }
  return result;
}

function equally(
  rows: Uint32Array<ArrayBuffer>,
  limit: number,
  { labels, classNames, count }: SampleFacts,
  action: string,
): Uint32Array<ArrayBuffer> {
  if (labels === undefined) {
    const rule = '"stratify" must find labels';
    const hint = "leave it out, or name the labels";
    throw new TypeError(cannot(action, rule, "none", hint));
  }
  const classes = classNames?.map((_, i) => i) ??
    [...new Set(Array.from({ length: count }, (_, i) => labels[i]!))]
      .sort((a, b) => a - b);
  const least = Math.floor(limit / classes.length);
  const left = new Map(
    classes.map((
      label,
      i,
    ) => [label, least + Number(i < limit % classes.length)]),
  );
  const selected = rows.filter((row) => {
    const free = left.get(labels[row]!) ?? 0;
    if (free > 0) left.set(labels[row]!, free - 1);
    return free > 0;
  });
  for (const [label, free] of left) {
    if (free === 0) continue;
    const name = classNames?.[label] ?? label;
    const rule = `"stratify" must find ${least} or more samples of each ` +
      `class for a "limit" of ${limit}`;
    const hint = `class "${name}" has ${free} too few: lower the limit`;
    throw new RangeError(cannot(action, rule, classes.length, hint));
  }
  return selected;
}
