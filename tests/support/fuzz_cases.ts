/**
 * Small models of the real Keras, drawn by `tests/data/fuzz_layers.py`: each is
 * opened as its file is, run on every engine, and compared.
 *
 * @module
 */
import { FeatureExtractor } from "../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../lib/extractor/load_model.ts";
import { modelGraphOf } from "../../lib/models/graph/model_graph.ts";
import type { FeatureArray, Model, NdArray } from "../../lib/types.ts";
import { engineOf, openOn, type OurEngine } from "./open_on.ts";

/** An array as the script packs it. */
interface Packed {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool" | "string";
  /** Of numbers. */
  readonly base64?: string;
  /** Instead of numbers. */
  readonly strings?: readonly string[];
}

/** One model, what went into it and what came out. */
export interface FuzzCase {
  /** The class, or what is in the middle of the model. */
  readonly class: string;
  readonly api: "keras" | "tf_keras";
  readonly file: string;
  /** Layers with their options, to be read. */
  readonly layers: readonly string[];
  readonly inputs: readonly Packed[];
  readonly outputs: readonly Packed[];
  /** What layers inside give, by their names. */
  readonly features?: Readonly<Record<string, Packed>>;
  /** What Keras' other ways give, of `fuzz_second_opinion.py`. */
  readonly opinions?: readonly (readonly Packed[])[];
}

/** What became of a case on an engine. */
export interface FuzzResult {
  /**
   * `refused` is an error of this library, which names what is not supported;
   * `failed` is any other error; `wrong` is another number without an error.
   * `disputed` equals the result of another backend or mode of Keras, not the
   * recorded one.
   */
  readonly outcome: "right" | "disputed" | "refused" | "failed" | "wrong";
  /** The error's message, or what is wrong. */
  readonly text: string;
  /** The largest difference, as a share of its row's largest value. */
  readonly error: number;
}

/** Of the largest value of a row. */
export const TOLERANCE = 1e-5;

type HostArray = NdArray<Float32Array | Int32Array | Uint8Array>;

/**
 * Opens and runs a case.
 *
 * @param each The case.
 * @param source Its file: a path or bytes.
 * @param engine The engine to run it on.
 * @returns The outcomes: with all rows, and with the last one alone.
 */
export async function fuzzResult(
  each: FuzzCase,
  source: string | Uint8Array,
  engine: OurEngine,
): Promise<FuzzResult> {
  const inputs = each.inputs.map(unpacked);
  const outputs = each.outputs.map(unpacked);
  const opinions = each.opinions?.map((outputs) => outputs.map(unpacked)) ?? [];
  try {
    await using model = await loadModel(source);
    await using opened = await openOn(modelGraphOf(model)!, engine);
    let error = 0;
    let isDisputed = false;
    const last = inputs[0]!.shape[0]! - 1;
    for (const rows of [[...Array(last + 1).keys()], [last]]) {
      const found = await opened.run(inputs.map((x) => rowsOf(x, rows)));
      for (const [i, output] of outputs.entries()) {
        const kept = compared(found[i]!, rowsOf(output, rows));
        if (kept.text === "") {
          error = Math.max(error, kept.share);
          continue;
        }
        const others = opinions.map((outputs) =>
          compared(found[i]!, rowsOf(outputs[i]!, rows)).text
        );
        if (!others.includes("")) {
          const text = [kept.text, ...others].join("; another says ");
          const at = `output ${i} of rows [${rows}]: ${text}`;
          return { outcome: "wrong", text: at, error: kept.share };
        }
        isDisputed = true;
      }
    }
    // The features of a disputed model are disputed, too.
    const differs = isDisputed
      ? ""
      : await wrongFeatures(model, each, inputs, engine);
    if (differs !== "") return { outcome: "wrong", text: differs, error: 1 };
    return { outcome: isDisputed ? "disputed" : "right", text: "", error };
  } catch (error) {
    const text = String(error);
    const isBuiltInNode = /: Cannot [a-z][^]* must /.test(text);
    return { outcome: isBuiltInNode ? "refused" : "failed", text, error: 0 };
  }
}

/** Samples of a batch of the public run: the last batch is a short one. */
const BATCH = 3;

/** Describes how a feature differs that the public class gives in batches. */
async function wrongFeatures(
  model: Model,
  { features = {} }: FuzzCase,
  inputs: readonly HostArray[],
  engine: OurEngine,
): Promise<string> {
  const names = Object.keys(features);
  if (names.length === 0) return "";
  const set = await new FeatureExtractor(model).layers(names).logits(false)
    .batch(BATCH).engine(...engineOf(engine))
    .predict(inputs.length === 1 ? fedOf(inputs[0]!) : inputs.map(fedOf));
  const texts = names.map((name) => {
    const { text } = compared(set.layer(name), unpacked(features[name]!));
    return text === "" ? "" : `feature "${name}": ${text}`;
  });
  return texts.filter((text) => text !== "").join("; ");
}

/** An input as a dataset has it: strings as lists of the rows. */
function fedOf(array: HostArray): HostArray | string[][] {
  const { data, shape } = array;
  if (!Array.isArray(data)) return array;
  const texts: readonly string[] = data;
  return Array.from(
    { length: shape[0]! },
    (_, row) => texts.slice(row * shape[1]!, (row + 1) * shape[1]!),
  );
}

/**
 * Describes how a value differs, each row relative to its largest number, if by
 * more than the tolerance.
 */
function compared(
  found: FeatureArray,
  wanted: HostArray,
): { text: string; share: number } {
  if (`${found.shape}` !== `${wanted.shape}`) {
    return { text: `shape [${found.shape}] for [${wanted.shape}]`, share: 1 };
  }
  const rows = wanted.shape[0]!;
  const size = wanted.data.length / rows;
  let share = 0;
  for (let row = 0; row < rows; row++) {
    const expected = wanted.data.subarray(row * size, (row + 1) * size);
    const actual = found.data.subarray(row * size, (row + 1) * size);
    let largest = 1e-30;
    for (const value of expected) {
      if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    }
    for (const [i, value] of expected.entries()) {
      const is = Number(actual[i]);
      if (Object.is(value, is) || value === is) continue;
      const here = Math.abs(value - is) / largest;
      if (here <= TOLERANCE) {
        share = Math.max(share, here);
        continue;
      }
      return {
        text: `${is} for ${value} at ${i} of row ${row} (of ${largest})`,
        share: here,
      };
    }
  }
  return { text: "", share };
}

function rowsOf<A extends HostArray>(array: A, rows: readonly number[]): A {
  const { data, shape } = array;
  const size = data.length / shape[0]!;
  const sizes = [rows.length, ...shape.slice(1)];
  if (Array.isArray(data)) { // strings
    const texts = rows.flatMap((row) =>
      data.slice(row * size, row * size + size)
    );
    return { ...array, data: texts, shape: sizes };
  }
  const Kind = data.constructor as { new (length: number): Float32Array };
  const chosen = new Kind(rows.length * size);
  rows.forEach((row, i) =>
    chosen.set(data.subarray(row * size, (row + 1) * size), i * size)
  );
  return { ...array, data: chosen, shape: sizes };
}

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function unpacked({ shape, dtype, base64, strings }: Packed): HostArray {
  if (dtype === "string") {
    return { data: strings, shape, dtype } as unknown as HostArray;
  }
  const { buffer } = Uint8Array.fromBase64(base64!);
  return { data: new ARRAYS[dtype](buffer), shape, dtype } as HostArray;
}
