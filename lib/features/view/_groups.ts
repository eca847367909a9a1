/**
 * Groups samples by colour.
 *
 * @module
 */
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
 * @param values One number per sample; NaN is one more group.
 * @returns Groups from low to high.
 */
export function groupByValue(values: ArrayLike<number>): Group[] {
  const all = Array.from(values);
  const known = all.filter((value) => !Number.isNaN(value));
  const kinds = new Set(known);
  const areClasses = known.length === all.length &&
    kinds.size <= MOST_GROUPS && known.every(Number.isInteger);
  if (areClasses) return groupByLabel(all);
  const edges = known.length === 0
    ? []
    : Array.from({ length: BINS + 1 }, (_, i) => quantile(known, i / BINS));
  const bins: number[][] = Array.from({ length: BINS }, () => []);
  const missing: number[] = [];
  all.forEach((value, i) => {
    if (Number.isNaN(value)) missing.push(i);
    else {
      const above = edges.slice(1, -1).filter((edge) => value > edge).length;
      bins[above]!.push(i);
    }
  });
  const text = (value: number) => String(Number(value.toPrecision(3)));
  const groups = bins.map((members, i) => ({
    name: `${text(edges[i] ?? NaN)} to ${text(edges[i + 1] ?? NaN)}`,
    members,
  })).filter(({ members }) => members.length > 0);
  if (missing.length > 0) groups.push({ name: "NaN", members: missing });
  return groups;
}
