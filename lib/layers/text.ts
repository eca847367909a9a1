/**
 * Layers on strings and categorical numbers. They are computed on the host,
 * batch by batch, before the engine runs, and must be called on an input of the
 * model.
 *
 * Source: Keras 3.15 `StringLookup`, `TextVectorization`, `Hashing` and
 * `IntegerLookup`; those of Keras 2 give the same results.
 *
 * @module
 */
import { constantOf } from "./operation_forms.ts";
import type { Ops } from "../ops/ops.ts";
import { NO_INDEX } from "../ops/shapes.ts";
import {
  optionalNumber,
  readSparse,
  wrongCall,
  wrongOption,
} from "./_checks.ts";
import { encoded } from "./_encodings.ts";
import {
  encodedSizes,
  encodeRows,
  type Encoding,
  type Indices,
  rowsOf,
} from "./_host_encodings.ts";
import { tokensOf } from "./_tokens.ts";
import {
  hashed,
  lookupOf,
  saltOf,
  type Token,
  type Vocabulary,
  vocabularyOf,
} from "./_vocabulary.ts";
import type {
  FactoryTable,
  HostComputation,
  HostValues,
  Layer,
  LayerConfig,
} from "./layer.ts";

/** A layer without weights that the host computes. */
function onHost(config: LayerConfig, host: HostComputation): Layer {
  return {
    weights: [],
    onHost: host,
    masks: () => [],
    call() {
      throw wrongCall(
        config.name,
        "it must be called on an input of the model: it is computed on the host",
        "another layer's output",
      );
    },
  };
}

/** Looks up every value. */
function elementwise(
  config: LayerConfig,
  encoding: Encoding,
  indexOf: (value: Token | bigint) => number | undefined,
): HostComputation {
  return {
    dtype: encoding.mode === "int" ? "int32" : "float32",
    shapeOf: (shape) => encodedSizes(shape, encoding, config),
    compute({ data, shape }: HostValues) {
      const rows = rowsOf<Token | bigint>(data, shape)
        .map((values) => values.map(indexOf));
      return encodeRows(rows, shape.slice(1), encoding);
    },
  };
}

function stringLookup(config: LayerConfig): Layer {
  refuseInverse(config);
  readEncoding(config);
  const vocabulary = vocabularyOf(config, {
    kind: "string",
    unknown: "[UNK]",
  });
  config.raw("oov_method"); // strings are always hashed
  const lookup = lookupOf(vocabulary, config.name, saltOf(config));
  return onHost(
    config,
    elementwise(
      config,
      vocabulary,
      lookup as (value: Token | bigint) => number,
    ),
  );
}

/**
 * `oov_method: "farmhash"` for integers, and integers outside int32, are
 * refused.
 */
function integerLookup(config: LayerConfig): Layer {
  const isInverse = config.boolean("invert", false);
  const vocabulary = vocabularyOf(config, {
    kind: "number",
    unknown: -1,
  });
  config.oneOf("vocabulary_dtype", ["int64", "int32"], "int64");
  const method = config.raw("oov_method") ?? "floormod";
  if (method !== "floormod" && vocabulary.numUnknown > 1) {
    throw wrongOption(config, "oov_method", `be "floormod"`);
  }
  if ((config.raw("salt") ?? null) !== null) {
    throw wrongOption(config, "salt", "be left out");
  }
  const oov = config.number("oov_token", -1);
  const far = [...vocabulary.tokens, vocabulary.mask ?? 0, isInverse ? oov : 0]
    .find((token) => Int32Array.of(token as number)[0] !== token);
  if (far !== undefined) {
    throw wrongOption(config, "vocabulary", "be within the range of int32");
  }
  return {
    weights: [],
    masks: () => [],
    call: (ops, [x]) => [
      isInverse
        ? tokensAt(ops, x!, vocabulary, oov)
        : lookUpNumbers(ops, x!, vocabulary, config),
    ],
  };
}

/** The tokens at some indices; the token of unknown ones beyond them. */
function tokensAt<T>(
  ops: Ops<T>,
  x: T,
  { tokens, unknown, numUnknown, mask }: Vocabulary,
  oov: number,
): T {
  const all = [
    ...Array<number>(unknown).fill(mask as number),
    ...Array<number>(numUnknown).fill(oov),
    ...tokens as number[],
  ];
  const ids = ops.cast(x, "int32");
  const integers = (list: readonly number[]) => constantOf(ops, list, "int32");
  const [zero, size] = [0, all.length].map((n) =>
    constantOf(ops, [n], "int32", [])
  );
  const isOut = ops.logicalOr(
    ops.greater(zero!, ids),
    ops.greaterEqual(ids, size!),
  );
  return ops.take(integers([...all, oov]), ops.where(isOut, size!, ids), 0);
}

function lookUpNumbers<T>(
  ops: Ops<T>,
  x: T,
  vocabulary: Vocabulary,
  config: LayerConfig,
): T {
  const { tokens, start, unknown, numUnknown, mask, mode, depth } = vocabulary;
  const { weights } = vocabulary;
  const ids = ops.cast(x, "int32");
  const rank = ops.shape(x).length;
  const keys = (list: readonly number[]) => constantOf(ops, list, "int32");
  const found = ops.cast(
    ops.equal(ops.expandDims(ids, rank), keys(tokens as number[])),
    "int32",
  ); // [N, …, V]
  const positions = keys(tokens.map((_, i) => start + i));
  const known = ops.sum(ops.multiply(found, positions), { axis: -1 });
  const isKnown = ops.greater(ops.sum(found, { axis: -1 }), keys([0]));
  const isMask = mask === undefined
    ? undefined
    : ops.equal(ids, keys([mask as number]));
  const count = keys([Math.max(1, numUnknown)]);
  const other = ops.add(ops.mod(ids, count), keys([unknown]));
  const size = start + tokens.length;
  const index = numUnknown > 0
    ? ops.where(isKnown, known, other)
    // Without an index for unknown ones, they are an error on every engine.
    : ops.take(
      keys(Array.from({ length: size }, (_, i) => i)),
      ops.where(
        isMask === undefined ? isKnown : ops.logicalOr(isKnown, isMask),
        known,
        keys([NO_INDEX]),
      ),
      0,
    );
  // The mask token is not counted: it has no index.
  const masked = isMask === undefined
    ? index
    : ops.where(isMask, keys([mode === "int" ? 0 : -1]), index);
  if (mode === "int") return masked;
  const counted = encoded(
    ops,
    masked,
    depth,
    mode === "tf_idf" ? "count" : mode,
    config,
  );
  return weights === undefined ? counted : ops.multiply(
    ops.float(counted),
    ops.constant({ data: weights, shape: [depth], dtype: "float32" }),
  );
}

function hashing(config: LayerConfig): Layer {
  const bins = config.number("num_bins");
  const mode = config.oneOf(
    "output_mode",
    ["int", "one_hot", "multi_hot", "count"],
    "int",
  );
  const salt = saltOf(config);
  const mask = config.raw("mask_value") ?? null;
  readSparse(config);
  const isMasked = mask !== null && bins > 1;
  const numBins = BigInt(isMasked ? bins - 1 : bins);
  const indexOf = (value: Token | bigint) => {
    if (isMasked && (value === mask || Number(value) === mask)) return 0;
    const text = typeof value === "number"
      ? String(Math.trunc(value))
      : String(value);
    return Number(hashed(text, salt) % numBins) + (isMasked ? 1 : 0);
  };
  const encoding = { mode, depth: bins };
  return onHost(config, {
    ...elementwise(config, encoding, indexOf),
    takesNumbers: true,
  });
}

function textVectorization(config: LayerConfig): Layer {
  const text = (key: string, fallback: string) => {
    const value = config.has(key) ? config.raw(key) : fallback;
    return value === null ? undefined : value;
  };
  const standardize = text("standardize", "lower_and_strip_punctuation");
  const split = text("split", "whitespace");
  const known = [
    ...["lower_and_strip_punctuation", "lower", "strip_punctuation"] as const,
  ];
  if (standardize !== undefined && !known.includes(standardize as never)) {
    throw wrongOption(config, "standardize", "not be a Python function");
  }
  if (split !== undefined && split !== "whitespace" && split !== "character") {
    throw wrongOption(config, "split", "not be a Python function");
  }
  readEncoding(config);
  const isRagged = config.boolean("ragged", false);
  const ngrams = ngramsOf(config);
  const vocabulary = vocabularyOf(config, {
    kind: "string",
    numUnknown: 1,
    mask: "",
    unknown: "[UNK]",
  });
  const length = optionalNumber(config, "output_sequence_length");
  const options = { standardize, split, ngrams } as Parameters<
    typeof tokensOf
  >[1];
  const lookup = lookupOf(vocabulary, config.name, undefined);
  const isInt = vocabulary.mode === "int";
  // Each string is a token, also of [N].
  const isEach = isInt && split === undefined && ngrams === undefined &&
    length === undefined;
  return onHost(config, {
    padsToLongest: isInt && length === undefined && !isRagged && !isEach,
    dtype: isInt ? "int32" : "float32",
    shapeOf(shape) {
      if (isEach && shape.length === 1) return [null];
      checkStrings(shape, split !== undefined, config);
      if (isInt) return [null, isRagged ? null : length ?? null];
      return encodedSizes([null, null], vocabulary, config);
    },
    compute({ data, shape }) {
      const rows = rowsOf(data as readonly string[], shape).map((strings) =>
        tokensOf(strings, options).map(lookup)
      );
      if (!isInt) return encodeTokens(rows, vocabulary, config);
      if (isEach) return encodeRows(rows, shape.slice(1), vocabulary);
      return paddedRows(
        rows,
        isRagged ? equalLength(rows, length, config) : length,
      );
    },
  });
}

/** Checks that there is one string per sample, unless nothing is split. */
function checkStrings(
  shape: readonly (number | null)[],
  isSplit: boolean,
  config: LayerConfig,
): void {
  const [, ...sizes] = shape;
  const isOne = sizes.every((size) => size === 1) && sizes.length <= 1;
  if (isSplit ? isOne : sizes.length === 1) return;
  throw wrongCall(
    config.name,
    isSplit
      ? "it must get one string per sample, [N] or [N, 1]"
      : "it must get tokens, [N, T], as it splits nothing",
    shape,
  );
}

/** Pads rows with zeros, to the longest or to a length. */
function paddedRows(
  rows: readonly Indices[],
  length: number | undefined,
): ReturnType<HostComputation["compute"]> {
  const size = length ??
    rows.reduce((most, { length }) => Math.max(most, length), 0);
  const data = new Int32Array(rows.length * size);
  rows.forEach((indices, row) =>
    data.set(indices.slice(0, size) as number[], row * size)
  );
  return { data, shape: [rows.length, size] };
}

/** The length of ragged rows, which must all be equally long. */
function equalLength(
  rows: readonly Indices[],
  most: number | undefined = Infinity,
  { name }: LayerConfig,
): number {
  const lengths = new Set(rows.map(({ length }) => Math.min(length, most)));
  const [length = 0] = lengths;
  if (lengths.size <= 1) return length;
  throw wrongCall(
    name,
    'with "ragged" the strings of a batch must have equally many tokens',
    [...lengths].sort((a, b) => a - b).join(", "),
    "use .batch(1)",
  );
}

function encodeTokens(
  rows: readonly Indices[],
  vocabulary: Vocabulary,
  config: LayerConfig,
): ReturnType<HostComputation["compute"]> {
  if (vocabulary.mode !== "one_hot") return encodeRows(rows, [2], vocabulary);
  throw wrongOption(config, "output_mode", `be "int", "multi_hot" or "count"`);
}

function ngramsOf(config: LayerConfig): readonly number[] | undefined {
  const value = config.raw("ngrams") ?? undefined;
  if (value === undefined) return undefined;
  const list: unknown = typeof value === "number"
    ? Array.from({ length: value }, (_, i) => i + 1)
    : value;
  const isList = Array.isArray(list) &&
    list.every((size) => Number.isSafeInteger(size) && size >= 1);
  if (isList) return list as number[];
  throw wrongOption(config, "ngrams", "be whole numbers of 1 or more");
}

function readEncoding(config: LayerConfig): void {
  const encoding = config.raw("encoding") ?? "utf-8";
  if (/^utf-?8$/i.test(String(encoding))) return;
  throw wrongOption(config, "encoding", `be "utf-8"`);
}

function refuseInverse(config: LayerConfig): void {
  if (!config.boolean("invert", false)) return;
  throw wrongOption(
    config,
    "invert",
    "be false: engines do not return strings",
  );
}

/** Factories of this family. */
export const TEXT_LAYERS: FactoryTable = Object.freeze({
  StringLookup: stringLookup,
  IntegerLookup: integerLookup,
  Hashing: hashing,
  TextVectorization: textVectorization,
});
