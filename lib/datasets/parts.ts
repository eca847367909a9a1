/**
 * One batch, however it is written: its inputs in the model's order, its labels
 * and its identities.
 *
 * A whole dataset in memory and an element of an iterable are written alike, so
 * both are read here. What is an iterable or a source is told in `batches.ts`.
 *
 * @module
 */
import { cannot, checkAwaited, nearestNames, quote } from "../check.ts";
import type { SkippedSample, TensorSpec } from "../types.ts";
import { checkClassNames } from "./class_names.ts";
import { checkInput } from "./model_input.ts";
import { checkLabels, type LabelValues } from "./labels.ts";
import {
  type InputLike,
  isHostArray,
  isObject,
  isTensor,
  withDType,
} from "./tensor_likes.ts";
import { isStringInput, stringArray } from "./string_array.ts";

/** One batch, told apart and checked as far as it can be without its values. */
export interface Parts {
  /** One for each input, in the model's order; as many rows in each that has rows. */
  readonly inputs: readonly InputLike[];
  /** As they came; as many as rows. */
  readonly labels?: LabelValues;
  /** Labels that came as names of classes; as many as rows. */
  readonly labelNames?: readonly string[];
  /** Names of the classes that came with them. Copied. */
  readonly classNames?: readonly string[];
  /** Samples that were left out. */
  readonly skipped?: readonly SkippedSample[];
  /** The dataset's own; as many as rows. Copied. */
  readonly ids?: readonly (string | number)[];
  /** Number of samples. */
  readonly rows: number;
}

const FORMS = "a tensor, { data, shape, dtype }, [x, y], { xs, ys, ids }, a " +
  "record of inputs by name, an iterable of such batches, a tf.data.Dataset " +
  'or an object with "batches"';

const AS_TENSOR =
  "make it a tensor, as by tf.tensor(…), or { data, shape, dtype }";

/**
 * Tells the parts of a batch apart and checks them.
 *
 * @param batch What came.
 * @param specs The model's inputs.
 * @param action The action, for messages, as in "read dataset".
 * @returns Its parts.
 * @throws {TypeError} If it is none of the forms that go, or does not fit the model.
 * @throws {RangeError} If it is empty, or its parts are not of as many rows.
 */
export function partsOf(
  batch: unknown,
  specs: readonly TensorSpec[],
  action: string,
): Parts {
  const { xs, ys, ids, classNames, skipped } = sidesOf(batch, specs, action);
  const inputs = inputsOf(xs, specs, action);
  const counts = inputs.map((input, i) => checkInput(input, specs[i]!, action));
  const first = counts.findIndex((count) => count !== undefined);
  const rows = counts[first]!;
  const other = counts.findIndex((count) =>
    count !== undefined && count !== rows
  );
  if (other >= 0) {
    const rule =
      `input "${specs[other]!.name}" must have the ${rows} rows of ` +
      `input "${specs[first]!.name}"`;
    throw new RangeError(cannot(action, rule, counts[other]));
  }
  return {
    inputs,
    rows,
    ...(ys === undefined ? {} : labelsIn(ys, rows, action)),
    ...(ids === undefined ? {} : { ids: idsOf(ids, rows, action) }),
    ...(classNames === undefined
      ? {}
      : { classNames: checkClassNames(classNames, action) }),
    ...(skipped === undefined ? {} : { skipped: skippedOf(skipped, action) }),
  };
}

/** The parts of a batch, each as it came. */
interface Sides {
  readonly xs: unknown;
  readonly ys?: unknown;
  readonly ids?: unknown;
  readonly classNames?: unknown;
  readonly skipped?: unknown;
}

/**
 * The samples that a batch lists as left out, if it holds no others.
 *
 * @param batch What a source yielded.
 * @param action The action, for messages.
 * @returns The list; undefined for a batch with inputs.
 * @throws {TypeError} If the list is none.
 */
export function skippedOnly(
  batch: unknown,
  action: string,
): readonly SkippedSample[] | undefined {
  if (!isObject(batch) || Array.isArray(batch)) return undefined;
  const isOnly = batch.skipped !== undefined && batch.xs === undefined &&
    Object.keys(batch).every((key) => SIDES.includes(key));
  return isOnly ? skippedOf(batch.skipped, action) : undefined;
}

function skippedOf(list: unknown, action: string): readonly SkippedSample[] {
  const isOne = (one: unknown) =>
    isObject(one) && typeof one.id === "string" &&
    typeof one.reason === "string";
  if (Array.isArray(list) && list.every(isOne)) return list;
  const rule = '"skipped" must be an array of { id, reason }';
  throw new TypeError(cannot(action, rule, list));
}

function labelsIn(
  ys: unknown,
  rows: number,
  action: string,
): Pick<Parts, "labels" | "labelNames"> {
  if (isNames(ys)) {
    if (ys.length === rows) return { labelNames: ys };
    const rule = `there must be as many labels as inputs, ${rows}`;
    throw new RangeError(cannot(action, rule, ys.length));
  }
  const labels = (isHostArray(ys) ? withDType(ys) : ys) as LabelValues;
  checkLabels(labels, rows, action);
  return { labels };
}

/** Whether labels are names; what else stands among them is for later to say. */
function isNames(ys: unknown): ys is readonly string[] {
  return Array.isArray(ys) && ys.some((label) => typeof label === "string");
}

function sidesOf(
  batch: unknown,
  specs: readonly TensorSpec[],
  action: string,
): Sides {
  checkAwaited(batch, action, "what it is read from");
  if (isTensor(batch) || isHostArray(batch)) return { xs: batch };
  if (specs.length === 1 && areStrings(batch, specs[0]!)) return { xs: batch };
  const isText = specs.some(({ dtype }) => dtype === "string");
  if (!isText && isPlainArray(batch)) {
    throw plainArray(batch, "inputs", action);
  }
  if (Array.isArray(batch)) return sidesOfArray(batch, specs, action);
  if (isRecord(batch)) return sidesOfRecord(batch, specs, action);
  throw new TypeError(cannot(action, `it must be ${FORMS}`, batch));
}

/**
 * Strings, or an array that begins as such: one that is not a string is then
 * named.
 */
function areStrings(value: unknown, spec: TensorSpec): boolean {
  return isStringInput(value, spec) ||
    spec.dtype === "string" && Array.isArray(value) &&
      typeof value[0] === "string";
}

function sidesOfArray(
  batch: readonly unknown[],
  specs: readonly TensorSpec[],
  action: string,
): Sides {
  for (const part of batch) checkAwaited(part, action, "every part of a pair");
  const count = specs.length;
  const isTensors = batch.every((part, i) =>
    isTensor(part) || isHostArray(part) ||
    batch.length === count && isStringInput(part, specs[i]!)
  );
  if (batch.length === count && (count === 1 || isTensors)) {
    return { xs: batch };
  }
  const isPair = batch.length === 2 &&
    (count === 1 || !isTensor(batch[0]) && !isHostArray(batch[0]));
  if (isPair) return { xs: batch[0], ys: batch[1] };
  const names = specs.map(({ name }) => name).join(", ");
  const rule = count === 1
    ? "an array must be [x] or [x, y]"
    : `an array must be the ${count} inputs [${names}], or [[${names}], y]`;
  throw new TypeError(
    cannot(
      action,
      rule,
      batch,
      "for several batches pass an iterable of them, such as a Set or a " +
        "generator: an array is one batch",
    ),
  );
}

const SIDES = ["xs", "ys", "ids", "classNames", "skipped"];

function sidesOfRecord(
  batch: Record<string, unknown>,
  specs: readonly TensorSpec[],
  action: string,
): Sides {
  const keys = keysOf(batch);
  const names = specs.map(({ name }) => name);
  const hasAll = names.every((name) => keys.includes(name));
  // One input named "xs" is the same read either way, so labels may stand by.
  if (hasAll && !(names.length === 1 && names[0] === "xs")) {
    return { xs: batch };
  }
  if (!keys.includes("xs")) {
    const missing = names.find((name) => !keys.includes(name))!;
    const others = keys.filter((key) => !names.includes(key));
    const near = nearestNames(missing, others).map(quote).join(" or ");
    const hint = near === "" ? "" : `; did you mean ${near}?`;
    const all = names.length > 1 ? ` of ${names.map(quote).join(", ")}` : "";
    const rule = names.some((name) => keys.includes(name))
      ? "a record must hold every input"
      : `it must be ${FORMS}`;
    throw new TypeError(
      cannot(action, rule, keys, `input "${missing}"${all} is missing${hint}`),
    );
  }
  const extra = keys.filter((key) => !SIDES.includes(key));
  if (extra.length > 0) throw unknownKeys(extra, SIDES, action);
  const { xs, ys, ids, classNames, skipped } = batch;
  return { xs, ys, ids, classNames, skipped };
}

function inputsOf(
  xs: unknown,
  specs: readonly TensorSpec[],
  action: string,
): InputLike[] {
  checkAwaited(xs, action, "inputs");
  const names = specs.map(({ name }) => name);
  const isText = specs.some(({ dtype }) => dtype === "string");
  if (!isText && isPlainArray(xs)) throw plainArray(xs, "inputs", action);
  let inputs: readonly unknown[];
  if (specs.length === 1 && areStrings(xs, specs[0]!)) inputs = [xs];
  else if (isTensor(xs) || isHostArray(xs)) inputs = [xs];
  else if (Array.isArray(xs)) inputs = xs;
  else if (isRecord(xs)) {
    const keys = keysOf(xs);
    const missing = names.filter((name) => !keys.includes(name));
    if (missing.length > 0) {
      const rule = `inputs must hold ${missing.map(quote).join(", ")}`;
      const others = keys.filter((key) => !names.includes(key));
      const near = nearestNames(missing[0]!, others).map(quote).join(" or ");
      const hint = near === "" ? undefined : `did you mean ${near}?`;
      throw new TypeError(cannot(action, rule, keys, hint));
    }
    const extra = keys.filter((key) => !names.includes(key));
    if (extra.length > 0) throw unknownKeys(extra, names, action);
    inputs = names.map((name) => xs[name]);
  } else {
    const rule =
      "inputs must be a tensor, { data, shape, dtype }, an array of them or " +
      "a record of them by name";
    throw new TypeError(cannot(action, rule, xs, AS_TENSOR));
  }
  if (inputs.length !== names.length) {
    const rule = `there must be ${names.length} inputs, ${
      names.map(quote).join(", ")
    }`;
    throw new TypeError(cannot(action, rule, inputs.length));
  }
  return inputs.map((input, i) => {
    const name = `input "${names[i]}"`;
    checkAwaited(input, action, name);
    if (specs[i]!.dtype === "string") {
      return stringArray(input, specs[i]!, action);
    }
    if (isTensor(input)) return input;
    if (isHostArray(input)) return withDType(input);
    if (isPlainArray(input)) throw plainArray(input, name, action);
    const rule = `${name} must be a tensor or { data, shape, dtype }`;
    throw new TypeError(cannot(action, rule, input));
  });
}

function idsOf(
  ids: unknown,
  rows: number,
  action: string,
): (string | number)[] {
  checkAwaited(ids, action, "ids");
  const isList = isObject(ids) && !isTensor(ids) && !isHostArray(ids) &&
    Number.isSafeInteger(ids.length);
  if (!isList) {
    const rule = "ids must be an array of strings or numbers";
    throw new TypeError(cannot(action, rule, ids));
  }
  const list: unknown[] = Array.from(ids as unknown as ArrayLike<unknown>);
  if (list.length !== rows) {
    const rule = `there must be as many ids as inputs, ${rows}`;
    throw new RangeError(cannot(action, rule, list.length));
  }
  return list.map((id, row) => {
    if (typeof id === "string" || typeof id === "number") return id;
    const rule = "ids must be strings or numbers";
    throw new TypeError(cannot(action, rule, id, `it is in row ${row}`));
  });
}

function unknownKeys(
  extra: readonly string[],
  known: readonly string[],
  action: string,
): TypeError {
  const rule = `a record must hold ${known.map(quote).join(", ")} only`;
  const hint = known === SIDES
    ? undefined
    : "for labels and ids pass { xs: { … }, ys, ids }";
  return new TypeError(cannot(action, rule, extra, hint));
}

function plainArray(value: unknown, name: string, action: string): TypeError {
  const rule = `${name} must be a tensor or { data, shape, dtype }`;
  return new TypeError(cannot(action, rule, value, AS_TENSOR));
}

/** Numbers without a shape: typed arrays, and arrays nested to any depth. */
function isPlainArray(value: unknown): boolean {
  let inner = value;
  while (Array.isArray(inner) && inner.length > 0) inner = inner[0];
  if (ArrayBuffer.isView(inner)) return true;
  return inner !== value && !isObject(inner) && typeof inner !== "function" &&
    inner !== undefined && inner !== null;
}

/** Objects whose keys mean something: no classes of other things. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value) &&
    !(Symbol.iterator in value) && keysOf(value).length > 0;
}

/** Keys that hold something; `ys: undefined` is as good as none. */
function keysOf(value: Record<string, unknown>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}
