/**
 * Constants: in the serialised arguments of a call, numbers, nested lists, and
 * arrays (`__tensor__`, `__numpy__`); in custom functions, also typed arrays.
 *
 * @module
 */
import { cannot, isPlainObject, sizeOf } from "../check.ts";
import type { NdArray } from "../types.ts";

/** A serialised array of Keras 3. */
interface WrittenArray {
  // deno-lint-ignore camelcase -- Keras' own key
  readonly class_name: "__tensor__" | "__numpy__";
  readonly config: { readonly value: unknown; readonly dtype?: string };
}

type Values = Float32Array | Int32Array;

/**
 * Whether a value is a serialised array of Keras 3.
 *
 * @param value Any value of a config or a call.
 * @returns True if it is an array.
 */
export function isWrittenArray(value: unknown): value is WrittenArray {
  if (typeof value !== "object" || value === null) return false;
  const { class_name: name, config } = value as WrittenArray;
  return (name === "__tensor__" || name === "__numpy__") &&
    typeof config === "object" && config !== null && "value" in config;
}

/**
 * Converts an argument to plain values: an array becomes a nested list.
 *
 * @param value Any value.
 * @returns The list, or the value itself if it is not an array.
 */
export function plainValue(value: unknown): unknown {
  return isWrittenArray(value) ? value.config.value : value;
}

/**
 * Converts a constant to an array.
 *
 * @param value A number, a boolean, a nested list of them, or an array.
 * @param name The name of the operation, for messages.
 * @returns The array: int32 for integers, float32 for floats, bool for booleans.
 * @throws {TypeError} If it contains other values, is ragged, or an integer
 * does not fit int32.
 */
export function constantArray(value: unknown, name: string): NdArray<Values> {
  const dtype = isWrittenArray(value) ? value.config.dtype : undefined;
  const list = plainValue(value);
  const shape: number[] = [];
  for (let at: unknown = list; Array.isArray(at); at = at[0]) {
    shape.push(at.length);
  }
  const flat: unknown[] = [list].flat(Infinity);
  if (!isEven(list, shape) || !flat.every(isNumberOrBoolean)) {
    throw wrong(name, "hold numbers", list);
  }
  const type = typeOf(dtype, flat, name);
  const numbers = flat.map(Number);
  if (type === "float32") {
    return { data: Float32Array.from(numbers), shape, dtype: type };
  }
  const fits = numbers.every((n) => Number.isInteger(n) && n === (n | 0));
  if (!fits) throw wrong(name, "hold integers of 32 bits", list);
  return { data: Int32Array.from(numbers), shape, dtype: type };
}

/** An array, for constants of the caller. */
export type Constant = NdArray<Float32Array | Int32Array>;

/**
 * Converts numbers or booleans to an array, of the type that it names or, by
 * default, int32 for an Int32Array, and where that is wanted and all are whole.
 *
 * @param value A number, a list, a typed array, or `{ data, shape }`.
 * @param wanted The preferred type.
 * @returns The array; undefined for other values.
 */
export function arrayOf(
  value: unknown,
  wanted: "int32" | "float32",
): Constant | undefined {
  const isRecord = isPlainObject(value) && Array.isArray(value.shape);
  const { data, shape: sizes, dtype }: Partial<Constant> = isRecord
    ? value
    : { data: value as never };
  const list = plain(data);
  const shape = sizes ?? lengths(list);
  const flat: unknown[] = [list].flat(Infinity);
  const isBool = flat.length > 0 && flat.every((x) => typeof x === "boolean");
  const isRight = (isBool || flat.every((x) => typeof x === "number")) &&
    (isRecord
      ? Array.isArray(list) && shape.every(Number.isInteger) &&
        sizeOf(shape) === flat.length
      : isEven(list, shape));
  if (!isRight) return undefined;
  const numbers = flat.map(Number);
  const isWhole = numbers.every((x) => x === (x | 0));
  const type = dtype === "bool" || isBool
    ? "bool"
    : dtype !== "float32" && isWhole &&
        (dtype === "int32" || data instanceof Int32Array || wanted === "int32")
    ? "int32"
    : "float32";
  const typed = type === "float32"
    ? Float32Array.from(numbers)
    : Int32Array.from(numbers);
  return { data: typed, shape, dtype: type } as Constant;
}

/** Typed arrays as lists, at any depth. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  const isTyped = ArrayBuffer.isView(value) && !(value instanceof DataView);
  return isTyped ? Array.from(value as Float32Array) : value;
}

function lengths(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...lengths(value[0])] : [];
}

function typeOf(
  dtype: string | undefined,
  flat: readonly unknown[],
  name: string,
): "float32" | "int32" | "bool" {
  if (dtype === undefined || dtype === null) {
    if (flat.length > 0 && flat.every((x) => typeof x === "boolean")) {
      return "bool";
    }
    return flat.every(Number.isSafeInteger) ? "int32" : "float32";
  }
  if (/^(b?float\d+|half|double)$/.test(dtype)) return "float32";
  if (/^u?int\d+$/.test(dtype)) return "int32";
  if (dtype === "bool") return "bool";
  throw wrong(name, "be of a float, an integer or bool", dtype);
}

function isNumberOrBoolean(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

/** Whether all lists of one level have the same length. */
function isEven(value: unknown, shape: readonly number[]): boolean {
  if (!Array.isArray(value)) return shape.length === 0;
  return value.length === shape[0] &&
    value.every((inner) => isEven(inner, shape.slice(1)));
}

function wrong(name: string, rule: string, value: unknown): TypeError {
  return new TypeError(
    cannot(`read "${name}"`, `a constant must ${rule}`, value),
  );
}
