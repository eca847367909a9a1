import { cannot, checkAwaited, checkOptions } from "../check.ts";
import {
  type Figure,
  FIGURE_OPTIONS,
  type FigureOptions,
  makeFigure,
} from "../display/figure.ts";
import { areaOf } from "./auroc.ts";
import { rateOf } from "./fpr_at_tpr.ts";
import { cornersOf, curveOf } from "./roc_curve.ts";
import { checkScores, countChecked, type Scores } from "./scores.ts";

/**
 * Draws ROC curves of one known set and one or more unknown sets, with the
 * AUROC and FPR95 of each.
 *
 * The unknown samples are positive. The dashed line is a true positive rate of
 * 0.95; the FPR95 is where a curve first reaches it. A curve along the diagonal
 * is no better than chance.
 *
 * @param known Scores of known samples, `[N]`; higher is more
 * out-of-distribution.
 * @param unknown Scores of unknown samples by the name of their curve.
 * @param options Title, caption, axis labels and width.
 * @returns A figure that shows itself; its notes contain the numbers.
 * @throws {TypeError} If scores are a promise, or not an array of numbers.
 * @throws {RangeError} If there is no curve, scores are empty, or a score is
 * NaN or infinite.
 *
 * @example Two unknown sets, the first one harder
 * ```ts
 * import { rocFigure, show } from "@sonde/sonde";
 *
 * const known = [1, 2, 3, 4];
 * await show(rocFigure(known, { near: [2.5, 4.5, 6], far: [5, 6, 7] }));
 * ```
 *
 * @category Figures
 */
export function rocFigure(
  known: Scores,
  unknown: Readonly<Record<string, Scores>>,
  options: FigureOptions = {},
): Figure {
  const action = "draw ROC curves";
  checkOptions(options, action, FIGURE_OPTIONS);
  const scores = checkScores(known, action, "known");
  const sets = Object.entries(checkSets(unknown, action));
  const isLong = sets.length > MOST_NOTED;
  const curves = sets.map(
    ([name, values]) => {
      const checked = checkScores(values, action, name);
      const counts = countChecked(scores, checked);
      const numbers = `AUROC ${areaOf(counts).toFixed(4)}, FPR95 ${
        rateOf(counts, 0.95).fpr.toFixed(4)
      }`;
      return {
        name: isLong ? `${name} ${areaOf(counts).toFixed(4)}` : name,
        numbers: `${name}: ${numbers}`,
        counts,
      };
    },
  );
  const title = "ROC curves";
  const summary = curves.map(({ numbers }) => numbers).join("; ");
  return makeFigure({
    title,
    summary,
    figure: () => ({
      kind: "lines",
      title,
      notes: [isLong ? "AUROC behind each name" : summary],
      xLabel: "false positive rate: known taken for unknown",
      yLabel: "true positive rate: unknown found",
      lines: curves.map(({ name, counts }) => ({
        name,
        ...cornersOf(curveOf(counts)),
      })),
      guides: [{ axis: "y", at: 0.95, name: "TPR 0.95" }],
    }),
    options,
  });
}

/** Curves whose numbers are in the notes; those of more are in the legend. */
const MOST_NOTED = 5;

function checkSets(
  unknown: Readonly<Record<string, Scores>>,
  action: string,
): Readonly<Record<string, Scores>> {
  checkAwaited(unknown, action, `"unknown"`);
  if (
    typeof unknown !== "object" || unknown === null ||
    Array.isArray(unknown) || ArrayBuffer.isView(unknown)
  ) {
    const rule = `"unknown" must be an object of arrays by name`;
    throw new TypeError(
      cannot(action, rule, unknown, "write { unknown: scores }"),
    );
  }
  if (Object.keys(unknown).length > 0) return unknown;
  throw new RangeError(
    cannot(action, `"unknown" must hold at least one set of scores`, "none"),
  );
}
