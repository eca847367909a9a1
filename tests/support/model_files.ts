/**
 * Model files made by hand: `.keras` with its weights as NumPy arrays, and a
 * `model.json` with one file of weights.
 *
 * @module
 */
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { ZipArchive } from "../../lib/formats/zip.ts";
import { buildZip, type BuiltMember, text } from "./build_zip.ts";
import {
  call,
  dense,
  functional,
  input,
  type Json,
  tensor,
} from "./keras_spec.ts";

/** Bytes of a file. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Files by name, relative to a folder. */
export type Files = Readonly<Record<string, Bytes>>;

/** Shapes of weights, or shapes with their values. */
export type Weights = Readonly<
  Record<string, readonly number[] | readonly [readonly number[], number[]]>
>;

/** `x [2]` and layers after it, the last of which is the output. */
export function modelOf(...layers: readonly Json[]): Json {
  const inputs = [input("x", [2]), ...layers];
  return functional("m", inputs, ["x", 0, 0], [layers.at(-1)!.name, 0, 0]);
}

/** A call on the first output of a layer. */
export function on(name: string): Json[] {
  return [call([tensor(name)])];
}

/** A model of one Dense layer "d", and its weights. */
export const DENSE: Json = modelOf(dense("d", 2, on("x")));
/** The weights of {@linkcode DENSE}, where Keras stores them. */
export const DENSE_WEIGHTS: Weights = {
  "layers/dense/vars/0": [2, 2],
  "layers/dense/vars/1": [2],
};

/** An `.npy` file of float32. */
export function npyOf(
  shape: readonly number[],
  values: ArrayLike<number>,
): Bytes {
  const sizes = shape.map((size) => `${size},`).join(" ");
  const header = text(
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }\n`,
  );
  const head = [0x93, ...text("NUMPY"), 1, 0, header.length, 0, ...header];
  const bytes = new Uint8Array(head.length + 4 * values.length);
  bytes.set(head);
  bytes.set(new Uint8Array(Float32Array.from(values).buffer), head.length);
  return bytes;
}

/** An `.npz` archive. */
export function npzOf(weights: Weights): Bytes {
  return buildZip(
    Object.entries(weights).map(([path, weight]) => {
      const [shape, values] = Array.isArray(weight[0])
        ? weight as readonly [readonly number[], number[]]
        : [weight as readonly number[], undefined];
      const size = shape.reduce((product, n) => product * n, 1);
      const data = npyOf(shape, values ?? new Float32Array(size).fill(1));
      return { name: `${path}.npy`, data };
    }),
  );
}

/** A `.keras` file of Keras 3. */
export function kerasOf(config: unknown, weights: Weights = {}): Bytes {
  return buildZip([
    { name: "metadata.json", data: text('{"keras_version": "3.15.1"}') },
    { name: "config.json", data: text(JSON.stringify(config)) },
    { name: "model.weights.npz", data: npzOf(weights) },
  ]);
}

/** An archive with members left out, or other ones put in their place. */
export function archiveWith(
  whole: Uint8Array,
  change: Readonly<Record<string, Partial<BuiltMember> | undefined>>,
): Bytes {
  const archive = new ZipArchive(bytesSource(whole, "whole"));
  const members = new Map<string, BuiltMember>();
  for (const name of archive.members.keys()) {
    members.set(name, { name, data: archive.bytes(name) });
  }
  for (const [name, member] of Object.entries(change)) {
    if (member === undefined) members.delete(name);
    else members.set(name, { ...members.get(name), name, ...member });
  }
  return buildZip([...members.values()]);
}

/** Bytes with the first occurrence of a text put for another of its length. */
export function renamed(bytes: Bytes, from: string, to: string): Bytes {
  const [old, other] = [text(from), text(to)];
  if (old.length !== other.length) throw new RangeError(`${from}: ${to}`);
  const all = new TextDecoder("latin1").decode(bytes);
  const at = all.indexOf(new TextDecoder("latin1").decode(old));
  if (at < 0) throw new RangeError(`no ${from}`);
  const copy = bytes.slice();
  copy.set(other, at);
  return copy;
}

/** A weight in a `model.json`. */
export interface ListedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: Json;
}

/** The weights of {@linkcode DENSE}, as a `model.json` lists them. */
export const LISTED: readonly ListedWeight[] = [
  { name: "d/kernel", shape: [2, 2], dtype: "float32" },
  { name: "d/bias", shape: [2], dtype: "float32" },
];

/** A `model.json` of Keras 3 with its weights. */
export function modelJsonOf(
  config: unknown,
  weights: readonly ListedWeight[] = LISTED,
  paths: readonly unknown[] = ["weights.bin"],
  bytes = 24,
): Files {
  const json = {
    format: "layers-model",
    generatedBy: "keras v3.15.1",
    modelTopology: { keras_version: "3.15.1", model_config: config },
    weightsManifest: [{ paths, weights }],
  };
  return {
    "model.json": text(JSON.stringify(json)),
    "weights.bin": new Uint8Array(new Float32Array(bytes / 4).fill(1).buffer),
  };
}
