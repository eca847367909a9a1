/**
 * A detector's view of a block of rows of a feature set.
 *
 * @module
 */
import { cannot, sizeOf } from "../check.ts";
import type { FeatureSet, FeatureSpec, LinearHead } from "../types.ts";
import type { DetectorUses, SampleBlock, SampleMatrix } from "./definition.ts";

/** The checked arrays of one set that a detector uses. */
export interface SetArrays {
  readonly features?: SampleMatrix;
  readonly featureShape?: readonly number[];
  readonly featureSpec?: FeatureSpec | undefined;
  readonly logits?: SampleMatrix;
  readonly labels?: Int32Array;
}

/**
 * The features of a layer as a matrix.
 *
 * @param set The set.
 * @param layer The layer's name, null for the penultimate.
 * @param uses The parts of a set that the detector uses.
 * @param action The action, for messages.
 * @returns One row per sample, the sizes of a sample's feature, and its
 * description.
 * @throws {TypeError} If it is a feature map and vectors are required.
 */
export function featuresOf(
  set: FeatureSet,
  layer: string | null,
  uses: DetectorUses,
  action: string,
): {
  readonly features: SampleMatrix;
  readonly shape: readonly number[];
  readonly spec: FeatureSpec | undefined;
} {
  const index = layer === null ? -1 : set.layerNames.indexOf(layer);
  const { data, shape } = index < 0 ? set.penultimate! : set.features[index]!;
  const sizes = shape.slice(1);
  if (sizes.length !== 1 && uses.features !== "maps") {
    const name = layer === null ? "the penultimate" : `layer "${layer}"`;
    const rule = `features of ${name} must be of shape [N, D]`;
    const hint = sizes.length === 0
      ? undefined
      : layer === null
      ? 'extract its layer with .layers([…]) and .postprocess(pool("mean"))'
      : 'extract with .postprocess(pool("mean")), or call set.pooled("mean")';
    throw new TypeError(cannot(action, rule, [...shape], hint));
  }
  const [rows, columns] = [shape[0]!, sizeOf(sizes)];
  const spec = set.specs[index];
  return {
    features: { data: floats(data), rows, columns },
    shape: sizes,
    spec,
  };
}

function floats(
  data: Float32Array | Float16Array | Int32Array,
): Float32Array | Float64Array {
  if (data instanceof Float32Array) return data;
  return data instanceof Float16Array
    ? Float32Array.from(data)
    : Float64Array.from(data); // exact
}

/**
 * The logits of a set, as logits of classes: one sigmoid `z` is `[0, z]`.
 *
 * @param set The set.
 * @param kind Whether the logits must be those of mutually exclusive classes.
 * @param action The action, for messages.
 * @returns One row per sample.
 * @throws {TypeError} If there are none, or they are not those of classes.
 */
export function logitsOf(
  set: FeatureSet,
  kind: "classes" | "any",
  action: string,
): SampleMatrix {
  const { logits, activation } = set;
  if (logits === undefined) {
    const rule = "features must come with logits";
    const hint = "the model must have a head, and .logits(false) must not be " +
      "set; name the head with .head(…)";
    throw new TypeError(cannot(action, rule, logits, hint));
  }
  const { data, shape } = logits;
  if (shape.length !== 2) {
    const rule = "logits must be of shape [N, C]";
    const hint = "this head computes them at each time step or position; a " +
      "detector of features alone, as deepKnn(), needs no logits";
    throw new TypeError(cannot(action, rule, [...shape], hint));
  }
  const [rows, columns] = shape as [number, number];
  if (columns === 1 && activation === "sigmoid") {
    const both = new Float32Array(2 * rows); // [N, 2]
    for (let i = 0; i < rows; i++) both[2 * i + 1] = data[i]!;
    return { data: both, rows, columns: 2 };
  }
  if (columns === 1 && kind === "classes") {
    const rule = "logits must be of two classes or more";
    const hint = 'a set of one sigmoid has activation: "sigmoid"';
    throw new TypeError(cannot(action, rule, shape, hint));
  }
  if (activation === "sigmoid" && kind === "classes") {
    const rule = "logits must be those of mutually exclusive classes";
    const hint = "several sigmoids are not; use maxLogit(), or a " +
      "detector of features, as deepKnn()";
    throw new TypeError(
      cannot(action, rule, `${columns} sigmoids`, hint),
    );
  }
  return { data, rows, columns };
}

/**
 * The labels of a set.
 *
 * @param set The set.
 * @param action The action, for messages.
 * @param where The index of its first sample, and the number of classes of the
 * logits.
 * @returns One class index a sample.
 * @throws {TypeError} If there are none.
 * @throws {RangeError} If a label is below 0, or not a class of the logits.
 */
export function labelsOf(
  set: FeatureSet,
  action: string,
  { firstRow, numClasses = Infinity }: {
    readonly firstRow: number;
    readonly numClasses?: number | undefined;
  },
): Int32Array {
  if (set.labels === undefined) {
    const rule = "features must carry labels";
    const hint = "load the dataset with labels, or use a detector that needs " +
      "none, as energy() or deepKnn()";
    throw new TypeError(cannot(action, rule, undefined, hint));
  }
  const { data } = set.labels;
  const row = data.findIndex((label) => label < 0 || label >= numClasses);
  if (row < 0) return data;
  const rule = data[row]! < 0
    ? "labels must be >= 0"
    : `labels must be below the ${numClasses} classes of the logits`;
  const hint = data[row]! < 0
    ? "leave the row out with set.select(…)"
    : "are they those of the model's classes, from 0?";
  const where = `, in row ${firstRow + row} too`;
  throw new RangeError(cannot(action, rule + where, data[row], hint));
}

/**
 * A linear head in float64, with two classes for one sigmoid.
 *
 * @param head The head's weights.
 * @param activation The activation after the logits.
 * @returns `[D, C]` and `[C]`.
 */
export function headOf(
  head: LinearHead,
  activation: FeatureSet["activation"],
): { readonly kernel: SampleMatrix; readonly bias: Float64Array } {
  const { kernel, bias } = head;
  const [rows, columns] = kernel.shape as [number, number];
  if (columns !== 1 || activation !== "sigmoid") {
    const data = Float64Array.from(kernel.data);
    return {
      kernel: { data, rows, columns },
      bias: Float64Array.from(bias.data),
    };
  }
  const data = new Float64Array(2 * rows); // [D, 2]
  for (let i = 0; i < rows; i++) data[2 * i + 1] = kernel.data[i]!;
  return {
    kernel: { data, rows, columns: 2 },
    bias: Float64Array.of(0, bias.data[0]!),
  };
}

/** Rows of a set. */
export class Block implements SampleBlock {
  readonly rows: number;
  readonly firstRow: number;
  readonly ids: readonly (string | number)[];
  readonly #arrays: SetArrays;

  /** A block of rows of arrays, without copies. */
  constructor(
    arrays: SetArrays,
    firstRow: number,
    ids: readonly (string | number)[],
  ) {
    this.#arrays = arrays;
    this.firstRow = firstRow;
    this.ids = ids;
    this.rows = ids.length;
  }

  get features(): SampleMatrix {
    return this.#arrays.features ?? unused("features", 'features: "layer"');
  }

  get featureShape(): readonly number[] {
    return this.#arrays.featureShape ?? unused("sizes", 'features: "layer"');
  }

  get featureSpec(): FeatureSpec | undefined {
    return this.#arrays.featureSpec;
  }

  get logits(): SampleMatrix {
    return this.#arrays.logits ?? unused("logits", 'logits: "classes"');
  }

  get labels(): Int32Array {
    return this.#arrays.labels ?? unused("labels", "labels: true");
  }
}

function unused(what: string, use: string): never {
  const rule = `"uses" of its detector must include ${what}`;
  const hint = `write ${use}; labels are available in a fit only`;
  throw new TypeError(
    cannot(`read ${what} of a block`, rule, undefined, hint),
  );
}

/**
 * Returns a range of rows, as a view.
 *
 * @param matrix The matrix.
 * @param start The first row.
 * @param end The row after the last.
 * @returns The rows.
 */
export function rowsOf(
  { data, columns }: SampleMatrix,
  start: number,
  end: number,
): SampleMatrix {
  const view = data.subarray(start * columns, end * columns);
  return { data: view, rows: end - start, columns };
}

/**
 * Finds the first row that contains NaN or an infinity.
 *
 * @param matrix The matrix.
 * @returns The row; -1 if all numbers are finite.
 */
export function nonFiniteRow({ data, columns }: SampleMatrix): number {
  // Zero times a finite number is 0 or -0; times NaN or an infinity it is NaN.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - data.length % 4;
  for (let i = 0; i < whole; i += 4) {
    a += data[i]! * 0;
    b += data[i + 1]! * 0;
    c += data[i + 2]! * 0;
    d += data[i + 3]! * 0;
  }
  for (let i = whole; i < data.length; i++) a += data[i]! * 0;
  if (a + b + c + d === 0) return -1;
  return Math.floor(data.findIndex((x) => !Number.isFinite(x)) / columns);
}
