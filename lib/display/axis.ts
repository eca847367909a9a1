/**
 * Axes of figures: tick positions and labels.
 *
 * Positions are fractions of the axis in `[0, 1]`, computed in float64, so that
 * tiny and huge values keep their precision. Labels of one axis have enough
 * digits to distinguish its ticks.
 *
 * @module
 */
import { groupDigits, numberText } from "./cell.ts";
import { widestText } from "./text_width.ts";

/** An axis of numbers. */
export interface Axis {
  /** The value at the start and at the end of the axis. */
  readonly domain: readonly [low: number, high: number];
  /** The ticks, as fractions of the axis. */
  readonly ticks: readonly number[];
  /** The label of each tick. */
  readonly labels: readonly string[];
}

/** Settings of {@linkcode axisOf}. */
export interface AxisOptions {
  /** Approximate number of ticks. */
  readonly count: number;
  /** Whether the axis starts and ends at ticks. @default {false} */
  readonly isNice?: boolean;
  /** Whether ticks are integers, for counts. @default {false} */
  readonly isWhole?: boolean;
}

/** The distance of ticks, `factor · 10^exponent`, so that ticks are exact decimals. */
interface Step {
  readonly factor: number;
  readonly exponent: number;
}

/**
 * Makes an axis over a range.
 *
 * @param low The smallest value.
 * @param high The largest value; if it equals `low`, the range is widened.
 * @param options Number of ticks, and ends of the axis.
 * @returns The axis.
 */
export function axisOf(
  low: number,
  high: number,
  { count, isNice = false, isWhole = false }: AxisOptions,
): Axis {
  const domain = widened(low, high);
  const wanted = domain[1] / count - domain[0] / count;
  if (wanted < 1e-300) { // no powers of ten are left between them
    return { domain, ticks: [0, 1], labels: domain.map((v) => numberText(v)) };
  }
  const step = niceStep(isWhole ? Math.max(1, wanted) : wanted);
  const size = valueAt(1, step);
  const [first, last] = isNice
    ? [Math.floor(nearWhole(domain[0] / size)), ceil(domain[1] / size)]
    : [ceil(domain[0] / size), Math.floor(nearWhole(domain[1] / size))];
  const values = Array.from(
    { length: last - first + 1 },
    (_, k) => valueAt(first + k, step),
  ).filter(Number.isFinite);
  if (isNice) {
    domain[0] = Math.min(domain[0], ...values);
    domain[1] = Math.max(domain[1], ...values);
  }
  return {
    domain,
    ticks: values.map((value) => shareOf(value, domain)),
    labels: labelsOf(values, step),
  };
}

/** An axis whose labels may be vertical. */
export interface LabelledAxis extends Axis {
  /** Whether labels are rotated by 90 degrees. @default {false} */
  readonly isRotated?: boolean;
}

/** Settings of {@linkcode indexAxis}. */
export interface IndexAxisOptions {
  /** The number of cells. */
  readonly count: number;
  /** Number of rows or columns of the data per cell. */
  readonly factor: number;
  /** Names of the cells; default: their indices in the data. */
  readonly names: readonly string[] | undefined;
  /** Length of the axis in CSS pixels. */
  readonly length: number;
  /** Font size of the labels. */
  readonly size: number;
  /** Whether the axis is horizontal, so that long names are rotated. @default {false} */
  readonly isAcross?: boolean;
}

/**
 * Creates an axis of cells, with ticks in the middle of as many cells as have
 * space for their labels.
 *
 * @param options Cells, names and length.
 * @returns The axis.
 */
export function indexAxis(
  { count, factor, names, length, size, isAcross = false }: IndexAxisOptions,
): LabelledAxis {
  const all = Array.from(
    { length: count },
    (_, i) => names?.[i] ?? String(i * factor),
  );
  const widest = widestText(all, size) + 8;
  const isRotated = isAcross && names !== undefined && widest * count > length;
  const each = isAcross && !isRotated
    ? widest
    : size + (names === undefined ? 3 : 1);
  const least = Math.max(1, Math.ceil(count * each / length));
  const step = names === undefined
    ? [1, 2, 5, 10, 20, 50, 100].find((size) => size >= least) ?? least
    : least;
  const shown = Array.from(
    { length: Math.ceil(count / step) },
    (_, k) => k * step,
  );
  return {
    domain: [0, count],
    ticks: shown.map((i) => (i + 0.5) / count),
    labels: shown.map((i) => all[i]!),
    isRotated,
  };
}

/**
 * The position of a value in a range.
 *
 * @param value The value.
 * @param range The range.
 * @returns 0 at its lower end, 1 at its upper end.
 */
export function shareOf(
  value: number,
  [low, high]: readonly [low: number, high: number],
): number {
  // Halved first, so that the full range of float64 does not overflow.
  return (value / 2 - low / 2) / (high / 2 - low / 2);
}

/**
 * Rounds a distance to 1, 2 or 5 times a power of ten.
 *
 * @param wanted The distance, above 0.
 * @returns The distance that is nearest from above, or a little below.
 */
export function niceStep(wanted: number): Step {
  const exponent = Math.floor(Math.log10(wanted));
  const share = wanted / 10 ** exponent;
  const factor = [1, 2, 5].find((f) => share <= 1.4 * f);
  return factor === undefined
    ? { factor: 1, exponent: exponent + 1 }
    : { factor, exponent };
}

/**
 * A multiple of a step, rounded once.
 *
 * @param k Number of steps, an integer.
 * @param step The step.
 * @returns The value.
 */
export function valueAt(k: number, { factor, exponent }: Step): number {
  return Number(`${k * factor}e${exponent}`);
}

/** Widens a range of equal or nearly equal values. */
function widened(low: number, high: number): [low: number, high: number] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > 1e-12 * size) return [low, high];
  const length = size === 0 ? 1 : Math.max(size / 10, 1e-300);
  return [Math.max(low - length, -MOST), Math.min(high + length, MOST)];
}

const MOST = Number.MAX_VALUE;

function labelsOf(
  values: readonly number[],
  { exponent }: Step,
): string[] {
  const size = Math.max(...values.map(Math.abs));
  const digits = Math.log10(size) - exponent;
  const isPlain = size >= 1e-3 && size < (digits > 4 ? 1e15 : 1e7);
  return values.map((value) =>
    isPlain || value === 0 ? groupDigits(String(value)) : value.toExponential()
  );
}

/** Rounds a quotient that is nearly an integer. */
function nearWhole(steps: number): number {
  const whole = Math.round(steps);
  return Math.abs(steps - whole) < 1e-6 ? whole : steps;
}

function ceil(steps: number): number {
  return Math.ceil(nearWhole(steps));
}
