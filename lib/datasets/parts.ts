/**
 * Splits a batch in any supported form into inputs, in the model's order,
 * labels and ids.
 *
 * A whole dataset in memory and an element of an iterable have the same forms.
 * Iterables and sources are recognised in `batches.ts`.
 *
 * @module
 */
import { cannot, checkAwaited, nearestNames, quote } from "../check.ts";
import type { SkippedSample, TensorSpec } from "../types.ts";
import { checkClassNames } from "./class_names.ts";
import { flatInputs } from "./_nested_inputs.ts";
import { checkInput } from "./model_input.ts";
import { checkLabels, type LabelValues } from "./labels.ts";
import {
  type InputLike,
  isHostArray,
  isObject,
  isPlainArray,
  isTensor,
  withDType,
} from "./tensor_likes.ts";
import { isStringInput, stringArray } from "./string_array.ts";

/** The parts of a batch, checked as far as possible without reading values. */
export interface Parts {
  /** One for each input, in the model's order; all with a batch axis have the same number of rows. */
  readonly inputs: readonly InputLike[];
  /** Labels in any form, one per row. */
  readonly labels?: LabelValues;
  /** Labels that are names of classes, one per row. */
  readonly labelNames?: readonly string[];
  /** Names of the classes, copied. */
  readonly classNames?: readonly string[];
  /** Samples that were skipped. */
  readonly skipped?: readonly SkippedSample[];
  /** Ids from the dataset, one per row, copied. */
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
 * Splits a batch into its parts, and checks them.
 *
 * @param batch The batch.
 * @param specs The model's inputs.
 * @param action The action, for messages, as in "read dataset".
 * @returns The parts.
 * @throws {TypeError} If its form is not supported, or it does not fit the model.
 * @throws {RangeError} If it is empty, or its parts have different numbers of rows.
 */
export function partsOf(
  batch: unknown,
  specs: readonly TensorSpec[],
  action: string,
): Parts {
  const names = specs.map(({ name }) => name);
  const { xs, ys, ids, classNames, skipped } = sidesOf(
    flatInputs(batch, names),
    specs,
    action,
  );
  const inputs = inputsOf(xs, specs, action);
  const counts = inputs.map((input, i) => checkInput(input, specs[i]!, action));
  const first = counts.findIndex((count) => count !== undefined);
  if (first < 0 && specs.length > 0) {
    const rule = `input "${specs[0]!.name}" must have a batch axis`;
    throw new TypeError(cannot(action, rule, inputs[0]!.shape));
  }
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

/** The parts of a batch, unchecked. */
interface Sides {
  readonly xs: unknown;
  readonly ys?: unknown;
  readonly ids?: unknown;
  readonly classNames?: unknown;
  readonly skipped?: unknown;
}

/**
 * The skipped samples of a batch that contains nothing else.
 *
 * @param batch An element that a source yielded.
 * @param action The action, for messages.
 * @returns The skipped samples; undefined for a batch with inputs.
 * @throws {TypeError} If the list is invalid.
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

/** Whether labels are names; mixed labels are refused later, with their row. */
function isNames(ys: unknown): ys is readonly string[] {
  return Array.isArray(ys) && ys.some((label) => typeof label === "string");
}

function sidesOf(
  batch: unknown,
  specs: readonly TensorSpec[],
  action: string,
): Sides {
  checkAwaited(batch, action, "the data");
  if (isTensor(batch) || isHostArray(batch)) return { xs: batch };
  if (specs.length === 1 && areStrings(batch, specs[0]!)) return { xs: batch };
  const isText = specs.some(({ dtype }) => dtype === "string");
  if (!isText && isPlainArray(batch)) {
    throw plainArray(batch, "inputs", action);
  }
  if (Array.isArray(batch)) return sidesOfArray(batch, specs, action);
  if (isRecord(batch)) return sidesOfRecord(batch, specs, action);
  const hint = typeof batch === "function"
    ? "call the function, so that it returns one of these"
    : typeof batch === "string"
    ? "open a file with imageFolder(), table(), npyFile() or npzFile()"
    : undefined;
  throw new TypeError(cannot(action, `it must be ${FORMS}`, batch, hint));
}

/**
 * Whether a value is strings, or an array that starts with a string: another
 * element is then reported with its row.
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
  // With one input named "xs" both forms mean the same, so labels are allowed.
  if (hasAll && !(names.length === 1 && names[0] === "xs")) {
    return { xs: batch };
  }
  if (!keys.includes("xs")) {
    const missing = names.find((name) => !keys.includes(name))!;
    const others = keys.filter((key) => !names.includes(key));
    const near = nearestNames(missing, others).map(quote).join(" or ");
    const plurals = keys.filter((key) => SIDES.includes(`${key}s`))
      .map((key) => `"${key}" to "${key}s"`);
    const renaming = [
      ...plurals,
      ...(plurals.length > 0 || near === "" ? [] : [`${near} to "${missing}"`]),
    ].join(" and ");
    const hint = renaming === "" ? "" : `; rename ${renaming}`;
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
      const hint = near === ""
        ? undefined
        : `rename ${near} to ${quote(missing[0]!)}`;
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
  if (isObject(value) && !Array.isArray(value) && Array.isArray(value.data)) {
    const rule = `the data of ${name} must be a typed array`;
    const hint = "make it one, as by Float32Array.from(data.flat(Infinity))";
    return new TypeError(cannot(action, rule, value.data, hint));
  }
  const rule = `${name} must be a tensor or { data, shape, dtype }`;
  return new TypeError(cannot(action, rule, value, AS_TENSOR));
}

/** Whether a value is an object with properties, not an array or an iterable. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value) &&
    !(Symbol.iterator in value) && keysOf(value).length > 0;
}

/** Keys whose values are not undefined. */
function keysOf(value: Record<string, unknown>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}
