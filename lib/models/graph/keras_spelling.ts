/**
 * Options as Keras spells them: TF.js has `channelsLast` under `dataFormat`,
 * and writes `channels_last` under `data_format` into files.
 *
 * @module
 */

/**
 * A name of TF.js in Keras' spelling.
 *
 * @param text A key or a text of an option.
 * @returns It in snake case; one that is already is unchanged.
 */
export function snakeCase(text: string): string {
  return text.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

/**
 * A value of an option, as TF.js would write it into a file.
 *
 * @param value What a layer of TF.js says of itself.
 * @param key Under which option it stands.
 * @returns A copy, down to the names in it; these are not spelled anew.
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
