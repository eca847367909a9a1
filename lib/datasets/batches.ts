/**
 * Converts any dataset of a user to batches on the host.
 *
 * A dataset is either samples in memory, which are split into batches here, or
 * an iterable of batches, which are used unchanged. An element of the latter
 * has the form of the former, so one reader (`parts.ts`) serves both, and one
 * function below reads it to the host.
 *
 * The next batch is created only when it is requested, so a generator may
 * dispose of what it yielded, or write into the same buffer, once the next one
 * is requested.
 *
 * @module
 */
import { cannot, checkAwaited, checkInteger, counted } from "../check.ts";
import { abortError } from "../errors.ts";
import type { tf } from "../tf.ts";
import type { Dataset, DataSource, SkippedSample } from "../types.ts";
import { namedLabels, withIndices } from "./_batch_labels.ts";
import { isBuiltIn, memoryOf } from "./_batch_memory.ts";
import { checkClassNames, classesOf } from "./class_names.ts";
import { type AnyIterator, datasetElements } from "./dataset_elements.ts";
import { batchAxisOf, modelInput } from "./model_input.ts";
import type { BatchPlan, HostBatch, WantedHostBatches } from "./host_batch.ts";
import {
  type AnyIterable,
  isIterable,
  isSource,
  iteratorOf,
} from "./_dataset_kinds.ts";
import { labelsOf } from "./labels.ts";
import { type Parts, partsOf, skippedOnly } from "./parts.ts";
import {
  type HostArray,
  type InputLike,
  isHostArray,
  isTensor,
  readRows,
} from "./tensor_likes.ts";
import { checkBatched, disposeAll, isTfDataset } from "./tf_dataset.ts";

export type {
  BatchPlan,
  HostBatch,
  SampleRange,
  WantedHostBatches,
} from "./host_batch.ts";

const ACTION = "read dataset";

/**
 * Converts a dataset to batches on the host. Values that the caller passed are
 * neither disposed nor changed; tensors from a `tf.data.Dataset` are disposed.
 *
 * @param dataset Anything that `predict` takes.
 * @param wanted Batch size, inputs and range.
 * @returns The plan with its batches, which throw errors found while reading.
 * @throws {TypeError} If its form is not supported, or it does not fit the
 * model.
 * @throws {RangeError} If it is empty, or its parts have different numbers of
 * rows.
 */
export function batchesOf(
  dataset: Dataset,
  wanted: WantedHostBatches,
): BatchPlan {
  checkInteger(wanted.size, ACTION, "size");
  checkAwaited(dataset, ACTION, "the dataset");
  const value: unknown = dataset;
  if (isTensor(value) || isHostArray(value)) return cut(value, wanted);
  if (isSource(value)) return fromSource(value, wanted);
  if (isTfDataset(value)) return fromTfDataset(value, wanted);
  if (Array.isArray(value)) return cut(value, wanted);
  if (isIterable(value)) return fromIterable(value, wanted);
  return cut(value, wanted);
}

// ---- samples in memory ----

function cut(dataset: unknown, wanted: WantedHostBatches): BatchPlan {
  const parts = partsOf(dataset, wanted.inputs, ACTION);
  const { labelNames, rows } = parts;
  const classNames = parts.classNames ??
    (labelNames === undefined ? undefined : classesOf(labelNames, ACTION));
  const named = classNames === undefined ? parts : { ...parts, classNames };
  // Labels in memory are read now, to report errors in any row before the run.
  const read = withIndices(named, ACTION);
  const { start: begin = 0, end: last = rows } = wanted.range ?? {};
  return {
    length: last - begin,
    batchSize: wanted.size,
    ...(classNames === undefined ? {} : { classNames }),
    batches: { [Symbol.asyncIterator]: () => run() },
  };

  async function* run(): AsyncGenerator<HostBatch> {
    const { size, signal, atOnce = () => 1 } = wanted;
    let start = begin;
    while (start < last) {
      if (signal?.aborted) {
        throw abortError(signal, `after ${start} of ${rows} samples`);
      }
      const end = Math.min(start + size * atOnce(start), last);
      yield await readBatch(read, { start, end, first: 0 }, wanted, ACTION);
      start = end;
    }
  }
}

/**
 * The rows of a batch to read; `first` is the index of its row 0 in the
 * dataset.
 */
interface Rows {
  readonly start: number;
  readonly end: number;
  readonly first: number;
}

async function readBatch(
  parts: Parts,
  { start, end, first }: Rows,
  { inputs: specs }: WantedHostBatches,
  action: string,
  isFinite = false,
): Promise<HostBatch> {
  const { labels, ids, classNames } = parts;
  const sources: InputLike[] = [...parts.inputs];
  if (isTensor(labels)) sources.push(labels);
  for (const source of sources) {
    if (isTensor(source) && source.isDisposed) {
      throw new TypeError(
        cannot(
          action,
          "its tensors must stay until the run is over",
          `disposed after ${first + start} samples`,
        ),
      );
    }
  }
  const axes = sources.map(({ shape }, i) =>
    i < specs.length ? batchAxisOf(specs[i]!, shape) : 0
  );
  const arrays = await readRows(sources, start, end, axes);
  const rows = end - start;
  const row = first + start;
  const inputs = specs.map((spec, i) =>
    modelInput(arrays[i]!, spec, action, row, isFinite)
  );
  const nonFinite = new Set(
    inputs.flatMap(({ nonFinite }) =>
      nonFinite === "all"
        ? Array.from({ length: rows }, (_, i) => i)
        : nonFinite
    ),
  );
  return {
    inputs: inputs.map(({ array }) => array),
    rows,
    end: first + end,
    numSkipped: 0,
    nonFinite: [...nonFinite].sort((a, b) => a - b),
    ...(labels === undefined ? {} : {
      labels: isTensor(labels)
        ? namedLabels(arrays.at(-1)! as HostArray, parts, action, row)
        : labels instanceof Int32Array
        ? labels.slice(start, end)
        : labelsOf(labels, rows, action, row),
    }),
    ...(ids === undefined ? {} : { ids: ids.slice(start, end) }),
    ...(classNames === undefined ? {} : { classNames }),
  };
}

// ---- iterables of batches ----

/** Options for reading the elements of a dataset. */
interface Elements {
  readonly open: () => AnyIterator | Promise<AnyIterator>;
  /** Total number of samples, if the dataset knows it. */
  readonly length?: number | undefined;
  /** Names of the classes, if the dataset has them. */
  readonly classNames?: readonly string[] | undefined;
  /** Receives what the batches contain besides samples. */
  readonly seen?: (what: Seen) => void;
  /**
   * Called with an element after it is read; undefined if the caller owns it.
   */
  readonly release?: (element: unknown) => void;
  /** Checks that are specific to such a dataset. */
  readonly check?: (element: unknown, action: string) => void;
  /** Advice for an empty dataset. */
  readonly hint?: string;
  /** Index of the first sample to read. @default {0} */
  readonly start?: number | undefined;
  /** Whether the dataset continues after the range. */
  readonly isCut?: boolean | undefined;
  /** Whether they come from a built-in source. */
  readonly isBuiltIn?: boolean;
}

/** The contents of batches besides samples. */
interface Seen {
  readonly classNames?: readonly string[] | undefined;
  readonly skipped?: readonly SkippedSample[] | undefined;
}

async function* runElements(
  elementsOf: Elements,
  wanted: WantedHostBatches,
): AsyncGenerator<HostBatch> {
  const { open, length, hint, start = 0, isCut } = elementsOf;
  const { release: late = () => {} } = elementsOf;
  const { signal } = wanted;
  let rows = 0;
  let left = 0;
  let index = 0;
  let first: HostBatch | undefined;
  const aborted = () => {
    const total = length === undefined ? "" : ` of ${length}`;
    return abortError(signal!, `after ${rows}${total} samples`);
  };
  const elements = datasetElements({ open, signal, aborted, late });
  const isOver = () => isCut === true && rows + left >= length!;
  for await (const element of elements) {
    const action = `read batch ${index++} of the dataset`;
    const onlySkipped = skippedOnly(element, action);
    if (onlySkipped !== undefined) {
      elementsOf.seen?.({ skipped: onlySkipped });
      left += onlySkipped.length;
      if (isOver()) break;
      continue;
    }
    const { batch, numSkipped } = await readElement(
      ...[element, elementsOf, wanted, start + rows, action] as const,
    );
    left += numSkipped;
    first ??= batch;
    checkAlike(batch, first, action);
    rows += batch.rows;
    if (length !== undefined && rows + left > length) {
      throw wrongLength(rows + left, length);
    }
    yield { ...batch, end: start + rows + left, numSkipped: left };
    if (isOver()) break;
  }
  if (rows === 0 && start === 0 && !isCut) {
    const rule = "it must yield at least one batch";
    const found = left === 0
      ? "nothing"
      : `${counted(left, "sample")}, all left out`;
    throw new RangeError(cannot(ACTION, rule, found, hint));
  }
  if (length !== undefined && rows + left < length) {
    throw wrongLength(rows + left, length);
  }
}

/** Reads one element, whose row 0 is sample `first`, and releases it. */
async function readElement(
  element: unknown,
  { classNames, isBuiltIn = false, check, seen, release }: Elements,
  wanted: WantedHostBatches,
  first: number,
  action: string,
): Promise<{ batch: HostBatch; numSkipped: number }> {
  try {
    check?.(element, action);
    const parts = partsOf(element, wanted.inputs, action);
    const named = classNames === undefined ? parts : { ...parts, classNames };
    const read = withIndices(named, action, first);
    const all = { start: 0, end: parts.rows, first };
    const memory = isBuiltIn ? memoryOf(element) : undefined;
    const batch = await readBatch(read, all, wanted, action, memory?.isFinite);
    seen?.({ skipped: parts.skipped, classNames: batch.classNames });
    return {
      batch: memory ? { ...batch, release: memory.release } : batch,
      numSkipped: parts.skipped?.length ?? 0,
    };
  } finally {
    release?.(element);
  }
}

function checkAlike(batch: HostBatch, first: HostBatch, action: string): void {
  for (const name of ["labels", "ids"] as const) {
    if ((batch[name] === undefined) === (first[name] === undefined)) continue;
    const rule = `every batch must carry ${name}, or none`;
    const now = batch[name] === undefined ? "none" : "some";
    throw new TypeError(
      cannot(action, rule, now, "make it like the first batch"),
    );
  }
  const { classNames } = batch;
  const isSame = classNames === first.classNames ||
    classNames?.length === first.classNames?.length &&
      classNames?.every((name, i) => name === first.classNames![i]);
  if (isSame) return;
  const rule = "every batch must carry the same classNames";
  throw new TypeError(
    cannot(action, rule, classNames, "make it like the first batch"),
  );
}

function wrongLength(rows: number, length: number): RangeError {
  const rule = `its batches must hold as many samples as its length, ${length}`;
  return new RangeError(cannot(ACTION, rule, rows));
}

function fromSource(
  source: DataSource,
  { size, inputs, signal, range = { start: 0 } }: WantedHostBatches,
): BatchPlan {
  const { length: whole, classNames } = source;
  if (whole !== undefined) checkInteger(whole, ACTION, "length");
  const { start, end = whole } = range;
  const length = end === undefined ? undefined : end - start;
  const open = () => {
    const batches: unknown = source.batches({
      size,
      start,
      inputs,
      ...(signal === undefined ? {} : { signal }),
    });
    checkAwaited(batches, ACTION, `what its "batches" gives`);
    if (isIterable(batches)) return iteratorOf(batches);
    const rule = `its "batches" must return an async iterable`;
    throw new TypeError(cannot(ACTION, rule, batches));
  };
  const names = classNames === undefined
    ? undefined
    : checkClassNames(classNames, ACTION);
  const isCut = range.end !== undefined;
  const elements = {
    open,
    length,
    classNames: names,
    start,
    isCut,
    isBuiltIn: isBuiltIn(source),
  };
  return {
    ...(length === undefined ? {} : { length }),
    ...planOf(elements, { size, inputs, signal }),
  };
}

function fromTfDataset(
  dataset: tf.data.Dataset<tf.TensorContainer>,
  wanted: WantedHostBatches,
): BatchPlan {
  const open = () => dataset.iterator() as Promise<AnyIterator>;
  const elements = { open, release: disposeAll, check: checkBatched };
  return planOf(elements, wanted);
}

function fromIterable(dataset: AnyIterable, wanted: WantedHostBatches) {
  const open = () => iteratorOf(dataset);
  const hint = "a generator can be read once only: make a new one for each run";
  return planOf({ open, hint }, wanted);
}

/**
 * Properties that are determined while reading are known after a batch was
 * read.
 */
function planOf(elements: Elements, wanted: WantedHostBatches): BatchPlan {
  const skipped: SkippedSample[] = [];
  let { classNames } = elements;
  const seen = (what: Seen) => {
    classNames ??= what.classNames;
    for (const sample of what.skipped ?? []) skipped.push(sample);
  };
  return {
    skipped,
    get classNames() {
      return classNames;
    },
    batches: {
      [Symbol.asyncIterator]: () => runElements({ ...elements, seen }, wanted),
    },
  };
}

/**
 * Prepares a source, so that its length and classes are known.
 *
 * @param dataset Anything that `predict` takes.
 * @param signal Aborts it.
 * @returns A promise to await; undefined if no preparation is needed.
 */
export function prepareDataset(
  dataset: Dataset,
  signal?: AbortSignal,
): Promise<void> | undefined {
  const value: unknown = dataset;
  return isSource(value) ? value.prepare?.(signal) : undefined;
}
