// deno-lint-ignore-file no-console -- a program that prints its result
/**
 * Fits and scores over a stream, and prints the peak memory of the process in MB.
 * Arguments: the detector, the number of blocks of 1 MB.
 */
import {
  deepKnn,
  type FeatureSet,
  featureSet,
  mahalanobis,
  residual,
} from "@sonde/sonde";

const [name, count] = Deno.args;
const detector = {
  mahalanobis: () => mahalanobis(),
  residual: () => residual({ dims: 8 }),
  deepKnn: () => deepKnn({ maxSamples: 2000 }),
}[name!]!();

const [rows, columns] = [4096, 64];
const base = Float32Array.from(
  { length: rows * columns },
  (_, i) => Math.sin(i * i % 7919),
);
const labels = Int32Array.from({ length: rows }, (_, i) => i % 5);

async function* stream(): AsyncGenerator<FeatureSet> {
  for (let i = 0; i < Number(count); i++) {
    await Promise.resolve();
    const data = base.map((x) => x + i / 1000);
    yield featureSet({
      features: [{ data, shape: [rows, columns], dtype: "float32" }],
      labels,
    });
  }
}

const scorer = await detector.fit(stream);
await scorer.score(featureSet({
  features: [{ data: base, shape: [rows, columns], dtype: "float32" }],
}));
const status = await Deno.readTextFile("/proc/self/status");
console.log(Number(/VmHWM:\s*(\d+)/.exec(status)![1]) / 1024);
