/**
 * Importing `mod.ts` against importing TF.js alone, each in a fresh process.
 *
 *     deno run -A tests/bench/import_bench.ts [--quick]
 *
 * What is counted is the time that `import()` takes within the process: loading,
 * compiling and evaluating, from the caches that a second run finds. The start
 * of Deno is left out, as it would hide a part of the difference.
 *
 * @module
 */
import { type Pair, timePairs } from "./measure.ts";
import { IS_QUICK, report, TIMING } from "./report.ts";

/** Imports its argument and prints how many ms that took. */
const TIMED_IMPORT = new URL("./timed_import.ts", import.meta.url);
const MOD = new URL("../../mod.ts", import.meta.url).href;
const TFJS = "@tensorflow/tfjs";

report({
  benchmark: "import",
  case: "mod.ts against TF.js alone",
  pairs: await importPairs(MOD, TFJS),
  unit: "ms",
  bound: { most: 1.3 },
});
report({
  benchmark: "import",
  case: "TF.js against itself",
  pairs: await importPairs(TFJS, TFJS),
  unit: "ms",
});

/**
 * Pairs of import times. A timing is as many processes as fill it; what is kept
 * of each is not how long it ran but what it says.
 */
function importPairs(ours: string, theirs: string): Promise<Pair[]> {
  let time = 0;
  const work = (specifier: string) => async () => {
    time += await importMs(specifier);
  };
  return timePairs(work(ours), work(theirs), {
    ...TIMING,
    ...(IS_QUICK ? {} : { pairs: 20 }),
    now: () => time,
  });
}

async function importMs(specifier: string): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", TIMED_IMPORT.href, specifier],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout));
}
