/**
 * A program: reads images of a folder or rows of tables, and prints their number.
 *
 *     read_sources.ts images|tables
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
import { type DataSource, imageFolder, query, table } from "@sonde/sonde";

const DATA = decodeURIComponent(
  new URL("../../data/", import.meta.url).pathname,
);
/** A file for each decoder. */
const KINDS = [
  ...["cmyk.jpg", "progressive.jpeg", "turned.jpg", "profile.png"],
  ...["palette_alpha.png", "animated.webp", "lzw.tif", "jpeg.tif"],
  ...["animated.gif", "rle8.bmp"],
];
const flowers = `${DATA}tables/flowers.csv`;
const sources: DataSource[] = Deno.args[0] === "images"
  ? [
    imageFolder(`${DATA}photos`, { size: [8, 8] }),
    imageFolder(KINDS.map((name) => `${DATA}images/${name}`), { size: [8, 8] }),
    table(`${DATA}tables/photos.parquet`, { inputs: "image", size: [8, 8] }),
  ]
  : [
    table(`${DATA}tables/vectors.parquet`, {
      inputs: "list",
      labels: "y",
      shuffle: { seed: 1 },
    }),
    table(flowers, { orderBy: "petal_width" }),
    table(`${DATA}tables/records.jsonl`, { inputs: "v", labels: "y" }),
    table(`${DATA}tables/numbers.csv.gz`),
    query(`SELECT petal_width FROM '${flowers}'`, { files: [flowers] }),
  ];
const rows: number[] = [];
for (const source of sources) {
  const wanted = {
    size: 1000,
    start: 0,
    inputs: [{ name: "x", shape: [], dtype: "float32" }],
  } as const;
  await source.prepare?.();
  for await (const _batch of source.batches(wanted));
  rows.push(source.length!);
}
console.log(JSON.stringify(rows));
