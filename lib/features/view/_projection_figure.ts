/**
 * Vectors in the plane, as a figure.
 *
 * @module
 */
import type { ScatterSpec } from "../../display/view.ts";
import type { Points } from "../../math/points.ts";
import type { FeatureArray } from "../../types.ts";
import { type Group, groupByLabel, groupByValue } from "./_groups.ts";

/** Points that are drawn; more are neither seen nor light. */
export const MOST_POINTS = 2000;

/** Which way to the plane. */
export type ProjectionKind = "pca" | "umap";

/** What colours the points: classes with names, numbers, or nothing. */
export type PointColor =
  | {
    readonly labels: ArrayLike<number>;
    readonly classNames: readonly string[] | undefined;
  }
  | { readonly values: ArrayLike<number> }
  | undefined;

/**
 * Computes a scatter figure of an array's rows.
 *
 * @param name What the array is called.
 * @param array The vectors, `[N, …]`.
 * @param kind Which way to the plane.
 * @param color What colours the points.
 * @returns The figure; its title says how many samples it shows.
 */
export async function projectionFigure(
  name: string,
  array: FeatureArray,
  kind: ProjectionKind,
  color: PointColor,
): Promise<ScatterSpec> {
  const options = { maxRows: MOST_POINTS };
  const total = array.shape[0]!;
  const notes: string[] = [];
  let [points, xLabel, yLabel]: [Points, string, string] = [
    NO_POINTS,
    "UMAP 1",
    "UMAP 2",
  ];
  if (kind === "umap") {
    const { umap } = await import("../../math/umap.ts");
    points = await umap(array, options);
  } else {
    const { pca } = await import("../../math/pca.ts");
    const found = await pca(array, options);
    points = found;
    [xLabel, yLabel] = found.explained.map((share, i) =>
      `component ${i + 1} (${(share * 100).toFixed(1)} % of variance)`
    ) as [string, string];
    if (found.fitted < found.rows.length) {
      notes.push(`axes fitted on ${found.fitted}`);
    }
  }
  if (points.rows.length + points.skipped < total) {
    notes.unshift(`${points.rows.length} of ${total} samples`);
  }
  if (points.skipped > 0) notes.push(`${points.skipped} not finite left out`);
  const note = notes.length > 0 ? ` (${notes.join(", ")})` : "";
  return {
    kind: "scatter",
    title: `${kind === "pca" ? "PCA" : "UMAP"} of ${name}${note}`,
    xLabel,
    yLabel,
    groups: groupsOf(points.rows, color).map(({ name, members }) => ({
      name,
      x: Float64Array.from(members, (i) => points.x[i]!),
      y: Float64Array.from(members, (i) => points.y[i]!),
    })),
  };
}

const NO_POINTS: Points = {
  x: new Float64Array(0),
  y: new Float64Array(0),
  rows: new Int32Array(0),
  skipped: 0,
};

function groupsOf(rows: Int32Array, color: PointColor): Group[] {
  if (color === undefined) {
    return [{ name: "samples", members: Array.from(rows, (_, i) => i) }];
  }
  if ("labels" in color) {
    const { labels, classNames } = color;
    return groupByLabel(Array.from(rows, (row) => labels[row]!), classNames);
  }
  return groupByValue(Array.from(rows, (row) => color.values[row]!));
}
