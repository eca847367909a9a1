/**
 * Extraction against what one would write by hand in TF.js: `tf.model` with
 * more outputs, and `predict` batch by batch.
 *
 *     deno run -A tests/bench/by_hand_bench.ts [--quick] [digits] [mobilenet_v2] [resnet50]
 *
 * Both take the same array on the host, run the same layers on the same
 * backend in the same batches, and leave three layers and the logits of all
 * samples in arrays on the host. Opening is left out on both sides.
 *
 * @module
 */
import { FeatureExtractor, type NdArray, tf } from "@sonde/sonde";
import { getThreadsCount as numThreads } from "@tensorflow/tfjs-backend-wasm";
import { seededRandom } from "../../lib/math/seeded_random.ts";
import { differenceOf, timePairs } from "./measure.ts";
import { digitsModel, mobileNetV2, resNet50, tappedByHand } from "./models.ts";
import { report, TIMING } from "./report.ts";

/** A network to measure on. */
interface Case {
  readonly name: string;
  readonly model: () => tf.LayersModel | Promise<tf.LayersModel>;
  readonly taps: readonly string[];
  readonly samples: number;
  readonly batch: number;
}

const CASES: readonly Case[] = [
  {
    name: "digits",
    model: digitsModel,
    taps: ["pool1", "pool2", "penultimate"],
    samples: 1024,
    batch: 64,
  },
  {
    name: "mobilenet_v2",
    model: mobileNetV2,
    taps: ["block_3_expand_relu", "block_13_expand_relu", "out_relu"],
    samples: 16,
    batch: 8,
  },
  {
    name: "resnet50",
    model: resNet50,
    taps: ["conv3_block4_out", "conv4_block6_out", "conv5_block3_out"],
    samples: 8,
    batch: 4,
  },
];

await tf.setBackend("wasm");
const wanted = Deno.args.filter((arg) => !arg.startsWith("--"));
for (const entry of CASES) {
  if (wanted.length === 0 || wanted.includes(entry.name)) await measure(entry);
}

async function measure({ name, model, taps, samples, batch }: Case) {
  const network = await model();
  const open = await new FeatureExtractor(network).layers(taps)
    .engine("tfjs", { backend: "wasm" }).batch(batch).open();
  const tapped = tappedByHand(network, taps);
  const data = picturesFor(network, samples);
  const ours = () => open.predict(data, { progress: false });
  const theirs = () => predictByHand(tapped, data, batch);

  const [set, reference] = [await ours(), await theirs()];
  const found = [...set.features.map((array) => array.data), set.logits!.data];
  const differences = found.map((values, i) =>
    differenceOf(values as Float32Array, reference[i]!)
  );
  const common = {
    benchmark: "by_hand",
    unit: "samples/s",
    threads: numThreads(),
  };
  const rates = async (left: () => unknown, right: () => unknown) =>
    (await timePairs(left, right, TIMING)).map((pair) => ({
      ours: 1000 * samples / pair.ours,
      theirs: 1000 * samples / pair.theirs,
    }));
  report({
    ...common,
    case: `${name}, batch ${batch}`,
    pairs: await rates(ours, theirs),
    difference: Math.max(...differences),
    bound: { least: 0.95 },
  });
  report({
    ...common,
    case: `${name}, batch ${batch}, by hand against itself`,
    pairs: await rates(theirs, theirs),
  });
  await open.close();
  network.dispose();
}

/** Pictures of noise, as the network takes them. */
function picturesFor(model: tf.LayersModel, samples: number): NdArray {
  const shape = [samples, ...model.inputs[0]!.shape.slice(1) as number[]];
  const random = seededRandom(1);
  const data = new Float32Array(shape.reduce((n, size) => n * size, 1));
  for (let i = 0; i < data.length; i++) data[i] = random();
  return { data, shape, dtype: "float32" };
}

/** The lean way by hand: each output has its array, and batches go into it. */
async function predictByHand(
  tapped: tf.LayersModel,
  { data, shape }: NdArray,
  batch: number,
): Promise<Float32Array[]> {
  const [samples, ...sizes] = shape as [number, ...number[]];
  const width = data.length / samples;
  const results: Float32Array[] = [];
  for (let start = 0; start < samples; start += batch) {
    const end = Math.min(start + batch, samples);
    const values = data.subarray(start * width, end * width);
    const x = tf.tensor(values, [end - start, ...sizes]);
    const outputs = tapped.predict(x, { batchSize: batch }) as tf.Tensor[];
    for (const [i, output] of outputs.entries()) {
      const rows = await output.data() as Float32Array;
      const size = rows.length / (end - start);
      results[i] ??= new Float32Array(samples * size);
      results[i].set(rows, start * size);
    }
    tf.dispose([x, ...outputs]);
  }
  return results;
}
