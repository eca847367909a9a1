/**
 * `deno run -A tests/support/bomb_worker.ts FILE`: opens a model in a fresh
 * process, reads all its weights, and prints its peak memory in megabytes and the
 * outcome.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
import { Hdf5File } from "../../lib/formats/hdf5.ts";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { loadModel } from "../../lib/extractor/load_model.ts";

/** A line of `/proc/self/status`, in megabytes. */
function memory(key: "VmHWM" | "VmRSS"): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  const [, size] = new RegExp(`${key}:\\s*(\\d+) kB`).exec(status)!;
  return Number(size) / 1024;
}

// The memory of any process that has opened a model: that of the libraries.
const small = new URL("../data/hdf5/types.h5", import.meta.url);
(await Hdf5File.open(bytesSource(Deno.readFileSync(small), "small"))).close();
const before = memory("VmRSS");

let outcome = "opened";
const start = performance.now();
try {
  await using model = await loadModel(Deno.args[0]!);
  for (const { name, numParameters } of model.layers) {
    if (numParameters > 0) await model.getWeights(name);
  }
} catch (error) {
  outcome = `${error}`;
}
console.log(JSON.stringify({
  outcome,
  megabytes: Math.round(memory("VmHWM") - before),
  ms: Math.round(performance.now() - start),
}));
