/**
 * One-layer models of the real Keras, with inputs and outputs: each is opened
 * as its file is, run, and compared.
 *
 * @module
 */
import { FeatureExtractor } from "../../lib/extractor/feature_extractor.ts";
import { openKerasFile } from "../../lib/models/keras_file.ts";
import { modelOfKerasFile } from "../../lib/models/load_keras.ts";
import type { NdArray } from "../../lib/types.ts";

/** Where a case runs. */
export type GoldenEngine = "cpu" | "wasm" | "webgpu";

interface GoldenArray {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}

/** What a case says. */
export interface GoldenCase {
  readonly inputs: readonly NdArray<ArrayBufferView>[];
  readonly outputs: readonly GoldenArray[];
}

const FOLDER = new URL("../data/keras_layers/", import.meta.url);

/** Names of all cases. */
export function goldenNames(): string[] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".keras"))
    .map((name) => name.replace(/\.keras$/, "")).sort();
}

/** Reads a case. */
export function goldenCase(name: string): GoldenCase {
  const text = Deno.readTextFileSync(new URL(`${name}.json`, FOLDER));
  const json = JSON.parse(text) as { in: GoldenArray[]; out: GoldenArray[] };
  return { inputs: json.in.map(hostArray), outputs: json.out };
}

function hostArray(
  { shape, dtype, data }: GoldenArray,
): NdArray<ArrayBufferView> {
  if (/int/.test(dtype)) {
    return { data: Int32Array.from(data), shape, dtype: "int32" };
  }
  if (dtype === "bool") {
    return { data: Uint8Array.from(data), shape, dtype: "bool" };
  }
  return { data: Float32Array.from(data), shape, dtype: "float32" };
}

/**
 * Runs a case and measures how far it is from Keras.
 *
 * @param name The case.
 * @param engine Where.
 * @returns The largest difference, as a share of the largest value of the output.
 */
export async function goldenError(
  name: string,
  engine: GoldenEngine,
): Promise<number> {
  const { inputs, outputs } = goldenCase(name);
  const file = await openKerasFile(
    decodeURIComponent(new URL(`${name}.keras`, FOLDER).pathname),
  );
  await using model = modelOfKerasFile(file);
  const wanted = model.outputRefs.map(({ node }) => node.row.name);
  const extractor = new FeatureExtractor(model)
    .layers([...new Set(wanted)])
    .engine("tfjs", { backend: engine });
  const data = inputs.length === 1 ? inputs[0]! : [...inputs];
  const { features } = await extractor.predict(data);
  if (features.length < outputs.length) {
    throw new Error(`${features.length} outputs for ${outputs.length}`);
  }
  return Math.max(
    ...outputs.map((output, i) => difference(features[i]!, output)),
  );
}

function difference(
  { data, shape }: NdArray<Float32Array | Float16Array | Int32Array>,
  expected: GoldenArray,
): number {
  if (shape.join() !== expected.shape.join()) {
    throw new Error(`shape [${shape}] for [${expected.shape}]`);
  }
  let worst = 0;
  let largest = 1e-30;
  for (const [i, value] of expected.data.entries()) {
    if (Number.isNaN(value) !== Number.isNaN(data[i]!)) return Infinity;
    if (Object.is(value, data[i]) || value === data[i]) continue;
    worst = Math.max(worst, Math.abs(value - data[i]!));
    largest = Math.max(largest, Math.abs(value));
  }
  for (const value of expected.data) {
    if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  }
  return worst / largest;
}
