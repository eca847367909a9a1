/**
 * Converts options to Keras' spelling: TF.js uses `channelsLast` under
 * `dataFormat`, and writes `channels_last` under `data_format` to files.
 *
 * @module
 */

/**
 * Converts a name of TF.js to Keras' spelling.
 *
 * @param text A key or a string value.
 * @returns The name in snake case.
 */
export function snakeCase(text: string): string {
  return text.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

/**
 * Converts the value of an option to the form in which TF.js writes it to a
 * file.
 *
 * @param value The value in the config of a TF.js layer.
 * @param key The option.
 * @returns A deep copy; names in it are not converted.
 */
export function inKerasSpelling(value: unknown, key = ""): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") {
    return key === "name" || key === "className" ? value : snakeCase(value);
  }
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) {
    return value.map((inner) => inKerasSpelling(inner, key));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      [snakeCase(key), inKerasSpelling(inner, key)] as const
    ),
  );
}
