/**
 * The weight files of a `model.json`: only from its folder, with the number of
 * bytes in its manifest.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { ModelFormatError } from "../../errors.ts";
import { type ByteSource, partSource } from "../../formats/byte_source.ts";
import { Pacer } from "../../formats/pacer.ts";
import type { WeightsGroup } from "./model_json.ts";
import { openBeside, urlBeside } from "../files/beside.ts";

/** Weights in the format of TF.js. */
export interface WeightFiles {
  /** Names, shapes and types, in the order of the bytes. */
  readonly weightSpecs: tf.io.WeightsManifestEntry[];
  /** The bytes of all. */
  readonly weightData: ArrayBuffer;
}

/** One weight of a manifest, with its bytes. */
export interface ManifestWeight {
  /** Its entry in the manifest. */
  readonly spec: tf.io.WeightsManifestEntry;
  /** Its stored bytes. */
  readonly bytes: ByteSource;
}

/** The weights of a manifest, in open files. */
export interface OpenWeightFiles {
  /** The weights, in the manifest's order. */
  readonly weights: readonly ManifestWeight[];
  /** Closes the files. */
  readonly close: () => void;
}

/** Bytes of one element. */
const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  float16: 2,
  uint16: 2,
  uint8: 1,
  complex64: 8,
};

/**
 * Opens the weight files. Files on disk are read in place; downloads are held
 * in memory.
 *
 * @param manifest The weights in each file.
 * @param url The `model.json`.
 * @param signal Aborts the loading.
 * @returns The weights; close them.
 * @throws {ModelFormatError} If a path leaves the folder, a weight is not
 * supported, or the size of a file is wrong.
 */
export async function openWeightFiles(
  manifest: readonly WeightsGroup[],
  url: URL,
  signal?: AbortSignal,
): Promise<OpenWeightFiles> {
  const groups = manifest.map((group) => checkGroup(group, url));
  checkNames(groups.flatMap(({ weights }) => weights), url);
  const opened: ByteSource[] = [];
  const close = () => opened.forEach((file) => file.close());
  try {
    const weights: ManifestWeight[] = [];
    for (const { paths, files, weights: specs } of groups) {
      const sizes = specs.map((spec) => bytesOf(spec, url));
      const budget = { left: sizes.reduce((sum, size) => sum + size, 0) };
      const found = await Promise.allSettled(
        files.map((file) => openBeside(file, url, { signal, budget })),
      );
      const parts = found.filter((part) => part.status === "fulfilled")
        .map(({ value }) => value);
      opened.push(...parts);
      const failed = found.find((part) => part.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      const whole = rowSource(parts, url.href);
      checkSize(whole.size, sizes, paths, url);
      let at = 0;
      for (const [i, spec] of specs.entries()) {
        const bytes = partSource(whole, at, sizes[i]!, spec.name);
        weights.push({ spec, bytes });
        at += sizes[i]!;
      }
    }
    return { weights, close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Reads the weight files completely, in the format of TF.js.
 *
 * @param manifest The weights in each file.
 * @param url The `model.json`.
 * @param pacer Yields the thread at intervals, and aborts.
 * @returns The weights.
 * @throws {ModelFormatError} If a path leaves the folder, a weight is not
 * supported, or the size of a file is wrong.
 */
export async function readWeightFiles(
  manifest: readonly WeightsGroup[],
  url: URL,
  pacer: Pacer = new Pacer(),
): Promise<WeightFiles> {
  const { signal } = pacer;
  const { weights, close } = await openWeightFiles(manifest, url, signal);
  try {
    const size = weights.reduce((sum, { bytes }) => sum + bytes.size, 0);
    const all = new Uint8Array(size);
    let at = 0;
    for (const { bytes } of weights) {
      bytes.read(0, all.subarray(at, at + bytes.size));
      at += bytes.size;
      await pacer.rest();
    }
    const weightSpecs = weights.map(({ spec }) => spec);
    return { weightSpecs, weightData: all.buffer };
  } finally {
    close();
  }
}

function checkSize(
  found: number,
  sizes: readonly number[],
  paths: readonly string[],
  url: URL,
): void {
  const wanted = sizes.reduce((sum, size) => sum + size, 0);
  if (found === wanted) return;
  const names = paths.map((path) => `"${path}"`).join(", ");
  throw new ModelFormatError(
    url.href,
    `its weight files ${names} must hold ${wanted} bytes: current size is ${found}`,
  );
}

/** Concatenates files: a weight may start in one and end in the next. */
function rowSource(parts: readonly ByteSource[], name: string): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const part of parts) {
    starts.push(size);
    size += part.size;
  }
  return {
    name,
    size,
    read(position, into) {
      let at = starts.findLastIndex((start) => start <= position);
      for (let done = 0; done < into.length; at++) {
        const from = position + done - starts[at]!;
        const count = Math.min(into.length - done, parts[at]!.size - from);
        parts[at]!.read(from, into.subarray(done, done + count));
        done += count;
      }
    },
    close() {},
  };
}

function checkGroup(group: WeightsGroup, url: URL) {
  const { paths, weights } = group ?? {};
  if (!Array.isArray(paths) || !Array.isArray(weights)) {
    throw new ModelFormatError(
      url.href,
      `each group of "weightsManifest" must have "paths" and "weights": current group is ${
        JSON.stringify(group)?.slice(0, 80)
      }`,
    );
  }
  const files = paths.map((path) => urlBeside(path, url));
  return { paths, files, weights: weights as tf.io.WeightsManifestEntry[] };
}

/**
 * Checks that names are unique: of two weights with one name TF.js would use
 * only the second.
 */
function checkNames(
  specs: readonly tf.io.WeightsManifestEntry[],
  url: URL,
): void {
  const names = new Set<string>();
  for (const spec of specs) {
    const name = spec?.name;
    if (typeof name !== "string" || names.has(name)) {
      throw new ModelFormatError(
        url.href,
        `each weight must have a unique name: current name is ${
          JSON.stringify(name)
        }`,
      );
    }
    names.add(name);
  }
}

function bytesOf(spec: tf.io.WeightsManifestEntry, url: URL): number {
  const { name, shape, quantization } = spec;
  const dtype = quantization?.dtype ?? spec.dtype;
  const size = Object.hasOwn(BYTES, dtype) ? BYTES[dtype] : undefined;
  const isShape = Array.isArray(shape) &&
    shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (size === undefined || !isShape) {
    throw new ModelFormatError(
      url.href,
      `weight "${name}" must have a shape and a dtype of ${
        Object.keys(BYTES).join(", ")
      }: current values are ${JSON.stringify(shape)} and "${dtype}"`,
    );
  }
  const { scale, min } = quantization ?? {};
  const isScaled = dtype === "uint8" || dtype === "uint16";
  if (isScaled && !(Number.isFinite(scale) && Number.isFinite(min))) {
    throw new ModelFormatError(
      url.href,
      `weight "${name}", quantised to ${dtype}, must have a scale and a minimum: current values are ${scale} and ${min}`,
    );
  }
  return shape.reduce((product, n) => product * n, size);
}
