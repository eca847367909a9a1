/**
 * Histogram of scores.
 *
 * @module
 */
import { cannot, checkAwaited, checkNumber, checkOptions } from "../check.ts";
import { extremes } from "../math/statistics.ts";
import { countText, numberText } from "../display/cell.ts";
import {
  type Figure,
  FIGURE_OPTIONS,
  type FigureOptions,
  makeFigure,
} from "../display/figure.ts";
import type { Guide } from "../display/view.ts";

/**
 * Settings of {@linkcode scoreHistogram}.
 *
 * @category Figures
 */
export interface ScoreHistogramOptions extends FigureOptions {
  /**
   * The position of a dashed line, in the unit of the scores: the threshold
   * above which a sample counts as unknown. Default: no line.
   */
  readonly threshold?: number;
}

/**
 * Draws the distribution of scores, one colour per series.
 *
 * Shows whether the scores of known and unknown samples overlap. Scores that
 * are not finite are left out, with a note.
 *
 * @param scores Scores by the name of their series, each not empty; copied.
 * @param options A threshold; title, caption, axis labels and width.
 * @returns A figure that shows itself.
 * @throws {TypeError} If a series is a promise, or not an array of numbers.
 * @throws {RangeError} If there is no series, one is empty, or the threshold is
 * not finite.
 *
 * @example Known digits beside unknown ones
 * ```ts
 * import { scoreHistogram, show } from "@sonde/sonde";
 *
 * const scores = { known: [1, 2, 2], unknown: [4, 5] };
 * await show(scoreHistogram(scores, { xLabel: "energy", threshold: 3 }));
 * ```
 *
 * @category Figures
 */
export function scoreHistogram(
  scores: Readonly<Record<string, ArrayLike<number>>>,
  options: ScoreHistogramOptions = {},
): Figure {
  const action = "draw score histogram";
  checkAwaited(scores, action, "its argument");
  checkOptions(options, action, ["threshold", ...FIGURE_OPTIONS]);
  const { threshold, ...frame } = options;
  if (threshold !== undefined) checkNumber(threshold, action, "threshold");
  if (
    typeof scores !== "object" || scores === null || Array.isArray(scores) ||
    ArrayBuffer.isView(scores)
  ) {
    const rule = "its argument must be an object of arrays by name";
    throw new TypeError(
      cannot(action, rule, scores, "write { known: scores }"),
    );
  }
  const series = Object.entries(scores).map(([name, values]) => ({
    name,
    values: checkScores(name, values),
  }));
  if (series.length === 0) {
    throw new RangeError(
      cannot(action, "there must be at least one series", series.length),
    );
  }
  const summary = series.map(({ name, values }) => summarise(name, values));
  const line = threshold === undefined
    ? undefined
    : `threshold ${numberText(Number(threshold.toPrecision(4)))}`;
  if (line !== undefined) summary.push(line);
  const isFar = threshold !== undefined &&
    liesFar(threshold, series.map(({ values }) => values));
  const guides: Guide[] = line === undefined || isFar
    ? []
    : [{ axis: "x", at: threshold!, name: line }];
  const title = series.length > MOST_NAMED
    ? `Scores: ${series.length} series`
    : `Scores: ${series.map(({ name }) => name).join(", ")}`;
  return makeFigure({
    title,
    summary: summary.join("; "),
    figure: () => ({
      kind: "histogram",
      title,
      xLabel: "score",
      series,
      guides,
      notes: isFar ? [`${line} is far beyond the scores`] : [],
    }),
    options: frame,
  });
}

/** Series whose names are in the title; the legend has them all. */
const MOST_NAMED = 4;

/** Distance of a threshold, in ranges of the scores, that leaves the bars too narrow. */
const FAR = 20;

/** Whether the bars would be lines if the axis reached to the threshold. */
function liesFar(
  threshold: number,
  arrays: readonly ArrayLike<number>[],
): boolean {
  const [low, high] =
    extremes(arrays.flatMap((values) => extremes(values) ?? [])) ??
      [threshold, threshold];
  const range = (high / FAR - low / FAR) || Math.max(1, Math.abs(high)) / FAR;
  const beyond = Math.max(low - threshold, threshold - high) / FAR;
  return beyond > FAR * range;
}

function checkScores(name: string, values: ArrayLike<number>): Float64Array {
  const action = "draw score histogram";
  checkAwaited(values, action, `"${name}"`);
  const isArray = Array.isArray(values) ||
    ArrayBuffer.isView(values) && !(values instanceof DataView);
  if (!isArray) {
    throw new TypeError(
      cannot(action, `"${name}" must be an array of numbers`, values),
    );
  }
  if (values.length === 0) {
    throw new RangeError(
      cannot(action, `"${name}" must hold at least one score`, values),
    );
  }
  return Float64Array.from(values, (value, i) => {
    if (typeof value === "number") return value;
    const rule = `"${name}[${i}]" must be a number`;
    throw new TypeError(cannot(action, rule, value));
  }); // [N]
}

function summarise(name: string, values: Float64Array): string {
  const finite = values.filter((value) => Number.isFinite(value)).sort();
  const left = values.length - finite.length;
  const parts = [countText(values.length, "score")];
  if (finite.length > 0) {
    const [low, high] = [finite[0]!, finite[finite.length - 1]!];
    const middle = finite.length / 2 - 0.5;
    const median = finite[Math.floor(middle)]! / 2 +
      finite[Math.ceil(middle)]! / 2;
    const text = (value: number) => String(Number(value.toPrecision(4)));
    parts.push(`${text(low)} to ${text(high)}`, `median ${text(median)}`);
  }
  if (left > 0) parts.push(`${left} not finite left out`);
  return `${name}: ${parts.join(", ")}`;
}
