/**
 * Whole models of the real Keras, with their outputs: written by
 * `tests/data/make_keras_models.py`.
 *
 * @module
 */
import type { NdArray } from "../../lib/types.ts";

/** Where the files lie. */
export const KERAS_MODELS = new URL("../data/keras_models/", import.meta.url);

type HostArray = NdArray<Float32Array | Int32Array>;

/** What Keras says of a model. */
export interface KerasRecord {
  readonly inputs: readonly HostArray[];
  /** The inputs' names, where the record has them. */
  readonly inputNames?: readonly string[];
  readonly outputs: readonly HostArray[];
  /** What inner layers give, by their path. */
  readonly layers: Readonly<Record<string, HostArray>>;
  /** Name, class and number of weights of each layer of the top level. */
  readonly table?: readonly (readonly [string, string, number])[];
  /** The head's name. */
  readonly head?: string;
  readonly logits?: HostArray;
  readonly penultimate?: HostArray;
  readonly kernel?: HostArray;
}

interface Packed {
  readonly shape: readonly number[];
  readonly dtype?: "float32" | "int32";
  readonly base64?: string;
  readonly data?: readonly number[];
}

/** The path of a file. */
export function modelPath(file: string): string {
  return decodeURIComponent(new URL(file, KERAS_MODELS).pathname);
}

/** Reads what Keras said of a model. */
export function kerasRecord(name: string): KerasRecord {
  const json = JSON.parse(Deno.readTextFileSync(modelPath(`${name}.json`)));
  const optional = ["logits", "penultimate", "kernel"].filter((key) =>
    json[key] !== undefined
  ).map((key) => [key, unpacked(json[key])]);
  return {
    inputs: json.in.map(unpacked),
    outputs: json.out.map(unpacked),
    layers: Object.fromEntries(
      Object.entries(json.layers ?? {}).map((
        [key, value],
      ) => [key, unpacked(value as Packed)]),
    ),
    ...(json.inputs === undefined ? {} : { inputNames: json.inputs }),
    ...(json.table === undefined ? {} : { table: json.table }),
    ...(json.head === undefined ? {} : { head: json.head }),
    ...Object.fromEntries(optional),
  };
}

function unpacked({ shape, dtype, base64, data }: Packed): HostArray {
  if (base64 === undefined) {
    return { data: Float32Array.from(data!), shape, dtype: "float32" };
  }
  const { buffer } = Uint8Array.fromBase64(base64);
  return dtype === "int32"
    ? { data: new Int32Array(buffer), shape, dtype }
    : { data: new Float32Array(buffer), shape, dtype: "float32" };
}

/** Rows of an array, in the order given. */
export function rowsOf<A extends HostArray>(
  array: A,
  rows: readonly number[],
): A {
  const { data, shape } = array;
  const size = data.length / shape[0]!;
  const Kind = data.constructor as { new (length: number): Float32Array };
  const chosen = new Kind(rows.length * size);
  rows.forEach((row, i) =>
    chosen.set(data.subarray(row * size, (row + 1) * size), i * size)
  );
  return { ...array, data: chosen, shape: [rows.length, ...shape.slice(1)] };
}

/**
 * Asserts that two arrays have the same shape, and that no number differs by more
 * than a fraction of the largest expected one.
 *
 * @param actual The numbers.
 * @param expected The numbers of Keras.
 * @param what A name for the message.
 * @param share The fraction.
 */
export function assertAsKeras(
  actual: NdArray<ArrayBufferView>,
  expected: NdArray<ArrayBufferView>,
  what: string,
  share = 1e-5,
): void {
  const [found, wanted] = [actual, expected].map(({ data }) =>
    data as Float32Array
  ) as [Float32Array, Float32Array];
  if (actual.shape.join() !== expected.shape.join()) {
    throw new Error(`${what}: shape [${actual.shape}] for [${expected.shape}]`);
  }
  const largest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const worst = wanted.reduce(
    (most, x, i) => Math.max(most, Math.abs(x - found[i]!)),
    0,
  );
  if (!(worst <= share * largest) || found.some(Number.isNaN)) {
    throw new Error(`${what}: differs by ${worst} of ${largest}`);
  }
}
