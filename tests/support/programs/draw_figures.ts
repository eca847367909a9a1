/**
 * A program: draws figures as images and as pages, with all packages of figures,
 * and prints the outcome.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
import {
  featureSet,
  type Figure,
  notebook,
  projection,
  scoreHistogram,
} from "@sonde/sonde";

const shape = [60, 5];
const data = new Float32Array(300).map((_, i) => Math.sin(i * i));
const set = featureSet({ features: [{ data, shape, dtype: "float32" }] });
const image = projection(set, { kind: "umap" });
const pages = [
  projection(set, { kind: "pca" }),
  scoreHistogram({ known: [1, 2, 3], unknown: [2, 3, 4] }),
];
await notebook({ renderer: "png" });
const found = new Set(await typesOf(image));
await notebook({ renderer: "html" });
for (const page of pages) {
  for (const type of await typesOf(page)) found.add(type);
}
console.log(JSON.stringify([...found].sort()));

/** The MIME types that the notebook's kernel would get. */
async function typesOf(figure: Figure): Promise<string[]> {
  const display = Symbol.for("Jupyter.display");
  const views = figure as unknown as Record<symbol, () => Promise<object>>;
  return Object.keys(await views[display]!());
}
