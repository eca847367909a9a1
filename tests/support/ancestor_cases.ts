/**
 * Reads the records under `tests/data`: a pool of named arrays, and cases that
 * name the inputs and the expected outputs. The scripts beside the records state
 * how each number was computed.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { NdArray } from "@sonde/sonde";

/** What an extractor is told in a case, as arguments of its own methods. */
export interface CaseSettings {
  readonly layers?: readonly (string | number)[];
  readonly penultimate?: true;
  readonly input?: string | number;
  readonly head?: string | number;
  readonly react?: number;
  readonly ash?: readonly [number, CasePercentile?];
  readonly scale?: readonly [number, CasePercentile?];
  readonly vra?: readonly [number, number];
  readonly perturb?: {
    readonly epsilon: number;
    readonly temperature: number;
  };
}
/** Options of a percentile, in a case. */
export interface CasePercentile {
  readonly interpolation?: "nearest" | "linear";
  readonly variant?: "s" | "p" | "b";
}

/** One run of the ancestor; names are those of arrays. */
export interface AncestorCase {
  readonly name: string;
  /** What made the numbers. */
  readonly by: "oodeel" | "numpy" | "tensorflow";
  readonly note?: string;
  readonly settings: CaseSettings;
  readonly inputs: string;
  readonly expected: {
    readonly features: readonly string[];
    readonly logits?: string;
    readonly penultimate?: string;
    readonly perturbed?: string;
    /** 1 where the sign of the gradient is certain in float32. */
    readonly compare?: string;
  };
}

/** A model of the ancestor's with all that was run on it. */
export interface AncestorRecord {
  readonly name: string;
  readonly activation: "softmax" | "sigmoid" | "none";
  /** Keras' own list. */
  readonly layers: readonly string[];
  readonly weights: readonly {
    readonly id: string | number;
    readonly arrays: readonly string[];
  }[];
  readonly fitReact: readonly {
    readonly quantile: number;
    readonly threshold: number;
    readonly settings?: CaseSettings;
  }[];
  readonly cases: readonly AncestorCase[];
}

/** A converted layers model: outputs of its layers by path. */
export interface LayersRecord {
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly layers: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
  readonly logits?: string;
  readonly penultimate?: string;
}

/** A converted graph model: values of its nodes by name. */
export interface GraphRecord {
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly nodes: Readonly<Record<string, string>>;
  readonly head?: string;
  readonly logits?: string;
  readonly penultimate?: string;
}

/** A record, where its model lies, and its arrays. */
export interface Fixture<R> {
  readonly record: R;
  /** Path of its `model.json`. */
  readonly model: string;
  /** An array of the pool, a new copy each time. */
  array(name: string): NdArray;
}

interface Encoded {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "uint8";
  readonly data: string;
}

const DATA = new URL("../data/", import.meta.url);

/** The models that oodeel was run on. */
export const ANCESTOR: readonly Fixture<AncestorRecord>[] = read("ancestor");
/** Keras models of forms that TF.js itself cannot tap. */
export const LAYERS_MODELS: readonly Fixture<LayersRecord>[] = read(
  "layers_models",
);
/** SavedModels, converted to graphs. */
export const GRAPH_MODELS: readonly Fixture<GraphRecord>[] = read(
  "graph_models",
);

/**
 * One of the models that oodeel was run on.
 *
 * @param name Its folder.
 * @returns Its record.
 */
export function ancestor(name: string): Fixture<AncestorRecord> {
  const found = ANCESTOR.find(({ record }) => record.name === name);
  if (found === undefined) throw new RangeError(`no record "${name}"`);
  return found;
}

function read<R>(folder: string): Fixture<R>[] {
  const home = new URL(`${folder}/`, DATA);
  const names = [...Deno.readDirSync(home)]
    .filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  return names.map((name) => fixture<R>(new URL(`${name}/`, home)));
}

function fixture<R>(home: URL): Fixture<R> {
  const text = Deno.readTextFileSync(new URL("cases.json", home));
  const { arrays, ...record } = JSON.parse(text) as
    & R
    & { readonly arrays: Readonly<Record<string, Encoded>> };
  return {
    record: record as R,
    model: fileURLToPath(new URL("model.json", home)),
    array: (name) => decode(name, arrays[name]),
  };
}

function decode(name: string, encoded: Encoded | undefined): NdArray {
  if (encoded === undefined) throw new RangeError(`no array "${name}"`);
  const bytes = Uint8Array.fromBase64(encoded.data);
  const { shape } = encoded;
  const data = encoded.dtype === "float32"
    ? new Float32Array(bytes.buffer)
    : Float32Array.from(bytes);
  return { data, shape, dtype: "float32" };
}
