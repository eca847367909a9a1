/**
 * The operations that custom functions are called with: those of the engine,
 * with numbers for scalars, and with checks. A wrong argument is an error where
 * it is passed, because code in notebooks is not type-checked.
 *
 * @module
 */
import { cannot, isPlainObject, nearestNames, quote } from "../check.ts";
import type { Ops } from "../ops/ops.ts";
import { activationNamed } from "./activations.ts";
import { arrayOf, type Constant } from "./constant_values.ts";

/**
 * The arguments of each operation: `t` a tensor or a constant, `x` indices,
 * `l` tensors in a list, `i` a whole number, `n` several in a list, `r`
 * settings of a reduction, `e` an element type, `w` widths of a padding, `g`
 * ranges of axes, `c`, `d` and `p` settings of windows, `v` a number or
 * nothing, `b` a boolean or nothing, `q` an equation, `m` an interpolation, `s`
 * a step, `?` others.
 */
const FORMS: Readonly<Record<keyof Ops<unknown>, string>> = Object
  .freeze({
    ...forms("t", "shape dtype logicalNot exp log log1p expm1 sqrt abs sign"),
    ...forms(
      "t",
      "negative floor ceil round sin cos atan tanh sigmoid silu erf",
    ),
    ...forms("t", "isNaN float sizes"),
    ...forms(
      "tt",
      "add subtract multiply divide floorDivide mod power maximum",
    ),
    ...forms("tt", "minimum greater greaterEqual equal logicalAnd logicalOr"),
    ...forms("tt", "broadcastLike matmul"),
    ...forms("ttt", "where"),
    ...forms("tr", "sum mean max min prod any all"),
    ...forms("ti", "softmax argmax cumsum expandDims squeeze topK"),
    ...forms("ti", "topKIndices takeLast"),
    oneHot: "xi",
    ...forms("tn", "reshape transpose flip"),
    ...forms("li", "concatenate stack"),
    ...forms("tii", "merge repeat"),
    ...forms("txi", "take takeAlongAxis"),
    conv: "ttc",
    convTranspose: "ttd",
    ...forms("tp", "maxPool averagePool"),
    constant: "?",
    cast: "te",
    unmerge: "tin",
    slice: "tg",
    pad: "twv",
    einsum: "qtt",
    resize: "tnm",
    scan: "sllb",
    recurrence: "??",
  }) as Record<keyof Ops<unknown>, string>;

function forms(form: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(" ").map((name) => [name, form]));
}

/** What each kind of argument must be. */
const RULES: Readonly<Record<string, string>> = Object.freeze({
  t: "a tensor, a number or a list of numbers",
  x: "an int32 tensor or a list of whole numbers",
  l: "a list of tensors",
  i: "a whole number",
  n: "a list of whole numbers",
  r: "settings { axis, keepdims }",
  e: '"float32", "int32" or "bool"',
  w: "a list of pairs [before, after], one an axis",
  g: "a list of ranges { axis, start, stop, step }",
  c: 'settings as { strides: [1, 1], padding: "same", dilation: [1, 1] }',
  d: 'settings as { strides: [2, 2], padding: "same", dilation: [1, 1] }',
  p: 'settings as { size: [2, 2], strides: [2, 2], padding: "valid" }',
  v: "a number",
  b: "true or false",
  q: "a string",
  m: '"nearest", "bilinear" or "bicubic"',
  s: "a function (state, inputs) => ({ state, outputs })",
});

/** Whether an argument is right, for kinds without tensors. */
const ALLOWED: Readonly<Record<string, (value: unknown) => boolean>> = {
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
  c: (value) => isWindow(value, ["strides", "dilation"], ["groups"]),
  d: (value) => isWindow(value, ["strides", "dilation"], ["outputPadding"]),
  p: (value) => isWindow(value, ["size", "strides"]),
  v: (value) => ["undefined", "number"].includes(typeof value),
  b: (value) => ["undefined", "boolean"].includes(typeof value),
  q: (value) => typeof value === "string",
  m: (value) => ["nearest", "bilinear", "bicubic"].includes(value as string),
  s: (value) => typeof value === "function",
  "?": () => true,
};

/** Whether a value is a list of whole numbers. */
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

function isWindow(
  value: unknown,
  lists: readonly string[],
  others: readonly string[] = [],
): boolean {
  return hasOnly(value, [...lists, "padding", ...others]) &&
    lists.every((key) => isIntegers(value[key])) &&
    ["same", "valid"].includes(value.padding as string);
}

/** Whether a value looks like a tensor: values of every engine have a shape. */
function isTensor(value: unknown): value is object {
  return typeof value === "object" && value !== null && "shape" in value &&
    Array.isArray(value.shape);
}

/**
 * The tensors of one call of a custom function, by its operations: inputs,
 * weights and results. Others are of another call, model or library.
 */
const TENSORS = new WeakMap<object, WeakSet<object>>();

/**
 * Whether a value is a tensor of the call that the operations are of.
 *
 * @param ops The result of {@linkcode customOps}.
 * @param value Any value.
 * @returns True if it is.
 */
export function isTensorOf(ops: object, value: unknown): boolean {
  return isTensor(value) && TENSORS.get(ops)!.has(value);
}

/**
 * Calls a custom function twice at first, over shapes when the model is loaded,
 * so that a value that it keeps from a call is found there.
 *
 * @param call Calls the function.
 * @returns The same.
 */
export function twiceAtFirst<F extends (...args: never[]) => unknown>(
  call: F,
): F {
  let isCalled = false;
  return ((...args) => {
    if (!isCalled) {
      isCalled = true;
      call(...args);
    }
    return call(...args);
  }) as F;
}

/**
 * Named arguments whose tensors are known once they are read: nothing else
 * reads them, as those that nobody reads are an error.
 *
 * @param ops The result of {@linkcode customOps}.
 * @param args The arguments.
 * @returns The same arguments.
 */
export function knownWhenRead<A extends object>(ops: object, args: A): A {
  return new Proxy(args, {
    get(_, key) {
      const value: unknown = Reflect.get(args, key);
      addTensors(TENSORS.get(ops)!, value);
      return value;
    },
  });
}

/** Adds the tensors in a value, which may be in lists and records. */
function addTensors(tensors: WeakSet<object>, value: unknown): void {
  if (isTensor(value)) tensors.add(value);
  if (!Array.isArray(value) && !isPlainObject(value)) return;
  for (const inner of Object.values(value)) addTensors(tensors, inner);
}

/**
 * Wraps the operations of an engine for one call of a custom function: numbers,
 * lists of numbers and arrays count as constants, and wrong arguments and names
 * are errors, such as a tensor of another call.
 *
 * @param ops The engine's operations.
 * @param values The tensors that the function is called with, in lists or
 * records.
 * @returns The same operations with checks.
 */
export function customOps<T>(ops: Ops<T>, ...values: unknown[]): Ops<T> {
  const outer = TENSORS.get(ops);
  const tensors = outer ?? new WeakSet();
  addTensors(tensors, values);
  if (outer !== undefined) return ops;
  const members = new Map<string, unknown>();
  const wrapped = new Proxy(ops, {
    get(_, key) {
      if (typeof key === "symbol") return Reflect.get(ops, key, ops);
      if (!members.has(key)) members.set(key, member(ops, key, tensors));
      return members.get(key);
    },
  });
  TENSORS.set(wrapped, tensors);
  return wrapped;
}

function member<T>(
  ops: Ops<T>,
  key: string,
  tensors: WeakSet<object>,
): unknown {
  const found: unknown = Reflect.get(ops, key, ops);
  const form = Object.hasOwn(FORMS, key)
    ? FORMS[key as keyof Ops<T>]
    : undefined;
  if (typeof found === "function") {
    return (...args: unknown[]) => {
      const right = form === undefined
        ? args
        : new Arguments(ops, key, tensors).checked(form, args);
      const result: unknown = found.apply(ops, right);
      addTensors(tensors, result);
      return result;
    };
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

/** Checks the arguments of one call of an operation. */
class Arguments<T> {
  readonly #ops: Ops<T>;
  readonly #name: string;
  readonly #tensors: WeakSet<object>;

  constructor(ops: Ops<T>, name: string, tensors: WeakSet<object>) {
    this.#ops = ops;
    this.#name = name;
    this.#tensors = tensors;
  }

  checked(form: string, args: readonly unknown[]): unknown[] {
    if (args.length > form.length) {
      const rule = `it must have at most ${form.length} arguments`;
      throw new TypeError(cannot(this.#action(), rule, args.length));
    }
    if (this.#name === "constant") return [this.#constant(args[0])];
    const beside = this.#typeBeside(args);
    return [...form].map((kind, i) => {
      const value = args[i];
      if (kind === "t" || kind === "x") {
        return this.#tensor(kind, value, i, kind === "x" ? "int32" : beside);
      }
      if (kind === "l" && Array.isArray(value)) {
        // The type of a state in a scan is that of its step's results.
        const type = form === "li" ? this.#typeBeside(value) : "float32";
        return value.map((item) => this.#tensor("l", item, i, type));
      }
      if (ALLOWED[kind]?.(value)) {
        return kind === "s" ? this.#step(value) : value;
      }
      throw this.#wrong(kind, value, i);
    });
  }

  #action(): string {
    return `call ops.${this.#name}`;
  }

  #isTensor(value: unknown): boolean {
    return isTensor(value) && this.#tensors.has(value);
  }

  /** The type of whole numbers beside tensors: int32 where no tensor is float. */
  #typeBeside(values: readonly unknown[]): "int32" | "float32" {
    const types = values.filter((value) => this.#isTensor(value))
      .map((value) => this.#ops.dtype(value as T));
    const isFloat = types.includes("float32") || !types.includes("int32");
    return isFloat ? "float32" : "int32";
  }

  /** A tensor, or a constant of the type of the tensor that it meets. */
  #tensor(kind: string, value: unknown, i: number, type: "int32" | "float32") {
    if (this.#isTensor(value)) {
      const isRight = kind !== "x" || this.#ops.dtype(value as T) === "int32";
      if (isRight) return value;
      throw this.#wrong(kind, value, i);
    }
    const array = kind === "l" && typeof value === "number"
      ? undefined
      : arrayOf(value, type);
    const isWrong = array === undefined ||
      kind === "x" && array.dtype !== "int32";
    if (isWrong) throw this.#wrong(kind, value, i);
    const made = this.#ops.constant(
      typeof value === "number" && array.dtype === "float32" ? value : array,
    );
    addTensors(this.#tensors, made);
    return made;
  }

  #wrong(kind: string, value: unknown, i: number): TypeError {
    const rule = `argument ${i + 1} must be ${RULES[kind]}`;
    const isFloat = kind === "x" && this.#isTensor(value);
    const hint = isFloat
      ? 'write ops.cast(indices, "int32")'
      : "txl".includes(kind)
      ? hintFor(value, this.#tensors)
      : undefined;
    const shown = shownValue(value, this.#tensors);
    return new TypeError(cannot(this.#action(), rule, shown, hint));
  }

  #constant(value: unknown): number | Constant {
    const array = typeof value === "number" ? value : arrayOf(value, "float32");
    if (array !== undefined) return array;
    const rule =
      "its argument must be a number, a list of numbers, or { data, shape }";
    const hint = hintFor(value, this.#tensors);
    throw new TypeError(cannot(this.#action(), rule, value, hint));
  }

  /** The step of a scan, with the tensors of each time step. */
  #step(step: unknown): unknown {
    return (state: unknown, inputs: unknown) => {
      addTensors(this.#tensors, [state, inputs]);
      const result: unknown = (step as (...args: unknown[]) => unknown)(
        state,
        inputs,
      );
      const lists = isPlainObject(result) ? [result.state, result.outputs] : [];
      const isRight = lists.length > 0 &&
        lists.every((list) =>
          Array.isArray(list) && list.every((value) => this.#isTensor(value))
        );
      if (isRight) return result;
      const rule = "its step must return lists of tensors, { state, outputs }";
      throw new TypeError(cannot(this.#action(), rule, result));
    };
  }
}

/** What to do about a value that is no tensor of the call. */
function hintFor(
  value: unknown,
  tensors: WeakSet<object>,
): string | undefined {
  const inner = Array.isArray(value) ? value.flat(Infinity) : [value];
  const found = inner.filter(isTensor);
  if (found.length === 0) return undefined;
  if (found.every((item) => tensors.has(item))) {
    return "pass one tensor of the list";
  }
  return found.every((item) => isPlainObject(item) && "data" in item)
    ? "an array is { data, shape }, with a number for each index"
    : "make it in this function, such as by ops.constant(tensor.arraySync()) from one of TF.js: a tensor of another call or model has no value here";
}

/**
 * Formats the result of a custom function for a message.
 *
 * @param ops The operations that it was called with.
 * @param value Any value.
 * @returns A text, or the value itself.
 */
export function shownList(ops: object, value: unknown): unknown {
  return shownValue(value, TENSORS.get(ops)!);
}

/** Tensors by their kind, alone and in lists; other values as they are. */
function shownValue(value: unknown, tensors: WeakSet<object>): unknown {
  const kind = (item: unknown) =>
    !isTensor(item)
      ? undefined
      : tensors.has(item)
      ? "tensor"
      : isPlainObject(item) && !("data" in item)
      ? "tensor of another call"
      : undefined;
  if (Array.isArray(value)) {
    return `[${value.map((item) => kind(item) ?? quote(item)).join(", ")}]`;
  }
  const found = kind(value);
  return found === "tensor"
    ? "a tensor alone"
    : found === undefined
    ? value
    : `a ${found}`;
}
