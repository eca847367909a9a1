/**
 * The input images of some samples of a feature set. Sets contain no inputs, so
 * a dataset is read up to the last requested sample.
 *
 * @module
 */
import { cannot, sizeOf } from "../../check.ts";
import { extremes } from "../../math/statistics.ts";
import type { GridImage } from "../../display/view.ts";
import type { Dataset, DataSource } from "../../types.ts";

const ACTION = "show images of samples";
const BATCH = 64; // samples read from a source at a time
/** The size requested from sources of image files; others ignore it. */
const WANTED = {
  name: "images",
  shape: [null, 64, 64, 3],
  dtype: "float32",
} as const;

interface Images {
  readonly data: ArrayLike<number>;
  /** `[N, H, W, C]` or `[N, C, H, W]`. */
  readonly shape: readonly number[];
}

/** A TF.js tensor or an array, not yet read. */
interface ArrayOrTensor {
  readonly shape: readonly number[];
  readonly data: unknown;
}

/**
 * Reads images.
 *
 * @param dataset The dataset that the set was computed from.
 * @param ids Ids of the samples, from the dataset, or row indices.
 * @returns One image per id, grey or RGB, with values in [0, 255].
 * @throws {TypeError} If the dataset contains no images.
 * @throws {RangeError} If a sample is not found in it.
 */
export async function inputImages(
  dataset: Dataset,
  ids: readonly (string | number)[],
): Promise<GridImage[]> {
  if (isSource(dataset) && dataset.samples !== undefined) {
    const images = await imagesById(await dataset.samples(ids));
    if (images.length === ids.length) return images;
    const rule = "its samples must have one image for each id, in their order";
    const found = `${images.length} for ${ids.length} ids`;
    throw new RangeError(cannot(ACTION, rule, found));
  }
  const found = new Map<string | number, GridImage>();
  const wanted = new Set(ids);
  let row = 0;
  for await (const batch of batchesOf(dataset)) {
    const { images, ids: batchIds } = await imagesOf(batch);
    const range = rangeOf(images.data);
    const count = images.shape[0]!;
    for (let i = 0; i < count; i++) {
      const id = batchIds?.[i] ?? row + i;
      if (wanted.has(id) && !found.has(id)) {
        found.set(id, imageAt(images, i, range));
      }
    }
    row += count;
    if (found.size === wanted.size) break;
  }
  return ids.map((id) => {
    const image = found.get(id);
    if (image !== undefined) return image;
    const rule = `"images" must hold every sample that is shown`;
    throw new RangeError(
      cannot(ACTION, rule, id, "pass the dataset that the set was made from"),
    );
  });
}

/** Images from a source that reads samples by id, in the order of the ids. */
async function imagesById(batch: unknown): Promise<GridImage[]> {
  const { images } = await imagesOf(batch);
  const range = rangeOf(images.data);
  return Array.from(
    { length: images.shape[0]! },
    (_, row) => imageAt(images, row, range),
  );
}

/** Batches of a dataset; an array is one batch. */
function batchesOf(dataset: Dataset): AsyncIterable<unknown> {
  if (isSource(dataset)) {
    return dataset.batches({ size: BATCH, start: 0, inputs: [WANTED] });
  }
  if (isTfDataset(dataset)) return elementsOf(dataset);
  const isStream = typeof dataset === "object" && dataset !== null &&
    (Symbol.asyncIterator in dataset ||
      Symbol.iterator in dataset && !Array.isArray(dataset));
  return streamOf(isStream ? dataset as Iterable<unknown> : [dataset]);
}

async function* streamOf(
  batches: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncIterable<unknown> {
  yield* batches;
}

interface TfDataset {
  iterator(): Promise<{
    next(): Promise<{ readonly done: boolean; readonly value: unknown }>;
  }>;
}

/** Disposes of the tensors of each element, as TF.js itself does. */
async function* elementsOf(dataset: TfDataset): AsyncIterable<unknown> {
  const elements = await dataset.iterator();
  for (;;) {
    const { done, value } = await elements.next();
    if (done) return;
    try {
      yield value;
    } finally {
      dispose(value);
    }
  }
}

function dispose(part: unknown): void {
  if (typeof part !== "object" || part === null) return;
  if ("dispose" in part && typeof part.dispose === "function") part.dispose();
  else Object.values(part).forEach(dispose);
}

function isSource(dataset: Dataset): dataset is DataSource {
  return typeof dataset === "object" && dataset !== null &&
    "batches" in dataset && typeof dataset.batches === "function";
}

function isTfDataset(dataset: unknown): dataset is TfDataset {
  return typeof dataset === "object" && dataset !== null &&
    "iterator" in dataset && typeof dataset.iterator === "function";
}

/** The images and ids of a batch of any form. */
async function imagesOf(
  batch: unknown,
): Promise<{ images: Images; ids?: ArrayLike<string | number> | undefined }> {
  const tensor = partsOf(batch).find(isImages);
  if (tensor === undefined) {
    const rule = `"images" must hold images of shape [N, H, W, C] or [N, C, ` +
      "H, W] with 1, 3 or 4 channels, or [N, H, W]";
    const shapes = partsOf(batch).filter(isArrayOrTensor)
      .map(({ shape }) => shape);
    throw new TypeError(cannot(ACTION, rule, shapes));
  }
  const { data, shape } = tensor;
  const values: unknown = typeof data === "function"
    ? await data.call(tensor)
    : data;
  const images = {
    data: values as ArrayLike<number>,
    shape: shape.length === 3 ? [...shape, 1] : shape,
  };
  const ids: unknown = typeof batch === "object" && batch !== null &&
      "xs" in batch && "ids" in batch
    ? batch.ids
    : undefined;
  return { images, ids: ids as ArrayLike<string | number> | undefined };
}

/** All values of a batch that may be tensors, inputs first. */
function partsOf(batch: unknown): unknown[] {
  if (isArrayOrTensor(batch)) return [batch];
  if (typeof batch !== "object" || batch === null) return [];
  const parts: unknown[] = "xs" in batch ? [batch.xs] : Object.values(batch);
  return parts.flatMap((part) =>
    isArrayOrTensor(part) ? [part] : partsOf(part)
  );
}

function isArrayOrTensor(value: unknown): value is ArrayOrTensor {
  return typeof value === "object" && value !== null &&
    "shape" in value && Array.isArray(value.shape) && "data" in value;
}

function isImages(value: unknown): value is ArrayOrTensor {
  if (!isArrayOrTensor(value)) return false;
  const { shape } = value;
  return shape.length === 3 || shape.length === 4 &&
      (isDepth(shape[3]!) || isDepth(shape[1]!));
}

function isDepth(size: number): boolean {
  return size === 1 || size === 3 || size === 4;
}

/** One image; the last of four channels is transparency and is dropped. */
function imageAt(
  { data, shape }: Images,
  row: number,
  [low, high]: readonly [number, number],
): GridImage {
  const isLast = isDepth(shape[3]!);
  const [height, width, depth] =
    (isLast
      ? [shape[1], shape[2], shape[3]]
      : [shape[2], shape[3], shape[1]]) as [number, number, number];
  const start = row * sizeOf(shape.slice(1));
  const [positionStep, channelStep] = isLast ? [depth, 1] : [1, height * width];
  const channels = depth === 1 ? 1 : 3;
  const z = Float32Array.from(
    { length: height * width * channels },
    (_, i) => {
      const position = Math.floor(i / channels);
      const at = position * positionStep + i % channels * channelStep;
      return 255 * (data[start + at]! - low) / (high - low);
    },
  );
  const colors = channels === 1 ? "gray" : "rgb";
  return { caption: "", z, height, width, colors };
}

/**
 * The values of black and white: those of the image format, or the range of the
 * values.
 */
function rangeOf(data: ArrayLike<number>): readonly [number, number] {
  const [low, high] = extremes(data) ?? [0, 1];
  if (low >= 0 && high <= 255) return [0, high <= 1 ? 1 : 255];
  return low < high ? [low, high] : [low, low + 1];
}
