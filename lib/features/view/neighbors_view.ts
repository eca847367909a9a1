/**
 * The view of neighbours: a table and images.
 *
 * @module
 */
import { countText, numberText } from "../../display/cell.ts";
import {
  type Block,
  type FigureBlock,
  type GridImage,
  MOST_IMAGES,
  type View,
} from "../../display/view.ts";
import type { Dataset } from "../../types.ts";

/** The neighbours to show. */
export interface ShownNeighbors {
  /** Ids of the queries, `[Q]`. */
  readonly queries: ArrayLike<string | number>;
  /** Ids of the neighbours, `[Q][K]`. */
  readonly ids: readonly (readonly (string | number)[])[];
  /** Their distances, `[Q · K]`. */
  readonly distances: ArrayLike<number>;
  /** Name of the metric, such as `cosine distance`. */
  readonly metric: string;
  /** The dataset with the images of the neighbours. */
  readonly images?: Dataset | undefined;
  /** The dataset with the images of the queries. */
  readonly queryImages?: Dataset | undefined;
}

/** Maximum number of queries shown. */
const MOST_QUERIES = 10;
/** Maximum number of images in a row, so that each has enough pixels. */
const MOST_IN_ROW = 12;

/**
 * The view of neighbours.
 *
 * @param shown The neighbours.
 * @returns A table of the first queries, and a figure if there are images.
 */
export function neighborsView(shown: ShownNeighbors): View {
  const { queries, ids, distances } = shown;
  const count = Math.min(queries.length, MOST_QUERIES);
  const numNeighbors = ids[0]?.length ?? 0;
  const blocks: Block[] = [{
    kind: "table",
    ...(count < queries.length
      ? { title: `the first ${count} of ${queries.length} queries` }
      : {}),
    columns: ["query", "neighbours, nearest first"].map((name) => ({
      name,
      align: "left" as const,
    })),
    rows: Array.from({ length: count }, (_, q) => [
      String(queries[q]),
      ids[q]!.map((id, k) =>
        `${id} (${numberText(distances[q * numNeighbors + k]!)})`
      ).join(", "),
    ]),
  }];
  if (shown.images !== undefined && count > 0) {
    blocks.push(imagesOf(shown));
  }
  return {
    title: `Neighbors: ${numNeighbors} of ${
      queries.length === 1 ? "1 query" : `each of ${queries.length} queries`
    }`,
    blocks,
  };
}

/** A row for each query: its image if there is one, and its neighbours. */
function imagesOf(shown: ShownNeighbors): FigureBlock {
  const { queries, ids, metric, queryImages } = shown;
  const first = queryImages === undefined ? 0 : 1;
  const numNeighbors = ids[0]!.length;
  const inRow = Math.min(numNeighbors, MOST_IN_ROW - first);
  const count = Math.min(
    queries.length,
    MOST_QUERIES,
    Math.floor(MOST_IMAGES / (first + inRow)),
  );
  const title = "Nearest images";
  return {
    kind: "figure",
    title,
    summary: `${countText(inRow, "neighbour")} of ${
      countText(count, "query", "queries")
    }`,
    figure: async () => ({
      kind: "images",
      title,
      notes: [
        `below each: ${metric}`,
        ...inRow < numNeighbors
          ? [`${inRow} of ${numNeighbors} neighbours`]
          : [],
        ...count < queries.length
          ? [`the first ${count} of ${queries.length} queries`]
          : [],
      ],
      images: await neighborImages(shown, count, inRow),
      columns: first + inRow,
      scale: "each",
    }),
  };
}

async function neighborImages(
  { queries, ids, distances, images, queryImages }: ShownNeighbors,
  count: number,
  inRow: number,
): Promise<GridImage[]> {
  const numNeighbors = ids[0]!.length;
  const shownIds = ids.slice(0, count).map((row) => row.slice(0, inRow));
  const read = async (images: Dataset, ids: readonly (string | number)[]) => {
    const { gridOf } = await import("./image_grid_figure.ts");
    const grid = await gridOf({ title: "", images, ids });
    return new Map(ids.map((id, i) => [id, grid.images[i]!]));
  };
  const neighbors = await read(images!, shownIds.flat());
  const queryImagesById = queryImages === undefined
    ? undefined
    : await read(queryImages, Array.from(queries).slice(0, count));
  return shownIds.flatMap((row, q) => {
    const found = row.map((id, k): GridImage => ({
      ...neighbors.get(id)!,
      caption: String(id),
      detail: numberText(distances[q * numNeighbors + k]!),
    }));
    const query = queryImagesById?.get(queries[q]!);
    if (query === undefined) return found;
    const caption = String(queries[q]);
    return [{ ...query, caption, detail: "query" }, ...found];
  });
}
