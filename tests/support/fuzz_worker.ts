/**
 * Runs cases of `fuzz_layers.ts`, in a worker of its own.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { FuzzCase, FuzzResult } from "./fuzz_cases.ts";
import { fuzzResult } from "./fuzz_cases.ts";
import type { OurEngine } from "./open_on.ts";

/** What a worker is told to do. */
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

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<FuzzTask>) => void;
  postMessage(answer: FuzzAnswer | "done"): void;
};

scope.onmessage = async ({ data: { folder, cases, engines } }) => {
  await tf.setBackend("cpu");
  for (const each of cases) {
    for (const engine of engines) {
      const path = `${folder}/${each.file}`;
      const result = await fuzzResult(each, path, engine);
      scope.postMessage({ file: each.file, engine, result });
    }
  }
  scope.postMessage("done");
};
