/**
 * Comparing two pieces of code on a noisy machine.
 *
 * A single timing says little here: the same code, timed twice, can differ by a
 * tenth. So both pieces are timed in turn, pair after pair, each timing long
 * enough to level out short disturbances, and what counts is the ratio within a
 * pair, as both halves of one met about the same machine. The median over the
 * pairs bears a few spoilt ones, and its interval asks for no distribution.
 *
 * @module
 */

/** How a comparison is timed. */
export interface PairedOptions {
  /** How many pairs. At least 6. @default {10} */
  readonly pairs?: number;
  /** The shortest that a timing may last, in ms. @default {2000} */
  readonly minMs?: number;
  /** Calls of each side before the first timing. @default {2} */
  readonly warmUps?: number;
  /** The clock, in ms. @default {performance.now} */
  readonly now?: () => number;
}

/** One pair of measurements, in one unit. */
export interface Pair {
  /** What our code took, or reached. */
  readonly ours: number;
  /** What the other code took, or reached. */
  readonly theirs: number;
}

/** What pairs say. */
export interface Comparison extends Pair {
  /** Median of `ours / theirs` over the pairs. */
  readonly ratio: number;
  /** Lower end of the ratio's 95 % interval. */
  readonly low: number;
  /** Upper end of the ratio's 95 % interval. */
  readonly high: number;
}

/** Something to be timed. */
export type Work = () => unknown;

/** With fewer pairs no interval of the median reaches 95 %. */
const FEWEST_PAIRS = 6;

/**
 * Times two pieces of code in turn; which one goes first changes with each pair.
 *
 * @param ours Our code; a promise that it gives is waited for.
 * @param theirs What it is compared with.
 * @param options How it is timed.
 * @returns Milliseconds a call, of each pair.
 * @throws {RangeError} If there are fewer than 6 pairs.
 */
export async function timePairs(
  ours: Work,
  theirs: Work,
  options: PairedOptions = {},
): Promise<Pair[]> {
  const { pairs = 10, minMs = 2000, warmUps = 2 } = options;
  const { now = () => performance.now() } = options;
  checkPairs(pairs);
  for (let i = 0; i < warmUps; i++) {
    await ours();
    await theirs();
  }
  const found: Pair[] = [];
  for (let i = 0; i < pairs; i++) {
    if (i % 2 === 0) {
      const first = await timeCall(ours, minMs, now);
      found.push({ ours: first, theirs: await timeCall(theirs, minMs, now) });
    } else {
      const first = await timeCall(theirs, minMs, now);
      found.push({ ours: await timeCall(ours, minMs, now), theirs: first });
    }
  }
  return found;
}

/** What rounds give. */
export interface Rounds {
  /** For each of the others, a pair of each round. */
  readonly others: Pair[][];
  /** Two timings of ours of each round, with two others between them. */
  readonly self: Pair[];
}

/**
 * Times our code against several others, in rounds: ours, a, b, ours, c, d,
 * ours. Each timing of another has one of ours right before or right after it,
 * which it is paired with; every second round runs backwards. So the pairs are
 * interleaved as in {@linkcode timePairs}, and a third of the timings is saved.
 *
 * @param ours Our code; a promise that it gives is waited for.
 * @param others What it is compared with, at least two.
 * @param options How it is timed; `pairs` is the number of rounds.
 * @returns Milliseconds a call, of each pair.
 * @throws {RangeError} If there are fewer than 6 rounds, or than two others.
 */
export async function timeRounds(
  ours: Work,
  others: readonly Work[],
  options: PairedOptions = {},
): Promise<Rounds> {
  const { pairs = 10, minMs = 2000, warmUps = 2 } = options;
  const { now = () => performance.now() } = options;
  checkPairs(pairs);
  if (others.length < 2) {
    throw new RangeError(
      `Cannot time rounds as the others must be at least 2: current value is ${others.length}`,
    );
  }
  for (let i = 0; i < warmUps; i++) {
    for (const work of [ours, ...others]) await work();
  }
  const found: Rounds = { others: others.map(() => []), self: [] };
  const order: (number | "ours")[] = others.flatMap((_, i) =>
    i % 2 === 0 ? ["ours" as const, i] : [i]
  );
  if (others.length % 2 === 0) order.push("ours");
  for (let round = 0; round < pairs; round++) {
    const turns = round % 2 === 0 ? order : order.toReversed();
    const times: number[] = [];
    for (const turn of turns) {
      const work = turn === "ours" ? ours : others[turn]!;
      times.push(await timeCall(work, minMs, now));
    }
    const own = times.filter((_, i) => turns[i] === "ours");
    found.self.push({ ours: own[0]!, theirs: own[1]! });
    for (const [i, turn] of turns.entries()) {
      if (turn === "ours") continue;
      const place = turns[i - 1] === "ours" ? i - 1 : i + 1;
      found.others[turn]!.push({ ours: times[place]!, theirs: times[i]! });
    }
  }
  return found;
}

/** Repeats a call until the time is up; gives ms a call. */
async function timeCall(
  work: Work,
  minMs: number,
  now: () => number,
): Promise<number> {
  const begin = now();
  for (let calls = 1;; calls++) {
    await work();
    const elapsed = now() - begin;
    if (elapsed >= minMs) return elapsed / calls;
  }
}

/**
 * Medians of pairs, and the 95 % interval of the median ratio.
 *
 * @param pairs What was measured.
 * @returns The medians; the ratio is that of ours to theirs.
 * @throws {RangeError} If there are fewer than 6 pairs.
 */
export function compare(pairs: readonly Pair[]): Comparison {
  checkPairs(pairs.length);
  const ratios = ascending(pairs.map(({ ours, theirs }) => ours / theirs));
  const rank = intervalRank(ratios.length);
  return {
    ours: median(pairs.map(({ ours }) => ours)),
    theirs: median(pairs.map(({ theirs }) => theirs)),
    ratio: median(ratios),
    low: ratios[rank]!,
    high: ratios.at(-1 - rank)!,
  };
}

/**
 * How many of the least and of the largest values lie outside the 95 % interval
 * of a median: each value is below the true median with probability ½, so the
 * number of those that are is binomial, whatever the distribution.
 *
 * @param count How many values there are, at least 6.
 * @returns Values to leave out at each end.
 */
export function intervalRank(count: number): number {
  let probability = 2 ** -count; // of no value below the median
  let tail = probability;
  let rank = 0;
  while (true) {
    probability *= (count - rank) / (rank + 1);
    tail += probability;
    if (2 * tail > 0.05) return rank;
    rank++;
  }
}

/**
 * The middle value, or the mean of the two in the middle.
 *
 * @param values At least one.
 * @returns Their median.
 */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}

/** A limit that a claim sets on a ratio of ours to theirs. */
export interface Bound {
  /** The ratio must not be below this. */
  readonly least?: number;
  /** The ratio must not be above this. */
  readonly most?: number;
}

/**
 * Whether a ratio breaks a bound: only where its interval lies wholly beyond.
 *
 * @param comparison What was measured.
 * @param bound The limit.
 * @returns Whether the claim fails.
 */
export function breaks(
  { low, high }: Pick<Comparison, "low" | "high">,
  { least = -Infinity, most = Infinity }: Bound,
): boolean {
  return !(high >= least && low <= most); // a NaN breaks every bound
}

/**
 * How far apart two results are: the largest absolute difference, relative to
 * the largest value of the reference.
 *
 * @param found Numbers that came out.
 * @param reference Numbers that should, as many.
 * @returns 0 where they are equal; NaN or Infinity where they cannot be compared.
 */
export function differenceOf(
  found: ArrayLike<number>,
  reference: ArrayLike<number>,
): number {
  if (found.length !== reference.length) return Infinity;
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < reference.length; i++) {
    const distance = Math.abs(found[i]! - reference[i]!);
    if (Number.isNaN(distance)) return NaN;
    difference = Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(reference[i]!));
  }
  return difference === 0 ? 0 : difference / largest;
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

function checkPairs(pairs: number): void {
  if (Number.isInteger(pairs) && pairs >= FEWEST_PAIRS) return;
  throw new RangeError(
    `Cannot compare pairs as they must be at least ${FEWEST_PAIRS}: current value is ${pairs}`,
  );
}
