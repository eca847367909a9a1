/**
 * Feature sets that hold something of everything, and folders for files.
 *
 * @module
 */
import type { FeatureSet } from "@sonde/sonde";
import { makeFeatureSet } from "../../lib/features/feature_set.ts";

/** A set with every field, of some rows; ids are strings, in several scripts. */
export function fullSet(rows = 5): FeatureSet {
  const floats = (...shape: number[]) =>
    Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      (_, i) => Math.sin(i + shape.length),
    );
  const array = (...shape: number[]) =>
    ({ data: floats(...shape), shape, dtype: "float32" }) as const;
  return makeFeatureSet({
    features: [
      array(rows, 2, 2, 3),
      {
        data: Float16Array.from(floats(rows, 4)),
        shape: [rows, 4],
        dtype: "float16",
      },
      {
        data: Int32Array.from({ length: rows * 2 }, (_, i) => i - 2 ** 30),
        shape: [rows, 2],
        dtype: "int32",
      },
      array(rows),
    ],
    layerNames: ["block/conv:1", "label", "Code", "code"],
    specs: [
      { name: "block/conv:1", channels: "last", form: "raw" },
      { name: "label", form: "pooled" },
      { name: "Code", form: "own" },
      { name: "code", form: "raw" },
    ],
    penultimate: array(rows, 3),
    logits: array(rows, 2),
    labels: {
      data: Int32Array.from({ length: rows }, (_, i) => i % 2),
      shape: [rows],
      dtype: "int32",
    },
    classNames: ["Katze", "犬"],
    ids: Array.from(
      { length: rows },
      (_, i) => ["a.jpg", "ž/ü.png", "", "🐈 cat", "\ufeffx"][i % 5]!,
    ),
    head: { kernel: array(3, 2), bias: array(2) },
    activation: "softmax",
    nonFinite: rows > 3 ? [1, 3] : [],
    source: { model: "ab".repeat(32), settings: '{"layers":["x"]}' },
  });
}

/** What a set holds, to be compared. */
export function fieldsOf(set: FeatureSet): unknown {
  return { ...set, ids: Array.from(set.ids) };
}

/** Where files need no disk: each file that is written waits for it. */
const IN_MEMORY: Deno.MakeTempOptions = hasFolder("/dev/shm")
  ? { dir: "/dev/shm" }
  : {};

function hasFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Does something with a folder that is removed afterwards. */
export async function inFolder(
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir(IN_MEMORY);
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The bytes of a file, or of all files of a folder by name. */
export function bytesAt(path: string): Map<string, Uint8Array> {
  const { isFile } = Deno.statSync(path);
  const names = isFile
    ? [""]
    : [...Deno.readDirSync(path)].map(({ name }) => `/${name}`).sort();
  return new Map(names.map((name) => [name, Deno.readFileSync(path + name)]));
}
