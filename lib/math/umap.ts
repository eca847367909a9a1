/**
 * UMAP: a projection to the plane that preserves neighbourhoods. Distances
 * between far groups mean little; see {@linkcode pca} for those.
 *
 * @module
 */
import { cannot, checkInteger } from "../check.ts";
import { chooseRows, type Points, type Rows } from "./points.ts";
import { seededRandom } from "./seeded_random.ts";

/**
 * Maximum number of values passed to the library, which stores them as float64.
 */
const MOST_VALUES = 2e7;
/** Minimum number of rows. */
const FEWEST_ROWS = 5;
/** Maximum time between two yields to the event loop. */
const YIELD_MS = 50;

/** Settings of {@linkcode umap}. */
export interface UmapOptions {
  /** Maximum number of rows projected, evenly spaced. @default {2000} */
  readonly maxRows?: number;
  /** Number of neighbours per row. @default {15} */
  readonly neighbors?: number;
  /** Seed of the random start and samples; any integer. @default {1} */
  readonly seed?: number;
}

/**
 * Projects rows to the plane by UMAP, of `umap-js`, loaded on the first call.
 *
 * Uses at most `maxRows` rows, and fewer wide rows, so that they hold at most
 * 2·10⁷ values. Equal seeds give equal points. Yields to the event loop every
 * 50 ms. Does not change the rows.
 *
 * Source: McInnes et al., "UMAP: Uniform Manifold Approximation and Projection
 * for Dimension Reduction", https://arxiv.org/abs/1802.03426.
 *
 * @param rows Vectors, `[N, D]`.
 * @param options Number of rows and neighbours, and the seed.
 * @returns A point for each selected row.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If an option is out of range, or fewer than 5 rows are finite.
 */
export async function umap(
  rows: Rows,
  options: UmapOptions = {},
): Promise<Points> {
  const { maxRows = 2000, neighbors = 15, seed = 1 } = options;
  const action = "project by UMAP";
  checkInteger(maxRows, action, "maxRows");
  checkInteger(neighbors, action, "neighbors", 2);
  checkInteger(seed, action, "seed", Number.MIN_SAFE_INTEGER);
  const units = Math.max(1, rows.data.length / Math.max(1, rows.shape[0] ?? 1));
  const most = Math.max(
    FEWEST_ROWS,
    Math.min(maxRows, Math.floor(MOST_VALUES / units)),
  );
  const { chosen, skipped, width } = chooseRows(rows, most, action);
  if (chosen.length < FEWEST_ROWS) {
    throw new RangeError(
      cannot(
        action,
        `there must be at least ${FEWEST_ROWS} rows of finite values`,
        chosen.length,
        "use PCA",
      ),
    );
  }
  const vectors = Array.from(
    chosen,
    (row) =>
      Array.from({ length: width }, (_, j) => rows.data[row * width + j]!),
  ); // [n, D]
  const { UMAP } = await import("umap-js");
  const projection = new UMAP({
    nComponents: 2,
    nNeighbors: Math.min(neighbors, chosen.length - 1),
    random: seededRandom(seed),
  });
  const numEpochs = projection.initializeFit(vectors);
  let lastYield = performance.now();
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    projection.step();
    if (performance.now() - lastYield < YIELD_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    lastYield = performance.now();
  }
  const points = projection.getEmbedding();
  return {
    x: Float64Array.from(points, (point) => point[0]!), // [n]
    y: Float64Array.from(points, (point) => point[1]!), // [n]
    rows: chosen,
    skipped,
  };
}
