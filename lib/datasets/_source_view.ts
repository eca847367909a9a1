/**
 * The view of sources: description, samples per class, images or the first
 * rows.
 *
 * @module
 */
import { countText } from "../display/cell.ts";
import type { Block, FigureBlock, GridImage, View } from "../display/view.ts";
import type { NdArray } from "../types.ts";

/** Maximum number of classes that are listed; more are only counted. */
const MOST_CLASSES = 20;

/** The contents of a source's view. */
export interface SourceFacts {
  /** One line, such as `imageFolder "photos": 120 images`. */
  readonly title: string;
  /** Further lines. */
  readonly notes: readonly string[];
  /** Class indices of the samples. */
  readonly labels?: ArrayLike<number> | undefined;
  /** Names of the classes. */
  readonly classNames?: readonly string[] | undefined;
  /** Further blocks: images, a table. */
  readonly blocks: readonly Block[];
}

/**
 * The view of a source.
 *
 * @param facts The contents.
 * @returns The view.
 */
export function sourceView(facts: SourceFacts): View {
  const { title, notes, labels, classNames, blocks } = facts;
  const noteBlocks = notes.map((text): Block => ({ kind: "text", text }));
  const counts = labels === undefined ? [] : [classTable(labels, classNames)];
  return { title, blocks: [...noteBlocks, ...counts, ...blocks] };
}

function classTable(
  labels: ArrayLike<number>,
  classNames: readonly string[] | undefined,
): Block {
  const counts = new Map<number, number>(classNames?.map((_, i) => [i, 0]));
  for (let i = 0; i < labels.length; i++) {
    counts.set(labels[i]!, (counts.get(labels[i]!) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const rows = sorted.slice(0, MOST_CLASSES).map(([label, count]) =>
    classNames === undefined
      ? [label, count]
      : [label, classNames[label] ?? null, count]
  );
  const names = classNames === undefined
    ? ["label", "samples"]
    : ["label", "class", "samples"];
  const isCut = sorted.length > MOST_CLASSES;
  return {
    kind: "table",
    ...(isCut
      ? { title: `the first ${MOST_CLASSES} of ${sorted.length} classes` }
      : {}),
    columns: names.map((name) => ({ name })),
    rows,
  };
}

/** Maximum number of images. */
export const MOST_IMAGES = 16;
/** Side of each, in pixels. */
export const IMAGE_SIDE = 96;

/**
 * A grid of images with their labels.
 *
 * @param count Number of images.
 * @param load Reads them: values in [0, 255], `[count, H, W, C]`, with
 * captions.
 * @returns The figure.
 */
export function imagesBlock(
  count: number,
  load: () => Promise<{ images: NdArray; captions: readonly string[] }>,
): FigureBlock {
  const title = "Samples";
  return {
    kind: "figure",
    title,
    summary: countText(count, "image"),
    figure: async () => {
      const { images, captions } = await load();
      const [, height, width, channels] = images.shape as [
        number,
        number,
        number,
        number,
      ];
      const size = height * width * channels;
      const grid = captions.map((caption, i): GridImage => ({
        caption,
        z: images.data.subarray(i * size, (i + 1) * size),
        height,
        width,
        colors: channels === 1 ? "gray" : "rgb",
      }));
      return { kind: "images", title, images: grid, scale: "each" };
    },
  };
}
