/**
 * Argument checks. Each throws an error with the message format of
 * {@linkcode cannot}, or returns the checked value.
 *
 * @module
 */

/**
 * Formats the message for an invalid argument:
 * `Cannot ACTION as RULE: current value is VALUE; HINT`.
 *
 * @param action The action that failed, as in "set batch size".
 * @param rule The rule that is violated, as in
 * `"size" must be a positive integer`.
 * @param value The value to check.
 * @param hint How to fix it.
 * @returns The message.
 */
export function cannot(
  action: string,
  rule: string,
  value: unknown,
  hint?: string,
): string {
  const text = `Cannot ${action} as ${rule}: current value is ${quote(value)}`;
  return printableMessage(hint === undefined ? text : `${text}; ${hint}`);
}

/**
 * Makes a name that comes from a file safe to print: control characters and
 * marks that change the text direction are escaped as `\u202e`, and long names
 * are shortened.
 *
 * @param text The name.
 * @param most How many characters to keep.
 * @returns The escaped text, on one line.
 */
export function printable(text: string, most = 200): string {
  // C0 and C1 control characters, and marks that change the text direction.
  const steering = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
  const shown = text.slice(0, most + 1).toWellFormed().replace(
    steering,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  if (shown.length <= most) return shown;
  return `${shown.slice(0, most - 1).toWellFormed().replace(/\ufffd$/, "")}…`;
}

/** Quoted text, and runs without a space that are longer than names. */
const QUOTED = /"[^"]*"|[^\s"]{400,}/g;

/** Quoted text, or a count of one with its noun. */
const ONE_OF =
  /"[^"]*"|(?<![\w.,-])1 (sample|layer|input|output|tensor|value|row|column|class(?=es)|ax(?=es)|file|image|name|byte|channel|unit|term|operation|batch(?=es)|argument|feature|label|score|node|index|indic(?=es)|weight|string|number|position|character|part|member|item|dimension|null|delta|size)(?:e?s)\b/g;

/**
 * A count with its noun, as a value in a message.
 *
 * @param count The count.
 * @param noun The noun in the singular.
 * @returns As in `1 input`, `2 inputs`.
 */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A list of one name. */
const ONE_NAME =
  /\b(name|class|column|input|folder|one|key)(?:e?s) are (?=(?:\w+ )?"[^"]*"[^,;]*(?:;|$))/g;

/** Nouns with a count of one, or before a list of one name, in the singular. */
function singular(text: string): string {
  return text.replace(ONE_NAME, "$1 is ").replace(
    ONE_OF,
    (found: string, noun?: string) =>
      noun === undefined
        ? found
        : `1 ${noun === "ax" ? "axis" : noun === "indic" ? "index" : noun}`,
  );
}

/**
 * Makes all names in an error message {@linkcode printable}, and its nouns
 * agree with a count of one: "1 samples" becomes "1 sample", and "names are "a""
 * becomes "name is "a"".
 *
 * @param text The message.
 * @returns The escaped text, on one line.
 */
export function printableMessage(text: string): string {
  const short = singular(text).replace(
    QUOTED,
    (name) =>
      name.endsWith('"')
        ? `"${printable(name.slice(1, -1))}"`
        : printable(name),
  );
  return printable(short, Infinity);
}

/**
 * Formats a value for a message: strings in double quotes, shapes and short
 * arrays as `[2, 3]`, objects as the name of their class.
 *
 * @param value Anything.
 * @returns A short text, on one line.
 */
export function quote(value: unknown): string {
  if (typeof value === "string") return `"${printable(value, 120)}"`;
  if (typeof value === "function") return `function "${value.name}"`;
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map(quote).join(", ");
    return value.length > 8 ? `[${shown}, …]` : `[${shown}]`;
  }
  // Generators have a constructor without a name.
  const tag = () => Object.prototype.toString.call(value).slice(8, -1);
  return withArticle(String(value.constructor?.name || tag()));
}

/**
 * A name of a class after "a" or "an".
 *
 * @param name The name.
 * @returns As in `an Object`, `a Uint8Array`.
 */
export function withArticle(name: string): string {
  return `${/^(?!U(RL|int|nit|TF))[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/**
 * Checks that a number is an integer and at least `min`.
 *
 * @param value The value to check.
 * @param action The action, for messages.
 * @param name The argument's name.
 * @param min The smallest allowed value.
 * @returns The number.
 * @throws {RangeError} If it is not.
 */
export function checkInteger(
  value: number,
  action: string,
  name: string,
  min = 1,
): number {
  if (!Number.isSafeInteger(value) || value < min) {
    const bound = min === Number.MIN_SAFE_INTEGER ? "" : ` >= ${min}`;
    const rule = min === 1 ? "a positive integer" : `an integer${bound}`;
    throw new RangeError(cannot(action, `"${name}" must be ${rule}`, value));
  }
  return value;
}

/**
 * Checks that a value is an array of indices.
 *
 * @param values The values to check.
 * @param action The action, for messages.
 * @param name The argument's name.
 * @param count Each index must be below this.
 * @returns The indices.
 * @throws {TypeError} If it is not an array.
 * @throws {RangeError} If it is empty or holds an invalid index.
 */
export function checkIndices(
  values: readonly number[],
  action: string,
  name: string,
  count = Infinity,
): readonly number[] {
  if (!Array.isArray(values)) {
    const rule = `"${name}" must be an array of indices`;
    throw new TypeError(cannot(action, rule, values));
  }
  const isGood = (value: unknown) =>
    Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < count;
  if (values.length > 0 && values.every(isGood)) return values;
  const below = count === Infinity ? "" : ` and < ${count}`;
  const rule = `"${name}" must hold integers >= 0${below}`;
  const wrong = values.find((value) => !isGood(value));
  throw new RangeError(cannot(action, rule, wrong ?? values));
}

/**
 * Checks that a value is true or false.
 *
 * @param value The value to check.
 * @param action The action, for messages.
 * @param name The argument's name.
 * @returns The value.
 * @throws {TypeError} If it is not.
 */
export function checkBoolean(
  value: boolean,
  action: string,
  name: string,
): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(cannot(action, `"${name}" must be true or false`, value));
}

/** The allowed range of a number. */
export interface NumberRange {
  /** The smallest allowed value; default: any finite number. */
  readonly min?: number;
  /** The number must be above this. */
  readonly above?: number;
  /** The largest allowed value. */
  readonly max?: number;
  /** The number must be below this. */
  readonly below?: number;
}

/**
 * Checks that a number is finite and in a range.
 *
 * @param value The value to check.
 * @param action The action, for messages.
 * @param name The argument's name.
 * @param range The allowed range.
 * @returns The number.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is not finite or out of range.
 */
export function checkNumber(
  value: number,
  action: string,
  name: string,
  range: NumberRange = {},
): number {
  const { min = -Infinity, max = Infinity } = range;
  const { above = -Infinity, below = Infinity } = range;
  const rules = ["finite"];
  if (range.min !== undefined) rules.push(`>= ${min}`);
  if (range.max !== undefined) rules.push(`<= ${max}`);
  if (range.above !== undefined) rules.push(`> ${above}`);
  if (range.below !== undefined) rules.push(`< ${below}`);
  const message = () =>
    cannot(action, `"${name}" must be ${rules.join(" and ")}`, value);
  if (typeof value !== "number") throw new TypeError(message());
  const fits = value >= min && value <= max && value > above &&
    value < below;
  if (!Number.isFinite(value) || !fits) throw new RangeError(message());
  return value;
}

/**
 * Checks that a string is one of the allowed ones.
 *
 * @param value The value to check.
 * @param action The action, for messages.
 * @param name The argument's name.
 * @param allowed The allowed strings.
 * @returns The string.
 * @throws {RangeError} If it is not one of them.
 */
export function checkOneOf<S extends string>(
  value: string,
  action: string,
  name: string,
  allowed: readonly S[],
): S {
  const found = allowed.find((text) => text === value);
  if (found === undefined) {
    const names = allowed.map((text) => `"${text}"`).join(", ");
    throw new RangeError(
      cannot(action, `"${name}" must be one of ${names}`, value),
    );
  }
  return found;
}

/**
 * Whether a value is an object literal, no array and no instance of a class.
 *
 * @param value Anything.
 * @returns Whether it is.
 */
export function isPlainObject(
  value: unknown,
): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const parent: unknown = Object.getPrototypeOf(value);
  return parent === null || parent === Object.prototype;
}

/**
 * Checks that an options object has only known keys. An undefined option is an
 * absent one; null is refused.
 *
 * @param options The options to check; undefined is allowed.
 * @param action The action, for messages.
 * @param known The allowed keys.
 * @param elsewhere Returns a hint for a key that belongs elsewhere.
 * @param hint A hint for an array or an instance of a class.
 * @throws {TypeError} If it is not an object, has an unknown key, or an option
 * is null.
 */
export function checkOptions(
  options: object | undefined,
  action: string,
  known: readonly string[],
  elsewhere: (key: string) => string | undefined = () => undefined,
  hint?: string,
): void {
  if (options === undefined) return;
  const isObject = typeof options === "object" && options !== null;
  const unknown = isObject
    ? Object.keys(options).filter((key) => !known.includes(key))
    : [];
  // The keys of an array, a tensor or a model mean nothing to the caller.
  const isOther = unknown.length > 0 && !isPlainObject(options);
  if (!isObject || Array.isArray(options) || isOther) {
    const rule = "its options must be an object";
    throw new TypeError(
      cannot(action, rule, options, isObject ? hint : undefined),
    );
  }
  for (const key of unknown) {
    const near = nearestNames(key, known, 3).map((name) => `"${name}"`);
    throw new TypeError(
      cannot(
        action,
        `every option must be one of ${known.map((k) => `"${k}"`).join(", ")}`,
        key,
        elsewhere(key) ??
          (near.length > 0 ? `did you mean ${near.join(" or ")}` : undefined),
      ),
    );
  }
  for (const [key, value] of Object.entries(options)) {
    if (value !== null) continue;
    const rule = `option "${key}" must not be null`;
    const hint = "leave it out for the default";
    throw new TypeError(cannot(action, rule, value, hint));
  }
}

/**
 * Refuses options of a function that has none, and other further arguments.
 *
 * @param args The arguments of the call; an object without keys is accepted.
 * @param action The action, for messages.
 * @param name The function, as in `msp()` or `auroc(known, unknown)`.
 * @param count Number of its parameters. After these, numbers are accepted:
 * `Array.map` passes an index. @default {0}
 * @throws {TypeError} If there are further arguments.
 */
export function checkNoOptions(
  args: ArrayLike<unknown>,
  action: string,
  name: string,
  count = 0,
): void {
  const options = args[count];
  if (options === undefined) return;
  if (count > 0 && typeof options === "number") return;
  const isObject = typeof options === "object" && options !== null &&
    !Array.isArray(options);
  const [key] = isObject ? Object.keys(options) : [options];
  if (key === undefined) return;
  const what = count === 0 || isObject ? "options" : "further arguments";
  const rule = `${name} must be called without ${what}`;
  throw new TypeError(cannot(action, rule, key, `write ${name}`));
}

/**
 * Makes methods refuse further arguments, as {@linkcode checkNoOptions} does:
 * they would be ignored silently.
 *
 * @param owner The prototype of a class, or an object that is not frozen.
 * @param calls The methods with their parameters, as in `react(threshold)`.
 */
export function refuseMore(owner: object, ...calls: readonly string[]): void {
  for (const call of calls) {
    const [name, parameters] = call.slice(0, -1).split("(") as [string, string];
    const count = parameters === "" ? 0 : parameters.split(",").length;
    const { value: method, ...flags } = Object.getOwnPropertyDescriptor(
      owner,
      name,
    )!;
    const isAsync = method.constructor.name === "AsyncFunction";
    const value = function (this: unknown, ...args: unknown[]): unknown {
      try {
        checkNoOptions(args, `call ${name}()`, call, count);
      } catch (error) {
        if (isAsync) return Promise.reject(error);
        throw error;
      }
      return method.apply(this, args);
    };
    Object.defineProperty(value, "name", { value: name });
    Object.defineProperty(owner, name, { ...flags, value });
  }
}

/**
 * Checks that a value is not a promise, which would mean a forgotten `await`.
 *
 * @param value The value to check.
 * @param action The action, for messages.
 * @param name The name of the value.
 * @throws {TypeError} If it is a promise.
 */
export function checkAwaited(
  value: unknown,
  action: string,
  name: string,
): void {
  const isPromise = typeof value === "object" && value !== null &&
    "then" in value && typeof value.then === "function";
  if (!isPromise) return;
  throw new TypeError(
    cannot(action, `${name} must be a value`, value, "write await before it"),
  );
}

/** Options of a run, unchecked. */
interface UncheckedRun {
  readonly signal?: unknown;
  readonly onProgress?: unknown;
  readonly progress?: unknown;
}

/**
 * Checks the signal and the progress options of a run.
 *
 * @param options The options of the run.
 * @param action The action, for messages.
 * @throws {TypeError} If one is of the wrong type.
 */
export function checkRunOptions(options: UncheckedRun, action: string): void {
  const { signal, onProgress, progress } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    const hint = signal instanceof AbortController
      ? "pass its signal"
      : undefined;
    const rule = '"signal" must be an AbortSignal';
    throw new TypeError(cannot(action, rule, signal, hint));
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    const rule = '"onProgress" must be a function';
    throw new TypeError(cannot(action, rule, onProgress));
  }
  if (progress !== undefined) {
    checkBoolean(progress as boolean, action, "progress");
  }
}

/**
 * Finds the known names that are nearest to an unknown one.
 *
 * Names are ordered by Levenshtein distance, ignoring case; names that contain
 * the unknown one, or are contained in it, come first. In paths, a call number
 * may belong to another segment: `encoder/conv:1` is near `encoder:1/conv`.
 *
 * @param wrong The unknown name.
 * @param known The known names.
 * @param most Maximum number of names.
 * @returns Names, best first; empty if none is close.
 */
export function nearestNames(
  wrong: string,
  known: readonly string[],
  most = 3,
): string[] {
  const target = wrong.toLowerCase();
  const scored = known.map((name) => {
    const text = name.toLowerCase();
    const holds = Math.min(target.length, text.length) > 2 &&
      (text.includes(target) || target.includes(text));
    const tail = text.slice(text.lastIndexOf("/") + 1);
    const whole = editDistance(target, text);
    const distance = tail === text
      ? whole
      : Math.min(whole, editDistance(target, tail));
    const isSameCall = callOf(text) === callOf(target);
    const rank = holds ? distance / 4 : distance;
    return { name, rank: isSameCall ? Math.min(rank, 0.25) : rank };
  });
  const limit = Math.max(3, target.length / 2);
  // As many edits as letters replace the whole name.
  const isNear = (rank: number, name: string) =>
    rank <= limit && rank < Math.max(target.length, name.length);
  return scored.filter(({ rank, name }) => isNear(rank, name))
    .sort((a, b) => a.rank - b.rank).slice(0, most).map(({ name }) => name);
}

/** A path without call numbers, followed by these numbers. */
function callOf(path: string): string {
  const calls = path.match(/:\d+(?=\/|$)/g) ?? [];
  return `${path.replace(/:\d+(?=\/|$)/g, "")} ${calls.toSorted().join("")}`;
}

/** The edit distance; Infinity if it is large, or long parts differ. */
function editDistance(left: string, right: string): number {
  const most = Math.min(left.length, right.length);
  let [head, tail] = [0, 0]; // lengths of what both begin and end with
  while (head < most && left[head] === right[head]) head++;
  while (tail < most - head && left.at(-1 - tail) === right.at(-1 - tail)) {
    tail++;
  }
  const a = left.slice(head, left.length - tail);
  const b = right.slice(head, right.length - tail);
  if (Math.abs(a.length - b.length) > 64 || a.length > 256) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/**
 * The number of elements of a shape.
 *
 * @param shape Sizes of the axes.
 * @returns Their product, 1 for `[]`.
 */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Formats a shape for a message.
 *
 * @param shape Sizes; null for any.
 * @returns As in `[null, 28, 28, 1]`.
 */
export function shapeText(shape: readonly (number | null)[]): string {
  return `[${shape.map(String).join(", ")}]`;
}

/** Advice for layers whose state Keras carries from call to call. */
export const STATELESS =
  "set layer.stateful = False in Python, and save the model";

/**
 * Creates the error for a stateful layer that is called several times: Keras
 * starts a call from the last state of the one before.
 *
 * @param name The layer's name.
 * @returns The error to throw.
 */
export function calledAgain(name: string): TypeError {
  const rule = 'it must not have "stateful" where it is called several times';
  return new TypeError(cannot(`read layer "${name}"`, rule, true, STATELESS));
}
