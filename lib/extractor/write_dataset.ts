/**
 * Features of a whole dataset into files, in flat memory.
 *
 * Think of a run as a list of parts, each a stretch of samples that lies whole
 * on the disk or not at all. A run that is begun again looks which parts are
 * there, and goes on behind them. When all are there they are joined under the
 * target's name, in order, so that the result has the same bytes however often
 * the run was stopped and however many processes shared it.
 *
 * @module
 */
import { cannot, checkInteger } from "../check.ts";
import { shardOfJob } from "../cli/shard_index.ts";
import { sha256 } from "../formats/sha256.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { checkRoom } from "../store/disk_room.ts";
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
import { checkNames, checkWritable } from "../store/writable.ts";
import { shownWritten, type Written } from "../store/written.ts";
import type { Dataset, RunOptions } from "../types.ts";
import { type OpenRuns, openRuns } from "./open_extractor.ts";
import { cachedPart } from "./cached.ts";
import {
  identify,
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
   * Which part of the dataset this process does: its number, from 0, and how
   * many there are. `{ index: "env" }` takes the number from Slurm's or
   * Kubernetes' variables; Kubernetes does not say the count.
   */
  readonly shard?:
    | readonly [index: number, count: number]
    | { readonly index: "env"; readonly count?: number };
  /**
   * Samples that are computed before they are kept on the disk: what a killed
   * process loses at the most. Whole batches; the result does not depend on it.
   *
   * @default {as many as take 32 MB or 10 seconds}
   */
  readonly partSize?: number;
}

/** Names of the options, besides those of a run. */
export const WRITE_OPTIONS: readonly string[] = [
  ...SAVE_OPTIONS,
  "shard",
  "partSize",
];

/** A part is written when its arrays have so many bytes … */
const PART_BYTES = 2 ** 25;
/** … or after this time, which is what a stopped run loses at the most. */
const PART_MS = 10_000;

const ACTION = "write features";

/**
 * Writes the features of a dataset.
 *
 * @param graph The model.
 * @param settings The settings.
 * @param dataset The dataset.
 * @param target Where the files go.
 * @param options Layout, shard; signal, progress.
 * @returns What was written.
 */
export async function writeDataset(
  graph: ModelGraph,
  settings: Settings,
  dataset: Dataset,
  target: string | URL,
  options: WriteOptions & RunOptions,
): Promise<Written> {
  const { format, shardSize, rowGroupSize, shard, partSize, ...run } = options;
  if (partSize !== undefined) checkInteger(partSize, ACTION, "partSize");
  const layout = {
    ...(shardSize === undefined ? {} : { shardSize }),
    ...(rowGroupSize === undefined ? {} : { rowGroupSize }),
  };
  checkSave({ ...layout }, ACTION, SAVE_OPTIONS);
  const place = targetOf(target, format);
  const range = shardOf(shard);
  const isThere = kindAt(place.path) !== undefined;
  if (!isThere || !isNamed(graph, settings)) checkFree(place.path);
  if (range !== undefined && !isNamed(graph, settings)) throw notShared();
  const job = await identify(graph, settings, dataset, run);
  const { data, total } = job;
  for (const one of ["safetensors", place.format] as const) { // parts, target
    checkNames(job.plan.layerNames, one);
  }
  if (range !== undefined && data === undefined) throw notShared();
  const record = recordOf(settings, job, { ...layout, ...place });
  const key = data === undefined
    ? undefined
    : await sha256(JSON.stringify(record));
  if (isThere) {
    const before = await writtenBefore(place, key);
    if (before !== undefined) return before;
    checkFree(place.path);
  }
  const cached = range === undefined
    ? await cachedPart(settings, job, run.signal)
    : undefined;
  if (cached?.part !== undefined) {
    return await writeCached(cached.part, place, layout, key);
  }
  const count = range?.[1] ?? 1;
  const shared = { ...record, shards: count, samples: total ?? "unknown" };
  const todo = { place, layout, run: key, total, data, partSize };
  await using runs = await openRuns(graph, settings, run.signal);
  const written = await writeParts(
    runs,
    dataset,
    { ...todo, record: shared },
    range,
    run,
  );
  await cached?.keep(written.files);
  return written;
}

/** Writes what a cache holds. */
async function writeCached(
  part: Part,
  place: Target,
  layout: SaveOptions,
  run: string | undefined,
): Promise<Written> {
  const begin = performance.now();
  try {
    const described = { ...part, description: { ...part.description, run } };
    const scratch = scratchOf(place.path);
    const files = await writeTarget(place, [described], { ...layout, scratch });
    const { samples, skipped } = part.description;
    const seconds = (performance.now() - begin) / 1000;
    const samplesPerSecond = samples / Math.max(1e-3, seconds);
    return shownWritten({ samples, ...files, samplesPerSecond, skipped });
  } finally {
    part.close();
  }
}

/** What a run is, once everything is known of it. */
interface Job extends RunTarget {
  /** Samples of the dataset, where that is known. */
  readonly total: number | undefined;
  /** Identity of the data; without it, nothing can be gone on with. */
  readonly data: string | undefined;
  readonly record: RunRecord;
  /** Samples in a part. */
  readonly partSize: number | undefined;
}

async function writeParts(
  runs: OpenRuns,
  dataset: Dataset,
  job: Job,
  shard: readonly [number, number] | undefined,
  options: RunOptions,
): Promise<Written> {
  const { place, total, data, record, partSize } = job;
  const path = `${place.path}.partial`;
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
        if (samples === 0 && total !== undefined && part.set !== undefined) {
          const needed = 2 * bytesPerRow(part.set) * (total - start) / count;
          checkRoom(parentOf(place.path), needed);
        }
        if (part.set !== undefined) checkWritable(part.set, place.format);
        await folder.add(part.set, part, { ...part, run: job.run });
        samples += part.set?.ids.length ?? 0;
      }
    }
    const seconds = (performance.now() - begin) / 1000;
    const samplesPerSecond = samples / Math.max(1e-3, seconds);
    const all = folder.done({ ...range, end: range.end ?? Infinity });
    if (shard !== undefined) return shardWritten(all, samplesPerSecond);
    const written = await finishTarget(folder, job, all, samplesPerSecond);
    isKept = true;
    return written;
  } catch (error) {
    const isAlone = isNew && shard === undefined;
    if (isAlone && folder.done({ start: 0, end: Infinity }).length === 0) {
      isKept = false; // nothing is lost with it
    }
    throw error;
  } finally {
    folder.close();
    if (!isKept && kindAt(path) !== undefined) {
      Deno.removeSync(path, { recursive: true });
    }
  }
}

/** Says when a part has grown enough, and begins the next. */
function isFull(): (bytes: number) => boolean {
  let begin = performance.now();
  return (bytes) => {
    const full = bytes >= PART_BYTES || performance.now() - begin >= PART_MS;
    if (full) begin = performance.now();
    return full;
  };
}

/** Processes that share a run must each know that it is the same. */
function notShared(): TypeError {
  const rule = "a run that is shared by processes must be one that can be " +
    "told from others: arrays or a source with a fingerprint, and built-in steps";
  const found = "a custom function, or data that cannot be told";
  const hint = 'leave out "shard"';
  return new TypeError(cannot(ACTION, rule, found, hint));
}

/** What this process wrote of a target that others write too. */
function shardWritten(
  done: readonly DonePart[],
  samplesPerSecond: number,
): Written {
  const files = done.map(({ path }) => path);
  return shownWritten({
    samples: done.reduce((sum, { start, end }) => sum + end - start, 0),
    files,
    bytes: files.reduce((sum, path) => sum + Deno.statSync(path).size, 0),
    samplesPerSecond,
    skipped: done.flatMap(({ skipped = [] }) => skipped),
  });
}

/** Everything that the bytes of the result depend on, by names that a user knows. */
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
    const { index, count } = shard as { index: "env"; count?: number };
    if (index === "env") {
      if (count !== undefined) checkInteger(count, ACTION, "count");
      return shardOfJob(count);
    }
  }
  const [index, count, ...rest] = shard as readonly number[];
  if (Array.isArray(shard) && rest.length === 0 && count !== undefined) {
    checkInteger(count, ACTION, "count");
    checkInteger(index!, ACTION, "index", 0);
    if (index! < count) return [index!, count];
  }
  const rule =
    `"shard" must be [index, count] with index < count, or { index: "env" }`;
  throw new RangeError(cannot(ACTION, rule, shard));
}
