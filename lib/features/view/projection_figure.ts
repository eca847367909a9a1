/**
 * A scatter plot of projected vectors.
 *
 * @module
 */
import { shapeText } from "../../check.ts";
import { countText, lineText } from "../../display/cell.ts";
import type {
  FigureBlock,
  ScatterSpec,
  Thumbnails,
} from "../../display/view.ts";
import { evenly } from "../../math/evenly.ts";
import type { Points } from "../../math/points.ts";
import type { Dataset, FeatureArray, FeatureSet } from "../../types.ts";
import { type Group, groupByLabel, groupByValue } from "./_groups.ts";
import { predictedNames, predictions } from "./predictions.ts";
import type { ShownArray } from "./shown_arrays.ts";

/** Maximum number of points: more are hard to see and make the figure large. */
const MOST_POINTS = 2000;
/** Maximum number of points with images, which must fit into one message. */
const MOST_IMAGES = 500;

/** The method of projection. */
export type ProjectionKind = "pca" | "umap";

/** The colours of the points: named classes, numbers, or none. */
export type PointColor =
  | {
    readonly labels: ArrayLike<number>;
    readonly classNames: readonly string[] | undefined;
    /** What the classes are, for the title. @default {"label"} */
    readonly by?: "label" | "group";
  }
  | { readonly values: ArrayLike<number> }
  | undefined;

/** The input of {@linkcode projectionBlock}. */
export interface ProjectionParts {
  /** The set, for ids, labels and logits. */
  readonly set: FeatureSet;
  /** The array, `[N, …]`. */
  readonly shown: Pick<ShownArray, "title" | "array">;
  readonly kind: ProjectionKind;
  readonly color: PointColor;
  /** The dataset with the images of the samples. */
  readonly images?: Dataset | undefined;
}

/**
 * A scatter figure of an array's rows.
 *
 * @param parts The array, with data about its rows.
 * @returns The figure; its notes tell how many samples it shows.
 */
export function projectionBlock(parts: ProjectionParts): FigureBlock {
  const { kind, color, shown: { title, array } } = parts;
  const count = countText(Math.min(MOST_POINTS, array.shape[0]!), "sample");
  const shape = shapeText(array.shape.slice(1));
  const byLabel = color && "labels" in color
    ? `, coloured by ${color.by ?? "label"}`
    : "";
  return {
    kind: "figure",
    title: `${kind === "pca" ? "PCA" : "UMAP"} of ${title}`,
    summary: `${count} of shape ${shape} in the plane${byLabel}`,
    figure: () => projectionFigure(parts),
  };
}

async function projectionFigure(parts: ProjectionParts): Promise<ScatterSpec> {
  const { set, shown: { title, array }, kind, color, images } = parts;
  const { points, labels, notes } = await project(array, kind);
  const total = array.shape[0]!;
  if (points.rows.length + points.skipped < total) {
    notes.unshift(`${points.rows.length} of ${total} samples`);
  }
  if (points.skipped > 0) notes.push(`${points.skipped} not finite left out`);
  const sheet = images && await sheetOf(set, points.rows, images);
  const describe = descriptionOf(set, color);
  const groups = groupsOf(points.rows, color).map((
    { name, members, isRest },
  ) => ({
    name,
    x: Float64Array.from(members, (i) => points.x[i]!),
    y: Float64Array.from(members, (i) => points.y[i]!),
    isRest,
    details: members.map((i) => describe(points.rows[i]!)),
    images: sheet && members.map((i) => sheet.index.get(points.rows[i]!) ?? -1),
  }));
  return {
    kind: "scatter",
    title: `${kind === "pca" ? "PCA" : "UMAP"} of ${title}`,
    notes,
    xLabel: labels[0]!,
    yLabel: labels[1]!,
    groups,
    thumbnails: sheet?.thumbnails,
  };
}

async function project(
  array: FeatureArray,
  kind: ProjectionKind,
): Promise<{ points: Points; labels: string[]; notes: string[] }> {
  const options = { maxRows: MOST_POINTS };
  if (kind === "umap") {
    const { umap } = await import("../../math/umap.ts");
    const points = await umap(array, options);
    return { points, labels: ["UMAP 1", "UMAP 2"], notes: [] };
  }
  const { pca } = await import("../../math/pca.ts");
  const points = await pca(array, options);
  const labels = points.explained.map((share, i) =>
    `PC ${i + 1} (${(share * 100).toFixed(1)} % of variance)`
  );
  const isAll = points.fitted >= points.rows.length;
  return {
    points,
    labels,
    notes: isAll ? [] : [`axes fitted on ${points.fitted}`],
  };
}

/** Images of samples, with the index of each sample. */
async function sheetOf(
  { ids }: FeatureSet,
  rows: Int32Array,
  images: Dataset,
): Promise<
  | { readonly thumbnails: Thumbnails; readonly index: Map<number, number> }
  | undefined
> {
  if (rows.length === 0) return undefined;
  const { inputImages } = await import("./_input_images.ts");
  const { thumbnailsOf } = await import("../../display/thumbnails.ts");
  const shown = evenly(rows.length, MOST_IMAGES).map((i) => rows[i]!);
  const found = await inputImages(images, shown.map((row) => ids[row]!));
  const index = new Map(shown.map((row, i) => [row, i]));
  return { thumbnails: thumbnailsOf(found), index };
}

/** The hover text of a point: its sample's id, label and predicted class. */
function descriptionOf(
  set: FeatureSet,
  color: PointColor,
): (row: number) => string[] {
  const { ids, labels, classNames } = set;
  const predicted = predictions(set);
  const nameOf = predicted && predictedNames(set, predicted);
  return (row) => {
    const lines = [`id: ${ids[row]}`];
    const label = labels?.data[row];
    if (label !== undefined) {
      lines.push(`label: ${classNames?.[label] ?? label}`);
    }
    const found = predicted?.classes[row] ?? -1;
    if (found >= 0) lines.push(`predicted: ${nameOf!(found)}`);
    if (color && "labels" in color && color.by === "group") {
      lines.push(color.classNames![color.labels[row]!]!);
    }
    if (color && "values" in color) lines.push(`value: ${color.values[row]}`);
    return lines.map((line) => lineText(line, 60));
  };
}

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
