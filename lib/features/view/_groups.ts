/**
 * Groups samples by colour.
 *
 * @module
 */
import { shortText } from "../../display/cell.ts";
import { quantile } from "../../math/quantile.ts";

/** Maximum number of groups with a separate colour. */
const MOST_GROUPS = 20;
/** Bins of values that are not classes. */
const BINS = 5;

/** A named group of samples. */
export interface Group {
  /** Label in the legend. */
  readonly name: string;
  /** Indices into the grouped array. */
  readonly members: readonly number[];
  /** Whether it holds the samples of several classes. */
  readonly isRest?: boolean;
}

/**
 * Groups samples by class; beyond 20 classes, the rarest are merged.
 *
 * @param labels The class of each sample.
 * @param classNames Names by class, as far as there are any.
 * @returns Groups in the order of their classes.
 */
export function groupByLabel(
  labels: ArrayLike<number>,
  classNames: readonly string[] = [],
): Group[] {
  const byLabel = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const members = byLabel.get(labels[i]!);
    if (members) members.push(i);
    else byLabel.set(labels[i]!, [i]);
  }
  const entries = [...byLabel].sort(([a], [b]) => a - b);
  const limit = entries.length <= MOST_GROUPS ? MOST_GROUPS : MOST_GROUPS - 1;
  const kept = new Set(
    [...entries].sort((a, b) => b[1].length - a[1].length).slice(0, limit),
  );
  const groups: Group[] = entries.filter((entry) => kept.has(entry)).map(
    ([label, members]) => ({
      name: classNames[label] ?? String(label),
      members,
    }),
  );
  const rest = entries.filter((entry) => !kept.has(entry));
  if (rest.length > 0) {
    groups.push({
      name: `${rest.length} other classes`,
      members: rest.flatMap(([, members]) => members),
      isRest: true,
    });
  }
  return groups;
}

/**
 * Groups samples by number: at most 20 distinct integers as classes, other
 * numbers in five bins of equal count.
 *
 * @param values One number per sample; NaN and infinities are more groups.
 * @returns Groups from low to high.
 */
export function groupByValue(values: ArrayLike<number>): Group[] {
  const all = Array.from(values);
  const finite = all.filter(Number.isFinite);
  const kinds = [...new Set(finite)].sort((a, b) => a - b);
  const areClasses = finite.length === all.length &&
    kinds.length <= MOST_GROUPS && kinds.every(Number.isInteger);
  if (areClasses) return groupByLabel(all);
  const rows = [...all.keys()];
  const groups = kinds.length <= BINS
    ? namedRows(kinds).map(([name, kind]) => ({
      name,
      members: rows.filter((i) => all[i] === kind),
    }))
    : binned(all, finite);
  for (const name of ["-Infinity", "Infinity", "NaN"]) {
    const members = rows.filter((i) => String(all[i]) === name);
    if (members.length > 0) groups.push({ name, members });
  }
  return groups;
}

/** Bins of equal count. */
function binned(all: readonly number[], finite: readonly number[]): Group[] {
  const edges = Array.from(
    { length: BINS + 1 },
    (_, i) => quantile(finite, i / BINS),
  );
  const bins: number[][] = Array.from({ length: BINS }, () => []);
  all.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    const above = edges.slice(1, -1).filter((edge) => value > edge).length;
    bins[above]!.push(i);
  });
  const names = namedRows(edges).map(([name]) => name);
  return bins.map((members, i) => ({
    name: names[i] === names[i + 1]
      ? names[i]!
      : `${names[i]} to ${names[i + 1]}`,
    members,
  })).filter(({ members }) => members.length > 0);
}

/** Numbers with as many digits as distinguish different ones. */
function namedRows(values: readonly number[]): [name: string, value: number][] {
  const count = new Set(values).size;
  for (let digits = 3; digits < 17; digits++) {
    const names = values.map((value) => shortText(value, digits));
    if (new Set(names).size === count) {
      return values.map((value, i) => [names[i]!, value]);
    }
  }
  return values.map((value) => [String(value), value]);
}
