/**
 * `npyFile` and `npzFile`: arrays of NumPy.
 *
 * @module
 */
import { cannot, checkOptions } from "../check.ts";
import { fileSource } from "../formats/byte_source.ts";
import type { DataSource } from "../types.ts";
import { ColumnSource } from "./_column_source.ts";
import {
  checkTableOptions,
  inputNames,
  type TableOptions,
} from "./table_options.ts";
import {
  checkSampleOptions,
  SAMPLE_OPTIONS,
  type SampleOptions,
} from "./sample_rows.ts";

/**
 * Options of {@linkcode npzFile}.
 *
 * @category Data
 */
export interface NpzOptions
  extends
    SampleOptions,
    Pick<TableOptions, "inputs" | "labels" | "ids" | "classes"> {}

/**
 * Reads an `.npy` file of NumPy in blocks; its first axis is the samples.
 *
 * Fortran order and both byte orders are supported. Integers that are not exact
 * after conversion are refused, and so are arrays of Python objects: they are
 * pickles, which can execute code.
 *
 * @param file The file.
 * @param options Selection of samples.
 * @returns A source of one input; its length is known after `prepare()`, which
 * runs call. Ids are row numbers.
 * @throws {TypeError} If an option or the file's name has the wrong type.
 * @throws {RangeError} If a value is out of range.
 *
 * @example Features of the rows of an array
 * ```ts
 * import { FeatureExtractor, npyFile, tf } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.flatten({ inputShape: [2, 3] }),
 *     tf.layers.dense({ units: 4 }),
 *   ],
 * });
 * const rows = npyFile("tests/data/tables/rows.npy", { limit: 5 });
 * const set = await new FeatureExtractor(model).layers([-1]).predict(rows);
 * assert.deepEqual(set.features[0]?.shape, [5, 4]);
 * ```
 *
 * @category Data
 */
export function npyFile(
  file: string | URL,
  options: SampleOptions = {},
): DataSource {
  const action = "read npy file";
  checkOptions(options, action, SAMPLE_OPTIONS);
  checkSampleOptions(options, action);
  const path = checkFile(file, action);
  return new ColumnSource({
    title: `npyFile "${path}"`,
    action,
    options,
    settings: null,
    async open() {
      const source = fileSource(path, action);
      const { npyStore } = await import("./_npy_store.ts");
      try {
        const close = () => source.close();
        return await npyStore([{ name: "x", source }], close, ["x"]);
      } catch (error) {
        source.close();
        throw error;
      }
    },
  });
}

/**
 * Reads arrays of an `.npz` file of NumPy in blocks; the first axis of each is
 * the samples.
 *
 * All checksums are verified once each time the file is opened. Arrays that
 * `np.savez` stored are read in place; those of `np.savez_compressed` are held
 * in memory while they are read. Element types are those of {@linkcode npyFile}.
 * Labels and ids can be strings (`U`, or `S` in UTF-8). Other arrays in the
 * file, such as scalars and Python objects, are ignored unless they are named.
 *
 * @param file The file.
 * @param options Arrays of inputs, labels and ids; selection of samples.
 * @returns A source; its length is known after `prepare()`, which runs call.
 * @throws {TypeError} If an option or the file's name has the wrong type.
 * @throws {RangeError} If a value is out of range.
 *
 * @example Inputs and labels by their names
 * ```ts
 * import { npzFile } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = npzFile("tests/data/tables/arrays.npz", {
 *   inputs: "x",
 *   labels: "y",
 *   classes: ["cat", "dog", "emu"],
 * });
 * await data.prepare?.();
 * assert.equal(data.length, 6);
 * ```
 *
 * @category Data
 */
export function npzFile(
  file: string | URL,
  options: NpzOptions = {},
): DataSource {
  const action = "read npz file";
  checkOptions(options, action, [
    ...["inputs", "labels", "ids", "classes"],
    ...SAMPLE_OPTIONS,
  ]);
  checkTableOptions(options, action);
  const path = checkFile(file, action);
  const { inputs, labels, ids } = options;
  const named = inputNames(inputs) ?? [];
  const main = [...named, labels, ids].filter((name) => name !== undefined);
  return new ColumnSource({
    title: `npzFile "${path}"`,
    action,
    options,
    settings: null,
    async open() {
      const source = fileSource(path, action);
      const { openNpz } = await import("../formats/npy.ts");
      const { npyStore } = await import("./_npy_store.ts");
      try {
        const arrays = [];
        const found = await openNpz(source);
        // Other arrays are not opened, so they may be unreadable.
        const isEnough = inputs !== undefined &&
          main.every((name) => found.has(name));
        for (const [name, part] of found) {
          if (isEnough && !main.includes(name)) continue;
          arrays.push({ name, source: await part() });
        }
        return npyStore(arrays, () => source.close(), main);
      } catch (error) {
        source.close();
        throw error;
      }
    },
  });
}

function checkFile(file: string | URL, action: string): string | URL {
  const isPath = typeof file === "string" ||
    file instanceof URL && file.protocol === "file:";
  if (isPath) return file;
  const rule = "it must be a path or a file: URL";
  throw new TypeError(
    cannot(action, rule, file instanceof URL ? file.href : file),
  );
}
