/**
 * A detector's view of some rows of a feature set.
 *
 * @module
 */
import { cannot, sizeOf } from "../check.ts";
import type { FeatureSet, FeatureSpec, LinearHead } from "../types.ts";
import type { DetectorUses, SampleBlock, SampleMatrix } from "./definition.ts";

/** The arrays of one set that a detector uses, checked. */
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
 * @param uses What the detector uses.
 * @param action What is to be done, for messages.
 * @returns One row a sample, the sizes of a sample's feature, and what it is.
 * @throws {TypeError} If it is a feature map where vectors are due.
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
    const rule = `features of layer "${layer}" must be of shape [N, D]`;
    const hint = sizes.length === 0
      ? undefined
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
 * The logits of a set, as those of classes: one sigmoid `z` is `[0, z]`.
 *
 * @param set The set.
 * @param kind Whether the classes must exclude each other.
 * @param action What is to be done, for messages.
 * @returns One row a sample.
 * @throws {TypeError} If there are none, or they are not of classes.
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
    const rule = "logits must be of classes that exclude each other";
    const hint = "several sigmoids are no such classes; use maxLogit(), or a " +
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
 * @param action What is to be done, for messages.
 * @param where The number of its first sample, and how many classes the logits
 * have that labels are compared with.
 * @returns One class index a sample.
 * @throws {TypeError} If there are none.
 * @throws {RangeError} If one is below 0, or no class of the logits.
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
 * @param activation What the logits go through.
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

  /** Rows of arrays as they are; nothing is copied. */
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
  const rule = `its detector must say in "uses" that it uses ${what} here`;
  const hint = `write ${use}; labels are there in a fit only`;
  throw new TypeError(cannot(`read ${what} of a block`, rule, "not", hint));
}

/**
 * Some rows of a matrix, as a view.
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
 * The first row of a matrix that holds NaN or an infinity.
 *
 * @param matrix The matrix.
 * @returns The row; -1 where all numbers are finite.
 */
export function nonFiniteRow({ data, columns }: SampleMatrix): number {
  // Zero times a number is 0 or -0, times NaN or an infinity NaN.
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
