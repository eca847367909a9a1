/**
 * Real model files of which bytes are flipped, and the purpose of each byte.
 *
 * The purpose of a byte of an `.h5` file is determined without the reader under
 * test: by searching the file for the bytes of its weights and its description.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { loadModel } from "../../lib/extractor/load_model.ts";
import type { NdArray } from "../../lib/types.ts";
import { ZipArchive } from "../../lib/formats/zip.ts";
import { bytesSource } from "../../lib/formats/byte_source.ts";
import { type Fixture, LAYERS_MODELS } from "./ancestor_cases.ts";
import { goldenCase, goldenNames } from "./golden_layers.ts";
import { KERAS_MODELS, kerasRecord } from "./keras_models.ts";

/** Kinds of model files; a folder is an unpacked `.keras`. */
export type FlipKind = "keras" | "h5" | "folder" | "model.json";

/** All kinds. */
export const FLIP_KINDS: readonly FlipKind[] = [
  ...["keras", "h5", "folder", "model.json"] as const,
];

/** A model, as files by name, with inputs to run it on. */
export interface FlipSubject {
  readonly kind: FlipKind;
  readonly name: string;
  /** Its files. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** The same in one file, where that is a file of Keras. */
  readonly whole: Uint8Array<ArrayBuffer> | undefined;
  readonly inputs: readonly NdArray<ArrayBufferView>[];
}

/** What the numbers of a model may change with. */
export type BytePurpose = "weight" | "config" | "structure";

/** One-layer models that are refused as they are. */
const REFUSED = ["melspec"];

/** Names of the models of a kind. */
export function subjectNames(kind: FlipKind): string[] {
  if (kind === "model.json") {
    return LAYERS_MODELS.map(({ record }) => record.name);
  }
  const ending = kind === "h5" ? ".h5" : ".keras";
  const models = [...Deno.readDirSync(KERAS_MODELS)].map(({ name }) => name)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length)).sort();
  if (kind !== "keras") return models;
  const layers = goldenNames().filter((name) => !REFUSED.includes(name));
  return [...models, ...layers.map((name) => `layer/${name}`)];
}

/** Reads a model. */
export function flipSubject(kind: FlipKind, name: string): FlipSubject {
  if (kind === "model.json") {
    const fixture = LAYERS_MODELS.find(({ record }) => record.name === name)!;
    const { record: { inputs }, array } = fixture;
    return {
      kind,
      name,
      files: filesOf(fixture),
      whole: undefined,
      inputs: Object.values(inputs).map((input) => array(input)),
    };
  }
  const [, layer] = /^layer\/(.*)$/.exec(name) ?? [];
  const path = layer === undefined
    ? new URL(`${name}.${kind === "h5" ? "h5" : "keras"}`, KERAS_MODELS)
    : new URL(`../keras_layers/${layer}.keras`, KERAS_MODELS);
  const { inputs } = layer === undefined
    ? kerasRecord(name)
    : goldenCase(layer);
  const bytes = Deno.readFileSync(path);
  if (kind !== "folder") {
    const files = new Map([[`model.${kind}`, bytes]]);
    return { kind, name, files, whole: bytes, inputs };
  }
  const archive = new ZipArchive(bytesSource(bytes, name));
  const files = [...archive.members.keys()].map((member) =>
    [member, archive.bytes(member)] as const
  );
  return { kind, name, files: new Map(files), whole: bytes, inputs };
}

/** Says of a byte of a file what it is for. */
export async function purposesOf(
  { kind, files, whole }: FlipSubject,
): Promise<(file: string, at: number) => BytePurpose> {
  if (kind === "keras") return () => "structure"; // no other numbers at all
  if (kind === "model.json") {
    return (file) => file.endsWith(".json") ? "config" : "weight";
  }
  const file = kind === "h5" ? "model.h5" : "model.weights.h5";
  const bytes = files.get(file)!;
  const spans: { from: number; to: number; purpose: BytePurpose }[] = [];
  const mark = (part: Uint8Array, purpose: BytePurpose) => {
    for (const from of positionsOf(part, bytes)) {
      spans.push({ from, to: from + part.length, purpose });
    }
  };
  for (const values of await weightsIn(whole!)) mark(values, "weight");
  if (kind === "h5") mark(descriptionIn(bytes), "config");
  return (name, at) => {
    if (name === "config.json") return "config";
    if (name !== file) return "structure";
    return spans.find(({ from, to }) => from <= at && at < to)?.purpose ??
      "structure";
  };
}

/** The values of all weights, as bytes. */
async function weightsIn(whole: Uint8Array): Promise<Uint8Array[]> {
  await using model = await loadModel(whole);
  const found: Uint8Array[] = [];
  for (const { name } of model.layers) {
    for (const { data } of Object.values(await model.getWeights(name))) {
      const { buffer, byteOffset, byteLength } = data as Float32Array;
      found.push(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return found;
}

/** Where the description of the model stands: JSON, up to its last brace. */
function descriptionIn(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder("latin1").decode(bytes);
  const from = text.search(/\{"class_name": "(Functional|Sequential)"/);
  let level = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") level++;
    if (text[at] === "}") level--;
    if (level === 0) return bytes.subarray(from, at + 1);
  }
  throw new Error("no description");
}

/** Everywhere that bytes stand in others. */
function* positionsOf(part: Uint8Array, whole: Uint8Array): Generator<number> {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
  const [searched, found] = [text(whole), text(part)];
  for (let at = searched.indexOf(found); at >= 0;) {
    yield at;
    at = searched.indexOf(found, at + 1);
  }
}

function filesOf({ model }: Fixture<unknown>): Map<string, Bytes> {
  const folder = model.slice(0, model.lastIndexOf("/"));
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name !== "cases.json").sort();
  return new Map(
    names.map((name) => [name, Deno.readFileSync(`${folder}/${name}`)]),
  );
}

type Bytes = Uint8Array<ArrayBuffer>;
