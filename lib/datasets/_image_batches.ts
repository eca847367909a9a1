/**
 * Reads batches of image files ahead.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { abortError } from "../errors.ts";
import { pathFault } from "../formats/file_path.ts";
import type { Batch, SkippedSample } from "../types.ts";
import type { ImageInput } from "./image_input.ts";
import { keepMemory } from "./_batch_memory.ts";
import { type OpenBatch, readAhead } from "./read_ahead.ts";

/** Images, in order. */
export interface ImageRows {
  /** Their number. */
  readonly length: number;
  /** Their names. */
  id(row: number): string;
  /** Class indices or names, `[length]`. */
  readonly labels?: ArrayLike<number> | readonly string[] | undefined;
  /** Ids, if they differ from the names. */
  readonly ids?: ArrayLike<string | number> | undefined;
  /** Reads the bytes of an image. */
  read(row: number): Promise<Uint8Array>;
  /** The error of a row without an image. */
  missing?(row: number): TypeError | undefined;
}

/** Options for reading any number of images. */
export interface ImageReadOptions {
  /** Their target. */
  readonly input: ImageInput;
  /** Whether to skip bad files. */
  readonly skips: boolean;
  /**
   * Whether skipped images keep their rows, as NaN: for display, which draws
   * them grey. @default {false}
   */
  readonly blanks?: boolean | undefined;
  /** The action, for messages. */
  readonly action: string;
}

/** Options for reading batches of images. */
export interface ImageBatchOptions extends ImageReadOptions {
  /** Images per batch. */
  readonly size: number;
  /** Index of the first image. */
  readonly start: number;
  /** Aborts the reading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads batches of images.
 *
 * @param images The images.
 * @param options Options for reading.
 * @returns The batches; those without readable images have `skipped` only.
 */
export async function* imageBatches(
  images: ImageRows,
  options: ImageBatchOptions,
): AsyncGenerator<Batch> {
  const { size, start, signal } = options;
  await findSize(images, options);
  const count = Math.ceil(Math.max(0, images.length - start) / size);
  const firsts = Array.from({ length: count }, (_, i) => start + i * size);
  yield* readAhead(firsts, (first) => {
    const rows = Math.min(size, images.length - first);
    if (signal?.aborted) {
      throw abortError(signal, `after ${first} of ${images.length} samples`);
    }
    return openBatch(images, first, rows, options);
  });
}

/**
 * Sets the size of the target to that of the first readable image, if no size
 * is set.
 *
 * @param images All images, wherever the reading starts.
 * @param options Options for reading.
 */
export async function findSize(
  images: ImageRows,
  options: ImageReadOptions,
): Promise<void> {
  const { input } = options;
  for (let row = 0; row < images.length && !input.hasSize; row++) {
    await readImage(images, row, options, (bytes, id) => {
      return input.sizeOf(bytes, id);
    });
  }
}

/**
 * Starts a batch of images.
 *
 * @param images The images.
 * @param first Index of the first of the batch.
 * @param rows Their number.
 * @param options Options for reading.
 * @returns The batch.
 */
export function openBatch(
  images: ImageRows,
  first: number,
  rows: number,
  options: ImageReadOptions,
): OpenBatch<Batch> {
  const { input, blanks = false } = options;
  const failures: (SkippedSample | undefined)[] = Array(rows).fill(undefined);
  const samplesBy = (
    use: (bytes: Uint8Array, id: string, i: number) => Promise<void>,
  ) =>
    failures.map((_, i) => async () => {
      failures[i] = await readImage(
        images,
        first + i,
        options,
        (bytes, id) => use(bytes, id, i),
      );
    });
  if (!input.hasSize) { // no image can be read
    return {
      samples: samplesBy((bytes, id) => input.sizeOf(bytes, id)),
      finish: () => ({ skipped: failures.map((one) => one!) }),
    };
  }
  const width = input.width;
  const data = input.allocate(rows);
  const samples = samplesBy((bytes, id, i) => input.fill(bytes, id, data, i));
  const finish = (): Batch => {
    const kept: number[] = [];
    failures.forEach((failure, i) => {
      if (failure !== undefined && blanks) {
        data.fill(NaN, i * width, (i + 1) * width);
      } else if (failure !== undefined) return;
      if (kept.length < i) {
        data.copyWithin(kept.length * width, i * width, (i + 1) * width);
      }
      kept.push(i);
    });
    const skipped = blanks
      ? []
      : failures.filter((failure) => failure !== undefined);
    if (kept.length === 0) return { skipped };
    const values = data.subarray(0, kept.length * width);
    const { labels } = images;
    const batch: Batch = {
      xs: { data: values, shape: input.shape(kept.length), dtype: "float32" },
      ids: kept.map((i) => images.ids?.[first + i] ?? images.id(first + i)),
      ...(labels === undefined ? {} : { ys: labelsAt(labels, kept, first) }),
      ...(skipped.length === 0 ? {} : { skipped }),
    };
    const release = () => input.reuse(data);
    keepMemory(batch, { isFinite: input.isFinite, release });
    return batch;
  };
  return { samples, finish };
}

function labelsAt(
  labels: ArrayLike<number> | readonly string[],
  kept: readonly number[],
  first: number,
): Int32Array | string[] {
  const picked = kept.map((i) => labels[first + i]!);
  return picked.every((label) => typeof label === "number")
    ? Int32Array.from(picked)
    : picked as string[];
}

/** Reads one image; returns its error, if bad ones are skipped. */
async function readImage(
  images: ImageRows,
  row: number,
  { skips, action }: ImageReadOptions,
  use: (bytes: Uint8Array, id: string) => Promise<void>,
): Promise<SkippedSample | undefined> {
  const id = images.id(row);
  const missing = images.missing?.(row);
  if (missing !== undefined) {
    if (!skips) throw missing;
    return { id, reason: missing.message };
  }
  try {
    await use(await images.read(row), id);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const fault = pathFault(error, id);
    const hint = id.includes("\ufffd")
      ? "its name is not UTF-8: rename it"
      : fault?.hint;
    const rule = `image "${id}" must be a file that can be read`;
    const named = fault === undefined
      ? error
      : new TypeError(cannot(action, rule, fault.found, hint), {
        cause: error,
      });
    const isBad = named !== error || error instanceof SyntaxError;
    if (!skips || !isBad) throw named;
    return { id, reason: named.message };
  }
}
