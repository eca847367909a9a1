/**
 * Fits over streams keep no more of them than they say: the peak of a process
 * of its own, for 20 MB and for 170 MB of features.
 */
import { assert } from "@std/assert";
import { slowTest } from "../support/extent.ts";
import { runProgram } from "../support/fresh_process.ts";

async function peak(detector: string, blocks: number): Promise<number> {
  const args = [detector, String(blocks)];
  return Number(await runProgram("fit_stream", { args, allowed: ["-A"] }));
}

async function assertFlat(detector: string): Promise<void> {
  const [few, many] = [await peak(detector, 20), await peak(detector, 170)];
  const grown = many - few;
  // What the collector has not come to yet is a few dozen MB.
  assert(grown < 100, `150 MB more grew it by ${grown} MB from ${few} MB`);
}

for (const detector of ["mahalanobis", "residual", "deepKnn"]) {
  slowTest(
    `${detector}() fits a stream in memory that does not grow with it`,
    async () => {
      if (Deno.build.os === "linux") await assertFlat(detector); // by /proc
    },
  );
}
