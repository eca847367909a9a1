/**
 * Options of sources with named columns or arrays.
 *
 * @module
 */
import { cannot, checkOptions } from "../check.ts";
import { checkClassNames } from "./class_names.ts";
import {
  checkImageOptions,
  IMAGE_OPTIONS,
  type ImageOptions,
} from "./image_input.ts";
import {
  checkSampleOptions,
  SAMPLE_OPTIONS,
  type SampleOptions,
} from "./sample_rows.ts";

/**
 * One column, several columns, or the columns of each input by its name.
 *
 * @category Data
 */
export type NamedInputs =
  | string
  | readonly string[]
  | Readonly<Record<string, string | readonly string[]>>;

/**
 * Options of sources with named columns or arrays.
 *
 * @category Data
 */
export interface TableOptions extends ImageOptions, SampleOptions {
  /**
   * Input columns: one, or several of single numbers, which are joined to one
   * input; for a model with several inputs, those of each by its name. A column
   * of lists is reshaped to the shape of the input if the number of values
   * matches. A string input needs a column of strings.
   *
   * @default {columns named as the inputs; otherwise the only images, or all numbers}
   */
  readonly inputs?: NamedInputs;
  /** Column of the labels: class indices or names of classes. @default {none} */
  readonly labels?: string;
  /** Column of the ids: strings, or integers. @default {row numbers from 0} */
  readonly ids?: string;
  /**
   * Names of the classes, by label. @default {those in the file, or the strings
   * of the labels, sorted}
   */
  readonly classes?: readonly string[];
}

/**
 * Names of the columns that are inputs.
 *
 * @param inputs The option `inputs`.
 * @returns The names, in order; undefined if the option is not set.
 */
export function inputNames(
  inputs: TableOptions["inputs"],
): string[] | undefined {
  if (inputs === undefined) return undefined;
  return [inputs].flat().flatMap((one) =>
    typeof one === "string" ? [one] : Object.values(one).flat()
  );
}

/** Names of {@linkcode TableOptions}. */
const TABLE_OPTIONS = [
  ...["inputs", "labels", "ids", "classes"],
  ...IMAGE_OPTIONS,
  ...SAMPLE_OPTIONS,
];

/**
 * Checks the options.
 *
 * @param options The options to check.
 * @param action The action, for messages.
 * @param more Names of further options.
 * @throws {TypeError} If an option is unknown or has the wrong type.
 * @throws {RangeError} If a value is out of range.
 */
export function checkTableOptions(
  options: TableOptions,
  action: string,
  more: readonly string[] = [],
): void {
  checkOptions(options, action, [...TABLE_OPTIONS, ...more]);
  checkImageOptions(options, action);
  checkSampleOptions(options, action);
  for (const name of ["labels", "ids"] as const) {
    const value = options[name];
    if (value === undefined || typeof value === "string") continue;
    const rule = `"${name}" must be the name of a column`;
    throw new TypeError(cannot(action, rule, value));
  }
  const { inputs, classes } = options;
  if (classes !== undefined) checkClassNames(classes, action, "classes");
  const isNames = (value: unknown) =>
    typeof value === "string" ||
    Array.isArray(value) && value.length > 0 &&
      value.every((name) => typeof name === "string");
  const isNamed = inputs === undefined || isNames(inputs) ||
    typeof inputs === "object" && inputs !== null && !Array.isArray(inputs) &&
      Object.values(inputs).every(isNames);
  if (isNamed) return;
  const rule = '"inputs" must be a column, an array of columns, or a record ' +
    "of them by input";
  throw new TypeError(cannot(action, rule, inputs));
}
