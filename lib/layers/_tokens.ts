/**
 * Splits strings into tokens, as `TextVectorization` does.
 *
 * Source: Keras 3.15 `TextVectorization`. TensorFlow converts only A to Z to
 * lower case, and splits at ASCII white space.
 *
 * @module
 */

/** Options of the tokenizer. */
export interface TokenOptions {
  readonly standardize:
    | "lower_and_strip_punctuation"
    | "lower"
    | "strip_punctuation"
    | undefined;
  readonly split: "whitespace" | "character" | undefined;
  /** Sizes of the n-grams; default: single tokens. */
  readonly ngrams: readonly number[] | undefined;
}

const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;

/**
 * Splits one sample into tokens.
 *
 * @param strings Its text; several where nothing is split.
 * @param options Options of the tokenizer.
 * @returns The tokens.
 */
export function tokensOf(
  strings: readonly string[],
  { standardize, split, ngrams }: TokenOptions,
): readonly string[] {
  const plain = strings.map((text) => {
    const lower = standardize?.startsWith("lower")
      ? text.replace(/[A-Z]+/g, (part) => part.toLowerCase())
      : text;
    return standardize?.endsWith("punctuation")
      ? lower.replace(PUNCTUATION, "")
      : lower;
  });
  const tokens = split === undefined
    ? plain
    : plain.flatMap((text) => splitText(text, split));
  return ngrams === undefined
    ? tokens
    : ngrams.flatMap((size) => groupsOf(tokens, size));
}

function splitText(text: string, split: "whitespace" | "character"): string[] {
  return split === "character"
    ? [...text.toWellFormed()]
    : text.split(/[ \t\n\v\f\r]+/).filter((part) => part !== "");
}

function groupsOf(tokens: readonly string[], size: number): string[] {
  const count = Math.max(0, tokens.length - size + 1);
  return Array.from(
    { length: count },
    (_, i) => tokens.slice(i, i + size).join(" "),
  );
}
