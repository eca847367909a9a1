/** The ONNX files in tests/data/onnx_models, with what must come of them. */
import { loadModel } from "../../lib/extractor/load_model.ts";
import {
  type ModelGraph,
  modelGraphOf,
} from "../../lib/models/graph/model_graph.ts";
import type { DType, NdArray } from "../../lib/types.ts";

const FOLDER = new URL("../data/onnx_models/", import.meta.url);

/** What ONNX Runtime in Python says of a file. */
export interface OnnxRecord {
  readonly inputs: Readonly<Record<string, NdArray<ArrayBufferView>>>;
  /** By tensors' names. */
  readonly tensors: Readonly<Record<string, NdArray<ArrayBufferView>>>;
}

const CLASSES = {
  float16: Float16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** Where a file lies. */
export function onnxUrl(name: string): URL {
  return new URL(`${name}.onnx`, FOLDER);
}

/** Opens a file. */
export async function openOnnxModel(name: string): Promise<ModelGraph> {
  return modelGraphOf(await loadModel(onnxUrl(name)))!;
}

/** Reads what must come of a file. */
export function onnxRecord(name: string): OnnxRecord {
  const text = Deno.readTextFileSync(new URL(`${name}.json`, FOLDER));
  const { inputs, tensors, arrays } = JSON.parse(text);
  const read = (names: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(names).map(([key, at]) => [key, arrayOf(arrays[at])]),
    );
  return { inputs: read(inputs), tensors: read(tensors) };
}

function arrayOf(
  { data, shape, dtype }: { data: string; shape: number[]; dtype: string },
): NdArray<ArrayBufferView> {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const values = new CLASSES[dtype as keyof typeof CLASSES](bytes.buffer);
  return { data: values, shape, dtype: dtype as DType };
}

/** Numbers of an array, whatever they are kept as. */
export function numbersOf({ data }: NdArray<ArrayBufferView>): number[] {
  return Array.from(data as unknown as ArrayLike<number | bigint>, Number);
}
