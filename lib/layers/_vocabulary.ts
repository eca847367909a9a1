/**
 * Vocabularies: the index of each token.
 *
 * Source: Keras 3.15 `IndexLookup`.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { quote } from "../check.ts";
import { readSparse, wrongOption } from "./_checks.ts";
import { fingerprint64, sipHash } from "./_hashes.ts";
import type { LayerConfig } from "./layer.ts";

/** A token, as a key of a vocabulary. */
export type Token = string | number;

/** The encoding of tokens. */
export type OutputMode = "int" | "one_hot" | "multi_hot" | "count" | "tf_idf";

/** The output modes, with their names in Keras 2. */
const OUTPUT_MODES = [
  ...["int", "one_hot", "multi_hot", "count", "tf_idf"] as const,
  ...["binary", "tf-idf"] as const,
] as const;

/** A vocabulary as a layer's options describe it. */
export interface Vocabulary {
  readonly mode: OutputMode;
  /** Tokens, without the mask and unknown tokens. */
  readonly tokens: readonly Token[];
  /** Index of the first token. */
  readonly start: number;
  /** Index of the first unknown token. */
  readonly unknown: number;
  /** Number of indices for unknown tokens. */
  readonly numUnknown: number;
  /** The mask token: not counted, and 0 as an index. */
  readonly mask: Token | undefined;
  /** Number of indices, including padding. */
  readonly depth: number;
  /** Weights of `tf_idf`. */
  readonly weights: Float32Array | undefined;
}

/** Defaults of the classes. */
export interface VocabularyDefaults {
  readonly kind: "string" | "number";
  /** Default number of indices for unknown tokens. */
  readonly numUnknown?: number;
  readonly mask?: Token;
  readonly unknown: Token;
}

/**
 * Reads a vocabulary.
 *
 * @param config The layer's config.
 * @param defaults The defaults of its class.
 * @returns The vocabulary.
 * @throws {TypeError} If it is unknown, or an option is not supported.
 */
export function vocabularyOf(
  config: LayerConfig,
  { kind, ...defaults }: VocabularyDefaults,
): Vocabulary {
  const named = config.oneOf("output_mode", OUTPUT_MODES, "int");
  const mode: OutputMode = named === "binary"
    ? "multi_hot"
    : named === "tf-idf"
    ? "tf_idf"
    : named;
  readSparse(config);
  const token = (key: string, fallback: Token | undefined) => {
    const value = config.has(key) ? config.raw(key) : fallback;
    return value === null ? undefined : value as Token | undefined;
  };
  const mask = config.has("mask_token") || defaults.numUnknown === undefined
    ? token("mask_token", undefined)
    : defaults.mask;
  const oov = token("oov_token", defaults.unknown);
  const numUnknown = defaults.numUnknown ??
    config.number("num_oov_indices", 1);
  const unknown = mask !== undefined && mode === "int" ? 1 : 0;
  const start = unknown + numUnknown;
  const { tokens, isMarked } = tokensOf(config, kind, [
    ...Array(unknown).fill(mask),
    ...Array(numUnknown).fill(oov),
  ]);
  const size = start + tokens.length;
  const most = config.raw("max_tokens");
  const isPadded = config.boolean("pad_to_max_tokens", false);
  config.raw("vocabulary_size");
  config.raw("has_input_vocabulary");
  const depth = isPadded && typeof most === "number" ? most : size;
  return {
    mode,
    tokens,
    start,
    unknown,
    numUnknown,
    mask,
    depth,
    weights: weightsOf(config, mode, isMarked ? 0 : start, depth),
  };
}

/**
 * The tokens of the vocabulary, without the special tokens that may precede
 * them.
 */
function tokensOf(
  config: LayerConfig,
  kind: VocabularyDefaults["kind"],
  special: readonly (Token | undefined)[],
): { readonly tokens: readonly Token[]; readonly isMarked: boolean } {
  const list = config.raw("vocabulary");
  if (!Array.isArray(list) || list.length === 0) {
    throw wrongOption(
      config,
      "vocabulary",
      "be known: adapt the layer, and save the model as .keras in Python",
    );
  }
  const isMarked = special.every((value, i) => value === list[i]);
  const tokens: Token[] = isMarked ? list.slice(special.length) : list;
  const isToken = (value: unknown) =>
    typeof value === kind &&
    (kind === "string" || Number.isSafeInteger(value));
  if (!tokens.every(isToken) || new Set(tokens).size < tokens.length) {
    const rule = kind === "string"
      ? "hold each string once"
      : "hold each whole number once";
    throw wrongOption(config, "vocabulary", rule);
  }
  return { tokens, isMarked };
}

/**
 * Weights of all indices: the mean for unknown tokens, and zeros for padding.
 */
function weightsOf(
  config: LayerConfig,
  mode: OutputMode,
  numMeans: number,
  depth: number,
): Float32Array | undefined {
  const list = config.raw("idf_weights");
  if (mode !== "tf_idf") return undefined;
  const isList = Array.isArray(list) &&
    list.every((value) => typeof value === "number");
  if (!isList) throw wrongOption(config, "idf_weights", "be numbers");
  const numbers = list as readonly number[];
  const isWhole = numbers.length === depth;
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const weights = new Float32Array(depth);
  weights.fill(mean, 0, isWhole ? 0 : numMeans);
  weights.set(numbers, isWhole ? 0 : numMeans);
  return weights;
}

/** Finds indices of tokens. */
export interface Lookup {
  /** The index of a token; undefined for one that is not counted. */
  (token: Token): number | undefined;
}

/**
 * Creates the lookup of tokens on the host.
 *
 * @param vocabulary The vocabulary.
 * @param name The layer's name, for messages.
 * @param salt Keys of the hash of unknown tokens, if any.
 * @returns The lookup.
 */
export function lookupOf(
  vocabulary: Vocabulary,
  name: string,
  salt: readonly [bigint, bigint] | undefined,
): Lookup {
  const { tokens, start, unknown, numUnknown, mask, mode } = vocabulary;
  const indices = new Map(tokens.map((token, i) => [token, start + i]));
  if (mask !== undefined && mode === "int") indices.set(mask, 0);
  const bins = BigInt(Math.max(1, numUnknown));
  return (token) => {
    if (mode !== "int" && mask !== undefined && token === mask) {
      return undefined;
    }
    const index = indices.get(token);
    if (index !== undefined) return index;
    if (numUnknown === 0) {
      const rule =
        "every token must be in its vocabulary, as it has no index " +
        "for unknown ones";
      throw new RangeError(cannot(`call layer "${name}"`, rule, token));
    }
    if (numUnknown === 1) return unknown;
    return unknown + Number(hashed(String(token), salt) % bins);
  };
}

/**
 * A string's hash.
 *
 * @param text The string.
 * @param salt Keys, for the strong hash.
 * @returns 64 bits.
 */
export function hashed(
  text: string,
  salt: readonly [bigint, bigint] | undefined,
): bigint {
  return salt === undefined ? fingerprint64(text) : sipHash(text, salt);
}

/**
 * Reads a salt.
 *
 * @param config The layer's config.
 * @returns Two keys; undefined if none is set.
 */
export function saltOf(
  config: LayerConfig,
): readonly [bigint, bigint] | undefined {
  const value = config.raw("salt");
  if (value === null || value === undefined) return undefined;
  const list: unknown[] = typeof value === "number" ? [value, value] : [value]
    .flat();
  if (list.length !== 2 || !list.every(Number.isSafeInteger)) {
    throw wrongOption(
      config,
      "salt",
      `be two whole numbers, not ${quote(value)}`,
    );
  }
  return [BigInt(list[0] as number), BigInt(list[1] as number)];
}
