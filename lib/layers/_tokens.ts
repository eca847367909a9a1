/**
 * Texts to tokens, as `TextVectorization` takes them apart.
 *
 * Source: Keras 3.15 `TextVectorization`. TensorFlow lowers A to Z alone, and
 * splits at the white space of ASCII.
 *
 * @module
 */

/** How texts are taken apart. */
export interface TokenOptions {
  readonly standardize:
    | "lower_and_strip_punctuation"
    | "lower"
    | "strip_punctuation"
    | undefined;
  readonly split: "whitespace" | "character" | undefined;
  /** Sizes of groups of tokens; without it, tokens stay alone. */
  readonly ngrams: readonly number[] | undefined;
}

const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;

/**
 * Tokens of one sample.
 *
 * @param texts Its text; several where nothing is split.
 * @param options How they are taken apart.
 * @returns The tokens.
 */
export function tokensOf(
  texts: readonly string[],
  { standardize, split, ngrams }: TokenOptions,
): readonly string[] {
  const plain = texts.map((text) => {
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
