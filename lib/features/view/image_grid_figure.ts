/**
 * Images of a dataset side by side.
 *
 * @module
 */
import type { ImagesSpec } from "../../display/view.ts";
import type { Dataset } from "../../types.ts";
import { inputImages } from "./_input_images.ts";

/** Which images are drawn, and what is written below them. */
export interface ImageGridParts {
  /** The title of the figure. */
  readonly title: string;
  /** The source of the images. */
  readonly images: Dataset;
  /** Ids of the images, in their order. */
  readonly ids: readonly (string | number)[];
  /** A line below each. Default: its id. */
  readonly captions?: readonly string[] | undefined;
  /** A second line below each. */
  readonly details?: readonly string[] | undefined;
  /** Images in a row. */
  readonly columns?: number | undefined;
}

/**
 * Reads images and puts them side by side.
 *
 * @param parts The images.
 * @returns The figure.
 * @throws {TypeError} If the dataset holds no images.
 * @throws {RangeError} If an id is not found.
 */
export async function gridOf(parts: ImageGridParts): Promise<ImagesSpec> {
  const { title, images, ids, captions, details, columns } = parts;
  const unique = [...new Set(ids)];
  const read = unique.length === 0 ? [] : await inputImages(images, unique);
  const byId = new Map(unique.map((id, i) => [id, read[i]!]));
  return {
    kind: "images",
    title,
    images: ids.map((id, i) => ({
      ...byId.get(id)!,
      caption: captions?.[i] ?? String(id),
      ...details !== undefined && { detail: details[i]! },
    })),
    columns,
    scale: "each",
  };
}
