/**
 * Checks the arrays that a user passes for a feature set: all must have the
 * same number of rows, and match their description.
 *
 * @module
 */
import {
  cannot,
  checkAwaited,
  checkOneOf,
  checkOptions,
  sizeOf,
  withArticle,
} from "../check.ts";
import type {
  DType,
  FeatureArray,
  FeatureSource,
  LinearHead,
  NdArray,
} from "../types.ts";
import type { FeatureSetArrays, FeatureSetFields } from "./fields.ts";
import { frozenArray } from "./rows.ts";

const ACTION = "make feature set";

const KINDS: Partial<
  Record<DType, new (length: number) => ArrayBufferView>
> = {
  float32: Float32Array,
  float16: Float16Array,
  int32: Int32Array,
};

const KEYS = [
  "features",
  "layerNames",
  "penultimate",
  "logits",
  "labels",
  "classNames",
  "ids",
  "head",
  "activation",
  "source",
] as const;

/**
 * Checks arrays against each other, and freezes their descriptions. The data of
 * features and logits is neither copied nor changed.
 *
 * @param arrays The user's arrays.
 * @returns The fields of a feature set.
 * @throws {TypeError} If a value is a promise, or has the wrong type or shape.
 * @throws {RangeError} If a value is out of range.
 */
export function checkArrays(arrays: FeatureSetArrays): FeatureSetFields {
  checkAwaited(arrays, ACTION, "its argument");
  if (typeof arrays !== "object" || arrays === null) {
    throw new TypeError(
      cannot(ACTION, "its argument must be an object of arrays", arrays),
    );
  }
  checkOptions(arrays, ACTION, KEYS);
  for (const key of KEYS) checkAwaited(arrays[key], ACTION, `"${key}"`);
  const list = arrays.features ?? [];
  if (!Array.isArray(list)) {
    throw new TypeError(
      cannot(ACTION, `"features" must be an array of arrays`, list),
    );
  }
  const features = list.map((feature: FeatureArray, i: number) =>
    checkArray(feature, `features[${i}]`, ["float32", "float16", "int32"])
  );
  const penultimate = checkMatrix(arrays.penultimate, "penultimate");
  const logits = checkMatrix(arrays.logits, "logits");
  const labels = checkLabels(arrays.labels);
  const count = checkCounts([
    ...features.map(({ shape }, i) =>
      [`features[${i}]`, shape[0]!] as [string, number]
    ),
    ["penultimate", penultimate?.shape[0]],
    ["logits", logits?.shape[0]],
    ["labels", labels?.shape[0]],
    ["ids", arrays.ids === undefined ? undefined : lengthOf(arrays.ids, "ids")],
  ]);
  const layerNames = checkLayerNames(arrays.layerNames, features.length);
  const { activation } = arrays;
  if (activation !== undefined) {
    checkOneOf(activation, ACTION, "activation", [
      "softmax",
      "sigmoid",
      "none",
    ]);
  }
  return {
    features,
    layerNames,
    specs: layerNames.map((name) => ({ name, form: "raw" })),
    penultimate,
    logits,
    labels,
    classNames: arrays.classNames === undefined
      ? undefined
      : checkStrings(arrays.classNames, "classNames"),
    ids: checkIds(arrays.ids, count),
    head: checkHead(arrays.head, penultimate, logits),
    activation,
    nonFinite: [],
    source: checkSource(arrays.source),
  };
}

function checkArray<T extends ArrayBufferView>(
  array: NdArray<T>,
  name: string,
  dtypes: readonly DType[],
): NdArray<T> {
  checkAwaited(array, ACTION, `"${name}"`);
  const rule = (text: string) => `"${name}" ${text}`;
  if (typeof array !== "object" || array === null || !("data" in array)) {
    throw new TypeError(
      cannot(ACTION, rule("must be { data, shape, dtype }"), array),
    );
  }
  const { data, shape } = array;
  const dtype = array.dtype ??
    dtypes.find((name) => data instanceof KINDS[name]!);
  if (dtype !== undefined && !dtypes.includes(dtype)) {
    const names = dtypes.map((text) => `"${text}"`).join(" or ");
    throw new TypeError(
      cannot(ACTION, rule(`must be of dtype ${names}`), dtype),
    );
  }
  const kinds = dtype === undefined ? dtypes : [dtype];
  if (dtype === undefined || !(data instanceof KINDS[dtype]!)) {
    const names = kinds.map((kind) => withArticle(KINDS[kind]!.name))
      .join(" or ");
    throw new TypeError(
      cannot(ACTION, rule(`must hold ${names} as its data`), data),
    );
  }
  const isShape = Array.isArray(shape) &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape || shape.length === 0) {
    throw new TypeError(
      cannot(ACTION, rule("must have a shape [N, …] of whole numbers"), shape),
    );
  }
  const length = (data as unknown as ArrayLike<number>).length;
  if (sizeOf(shape) !== length) {
    throw new TypeError(
      cannot(
        ACTION,
        rule(`must have a shape of the ${length} values that it holds`),
        shape,
      ),
    );
  }
  return frozenArray(data, shape, dtype);
}

function checkMatrix(
  array: NdArray | undefined,
  name: string,
): NdArray | undefined {
  if (array === undefined) return undefined;
  const checked = checkArray(array, name, ["float32"]);
  if (checked.shape.length === 2) return checked;
  throw new TypeError(
    cannot(ACTION, `"${name}" must be of rank 2`, checked.shape),
  );
}

function lengthOf(values: ArrayLike<unknown>, name: string): number {
  const length = typeof values === "object" && values !== null
    ? values.length
    : undefined;
  if (length !== undefined && Number.isSafeInteger(length)) return length;
  throw new TypeError(
    cannot(ACTION, `"${name}" must be an array or typed array`, values),
  );
}

/** What to pass instead of a label that is not a number. */
function labelAdvice(label: unknown): string | undefined {
  if (typeof label === "bigint") return "pass Array.from(labels, Number)";
  if (typeof label === "string") {
    return 'pass class indices, and the names in "classNames"';
  }
  return Array.isArray(label) || ArrayBuffer.isView(label)
    ? "pass class indices, one a sample"
    : undefined;
}

function checkLabels(
  labels: FeatureSetArrays["labels"],
): NdArray<Int32Array> | undefined {
  if (labels === undefined) return undefined;
  if (typeof labels === "object" && labels !== null && "data" in labels) {
    const checked = checkArray(labels, "labels", ["int32"]);
    if (checked.shape.length === 1) return checked;
    throw new TypeError(
      cannot(
        ACTION,
        `"labels" must be of shape [N]`,
        checked.shape,
        "pass class indices, one a sample",
      ),
    );
  }
  const length = lengthOf(labels, "labels");
  const data = new Int32Array(length); // [N]
  for (let i = 0; i < length; i++) {
    const label: unknown = labels[i];
    if (typeof label !== "number") {
      const rule = `"labels[${i}]" must be a number`;
      throw new TypeError(cannot(ACTION, rule, label, labelAdvice(label)));
    }
    data[i] = label;
    if (data[i] !== label) {
      throw new RangeError(
        cannot(ACTION, `"labels[${i}]" must be a class index`, label),
      );
    }
  }
  return frozenArray(data, [length], "int32");
}

/** The number of samples, which must be equal for all arrays. */
function checkCounts(
  counts: readonly (readonly [string, number | undefined])[],
): number {
  const present = counts.filter(([, count]) => count !== undefined);
  if (present.length === 0) {
    throw new TypeError(
      cannot(ACTION, "there must be at least one array", "none"),
    );
  }
  const [first, count] = present[0]!;
  for (const [name, other] of present) {
    if (other === count) continue;
    throw new TypeError(
      cannot(
        ACTION,
        `"${name}" must hold as many samples as "${first}", which holds ${count}`,
        other,
      ),
    );
  }
  return count!;
}

function checkStrings(
  strings: readonly string[],
  name: string,
): readonly string[] {
  if (!Array.isArray(strings)) {
    throw new TypeError(
      cannot(ACTION, `"${name}" must be an array of strings`, strings),
    );
  }
  strings.forEach((text, i) => {
    if (typeof text === "string") return;
    throw new TypeError(
      cannot(ACTION, `"${name}[${i}]" must be a string`, text),
    );
  });
  return [...strings];
}

function checkLayerNames(
  names: readonly string[] | undefined,
  count: number,
): readonly string[] {
  if (names === undefined) {
    return Array.from({ length: count }, (_, i) => `feature${i}`);
  }
  const checked = checkStrings(names, "layerNames");
  if (checked.length !== count) {
    throw new TypeError(
      cannot(
        ACTION,
        `"layerNames" must hold one name for each of the ${count} features`,
        checked,
      ),
    );
  }
  const double = checked.find((name, i) => checked.indexOf(name) < i);
  if (double === undefined) return checked;
  throw new RangeError(
    cannot(ACTION, `"layerNames" must differ from each other`, double),
  );
}

function checkIds(
  ids: ArrayLike<string | number> | undefined,
  count: number,
): ArrayLike<string | number> {
  if (ids === undefined) {
    return Object.freeze(Array.from({ length: count }, (_, i) => i));
  }
  const copy = Array.from(ids);
  copy.forEach((id: unknown, i) => {
    if (typeof id === "string" || typeof id === "number") return;
    throw new TypeError(
      cannot(ACTION, `"ids[${i}]" must be a string or a number`, id),
    );
  });
  return Object.freeze(copy);
}

function checkHead(
  head: LinearHead | undefined,
  penultimate: NdArray | undefined,
  logits: NdArray | undefined,
): LinearHead | undefined {
  if (head === undefined) return undefined;
  if (typeof head !== "object" || head === null) {
    throw new TypeError(
      cannot(ACTION, `"head" must be { kernel, bias }`, head),
    );
  }
  const kernel = checkArray(head.kernel, "head.kernel", ["float32"]);
  const bias = checkArray(head.bias, "head.bias", ["float32"]);
  const wanted: [number | string, number | string] = [
    penultimate?.shape[1] ?? "D",
    logits?.shape[1] ?? kernel.shape[1] ?? "C",
  ];
  const fits = kernel.shape.length === 2 &&
    kernel.shape.every((size, axis) =>
      typeof wanted[axis] === "string" || size === wanted[axis]
    );
  if (!fits) {
    throw new TypeError(
      cannot(
        ACTION,
        `"head.kernel" must be of shape [${wanted.join(", ")}]`,
        kernel.shape,
      ),
    );
  }
  if (bias.shape.length !== 1 || bias.shape[0] !== kernel.shape[1]) {
    throw new TypeError(
      cannot(
        ACTION,
        `"head.bias" must be of shape [${kernel.shape[1]}]`,
        bias.shape,
      ),
    );
  }
  return { kernel, bias };
}

function checkSource(
  source: FeatureSource | undefined,
): FeatureSource | undefined {
  if (source === undefined) return undefined;
  const isSource = typeof source === "object" && source !== null &&
    typeof source.model === "string" && typeof source.settings === "string";
  if (isSource) return { model: source.model, settings: source.settings };
  throw new TypeError(
    cannot(ACTION, `"source" must be { model, settings } in strings`, source),
  );
}
