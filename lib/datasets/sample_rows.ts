/**
 * Which samples of a source come, and in which order: a held-out part, some of
 * them, a shuffle. All sources select alike, so equal seeds select equal rows.
 *
 * @module
 */
import { cannot, checkBoolean, checkInteger, checkNumber } from "../check.ts";
import { checkOneOf, checkOptions } from "../check.ts";
import { seededRandom } from "../math/seeded_random.ts";

/**
 * Settings of the two parts of a source.
 *
 * @category Data
 */
export interface SplitOptions {
  /** Share of the samples in the first part, above 0 and below 1. */
  readonly share: number;
  /** Which samples: any integer. The same seed gives the same parts. */
  readonly seed: number;
  /** Which part comes. */
  readonly part: "first" | "rest";
}

/**
 * Settings that all sources have: which samples come, and in which order.
 *
 * They are applied in the order `split`, `shuffle`, `limit`.
 *
 * @category Data
 */
export interface SampleOptions {
  /** Samples at most, a positive integer. @default {all} */
  readonly limit?: number;
  /**
   * Whether `limit` takes equally from each class; the first classes get one
   * more where it does not divide. Needs labels, and as many samples in each.
   *
   * @default {false}
   */
  readonly stratify?: boolean;
  /** Two parts, drawn at random, of which one comes; in the order of the source. */
  readonly split?: SplitOptions;
  /** A random order. */
  readonly shuffle?: {
    /** Any integer. */
    readonly seed: number;
  };
}

/** Names of {@linkcode SampleOptions}. */
export const SAMPLE_OPTIONS = ["limit", "stratify", "split", "shuffle"];

/**
 * Checks the settings.
 *
 * @param options The options to check.
 * @param action The action, for messages.
 * @throws {TypeError} If an option is unknown or of another type.
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

/** What is known of the samples. */
export interface SampleFacts {
  /** How many there are. */
  readonly count: number;
  /** Class indices, `[count]`; where there are labels. */
  readonly labels?: ArrayLike<number> | undefined;
  /** Names of the classes. */
  readonly classNames?: readonly string[] | undefined;
}

/**
 * Selects samples.
 *
 * @param facts What is known of the samples.
 * @param options The settings, checked.
 * @param action The action, for messages.
 * @returns Row numbers in the order in which they come; undefined for all in
 * the order of the source.
 * @throws {TypeError} If `stratify` finds no labels.
 * @throws {RangeError} If nothing is left, or a class has too few samples.
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

/** A permutation: Fisher and Yates' shuffle. */
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
