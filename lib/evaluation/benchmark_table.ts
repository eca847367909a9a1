/**
 * The result of a benchmark: rows of metrics, the scores, and their display and
 * export.
 *
 * @module
 */
import { cannot, nearestNames, quote, refuseMore } from "../check.ts";
import { attachView } from "../display/attach_view.ts";
import { countText } from "../display/cell.ts";
import type { Figure } from "../display/figure.ts";
import type { View } from "../display/view.ts";
import type { Interval, OodMetrics } from "../metrics/ood_metrics.ts";
import {
  detectorFigures,
  type DetectorScores,
  gridOf,
  rocByDetector,
} from "./_benchmark_figures.ts";
import type { CheckedEntry } from "./_checked_options.ts";

/**
 * Metrics of one detector on one unknown set.
 *
 * @category Evaluation
 */
export interface MeasuredRow extends OodMetrics {
  /** The detector's name. */
  readonly detector: string;
  /** The name of the unknown set. */
  readonly unknown: string;
  /** Duration of the fit, in ms. */
  readonly fitMs: number;
  /** Duration of scoring the unknown set, in ms. */
  readonly scoreMs: number;
  /** Always absent. */
  readonly error?: undefined;
}

/**
 * The failure of a detector on an unknown set, or before.
 *
 * @category Evaluation
 */
export interface FailedRow extends
  Readonly<
    Partial<Record<keyof OodMetrics | "fitMs" | "scoreMs", undefined>>
  > {
  /** The detector's name. */
  readonly detector: string;
  /** The name of the unknown set. */
  readonly unknown: string;
  /** The reason why there are no metrics. */
  readonly error: Error;
}

/**
 * A row of a {@linkcode BenchmarkTable}.
 *
 * @category Evaluation
 */
export type BenchmarkRow = MeasuredRow | FailedRow;

/**
 * Detectors × unknown sets, with metrics and times. Shows itself as a table,
 * ROC curves of the detectors on each unknown set, and
 * {@linkcode BenchmarkTable.figure} of the best detector.
 *
 * @category Evaluation
 */
export interface BenchmarkTable {
  /** One row per detector and unknown set, in the order of the options. */
  readonly rows: readonly BenchmarkRow[];
  /**
   * Returns a copy of a detector's scores.
   *
   * @param detector The detector's name.
   * @returns Known scores, and unknown scores by the name of their set, without
   * the sets on which the detector failed.
   * @throws {RangeError} If there is no such detector, or it has no scores.
   *
   * @example A histogram
   * ```ts
   * import { benchmark, featureSet, msp, scoreHistogram, show } from "@sonde/sonde";
   *
   * const [fit, known, far] = [[9, 0, 0, 9], [8, 0, 0, 7], [1, 1, 2, 1]].map(
   *   (values) => {
   *     const data = Float32Array.from(values);
   *     return featureSet({ logits: { data, shape: [2, 2], dtype: "float32" } });
   *   },
   * );
   * const sets = { fit: fit!, known: known!, unknown: { far: far! } };
   * const table = await benchmark({ detectors: [msp()], ...sets });
   * const { known: knownScores, unknown } = table.scores("msp");
   * await show(scoreHistogram({ known: knownScores, ...unknown }));
   * ```
   */
  scores(detector: string): {
    readonly known: Float64Array;
    readonly unknown: Readonly<Record<string, Float64Array>>;
  };
  /**
   * Figures of one detector: histograms of its scores with the threshold at
   * which 95 % of the known samples pass, ROC curves, and a projection of known
   * and unknown samples, coloured by the decision at this threshold. The
   * projection is left out if features are not in memory.
   *
   * @param detector The detector's name. Default: that of the highest mean AUROC.
   * @returns One figure, computed when it is shown.
   * @throws {RangeError} If there is no such detector, or it has no scores.
   *
   * @example The best detector
   * ```ts
   * import { benchmark, featureSet, msp, show } from "@sonde/sonde";
   *
   * const [fit, known, far] = [[9, 0, 0, 9], [8, 0, 0, 7], [1, 1, 2, 1]].map(
   *   (values) => {
   *     const data = Float32Array.from(values);
   *     return featureSet({ logits: { data, shape: [2, 2], dtype: "float32" } });
   *   },
   * );
   * const sets = { fit: fit!, known: known!, unknown: { far: far! } };
   * const table = await benchmark({ detectors: [msp()], ...sets });
   * await show(table.figure());
   * ```
   */
  figure(detector?: string): Figure;
  /**
   * The rows as comma-separated values, with full precision.
   *
   * @returns A header and one line per row, as in RFC 4180.
   *
   * @example A file
   * ```ts
   * import { benchmark, featureSet, msp } from "@sonde/sonde";
   *
   * const [fit, known, far] = [[9, 0, 0, 9], [8, 0, 0, 7], [1, 1, 2, 1]].map(
   *   (values) => {
   *     const data = Float32Array.from(values);
   *     return featureSet({ logits: { data, shape: [2, 2], dtype: "float32" } });
   *   },
   * );
   * const sets = { fit: fit!, known: known!, unknown: { far: far! } };
   * const table = await benchmark({ detectors: [msp()], ...sets });
   * const file = `${await Deno.makeTempDir()}/benchmark.csv`;
   * await Deno.writeTextFile(file, table.toCsv());
   * ```
   */
  toCsv(): string;
  /**
   * The rows as a Markdown table, with the displayed precision.
   *
   * @returns A header and one line per row.
   *
   * @example On the console
   * ```ts
   * import { benchmark, featureSet, msp } from "@sonde/sonde";
   *
   * const [fit, known, far] = [[9, 0, 0, 9], [8, 0, 0, 7], [1, 1, 2, 1]].map(
   *   (values) => {
   *     const data = Float32Array.from(values);
   *     return featureSet({ logits: { data, shape: [2, 2], dtype: "float32" } });
   *   },
   * );
   * const sets = { fit: fit!, known: known!, unknown: { far: far! } };
   * const table = await benchmark({ detectors: [msp()], ...sets });
   * console.log(table.toMarkdown());
   * ```
   */
  toMarkdown(): string;
}

/** The measurements of one detector. */
export interface MeasuredEntry {
  readonly entry: CheckedEntry;
  readonly rows: readonly BenchmarkRow[];
  /** Undefined if the known samples could not be scored. */
  readonly scores?: {
    readonly known: Float64Array;
    readonly unknown: Readonly<Record<string, Float64Array>>;
  };
}

/** The metrics, with their headers. */
const METRICS: readonly (readonly [keyof OodMetrics, string])[] = [
  ["auroc", "AUROC"],
  ["auprIn", "AUPR-In"],
  ["auprOut", "AUPR-Out"],
  ["fpr95", "FPR95"],
  ["detectionError", "detection error"],
];

/**
 * Creates the table from measurements.
 *
 * @param measured One entry per detector.
 * @returns The table, frozen.
 */
export function makeBenchmarkTable(
  measured: readonly MeasuredEntry[],
): BenchmarkTable {
  const rows = Object.freeze(measured.flatMap(({ rows }) => rows));
  const find = (name: string) => foundEntry(measured, name);
  const table: BenchmarkTable = {
    rows,
    scores(detector) {
      const { known, unknown } = find(detector).scores;
      const copies = Object.entries(unknown)
        .map(([name, scores]) => [name, scores.slice()] as const);
      return { known: known.slice(), unknown: Object.fromEntries(copies) };
    },
    figure(detector) {
      const name = detector ?? best(rows);
      if (name === undefined) {
        const rule = "at least one detector must have scores";
        const hint = "the errors are in the rows";
        throw new RangeError(cannot(DRAW, rule, "none", hint));
      }
      return gridOf(find(name));
    },
    toCsv: () => csvOf(rows),
    toMarkdown: () => markdownOf(rows),
  };
  refuseMore(
    table,
    ...["scores(detector)", "figure(detector)", "toCsv()", "toMarkdown()"],
  );
  attachView(table, () => viewOf(rows, measured));
  return Object.freeze(table);
}

const DRAW = "draw benchmark";

function foundEntry(
  measured: readonly MeasuredEntry[],
  name: string,
): DetectorScores {
  const action = "find scores in the benchmark";
  const found = measured.find(({ entry }) => entry.name === name);
  const names = measured.map(({ entry }) => entry.name);
  if (found === undefined) {
    const near = nearestNames(String(name), names);
    const listed = (near.length > 0 ? near : names).map(quote).join(", ");
    const rule = `"detector" must be one of those that ran`;
    throw new RangeError(cannot(action, rule, name, `as ${listed}`));
  }
  const { scores, rows, entry } = found;
  if (scores !== undefined && Object.keys(scores.unknown).length > 0) {
    return { entry, scores };
  }
  const rule = `detector ${quote(name)} must have scores`;
  const { message } = rows[0]!.error!;
  throw new RangeError(cannot(action, rule, "none"), {
    cause: new Error(message),
  });
}

/** The detector with the highest mean AUROC, among those without failures. */
function best(rows: readonly BenchmarkRow[]): string | undefined {
  const sums = new Map<string, number>();
  for (const { detector, auroc } of rows) {
    const sum = (sums.get(detector) ?? 0) + (auroc?.value ?? -Infinity);
    sums.set(detector, sum);
  }
  const [first] = [...sums].sort(([, a], [, b]) => b - a);
  if (first !== undefined && first[1] > -Infinity) return first[0];
  return rows.find(({ error }) => error === undefined)?.detector;
}

function viewOf(
  rows: readonly BenchmarkRow[],
  measured: readonly MeasuredEntry[],
): View {
  const sets = [...new Set(rows.map(({ unknown }) => unknown))];
  const { header, cells } = tableOf(rows);
  const columns = header.map((name, i) => ({
    name,
    align: i < 2 || name === "error" ? "left" as const : "right" as const,
  }));
  const winner = best(rows);
  const scored = measured.flatMap(({ entry, scores }) =>
    scores === undefined ? [] : [{ entry, scores }]
  );
  return {
    title: `Benchmark of ${countText(measured.length, "detector")} on ${
      countText(sets.length, "unknown set")
    }`,
    blocks: [
      { kind: "table", columns, rows: cells },
      ...sets.flatMap((set) => rocByDetector(set, scored)),
      ...(winner === undefined
        ? []
        : detectorFigures(foundEntry(measured, winner))),
    ],
  };
}

function tableOf(
  rows: readonly BenchmarkRow[],
): { readonly header: string[]; readonly cells: string[][] } {
  const hasErrors = rows.some(({ error }) => error !== undefined);
  const header = [
    ...["detector", "unknown", ...METRICS.map(([, name]) => name)],
    ...["fit ms", "score ms", ...(hasErrors ? ["error"] : [])],
  ];
  const cells = rows.map((row) => [
    row.detector,
    row.unknown,
    ...METRICS.map(([key]) => intervalText(row[key])),
    timeText(row.fitMs),
    timeText(row.scoreMs),
    ...(hasErrors ? [row.error?.message ?? ""] : []),
  ]);
  return { header, cells };
}

function intervalText(interval: Interval | undefined): string {
  if (interval === undefined) return "";
  const { value, low, high } = interval;
  return `${value.toFixed(4)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

function timeText(ms: number | undefined): string {
  if (ms === undefined) return "";
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}

function csvOf(rows: readonly BenchmarkRow[]): string {
  const header = [
    ...["detector", "unknown"],
    ...METRICS.flatMap(([key]) => [key, `${key}Low`, `${key}High`]),
    ...["fitMs", "scoreMs", "error"],
  ];
  const lines = rows.map((row) => [
    row.detector,
    row.unknown,
    ...METRICS.flatMap(([key]) => {
      const { value = "", low = "", high = "" } = row[key] ?? {};
      return [value, low, high].map(String);
    }),
    String(row.fitMs ?? ""),
    String(row.scoreMs ?? ""),
    row.error?.message ?? "",
  ]);
  return [header, ...lines]
    .map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function markdownOf(rows: readonly BenchmarkRow[]): string {
  const { header, cells } = tableOf(rows);
  const marks = header.map((name, i) =>
    i < 2 || name === "error" ? "---" : "---:"
  );
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const escaped = (row: readonly string[]) => row.map(markdownCell);
  return [header, marks, ...cells.map(escaped)].map(line).join("");
}

/** Characters that would end a cell or start markup. */
function markdownCell(text: string): string {
  return text.replaceAll(/[\\|`*_<>[\]]/g, "\\$&").replaceAll(/\s+/g, " ");
}
