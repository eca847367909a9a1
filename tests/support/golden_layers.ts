/**
 * One-layer models of the real Keras, with inputs and outputs: each is opened,
 * run and compared.
 *
 * @module
 */
import { openKeras } from "./open_keras.ts";
import { modelOfKerasFile } from "../../lib/models/keras/keras_file.ts";
import type { NdArray } from "../../lib/types.ts";
import { openOn, type OurEngine } from "./open_on.ts";

/** Where a case runs. */
export type GoldenEngine = OurEngine;

interface GoldenArray {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}

type HostArray = NdArray<Float32Array | Int32Array | Uint8Array>;

/** What a case says. */
export interface GoldenCase {
  readonly inputs: readonly HostArray[];
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

function hostArray({ shape, dtype, data }: GoldenArray): HostArray {
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
 * @param engine The engine to run it on.
 * @returns The largest difference, relative to the largest value of the output.
 */
export async function goldenError(
  name: string,
  engine: GoldenEngine,
): Promise<number> {
  return (await goldenErrors(name, engine, [undefined]))[0]!;
}

/**
 * Runs a case on several choices of its rows.
 *
 * @param name The case.
 * @param engine The engine to run it on.
 * @param choices Selects the rows of each batch, from the number of rows;
 * undefined for the case as it is.
 * @returns The largest difference of each batch, as {@linkcode goldenError}.
 */
export async function goldenErrors(
  name: string,
  engine: GoldenEngine,
  choices: readonly (((count: number) => readonly number[]) | undefined)[],
): Promise<number[]> {
  const { inputs, outputs } = goldenCase(name);
  const file = await openKeras(
    decodeURIComponent(new URL(`${name}.keras`, FOLDER).pathname),
  );
  await using model = await modelOfKerasFile(file);
  await using opened = await openOn(model, engine);
  if (opened.names.length < outputs.length) {
    throw new Error(`${opened.names.length} outputs for ${outputs.length}`);
  }
  const count = inputs[0]!.shape[0]!;
  const errors: number[] = [];
  for (const choose of choices) {
    const rows = choose?.(count);
    const features = await opened.run(
      rows === undefined
        ? inputs
        : inputs.map((input) => selected(input, rows)),
    );
    const wanted = outputs.map(({ data, ...rest }) => {
      const whole = { ...rest, data: Float64Array.from(data) };
      return rows === undefined ? whole : selected(whole, rows);
    });
    errors.push(
      Math.max(...wanted.map((output, i) => difference(features[i]!, output))),
    );
  }
  return errors;
}

/** Rows of an array, in the order given. */
function selected<A extends Shaped>(array: A, rows: readonly number[]): A {
  const { data, shape } = array;
  const size = data.length / shape[0]!;
  const Kind = data.constructor as { new (length: number): Float64Array };
  const chosen = new Kind(rows.length * size);
  rows.forEach((row, i) =>
    chosen.set(data.subarray(row * size, (row + 1) * size), i * size)
  );
  return { ...array, data: chosen, shape: [rows.length, ...shape.slice(1)] };
}

interface Shaped {
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

function difference(
  { data, shape }: NdArray<Float32Array | Float16Array | Int32Array>,
  expected: Shaped,
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
