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
 * @param step One of how many is taken.
 * @returns The cases to run.
 */
export function sampled<T>(cases: readonly T[], step: number): readonly T[] {
  return RUNS_ALL ? cases : cases.filter((_, i) => i % step === 0);
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
 * The engines that one case of many runs on: all of them in `test:all`,
 * otherwise one, the next for each next case.
 *
 * @param engines All engines.
 * @param index Number of the case.
 * @returns The engines to run on.
 */
export function inTurn<E>(engines: readonly E[], index: number): readonly E[] {
  return RUNS_ALL ? engines : [engines[index % engines.length]!];
}

/**
 * The cases that one engine of several runs: all of them in `test:all`,
 * otherwise every `count`th, so that the engines run each case once between
 * them.
 *
 * @param cases All cases.
 * @param index Number of the engine.
 * @param count How many engines there are.
 * @returns The cases to run.
 */
export function share<T>(
  cases: readonly T[],
  index: number,
  count: number,
): readonly T[] {
  return RUNS_ALL ? cases : cases.filter((_, i) => i % count === index % count);
}
