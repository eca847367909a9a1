/**
 * Checks the options of a benchmark before anything is computed.
 *
 * @module
 */
import { cannot, checkAwaited, checkOptions, quote } from "../check.ts";
import { isFeatureSet } from "../features/view/shown_arrays.ts";
import type { Detector, FeatureInput, FeatureSet } from "../types.ts";

/** The feature sets of an entry. */
export interface BenchmarkSets {
  /** Known samples to fit on. */
  readonly fit: FeatureInput;
  /** Known samples to score. */
  readonly known: FeatureInput;
  /** Unknown samples by the name of their set. */
  readonly unknown: Readonly<Record<string, FeatureInput>>;
}

/** One detector with a name and its features. */
export interface CheckedEntry extends BenchmarkSets {
  readonly name: string;
  readonly detector: Detector;
}

/** A detector as passed: alone, or with a name and separate features. */
type Entry =
  | Detector
  | Partial<BenchmarkSets> & {
    readonly name: string;
    readonly detector: Detector;
  };

/**
 * Checks detectors and sets.
 *
 * @param options The options to check.
 * @param action The action, for messages.
 * @returns One entry per detector, with its features.
 * @throws {TypeError} If a value is missing, of the wrong type, or a promise.
 * @throws {RangeError} If there is no detector or no unknown set, names are not
 * unique, or the known samples are those of the fit.
 */
export function checkEntries(
  options: BenchmarkSets & { readonly detectors: readonly Entry[] },
  action: string,
): CheckedEntry[] {
  checkAwaited(options.detectors, action, `"detectors"`);
  const { detectors } = options;
  if (!Array.isArray(detectors)) {
    const rule = `"detectors" must be an array`;
    const hint = "for all detectors, pass " +
      "Object.values(DETECTORS).map((create) => create())";
    throw new TypeError(cannot(action, rule, detectors, hint));
  }
  if (detectors.length === 0) {
    const rule = `"detectors" must hold at least one`;
    throw new RangeError(cannot(action, rule, "none"));
  }
  const common = checkSets(options, "", action);
  const checkOverlap = overlapCheck(action);
  checkOverlap(common, "");
  const names = new Set<string>();
  return detectors.map((entry: Entry, i) => {
    const where = `detectors[${i}]`;
    const checked = checkEntry(entry, common, where, action);
    if (names.has(checked.name)) {
      const rule = `every detector must have a unique name, also ${where}`;
      const hint = `pass it as { name: "…", detector }`;
      throw new RangeError(cannot(action, rule, checked.name, hint));
    }
    names.add(checked.name);
    checkOverlap(checked, `${where}.`);
    return checked;
  });
}

function checkEntry(
  entry: Entry,
  common: BenchmarkSets,
  where: string,
  action: string,
): CheckedEntry {
  checkAwaited(entry, action, where);
  if (isDetector(entry)) {
    return { ...common, name: checkName(entry.name), detector: entry };
  }
  const isEntry = typeof entry === "object" && entry !== null &&
    "detector" in entry;
  if (!isEntry) {
    const hint = typeof entry === "function"
      ? "call the factory, as in energy()"
      : `a detector has a name and a function "fit"`;
    const rule = `${where} must be a detector, or { name, detector }`;
    throw new TypeError(cannot(action, rule, entry, hint));
  }
  const keys = ["name", "detector", "fit", "known", "unknown"];
  checkOptions(entry, action, keys);
  const { detector } = entry;
  checkAwaited(detector, action, `${where}.detector`);
  if (!isDetector(detector)) {
    const rule = `${where}.detector must be a detector`;
    const hint = isScorer(detector)
      ? `a fitted scorer cannot be fitted again; pass what made it`
      : `a detector has a name and a function "fit"`;
    throw new TypeError(cannot(action, rule, detector, hint));
  }
  const sets = { ...common, ...defined(entry) };
  return {
    ...checkSets(sets, `${where}.`, action, Object.keys(common.unknown)),
    name: checkName(entry.name),
    detector,
  };

  function checkName(name: unknown): string {
    if (typeof name === "string" && name.trim() !== "") return name;
    const rule = `${where}.name must be a name`;
    throw new TypeError(cannot(action, rule, name));
  }
}

function defined(entry: Partial<BenchmarkSets>): Partial<BenchmarkSets> {
  const { fit, known, unknown } = entry;
  return {
    ...(fit === undefined ? {} : { fit }),
    ...(known === undefined ? {} : { known }),
    ...(unknown === undefined ? {} : { unknown }),
  };
}

function checkSets(
  { fit, known, unknown }: BenchmarkSets,
  where: string,
  action: string,
  names?: readonly string[],
): BenchmarkSets {
  const isRecord = typeof unknown === "object" && unknown !== null &&
    !Array.isArray(unknown) && !isInput(unknown);
  checkAwaited(unknown, action, `"${where}unknown"`);
  if (!isRecord) {
    const rule = `"${where}unknown" must be an object of features by name`;
    throw new TypeError(cannot(action, rule, unknown, "write { name: set }"));
  }
  const entries = Object.entries(unknown);
  if (entries.length === 0) {
    const rule = `"${where}unknown" must hold at least one set`;
    throw new RangeError(cannot(action, rule, "none"));
  }
  checkInput(fit, `"${where}fit"`, action);
  checkInput(known, `"${where}known"`, action);
  for (const [name, set] of entries) {
    checkInput(set, `"${where}unknown" ${quote(name)}`, action);
  }
  const found = Object.keys(unknown);
  const isSame = names === undefined ||
    names.length === found.length && names.every((name) => name in unknown);
  if (!isSame) {
    const rule = `"${where}unknown" must hold the same names as "unknown", ` +
      names.map(quote).join(", ");
    throw new RangeError(cannot(action, rule, found));
  }
  return { fit, known, unknown: { ...unknown } };
}

function checkInput(input: unknown, name: string, action: string): void {
  checkAwaited(input, action, name);
  if (isInput(input)) return;
  const rule = `${name} must be a feature set, stored features or a ` +
    "function that returns a stream";
  throw new TypeError(cannot(action, rule, input));
}

function isInput(value: unknown): value is FeatureInput {
  if (typeof value === "function" || isFeatureSet(value)) return true;
  return typeof value === "object" && value !== null && "stream" in value &&
    typeof value.stream === "function";
}

function isDetector(value: unknown): value is Detector {
  return typeof value === "object" && value !== null && "fit" in value &&
    typeof value.fit === "function" && "name" in value;
}

function isScorer(value: unknown): boolean {
  return typeof value === "object" && value !== null && "score" in value &&
    typeof value.score === "function";
}

/** Above this fraction of common samples, two sets count as the same data. */
const MOST_SHARED = 0.5;
/** Number of values compared per sample. */
const MOST_VALUES = 32;
/**
 * Below this fraction of distinct samples, equal values are not significant.
 */
const FEWEST_DISTINCT = 0.9;
/** Relative difference up to which features are those of the same sample. */
const TOLERANCE = 1e-3;

/**
 * Refuses known samples that were used for the fit, and unknown samples that
 * are the known ones.
 */
function overlapCheck(
  action: string,
): (sets: BenchmarkSets, where: string) => void {
  const known = new Map<FeatureSet, Samples>();
  const samplesOf = (set: FeatureSet) => {
    const found = known.get(set) ?? identified(set);
    known.set(set, found);
    return found;
  };
  const isSame = (a: FeatureInput, b: FeatureInput) => {
    if (a === b) return true;
    if (!isFeatureSet(a) || !isFeatureSet(b)) return false;
    const [left, right] = [samplesOf(a), samplesOf(b)];
    return numShared(left, right) > MOST_SHARED * left.rows.size;
  };
  const done = new Map<FeatureInput, Set<FeatureInput>>();
  const check = (a: FeatureInput, b: FeatureInput, rule: string) => {
    const seen = done.get(a) ?? new Set();
    if (seen.has(b)) return;
    if (isSame(a, b)) {
      const hint = "extract features of samples that were held out";
      throw new RangeError(cannot(action, rule, "the same samples", hint));
    }
    done.set(a, seen.add(b));
  };
  return ({ fit, known, unknown }, where) => {
    check(known, fit, `"${where}known" must not be what is fitted on`);
    for (const [name, set] of Object.entries(unknown)) {
      const rule = `"${where}unknown" ${quote(name)} must hold other samples`;
      check(set, known, `${rule} than "known"`);
      check(set, fit, `${rule} than "fit"`);
    }
  };
}

/** The samples of a set, to find them in another one. */
interface Samples {
  /**
   * The row of each key: a string id, otherwise the values; none if many samples
   * have equal values, as from a decision tree.
   */
  readonly rows: ReadonlyMap<string, number>;
  /** The name of the array that is compared. */
  readonly name: string | undefined;
  /** The number of its values per sample. */
  readonly width: number;
  /** Returns some of the values of a sample. */
  valuesOf(row: number): number[];
}

function identified(set: FeatureSet): Samples {
  const { ids, penultimate, logits, features, layerNames } = set;
  const array = penultimate ?? features[0] ?? logits;
  const name = penultimate !== undefined ? "penultimate" : layerNames[0];
  const width = array === undefined ? 0 : array.data.length / ids.length;
  const step = Math.max(1, Math.floor(width / MOST_VALUES));
  const valuesOf = (row: number) => {
    const values: number[] = [];
    for (let i = 0; i < width; i += step) {
      values.push(array!.data[row * width + i]!);
    }
    return values;
  };
  const rows = new Map<string, number>();
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (typeof id === "string") rows.set(id, row);
    else if (array !== undefined) rows.set(valuesOf(row).join(), row);
  }
  const isDistinct = rows.size >= FEWEST_DISTINCT * ids.length;
  return { rows: isDistinct ? rows : new Map(), name, width, valuesOf };
}

/**
 * Number of samples with equal keys. Files of two folders can have equal ids, so
 * features of the same layer must be equal as well.
 */
function numShared(left: Samples, right: Samples): number {
  const isComparable = left.name === right.name && left.width === right.width;
  let shared = 0;
  for (const [key, row] of left.rows) {
    const other = right.rows.get(key);
    if (other === undefined) continue;
    const isOther = isComparable &&
      !areNear(left.valuesOf(row), right.valuesOf(other));
    if (!isOther) shared++;
  }
  return shared;
}

function areNear(a: readonly number[], b: readonly number[]): boolean {
  let [difference, size] = [0, 0];
  a.forEach((x, i) => {
    difference += Math.abs(x - b[i]!);
    size += Math.abs(x) + Math.abs(b[i]!);
  });
  return !(difference > TOLERANCE * size);
}
