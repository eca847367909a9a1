/**
 * How much of the suite runs. `deno task test` runs a fixed sample of the
 * large matrices, and leaves out the slowest kinds; `deno task test:all` runs
 * everything.
 *
 * @module
 */

/** Whether everything runs. */
export const RUNS_ALL: boolean = Deno.env.get("SONDE_TESTS") === "all";

/**
 * A fixed sample of cases: all of them in `test:all`, otherwise every `step`th,
 * beginning with the first.
 *
 * @param cases All cases, in a fixed order.
 * @param step One of this many cases is selected.
 * @returns The cases to run.
 */
export function sampled<T>(cases: readonly T[], step: number): readonly T[] {
  return RUNS_ALL ? cases : cases.filter((_, i) => i % step === 0);
}

/**
 * A fixed sample of cases in which every kind is covered: all of them in
 * `test:all`, otherwise every `step`th and the first of each kind.
 *
 * @param cases All cases, in a fixed order.
 * @param step One of this many cases is selected.
 * @param kindOf The kind of a case.
 * @returns The cases to run.
 */
export function ofEachKind<T>(
  cases: readonly T[],
  step: number,
  kindOf: (one: T) => string | undefined,
): readonly T[] {
  if (RUNS_ALL) return cases;
  const kinds = cases.map(kindOf);
  return cases.filter((_, i) =>
    i % step === 0 || kinds.indexOf(kinds[i]) === i
  );
}

/**
 * A test that runs in `test:all` only; otherwise it is counted as ignored.
 *
 * @param name What it shows.
 * @param fn The test.
 */
export function slowTest(
  name: string,
  fn: (t: Deno.TestContext) => Promise<void> | void,
): void {
  Deno.test({ name, ignore: !RUNS_ALL, fn });
}

/**
 * The engines that run one case of many: all of them in `test:all`, otherwise
 * one, in turn.
 *
 * @param engines All engines.
 * @param index Index of the case.
 * @returns The engines to run it on.
 */
export function inTurn<E>(engines: readonly E[], index: number): readonly E[] {
  return RUNS_ALL ? engines : [engines[index % engines.length]!];
}

/**
 * The cases that one engine of several runs: all of them in `test:all`,
 * otherwise every `count`th, so that together the engines run each case once.
 *
 * @param cases All cases.
 * @param index Index of the engine.
 * @param count Number of engines.
 * @returns The cases to run.
 */
export function share<T>(
  cases: readonly T[],
  index: number,
  count: number,
): readonly T[] {
  return RUNS_ALL ? cases : cases.filter((_, i) => i % count === index % count);
}
