import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type DataSource,
  type FeatureSet,
  featureSet,
  nearest,
  openFeatures,
  saveFeatures,
} from "@sonde/sonde";
import { assertAllClose } from "../support/all_close.ts";
import { inFolder } from "../store/_sets.ts";
import { neighborsView } from "../../lib/features/view/neighbors_view.ts";
import type { FigureBlock, ImagesSpec } from "../../lib/display/view.ts";
import { numbers } from "../extractor/_models.ts";

function setOf(
  rows: readonly (readonly number[])[],
  ids?: string[],
): FeatureSet {
  const shape = [rows.length, rows[0]?.length ?? 2];
  const data = Float32Array.from(rows.flat());
  return featureSet({
    features: [{ data, shape, dtype: "float32" }],
    layerNames: ["pool"],
    ids,
  });
}

const SET = setOf([[1, 0], [0, 2], [3, 3], [-1, 0], [0, 0]], [..."abcde"]);

Deno.test("nearest() returns Euclidean distances as by hand", async () => {
  const { ids, distances } = await nearest(SET, setOf([[0, 1], [3, 0]]), {
    neighbors: 3,
    metric: "euclidean",
  });
  // To [0, 1]: b 1, e 1, a √2, d √2, c √13; to [3, 0]: a 2, c 3, e 3.
  assertEquals(ids, [["b", "e", "a"], ["a", "c", "e"]]);
  assertAllClose(distances.data, [1, 1, Math.SQRT2, 2, 3, 3]);
  assertEquals(distances.shape, [2, 3]);
});

Deno.test("nearest() returns cosine distances as by hand, 1 to a zero", async () => {
  const { ids, distances } = await nearest(SET, setOf([[5, 0], [0, 0]]), {
    neighbors: 5,
  });
  // To [5, 0]: a 0, c 1 − 1/√2, b and e 1, d 2; to zero all 1, but e to itself 0.
  assertEquals(ids[0], ["a", "c", "b", "e", "d"]);
  assertAllClose(distances.data.slice(0, 5), [0, 1 - Math.SQRT1_2, 1, 1, 2]);
  assertAllClose(distances.data.slice(5), [1, 1, 1, 1, 1]);
});

Deno.test("nearest() finds the same in memory, in files and in streams, batch by batch", () =>
  inFolder(async (folder) => {
    // More than one batch of 8192, with ties on both sides of the cut.
    const data = numbers(9000 * 3);
    data.copyWithin(8500 * 3, 100 * 3, 103 * 3);
    const set = featureSet({
      features: [{ data, shape: [9000, 3], dtype: "float32" }],
      layerNames: ["x"],
    });
    const query = set.select([100, 8501, 4000]);
    const options = { neighbors: 4, metric: "euclidean" } as const;
    const found = await nearest(set, query, options);
    assertEquals(found.ids.map(([first]) => first), [100, 101, 4000]);
    assertEquals(found.ids[0]!.slice(0, 2), [100, 8500]);
    const naive = Array.from({ length: 9000 }, (_, row) => {
      const d = (i: number) => data[row * 3 + i]! - data[300 + i]!;
      return { row, distance: Math.hypot(d(0), d(1), d(2)) };
    }).sort((a, b) => a.distance - b.distance || a.row - b.row).slice(0, 4);
    assertEquals(found.ids[0], naive.map(({ row }) => row));
    assertAllClose(
      found.distances.data.slice(0, 4),
      naive.map((n) => n.distance),
    );
    await saveFeatures(set, `${folder}/x.safetensors`);
    await using stored = await openFeatures(`${folder}/x.safetensors`);
    for (const input of [stored, () => stored.stream({ batch: 1000 })]) {
      const again = await nearest(input, query, options);
      assertEquals([again.ids, again.distances], [found.ids, found.distances]);
    }
  }));

Deno.test("nearest() shows a table, and images of sources that return samples by id", async () => {
  const requested: unknown[] = [];
  const images: DataSource = {
    batches: () => {
      throw new Error("not read from the beginning");
    },
    samples(ids) {
      requested.push(ids);
      const data = Uint8Array.from({ length: 4 * ids.length }, (_, i) => i);
      const xs = {
        data,
        shape: [ids.length, 2, 2, 1],
        dtype: "uint8",
      } as const;
      return Promise.resolve({ xs });
    },
  };
  const query = setOf([[1, 0]], ["q"]);
  const found = await nearest(SET, query, {
    neighbors: 2,
    images,
    queryImages: images,
  });
  const plain = Deno.inspect(found);
  assert(plain.includes("a (0), c (0.2929)"), plain);
  assert(plain.includes("Neighbors: 2 of 1 query"), plain);
  const display = Symbol.for("Jupyter.display");
  const bundle = await (found as unknown as Record<
    symbol,
    () => Promise<Record<string, string>>
  >)[display]!();
  assert(bundle["text/html"]!.includes("Nearest images"), bundle["text/html"]);
  assertEquals(requested, [["a", "c"], ["q"]]);
});

const REFUSED: Readonly<Record<string, [() => Promise<unknown>, string]>> = {
  "more neighbours than samples": [
    () => nearest(SET, SET, { neighbors: 6 }),
    "<= the 5 samples",
  ],
  "other widths": [
    () => nearest(SET, setOf([[1, 2, 3]]), { neighbors: 1 }),
    "shape [2], as in the set: current value is [3]",
  ],
  "a layer that is not there": [
    () => nearest(SET, SET, { neighbors: 1, layer: "pol" }),
    "pool",
  ],
  "NaN": [
    () => nearest(setOf([[NaN, 1]], ["bad"]), SET, { neighbors: 1 }),
    `"bad"`,
  ],
  "several layers without a name": [
    () => {
      const { features } = SET;
      const two = featureSet({
        features: [features[0]!, features[0]!],
        layerNames: ["x", "y"],
      });
      return nearest(two, two, { neighbors: 1 });
    },
    `one of ["x", "y"]`,
  ],
  "no feature": [
    () => nearest(featureSet({ ids: [1] }), SET, { neighbors: 1 }),
    "must have a feature",
  ],
  "data instead of a set": [
    () => nearest({ data: Float32Array.of(1), shape: [1, 1] } as never, SET),
    "the set must be a feature set, opened features or a function",
  ],
  "data instead of a query": [
    () => nearest(SET, [[1, 2]] as never),
    "the query must be a feature set",
  ],
  "a function that returns no stream": [
    () => nearest((() => SET) as never, SET),
    "what the function returns must be a stream of feature sets: current value is",
  ],
  "a stream of something else": [
    () =>
      nearest(
        (async function* () {
          await Promise.resolve();
          yield 1;
        }) as never,
        SET,
      ),
    "must be a feature set: current value is 1",
  ],
  "a path instead of images": [
    () => nearest(SET, SET, { images: "photos" as never }),
    'imageFolder("photos")',
  ],
  "an unknown metric": [
    () => nearest(SET, SET, { metric: "cos" as "cosine" }),
    "metric",
  ],
};

for (const [what, [run, message]] of Object.entries(REFUSED)) {
  Deno.test(`nearest() refuses ${what}`, async () => {
    await assertRejects(run, Error, message);
  });
}

Deno.test("neighborsView() lists the first ten queries, and says how many there are", () => {
  const { blocks } = neighborsView({
    queries: Array.from({ length: 12 }, (_, i) => i),
    ids: Array.from({ length: 12 }, () => ["a"]),
    distances: new Float64Array(12),
    metric: "cosine distance",
  });
  const [block] = blocks;
  assert(block?.kind === "table" && block.rows.length === 10);
  assertEquals([blocks.length, block.title], [1, "the first 10 of 12 queries"]);
});

Deno.test("neighborsView() draws a row of images for each query, as many whole rows as fit", async () => {
  const numbersTo = (count: number) =>
    Array.from({ length: count }, (_, i) => i);
  const xs = {
    data: new Uint8Array(40 * 4),
    shape: [40, 2, 2, 1],
    dtype: "uint8",
  } as const;
  const images = { xs, ids: numbersTo(40) };
  const figureOf = async (neighbors: number, queries: number) => {
    const { blocks } = neighborsView({
      queries: numbersTo(queries),
      ids: Array.from({ length: queries }, () => numbersTo(neighbors)),
      distances: new Float64Array(neighbors * queries),
      metric: "cosine distance",
      images,
      queryImages: images,
    });
    const block = blocks.find(({ kind }) => kind === "figure") as FigureBlock;
    return { block, spec: await block.figure() as ImagesSpec };
  };
  const few = await figureOf(5, 2);
  assertEquals([few.spec.columns, few.spec.images.length], [6, 12]);
  assertEquals(few.spec.images.map(({ caption }) => caption).slice(4, 8), [
    ...["3", "4", "1", "0"],
  ]);
  assertEquals(few.spec.notes, ["below each: cosine distance"]);
  const many = await figureOf(20, 30);
  assertEquals([many.spec.columns, many.spec.images.length], [12, 96]);
  assertEquals(many.spec.notes!.slice(1), [
    "11 of 20 neighbours",
    "the first 8 of 30 queries",
  ]);
  assertEquals(many.block.summary, "11 neighbours of 8 queries");
});
