/**
 * The operations that custom functions are called with: those of the engine,
 * with numbers for scalars, and with checks. A wrong argument is an error where
 * it is passed, because code in notebooks is not type-checked.
 *
 * @module
 */
import { cannot, nearestNames, quote } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import type { NdArray } from "../types.ts";
import { activationNamed } from "./activations.ts";

/**
 * The arguments of each operation: `t` a tensor or a number, `l` tensors in a
 * list, `i` a whole number, `n` several in a list, `r` settings of a reduction,
 * `e` an element type, `w` widths of a padding, `g` ranges of axes, `?` others.
 */
const FORMS: Readonly<Record<keyof Ops<unknown>, string>> = Object.freeze({
  ...forms("t", "shape dtype logicalNot exp log log1p expm1 sqrt abs sign"),
  ...forms("t", "negative floor ceil round sin cos atan tanh sigmoid silu erf"),
  ...forms("t", "isNaN float sizes"),
  ...forms("tt", "add subtract multiply divide floorDivide mod power maximum"),
  ...forms("tt", "minimum greater greaterEqual equal logicalAnd logicalOr"),
  ...forms("tt", "broadcastLike matmul"),
  ...forms("ttt", "where"),
  ...forms("tr", "sum mean max min prod any all"),
  ...forms("ti", "softmax argmax cumsum expandDims squeeze oneHot topK"),
  ...forms("ti", "topKIndices takeLast"),
  ...forms("tn", "reshape transpose flip"),
  ...forms("li", "concatenate stack"),
  ...forms("tii", "merge repeat"),
  ...forms("tti", "take takeAlongAxis"),
  ...forms("tt?", "conv convTranspose"),
  ...forms("t?", "maxPool averagePool"),
  constant: "?",
  cast: "te",
  unmerge: "tin",
  slice: "tg",
  pad: "tw?",
  einsum: "?tt",
  resize: "tn?",
  scan: "?ll?",
  recurrence: "??",
}) as Record<keyof Ops<unknown>, string>;

function forms(form: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(" ").map((name) => [name, form]));
}

/** What each kind of argument must be. */
const RULES: Readonly<Record<string, string>> = Object.freeze({
  t: "a tensor or a number",
  l: "a list of tensors",
  i: "a whole number",
  n: "a list of whole numbers",
  r: "settings { axis, keepdims }",
  e: '"float32", "int32" or "bool"',
  w: "a list of pairs [before, after], one an axis",
  g: "a list of ranges { axis, start, stop, step }",
});

const ALLOWED: Readonly<Record<string, (value: unknown) => boolean>> = {
  t: (value) => isTensor(value),
  l: (value) => Array.isArray(value) && value.every(isTensor),
  i: (value) => Number.isInteger(value),
  n: isIntegers,
  r: (value) => value === undefined || isReduction(value),
  e: (value) => ["float32", "int32", "bool"].includes(value as string),
  w: (value) =>
    Array.isArray(value) &&
    value.every((pair) => isIntegers(pair) && pair.length === 2),
  g: (value) =>
    Array.isArray(value) &&
    value.every((range) =>
      hasOnly(range, ["axis", "start", "stop", "step"]) &&
      Number.isInteger(range.axis)
    ),
  "?": () => true,
};

function isIntegers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isInteger);
}

function hasOnly(
  value: unknown,
  keys: readonly string[],
): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !isTensor(value) &&
    !Array.isArray(value) &&
    Object.keys(value).every((key) => keys.includes(key));
}

function isReduction(value: unknown): boolean {
  return hasOnly(value, ["axis", "keepdims"]) &&
    (value.axis === undefined || isIntegers([value.axis].flat())) &&
    ["undefined", "boolean"].includes(typeof value.keepdims);
}

/**
 * Whether a value is a tensor: values of every engine have a shape.
 *
 * @param value Any value.
 * @returns True if it is.
 */
export function isTensor(value: unknown): boolean {
  return typeof value === "object" && value !== null && "shape" in value &&
    Array.isArray(value.shape);
}

const WRAPPED = new WeakMap<object, unknown>();

/**
 * Wraps the operations of an engine for a custom function: numbers count as
 * scalars of the other tensors' type, `constant` takes lists of numbers, and
 * wrong arguments and names are errors.
 *
 * @param ops The engine's operations.
 * @returns The same operations with checks.
 */
export function customOps<T>(ops: Ops<T>): Ops<T> {
  const known = WRAPPED.get(ops);
  if (known !== undefined) return known as Ops<T>;
  const members = new Map<string, unknown>();
  const wrapped = new Proxy(ops, {
    get(_, key) {
      if (typeof key === "symbol") return Reflect.get(ops, key, ops);
      if (!members.has(key)) members.set(key, member(ops, key));
      return members.get(key);
    },
  });
  WRAPPED.set(ops, wrapped);
  WRAPPED.set(wrapped, wrapped);
  return wrapped;
}

function member<T>(ops: Ops<T>, key: string): unknown {
  const found: unknown = Reflect.get(ops, key, ops);
  const form = Object.hasOwn(FORMS, key)
    ? FORMS[key as keyof Ops<T>]
    : undefined;
  if (typeof found === "function") {
    return (...args: unknown[]) =>
      found.apply(
        ops,
        form === undefined ? args : checked(ops, key, form, args),
      );
  }
  if (found !== undefined || form !== undefined || key === "then") return found;
  const isActivation = activationNamed(key, 3) !== undefined;
  const near = nearestNames(key, Object.keys(FORMS)).map(quote).join(", ");
  const hint = isActivation
    ? `config.build("Activation", { activation: "${key}" }, "${key}") is a layer that computes it`
    : near === ""
    ? undefined
    : `nearest names are ${near}`;
  const rule = "it must be a member of ops";
  throw new TypeError(cannot(`read ops.${key}`, rule, undefined, hint));
}

function checked<T>(
  ops: Ops<T>,
  name: string,
  form: string,
  args: readonly unknown[],
): unknown[] {
  const action = `call ops.${name}`;
  if (args.length > form.length) {
    const rule = `it must have at most ${form.length} arguments`;
    throw new TypeError(cannot(action, rule, args.length));
  }
  if (name === "constant") return [constant(args[0], action)];
  const tensor = args.find(isTensor) as T | undefined;
  return [...form].map((kind, i) => {
    const value = args[i];
    if (kind === "t" && typeof value === "number") {
      return scalar(ops, value, tensor);
    }
    if (ALLOWED[kind]!(value)) return value;
    const rule = `argument ${i + 1} must be ${RULES[kind]}`;
    const isList = kind === "t" && Array.isArray(value);
    const hint = isList
      ? "pass ops.constant(…) of numbers, or one tensor of the list"
      : undefined;
    throw new TypeError(cannot(action, rule, shownList(value), hint));
  });
}

/** A number, of the type of the tensor that it meets if that has it. */
function scalar<T>(ops: Ops<T>, value: number, tensor: T | undefined): T {
  const isInteger = tensor !== undefined && Number.isInteger(value) &&
    ops.dtype(tensor) === "int32";
  if (!isInteger) return ops.constant(value);
  const data = Int32Array.of(value);
  return ops.constant({ data, shape: [], dtype: "int32" });
}

/** Numbers, in lists or not, as an array. */
function constant(
  value: unknown,
  action: string,
): number | NdArray<Float32Array | Int32Array> {
  const isTyped = (data: unknown) =>
    data instanceof Float32Array || data instanceof Int32Array;
  const isArray = typeof value === "object" && value !== null &&
    "data" in value && isTyped(value.data) && isTensor(value);
  if (typeof value === "number" || isArray) return value as number;
  const shape: number[] = [];
  for (let row = value; Array.isArray(row) || isTyped(row); row = row[0]) {
    shape.push((row as unknown[]).length);
  }
  const numbers = isTyped(value)
    ? [...value as Float32Array]
    : [value].flat(Infinity);
  const isWhole = numbers.every((number) => typeof number === "number") &&
    numbers.length === shape.reduce((product, size) => product * size, 1);
  if (shape.length === 0 || !isWhole) {
    const rule =
      "its argument must be a number, a list of numbers, or { data, shape } with a Float32Array or Int32Array";
    throw new TypeError(cannot(action, rule, value));
  }
  const data = value instanceof Int32Array
    ? value
    : Float32Array.from(numbers as number[]);
  const dtype = value instanceof Int32Array ? "int32" : "float32";
  return { data, shape, dtype } as NdArray<Float32Array | Int32Array>;
}

/** Formats a list for a message by the kinds of its items. */
export function shownList(value: unknown): unknown {
  if (!Array.isArray(value)) return isTensor(value) ? "a tensor alone" : value;
  const items = value.map((item) => isTensor(item) ? "tensor" : quote(item));
  return `[${items.join(", ")}]`;
}
