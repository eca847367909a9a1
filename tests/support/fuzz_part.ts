/**
 * Runs a part of the cases of `fuzz_layers.ts` in a separate process: reads its
 * task as JSON from stdin, and writes a line for each case and engine.
 *
 * @module
 */
import { tf } from "../../lib/tf.ts";
import type { FuzzCase, FuzzResult } from "./fuzz_cases.ts";
import { fuzzResult } from "./fuzz_cases.ts";
import type { OurEngine } from "./open_on.ts";

/** What a process is told to do. */
export interface FuzzTask {
  readonly folder: string;
  readonly cases: readonly FuzzCase[];
  readonly engines: readonly OurEngine[];
}

/** What it says of a case. */
export interface FuzzAnswer {
  readonly file: string;
  readonly engine: OurEngine;
  readonly result: FuzzResult;
}

/** Milliseconds after which a case is said to hang; most take 50. */
const LIMIT = 60_000;

/** The result, or that there was none in time. */
async function inTime(running: Promise<FuzzResult>): Promise<FuzzResult> {
  const { promise: late, resolve } = Promise.withResolvers<FuzzResult>();
  const text = `it hangs: nothing came for ${LIMIT} ms`;
  const timer = setTimeout(
    () => resolve({ outcome: "failed", text, error: 0 }),
    LIMIT,
  );
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

if (import.meta.main) {
  await tf.setBackend("cpu");
  const { folder, cases, engines }: FuzzTask = await new Response(
    Deno.stdin.readable,
  ).json();
  const encoder = new TextEncoder();
  for (const each of cases) {
    for (const engine of engines) {
      const path = `${folder}/${each.file}`;
      const result = await inTime(fuzzResult(each, path, engine));
      const answer: FuzzAnswer = { file: each.file, engine, result };
      const line = encoder.encode(`@@${JSON.stringify(answer)}\n`);
      for (let at = 0; at < line.length;) {
        at += Deno.stdout.writeSync(line.subarray(at));
      }
    }
  }
  Deno.exit(); // what hangs would keep the process
}
