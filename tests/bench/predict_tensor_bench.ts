/**
 * Many small calls: `predictTensor` of an open extractor against `predict` of
 * a model tapped by hand, on one digit at a time.
 *
 *     deno run -A tests/bench/predict_tensor_bench.ts [--quick]
 *
 * Both take a tensor and give tensors, which are disposed of.
 *
 * @module
 */
import { FeatureExtractor, tf } from "@sonde/sonde";
import { getThreadsCount as numThreads } from "@tensorflow/tfjs-backend-wasm";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { differenceOf, timePairs } from "./measure.ts";
import { digitsModel, tappedByHand } from "./models.ts";
import { report, TIMING } from "./report.ts";

const CALLS = 1000;
const TAPS = ["pool1", "pool2", "penultimate"];

await tf.setBackend("wasm");
const model = await digitsModel();
const open = await new FeatureExtractor(model).layers(TAPS)
  .engine("tfjs", { backend: "wasm" }).open();
const tapped = tappedByHand(model, TAPS);
const random = seededRandom(1);
const digit = tf.tensor(
  Float32Array.from({ length: 28 * 28 }, random),
  [1, 28, 28, 1],
);

async function ours(): Promise<void> {
  for (let i = 0; i < CALLS; i++) {
    const { features, logits } = await open.predictTensor(digit);
    tf.dispose([...features, logits!]);
  }
}

function theirs(): void {
  for (let i = 0; i < CALLS; i++) tf.dispose(tapped.predict(digit));
}

const { features, logits } = await open.predictTensor(digit);
const reference = tapped.predict(digit) as tf.Tensor[];
const difference = Math.max(
  ...[...features, logits!].map((tensor, i) =>
    differenceOf(tensor.dataSync(), reference[i]!.dataSync())
  ),
);
tf.dispose([...features, logits!, ...reference]);

const common = {
  benchmark: "predict_tensor",
  unit: `ms/${CALLS} calls`,
  threads: numThreads(),
};
report({
  ...common,
  case: "digits, one sample",
  pairs: await timePairs(ours, theirs, TIMING),
  difference,
  bound: { most: 1.3 },
});
report({
  ...common,
  case: "digits, one sample, by hand against itself",
  pairs: await timePairs(theirs, theirs, TIMING),
});
await open.close();
