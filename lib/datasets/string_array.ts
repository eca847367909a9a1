/**
 * Arrays of strings in memory, for string inputs of models.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";
import type { TensorSpec } from "../types.ts";

/** Strings with a shape. */
export interface StringArray {
  readonly data: readonly string[];
  readonly shape: readonly number[];
  readonly dtype: "string";
}

/**
 * Whether a value was created by {@linkcode stringArray}.
 *
 * @param value Anything.
 * @returns True if it was.
 */
export function isStringArray(value: unknown): value is StringArray {
  return typeof value === "object" && value !== null && "dtype" in value &&
    value.dtype === "string" && "data" in value && Array.isArray(value.data);
}

/**
 * Whether a value can be the strings of an input: `[N]` strings, or `[N, K]`.
 *
 * @param value Anything.
 * @param spec The input.
 * @returns True if it is; rows must have the width of the input.
 */
export function isStringInput(value: unknown, spec: TensorSpec): boolean {
  if (spec.dtype !== "string" || !Array.isArray(value) || value.length === 0) {
    return false;
  }
  if (value.every((text) => typeof text === "string")) return true;
  const [, width = 1] = spec.shape;
  return value.every((row) =>
    Array.isArray(row) && row.every((text) => typeof text === "string") &&
    row.length === (width ?? row.length)
  );
}

/**
 * Reshapes strings for an input: `[N]` and `[N, 1]` are equivalent.
 *
 * @param value Strings, as accepted by {@linkcode isStringInput}.
 * @param spec The input.
 * @param action The action, for messages.
 * @returns The strings.
 * @throws {TypeError} If they are not strings, or have another shape.
 */
export function stringArray(
  value: unknown,
  spec: TensorSpec,
  action: string,
): StringArray {
  const name = `input "${spec.name}"`;
  if (!isStringInput(value, spec)) {
    const rule = `${name} must be an array of strings, one for each sample`;
    const shape = spec.shape.length > 1 ? ` ${shapeText(spec.shape)}` : "";
    const list = Array.isArray(value) ? value : [];
    const row = list.findIndex((text) => typeof text !== "string");
    throw row < 0 || Array.isArray(list[row])
      ? new TypeError(cannot(action, rule + shape, value))
      : new TypeError(
        cannot(action, rule + shape, list[row], `it is in row ${row}`),
      );
  }
  const rows = value as readonly (string | readonly string[])[];
  const data = rows.flat() as string[];
  const width = data.length / rows.length;
  const isFlat = spec.shape.length === 1 ||
    spec.shape.length === 0 && typeof rows[0] === "string";
  const shape = isFlat && width === 1 ? [rows.length] : [rows.length, width];
  return { data: [...data], shape, dtype: "string" };
}

/**
 * Returns a range of rows of strings.
 *
 * @param strings The strings.
 * @param start The first row.
 * @param end The row after the last.
 * @returns The rows.
 */
export function stringRows(
  { data, shape }: StringArray,
  start: number,
  end: number,
): StringArray {
  const width = data.length / shape[0]!;
  return {
    data: data.slice(start * width, end * width),
    shape: [end - start, ...shape.slice(1)],
    dtype: "string",
  };
}
