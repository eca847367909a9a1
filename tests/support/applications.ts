/**
 * Networks of `keras.applications` with random weights, and the numbers that
 * Keras computes of images: written by `tests/data/make_keras_applications.py`.
 *
 * @module
 */
import { FeatureExtractor, loadModel, type NdArray } from "@sonde/sonde";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { npzArrays, readNpy } from "../../lib/formats/npy.ts";
import { toFloat32 } from "../../lib/formats/stored_array.ts";
import { engineOf, type OurEngine } from "./open_on.ts";

/** What Keras says of a network. */
export interface Application {
  /** As in "MobileNetV2". */
  readonly network: string;
  /** The version that made it. */
  readonly keras: string;
  /** How far Keras' own float32 is from its float64, where the latter is what it says. */
  readonly rounding?: number;
  readonly inputs: NdArray<Float32Array>;
  readonly logits: NdArray<Float32Array>;
  /** What inner layers give, by name. */
  readonly layers: ReadonlyMap<string, NdArray<Float32Array>>;
}

/** How a network came out. */
export interface Agreement {
  /** The largest difference over the logits and the layers, each as a share of the largest value expected. */
  readonly difference: number;
  /** Where that is. */
  readonly worst: string;
  /** From the file to the logits and the layers, in seconds. */
  readonly seconds: number;
}

/**
 * Reads the numbers of Keras.
 *
 * @param stem The path without its extension, as in `out/keras_applications/k3_VGG16`.
 * @returns The numbers.
 */
export async function readApplication(stem: string): Promise<Application> {
  const { network, keras, layers, rounding } = JSON.parse(
    await Deno.readTextFile(`${stem}.json`),
  );
  const bytes = await Deno.readFile(`${stem}.npz`);
  const arrays = npzArrays(bytesSource(bytes, `${stem}.npz`));
  const read = (name: string): NdArray<Float32Array> => {
    const stored = readNpy(arrays.get(name)!());
    const data = toFloat32(stored, name);
    return { data, shape: stored.shape, dtype: "float32" };
  };
  return {
    network,
    keras,
    ...(rounding === undefined ? {} : { rounding }),
    inputs: read("inputs"),
    logits: read("logits"),
    layers: new Map(
      layers.map((name: string, i: number) => [name, read(`layer${i}`)]),
    ),
  };
}

/**
 * Opens a network, and compares its logits and layers with those of Keras.
 *
 * @param file The path of the network.
 * @param application The numbers of Keras.
 * @param engine The engine to run it on.
 * @returns The differences.
 */
export async function compareApplication(
  file: string,
  { inputs, logits, layers }: Application,
  engine: OurEngine,
): Promise<Agreement> {
  const begin = performance.now();
  await using model = await loadModel(file);
  const set = await new FeatureExtractor(model).layers([...layers.keys()])
    .engine(...engineOf(engine)).predict(inputs, { progress: false });
  const seconds = (performance.now() - begin) / 1000;
  if (set.logits === undefined) throw new Error(`${file} gives no logits`);
  let difference = 0;
  let worst = "";
  const found = [...layers].map(([name, expected]) =>
    [name, set.layer(name), expected] as const
  );
  for (
    const [name, actual, expected] of [
      ["logits", set.logits, logits] as const,
      ...found,
    ]
  ) {
    const share = shareOf(actual, expected);
    if (!(share <= difference)) [difference, worst] = [share, name];
  }
  return { difference, worst, seconds };
}

/** The largest difference as a share of the largest value; NaN where there is one, and infinite for another shape. */
function shareOf(
  actual: NdArray<ArrayBufferView>,
  expected: NdArray<Float32Array>,
): number {
  if (actual.shape.join() !== expected.shape.join()) return Infinity;
  const data = actual.data as Float32Array;
  let [largest, difference] = [0, 0];
  for (const [i, value] of expected.data.entries()) {
    const distance = Math.abs(data[i]! - value);
    if (Number.isNaN(distance)) return NaN;
    difference = Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(value));
  }
  return difference / largest;
}
