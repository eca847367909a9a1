/**
 * Runs all benchmarks, each in its own process, and keeps their results.
 *
 *     deno task bench [--quick] [by_hand] [predict_tensor] [large_maps] [import]
 *       [start] [memory] [images] [write] [worker] [rewrites]
 *
 * The results go into `results/`, one file a machine, where they ran at full
 * length. Ends with 1 where a claim fails.
 *
 * @module
 */
import { runAll } from "./run_all.ts";

const BENCHMARKS = [
  "by_hand",
  "predict_tensor",
  "large_maps",
  "import",
  "start",
  "memory",
  "images",
  "write",
  "worker",
  "rewrites",
];

await runAll(
  Object.fromEntries(BENCHMARKS.map((benchmark) => {
    const script = new URL(`./${benchmark}_bench.ts`, import.meta.url);
    return [benchmark, { script, benchmark }];
  })),
  `results/${navigator.hardwareConcurrency}cores_wasm.csv`,
);
