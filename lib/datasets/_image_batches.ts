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
}

/** Options for reading images. */
export interface ImageBatchOptions {
  /** Images per batch. */
  readonly size: number;
  /** Index of the first image. */
  readonly start: number;
  /** Their target. */
  readonly input: ImageInput;
  /** Whether to skip bad files. */
  readonly skips: boolean;
  /** The action, for messages. */
  readonly action: string;
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
  const { size, start, input, signal } = options;
  if (!input.hasSize) await firstSize(images, options);
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
 * If no size is set, it is that of the first readable image of all, wherever
 * the reading starts.
 */
async function firstSize(
  images: ImageRows,
  { input, skips, action }: ImageBatchOptions,
): Promise<void> {
  for (let row = 0; row < images.length; row++) {
    const failure = await attempt(skips, action, images.id(row), async () => {
      await input.sizeOf(await images.read(row), images.id(row));
    });
    if (failure === undefined) return;
  }
}

/**
 * Begins a batch of images.
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
  { input, skips, action }: Pick<
    ImageBatchOptions,
    "input" | "skips" | "action"
  >,
): OpenBatch<Batch> {
  const failures: (SkippedSample | undefined)[] = Array(rows).fill(undefined);
  if (!input.hasSize) { // none could be read
    const samples = failures.map((_, i) => async () => {
      failures[i] = await attempt(
        skips,
        action,
        images.id(first + i),
        async () => {
          await input.sizeOf(
            await images.read(first + i),
            images.id(first + i),
          );
        },
      );
    });
    return {
      samples,
      finish: () => ({ skipped: failures.map((one) => one!) }),
    };
  }
  const width = input.width;
  const data = input.allocate(rows);
  const samples = failures.map((_, i) => async () => {
    const id = images.id(first + i);
    failures[i] = await attempt(skips, action, id, async () => {
      await input.fill(await images.read(first + i), id, data, i);
    });
  });
  const finish = (): Batch => {
    const kept: number[] = [];
    failures.forEach((failure, i) => {
      if (failure !== undefined) return;
      if (kept.length < i) {
        data.copyWithin(kept.length * width, i * width, (i + 1) * width);
      }
      kept.push(i);
    });
    const skipped = failures.filter((failure) => failure !== undefined);
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
async function attempt(
  skips: boolean,
  action: string,
  id: string,
  read: () => Promise<void>,
): Promise<SkippedSample | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const fault = pathFault(error, id);
    const rule = `image "${id}" must be a file that can be read`;
    const named = fault === undefined
      ? error
      : new TypeError(cannot(action, rule, fault.found, fault.hint), {
        cause: error,
      });
    const isBad = named !== error || error instanceof SyntaxError;
    if (!skips || !isBad) throw named;
    return { id, reason: named.message };
  }
}
