/**
 * Writes the features of a whole dataset to files, in constant memory.
 *
 * A run is a list of parts, each a range of samples that is stored completely
 * or not at all. A resumed run skips the parts that exist. When all parts exist
 * they are joined in order under the target's name, so that the result has the
 * same bytes however often the run was interrupted and however many processes
 * shared it.
 *
 * @module
 */
import { cannot, checkInteger, checkOptions } from "../check.ts";
import { shardOfJob } from "../cli/shard_index.ts";
import { sha256 } from "../formats/sha256.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { openFeatureFile } from "../store/feature_files.ts";
import { checkDiskSpace } from "../store/writable.ts";
import {
  bytesPerRow,
  finishTarget,
  type RunTarget,
  writtenBefore,
} from "../store/finish_target.ts";
import {
  type DonePart,
  PartFolder,
  type RunRecord,
} from "../store/part_folder.ts";
import { rangeOfShard } from "../store/merge_features.ts";
import {
  checkLayout,
  checkSave,
  SAVE_OPTIONS,
  scratchOf,
  SHARD_SIZE,
  writeTarget,
} from "../store/save_features.ts";
import type { SaveOptions } from "../store/save_features.ts";
import type { Part } from "../store/part.ts";
import {
  checkFree,
  kindAt,
  parentOf,
  type Target,
  targetOf,
} from "../store/target.ts";
import { checkFeatureNames, checkWritable } from "../store/writable.ts";
import { shownWritten, type Written } from "../store/written.ts";
import type { Dataset, RunOptions, SkippedSample } from "../types.ts";
import { type OpenRuns, openRuns } from "./open_extractor.ts";
import { cachedPart } from "./cached.ts";
import {
  identifyRun,
  identityRecord,
  isNamed,
  type RunIdentity,
} from "./_run_identity.ts";
import type { Settings } from "./settings.ts";

/**
 * Settings of {@linkcode FeatureExtractor.write}.
 *
 * @category Files of features
 */
export interface WriteOptions extends SaveOptions {
  /**
   * The shard of the dataset that this process computes: its index, from 0, and
   * the number of shards. `{ index: "env" }` reads the index from the variables
   * of Slurm or Kubernetes; Kubernetes does not set the count.
   */
  readonly shard?:
    | readonly [index: number, count: number]
    | { readonly index: "env"; readonly count?: number };
  /**
   * Number of samples per part: the most that a killed process loses. Rounded
   * to whole batches; the result does not depend on it.
   *
   * @default {as many as take 32 MB or 10 seconds}
   */
  readonly partSize?: number;
}

/** Names of the options in addition to those of a run. */
export const WRITE_OPTIONS: readonly string[] = [
  ...SAVE_OPTIONS,
  "shard",
  "partSize",
];

/** A part is written when its arrays reach this size in bytes … */
const PART_BYTES = 2 ** 25;
/** … or after this time, the most that an interrupted run loses. */
const PART_MS = 10_000;

const ACTION = "write features";

/**
 * Writes the features of a dataset.
 *
 * @param graph The model.
 * @param settings The settings.
 * @param dataset The dataset.
 * @param target The destination.
 * @param options Layout, shard; signal, progress.
 * @returns A summary of what was written.
 */
export async function writeDataset(
  graph: ModelGraph,
  settings: Settings,
  dataset: Dataset,
  target: string | URL,
  options: WriteOptions & RunOptions,
): Promise<Written> {
  const { shard, partSize, layout, destination, run } = checkedWrite(
    target,
    options,
  );
  const range = shardOf(shard);
  const isThere = kindAt(destination.path) !== undefined;
  if (!isThere || !isNamed(graph, settings)) checkFree(destination.path);
  if (range !== undefined && !isNamed(graph, settings)) throw notShared();
  const job = await identifyRun(graph, settings, dataset, run);
  const { data, total } = job;
  for (const one of ["safetensors", destination.format] as const) { // parts, target
    checkFeatureNames(job.plan.layerNames, one);
  }
  if (range !== undefined && data === undefined) throw notShared();
  const record = recordOf(settings, job, { ...layout, ...destination });
  const key = data === undefined
    ? undefined
    : await sha256(JSON.stringify(record));
  if (isThere) {
    const before = await writtenBefore(destination, key);
    if (before !== undefined) return before;
    checkFree(destination.path);
  }
  const cached = range === undefined
    ? await cachedPart(settings, job, run.signal)
    : undefined;
  if (cached?.part !== undefined) {
    return await writeCached(cached.part, destination, layout, key);
  }
  const shards = range?.[1] ?? 1;
  const shared = { ...record, shards, samples: total ?? "unknown" };
  const todo = { destination, layout, run: key, total, data, partSize };
  await using runs = await openRuns(graph, settings, run.signal);
  const written = await writeParts(
    ...[runs, dataset, { ...todo, record: shared }, range, run] as const,
  );
  await cached?.keep(written.files);
  return written;
}

/** Checks the target and the options that need no model. */
function checkedWrite(
  target: string | URL,
  options: WriteOptions & RunOptions,
) {
  const { format, shardSize, rowGroupSize, shard, partSize, ...run } = options;
  if (partSize !== undefined) checkInteger(partSize, ACTION, "partSize");
  const layout = {
    ...(shardSize === undefined ? {} : { shardSize }),
    ...(rowGroupSize === undefined ? {} : { rowGroupSize }),
  };
  checkSave({ ...layout }, ACTION, SAVE_OPTIONS);
  const destination = targetOf(target, format);
  checkLayout(layout, destination, ACTION);
  return { shard, partSize, layout, destination, run };
}

/** Writes cached features. */
async function writeCached(
  part: Part,
  destination: Target,
  layout: SaveOptions,
  run: string | undefined,
): Promise<Written> {
  const begin = performance.now();
  try {
    const described = { ...part, description: { ...part.description, run } };
    const scratch = scratchOf(destination.path);
    const files = await writeTarget(destination, [described], {
      ...layout,
      scratch,
    });
    const { samples, skipped } = part.description;
    const seconds = (performance.now() - begin) / 1000;
    const samplesPerSecond = samples / Math.max(1e-3, seconds);
    return shownWritten({ samples, ...files, samplesPerSecond, skipped });
  } finally {
    part.close();
  }
}

/** A run with all its settings resolved. */
interface Job extends RunTarget {
  /** Number of samples of the dataset, if known. */
  readonly total: number | undefined;
  /** Fingerprint of the data; required to resume. */
  readonly data: string | undefined;
  readonly record: RunRecord;
  /** Number of samples per part. */
  readonly partSize: number | undefined;
}

async function writeParts(
  runs: OpenRuns,
  dataset: Dataset,
  job: Job,
  shard: readonly [number, number] | undefined,
  options: RunOptions,
): Promise<Written> {
  const { destination, total, data, record, partSize } = job;
  const path = `${destination.path}.partial`;
  const isNew = PartFolder.record(path) === undefined;
  const folder = await PartFolder.open(path, record, data !== undefined);
  const [index, count] = shard ?? [0, 1];
  folder.lock(index);
  let isKept = data !== undefined;
  try {
    const range = rangeOfShard(total, index, count, Number(record.batch));
    const done = folder.done({ ...range, end: range.end ?? Infinity });
    const start = done.at(-1)?.end ?? range.start;
    const begin = performance.now();
    let samples = 0;
    if (start < (range.end ?? Infinity)) {
      const rest = { start, end: shard && range.end };
      for await (
        const part of runs.parts(dataset, options, rest, partSize, isFull())
      ) {
        if (samples === 0 && range.end !== undefined && part.set) {
          const needed = 2 * bytesPerRow(part.set) * (range.end - start);
          checkDiskSpace(parentOf(destination.path), needed);
        }
        if (part.set !== undefined) checkWritable(part.set, destination.format);
        await folder.add(part.set, part, { ...part, run: job.run });
        samples += part.set?.ids.length ?? 0;
      }
    }
    const seconds = (performance.now() - begin) / 1000;
    const samplesPerSecond = samples / Math.max(1e-3, seconds);
    const all = folder.done({ ...range, end: range.end ?? Infinity });
    if (shard !== undefined) return await shardWritten(all, samplesPerSecond);
    const written = await finishTarget(folder, job, all, samplesPerSecond);
    isKept = true;
    return written;
  } catch (error) {
    const isAlone = isNew && shard === undefined;
    if (isAlone && folder.done({ start: 0, end: Infinity }).length === 0) {
      isKept = false; // it contains no finished part
    }
    throw error;
  } finally {
    folder.close();
    if (!isKept && kindAt(path) !== undefined) {
      Deno.removeSync(path, { recursive: true });
    }
  }
}

/** Decides when a part is large enough, and starts the next one. */
function isFull(): (bytes: number) => boolean {
  let begin = performance.now();
  return (bytes) => {
    const full = bytes >= PART_BYTES || performance.now() - begin >= PART_MS;
    if (full) begin = performance.now();
    return full;
  };
}

/** The error of shards whose run cannot be identified. */
function notShared(): TypeError {
  const rule = "a run that is shared by processes must be identifiable: " +
    "arrays or a source with a fingerprint, and built-in steps";
  const found = "a custom function, or data without a fingerprint";
  const hint = 'leave out "shard"';
  return new TypeError(cannot(ACTION, rule, found, hint));
}

/** The summary of one process for a target that several processes write. */
async function shardWritten(
  done: readonly DonePart[],
  samplesPerSecond: number,
): Promise<Written> {
  let samples = 0;
  const skipped: SkippedSample[] = [];
  for (const { path, skipped: all } of done) {
    if (all !== undefined) {
      skipped.push(...all);
      continue;
    }
    const { description, close } = await openFeatureFile(path);
    close();
    samples += description.samples;
    skipped.push(...description.skipped);
  }
  const files = done.map(({ path }) => path);
  const bytes = files.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
  return shownWritten({ samples, files, bytes, samplesPerSecond, skipped });
}

/**
 * Everything that the bytes of the result depend on, under names for messages.
 */
function recordOf(
  settings: Settings,
  job: RunIdentity,
  { format, isFolder, shardSize = SHARD_SIZE, rowGroupSize }: SaveOptions & {
    readonly isFolder: boolean;
  },
): RunRecord {
  return {
    ...identityRecord(settings, job),
    format: format!,
    isFolder,
    ...(isFolder ? { shardSize } : {}),
    ...(rowGroupSize === undefined ? {} : { rowGroupSize }),
  };
}

function shardOf(
  shard: WriteOptions["shard"],
): readonly [number, number] | undefined {
  if (shard === undefined) return undefined;
  if (!Array.isArray(shard)) {
    const { index, count } = Object(shard) as { index: "env"; count?: number };
    if (index === "env") {
      checkOptions(shard as object, ACTION, ["index", "count"]);
      if (count !== undefined) checkInteger(count, ACTION, "count");
      return shardOfJob(count);
    }
  }
  const [index, count, ...rest]: readonly number[] = Array.isArray(shard)
    ? shard
    : [];
  if (rest.length === 0 && count !== undefined) {
    checkInteger(count, ACTION, "count");
    checkInteger(index!, ACTION, "index", 0);
    if (index! < count) return [index!, count];
  }
  const rule =
    `"shard" must be [index, count] with index < count, or { index: "env" }`;
  throw new RangeError(cannot(ACTION, rule, shard));
}
