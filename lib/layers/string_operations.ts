/**
 * Functions of `tf.strings` that give a string for each string. The host
 * computes them before a layer on strings.
 *
 * Source: TensorFlow 2.21 `string_lower_op.cc`, `string_upper_op.cc`,
 * `string_strip_op.cc`.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { FactoryTable, LayerConfig, LayerFactory } from "./layer.ts";

type Change = (text: string, isUnicode: boolean) => string;

function onEachString(change: Change): LayerFactory {
  return (config) => {
    const isUnicode = hasUnicode(config);
    return {
      weights: [],
      onEachString: (text) => change(text, isUnicode),
      masks: () => [],
      call() {
        throw new TypeError(
          cannot(
            `call operation "${config.name}"`,
            "it must be called on strings of an input of the model",
            "numbers",
          ),
        );
      },
    };
  };
}

/** Reads the encoding: without one, only ASCII letters are changed. */
function hasUnicode(config: LayerConfig): boolean {
  config.raw("function");
  const [, ...args] = (config.raw("args") ?? []) as readonly unknown[];
  const kwargs = (config.raw("kwargs") ?? {}) as Record<string, unknown>;
  const { input: _input, name: _name, encoding = args[0], ...others } = kwargs;
  const [unknown] = Object.keys(others);
  const value = encoding ?? "";
  if (unknown === undefined && (value === "" || value === "utf-8")) {
    return value !== "";
  }
  throw new TypeError(
    cannot(
      `read operation "${config.name}"`,
      unknown === undefined
        ? '"encoding" must be "" or "utf-8"'
        : `"${unknown}" must be a known one`,
      unknown === undefined ? value : kwargs[unknown],
    ),
  );
}

const CHANGES: Readonly<Record<string, Change>> = {
  lower: (text, isUnicode) =>
    isUnicode
      ? text.toLowerCase()
      : text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
  upper: (text, isUnicode) =>
    isUnicode
      ? text.toUpperCase()
      : text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
  strip: (text) => text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, ""),
};

/** Factories by name. */
export const STRING_OPERATIONS: FactoryTable = Object.freeze(
  Object.fromEntries(
    Object.entries(CHANGES).map(([name, change]) => [
      `tf.strings.${name}`,
      onEachString(change),
    ]),
  ),
);
