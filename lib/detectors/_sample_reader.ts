/**
 * Reads the samples of an input for one detector, block by block.
 *
 * Checks that are common to all detectors are made here: unknown layers,
 * different sizes, missing labels, values that are not finite, empty inputs,
 * different models.
 *
 * @module
 */
import { cannot, quote, shapeText } from "../check.ts";
import type {
  FeatureInput,
  FeatureSet,
  FeatureSource,
  WorkPacer,
} from "../types.ts";
import type { DetectorUses, SampleBlock, SampleMatrix } from "./definition.ts";
import {
  checkLayer,
  checkShaping,
  checkSource,
  chooseLayer,
  type FeatureProfile,
} from "./_feature_profile.ts";
import { inputStream } from "./_input_stream.ts";
import {
  Block,
  featuresOf,
  headOf,
  labelsOf,
  logitsOf,
  nonFiniteRow,
  rowsOf,
  type SetArrays,
} from "./_sample_block.ts";

/**
 * Maximum number of values per block: 1 MB of float32, which fits the cache.
 */
const BLOCK_SIZE = 2 ** 18;

/** Options for reading samples. */
export interface ReaderOptions {
  /** The action, for messages. */
  readonly action: string;
  /** The parts of a set that the detector uses. */
  readonly uses: DetectorUses;
  /** Whether this is a fit, which uses labels and head. */
  readonly isFit: boolean;
  /** The description of the fit's arrays. */
  readonly expected?: FeatureProfile | undefined;
  /** The source of the features of the calibration. */
  readonly calibratedOn?: FeatureSource | undefined;
  /** Yields the thread at intervals, and aborts the reading. */
  readonly pacer: WorkPacer;
  /** Whether values are checked later, by {@linkcode checkFinite}. */
  readonly checksLater?: boolean | undefined;
  /** Index of the first sample, for messages. @default {0} */
  readonly firstRow?: number;
  /** Called after each block. */
  readonly onRows?: (rows: number) => void;
}

/** An input, as read by a detector. */
export class SampleReader {
  /** Number of samples, if known. */
  readonly total: number | undefined;
  readonly #options: ReaderOptions;
  readonly #read: () => AsyncIterable<FeatureSet>;
  #profile: FeatureProfile | undefined;
  #rows: number | undefined;
  #head: FeatureSet["head"];
  #activation: FeatureSet["activation"];
  #source: FeatureSource | undefined;

  /**
   * Creates the reader, with checks that need no reading.
   *
   * @param input The input.
   * @param options Options for reading.
   */
  constructor(input: FeatureInput, options: ReaderOptions) {
    const { total, read } = inputStream(input, options.action);
    this.total = total;
    this.#read = read;
    this.#options = options;
    this.#profile = options.expected;
  }

  /** The description of the arrays; undefined before the first set. */
  get profile(): FeatureProfile | undefined {
    return this.#profile;
  }

  /** The source of the first set that has one. */
  get source(): FeatureSource | undefined {
    return this.#source;
  }

  /** Number of samples; undefined before the end of a pass. */
  get rows(): number | undefined {
    return this.#rows;
  }

  /**
   * Returns the head's weights of the first set.
   *
   * @returns `[D, C]` and `[C]` in float64.
   * @throws {TypeError} If there is no linear head.
   */
  async head(): Promise<
    { readonly kernel: SampleMatrix; readonly bias: Float64Array }
  > {
    if (this.#head === undefined) {
      for await (const set of this.#read()) {
        this.#prepare(set);
        break;
      }
    }
    return headOf(this.#head!, this.#activation);
  }

  /**
   * Reads all samples, from the first to the last.
   *
   * @returns Blocks of rows.
   */
  async *blocks(): AsyncGenerator<SampleBlock> {
    const { action, uses, pacer, onRows } = this.#options;
    const { firstRow = 0, checksLater = false } = this.#options;
    let first = firstRow;
    for await (const set of this.#read()) {
      const arrays = this.#prepare(set, first);
      const rows = set.ids.length;
      checkInputs(set, first, action);
      const step = blockRows(arrays);
      for (let start = 0; start < rows; start += step) {
        await pacer.rest();
        const end = Math.min(rows, start + step);
        const block = blockOf(arrays, set.ids, start, end, first);
        if (!checksLater) checkFinite(block, uses, action);
        yield block;
        onRows?.(end - start);
      }
      first += rows;
    }
    const rows = first - firstRow;
    if (this.#rows !== undefined && this.#rows !== rows) {
      const rule = "a function must return a new stream of the same samples " +
        `in each call, ${this.#rows} as in the first one`;
      throw new RangeError(cannot(action, rule, rows));
    }
    if (rows === 0) {
      const rule = "there must be at least one sample";
      throw new RangeError(cannot(action, rule, rows));
    }
    this.#rows = rows;
  }

  /** Checks a set, and compares it with earlier ones. */
  #prepare(set: FeatureSet, firstRow = 0): SetArrays {
    const { action, uses, isFit } = this.#options;
    const known = this.#profile ?? {};
    const layer = uses.features === undefined
      ? undefined
      : known.layer === undefined
      ? chooseLayer(set, uses, action)
      : known.layer;
    if (layer !== undefined) checkLayer(set, layer, action);
    this.#checkSource(set.source, layer);
    checkShaping(set, uses, layer, action);
    const feature = layer === undefined
      ? undefined
      : featuresOf(set, layer, uses, action);
    const logits = uses.logits && logitsOf(set, uses.logits, action);
    const labels = isFit && uses.labels
      ? labelsOf(set, action, { firstRow, numClasses: logits?.columns })
      : undefined;
    const found = feature && [feature.features.rows, ...feature.shape];
    checkSizes(known, found, logits?.columns, action);
    if (isFit && uses.head) this.#checkHead(set, feature?.shape[0]);
    const source = known.source ?? set.source;
    const classNames = known.classNames ?? set.classNames;
    this.#profile = {
      ...withLayer(layer),
      ...(feature && { featureShape: feature.shape }),
      ...(logits && { numClasses: logits.columns }),
      ...(classNames && { classNames }),
      ...(source && { source }),
    };
    return {
      ...(feature && {
        features: feature.features,
        featureShape: feature.shape,
        featureSpec: feature.spec,
      }),
      ...(logits && { logits }),
      ...(labels && { labels }),
    };
  }

  #checkSource(
    source: FeatureSource | undefined,
    layer: string | null | undefined,
  ): void {
    const { action, uses, calibratedOn } = this.#options;
    const earlier = this.#profile?.source;
    const sources = [[earlier, "fit"], [calibratedOn, "calibration"]] as const;
    for (const [expected, use] of sources) {
      const compared = {
        ...withLayer(layer),
        ...(expected && { source: expected }),
        use,
      };
      checkSource(compared, source, uses, action);
    }
    this.#source ??= source;
  }

  #checkHead(set: FeatureSet, width: number | undefined): void {
    const { action } = this.#options;
    if (set.head === undefined) {
      if (this.#head !== undefined) return; // the head of the first set is used
      const rule = "features must carry the weights of a linear head";
      const hint =
        "extract from a model whose head is known, or pass head to " +
        "featureSet({ … })";
      throw new TypeError(cannot(action, rule, undefined, hint));
    }
    const rows = set.head.kernel.shape[0];
    if (width !== undefined && rows !== width) {
      const rule = `features must have the ${rows} columns that feed the head`;
      const hint = "extract with .penultimate()";
      throw new TypeError(cannot(action, rule, width, hint));
    }
    this.#head ??= set.head;
    this.#activation ??= set.activation;
  }
}

function withLayer(
  layer: string | null | undefined,
): { readonly layer?: string | null } {
  return layer === undefined ? {} : { layer };
}

function blockRows({ features, logits }: SetArrays): number {
  const width = Math.max(features?.columns ?? 1, logits?.columns ?? 1, 1);
  return Math.max(1, Math.floor(BLOCK_SIZE / width));
}

function blockOf(
  { features, featureShape, featureSpec, logits, labels }: SetArrays,
  ids: FeatureSet["ids"],
  start: number,
  end: number,
  first: number,
): SampleBlock {
  const part = {
    ...(features && { features: rowsOf(features, start, end) }),
    ...(featureShape && { featureShape, featureSpec }),
    ...(logits && { logits: rowsOf(logits, start, end) }),
    ...(labels && { labels: labels.subarray(start, end) }),
  };
  const names = Array.from({ length: end - start }, (_, i) => ids[start + i]!);
  return new Block(part, first + start, names);
}

function checkSizes(
  known: FeatureProfile,
  shape: readonly number[] | undefined,
  numClasses: number | undefined,
  action: string,
): void {
  const { featureShape, layer } = known;
  if (featureShape !== undefined && shape !== undefined) {
    const [wanted, found] = [featureShape, shape.slice(1)].map(shapeText);
    if (wanted !== found) {
      const name = layer === null ? "the penultimate" : `layer "${layer}"`;
      const rule = wanted!.includes(",")
        ? `${name} must be of shape ${wanted} a sample, as that of the fit`
        : `${name} must have the ${featureShape[0]} columns of the fit`;
      throw new TypeError(cannot(action, rule, [...shape]));
    }
  }
  if (known.numClasses === undefined || numClasses === undefined) return;
  if (known.numClasses === numClasses) return;
  const rule = `logits must have the ${known.numClasses} classes of the fit`;
  throw new TypeError(cannot(action, rule, numClasses));
}

/**
 * Refuses sets with inputs that are not finite, which can give plausible
 * features.
 */
function checkInputs(set: FeatureSet, first: number, action: string): void {
  const { nonFinite, ids } = set;
  if (nonFinite.length === 0) return;
  const rows = Array.from(nonFinite);
  const names = rows.slice(0, 5).map((row) => named(first + row, ids[row]!));
  const more = rows.length > 5 ? ` and ${rows.length - 5} more` : "";
  const rule = `the inputs of all rows must be finite, of ${
    names.join(", ")
  }${more} too`;
  const hint = "leave them out: set.select((row) => " +
    "!Array.from(set.nonFinite).includes(row))";
  throw new RangeError(cannot(action, rule, "NaN or an infinity", hint));
}

/**
 * Checks that the values of a block that a detector uses are finite.
 *
 * @param block The block.
 * @param uses The parts of a set that the detector uses.
 * @param action The action, for messages.
 * @throws {RangeError} If one is not; the message names the row.
 */
export function checkFinite(
  block: SampleBlock,
  uses: DetectorUses,
  action: string,
): void {
  for (const name of ["features", "logits"] as const) {
    if (uses[name] === undefined) continue;
    const matrix = block[name];
    const row = nonFiniteRow(matrix);
    if (row < 0) continue;
    const rule = `${name} must be finite, in ${
      named(block.firstRow + row, block.ids[row]!)
    } too`;
    const { data, columns } = matrix;
    const values = data.subarray(row * columns, (row + 1) * columns);
    const value = values.find((x) => !Number.isFinite(x));
    throw new RangeError(
      cannot(action, rule, value, "leave the row out with set.select(…)"),
    );
  }
}

/**
 * The name of a row in messages.
 *
 * @param row Its index.
 * @param id Its id.
 * @returns As `row 3 ("a.png")`.
 */
export function named(row: number, id: string | number): string {
  return id === row ? `row ${row}` : `row ${row} (${quote(id)})`;
}
