/**
 * Caching of results in a folder.
 *
 * @module
 */
import { cannot } from "../check.ts";
import { sha256 } from "../formats/sha256.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { FeatureCache } from "../store/feature_cache.ts";
import { openFeatureFile } from "../store/feature_files.ts";
import { type Part, partOfSet } from "../store/part.ts";
import { readSet } from "../store/read_set.ts";
import type { Dataset, FeatureSet, RunOptions } from "../types.ts";
import {
  identifyRun,
  identityRecord,
  type RunIdentity,
} from "./_run_identity.ts";
import type { Settings } from "./settings.ts";

/** The cache entry of a run. */
export interface CachedRun {
  /** The cached features, if any; the caller closes them. */
  readonly part: Part | undefined;
  /** Adds written files to the cache. */
  keep(files: readonly string[]): Promise<void>;
}

/**
 * Looks up a run in the cache of an extractor.
 *
 * @param settings The settings.
 * @param job The identity of the run.
 * @param signal Aborts it.
 * @returns The entry; undefined if the extractor has no cache.
 * @throws {TypeError} If the run has no fingerprint.
 */
export async function cachedPart(
  settings: Settings,
  job: RunIdentity,
  signal?: AbortSignal,
): Promise<CachedRun | undefined> {
  if (settings.cache === undefined) return undefined;
  signal?.throwIfAborted();
  const { cache, key, part } = await lookUp(settings, job);
  return {
    part,
    async keep(files) {
      const parts: Part[] = [];
      try {
        for (const file of files) parts.push(await openFeatureFile(file));
        await cache.add(key, parts);
      } finally {
        for (const part of parts) part.close();
      }
    },
  };
}

/**
 * Returns the cached result of a run, or predicts and caches it.
 *
 * @param graph The model.
 * @param settings The settings, with a cache.
 * @param dataset The dataset.
 * @param options Signal, progress.
 * @param predict Predicts, on a cache miss.
 * @returns The set.
 * @throws {TypeError} If the run has no fingerprint.
 */
export async function cachedPredict(
  graph: ModelGraph,
  settings: Settings,
  dataset: Dataset,
  options: RunOptions,
  predict: () => Promise<FeatureSet>,
): Promise<FeatureSet> {
  const job = await identifyRun(graph, settings, dataset, options);
  const { cache, key, part } = await lookUp(settings, job);
  if (part !== undefined) {
    try {
      return await readSet(part);
    } finally {
      part.close();
    }
  }
  const set = await predict();
  await cache.add(key, [partOfSet(set)]);
  return set;
}

/** The cache, and its entry for a run. */
async function lookUp(settings: Settings, job: RunIdentity) {
  checkNamed(job);
  const cache = new FeatureCache(settings.cache!);
  const key = await sha256(JSON.stringify(identityRecord(settings, job)));
  return { cache, key, part: await cache.find(key) };
}

function checkNamed({ data }: RunIdentity): void {
  if (data !== undefined) return;
  const rule =
    "model, settings and data must be identifiable: built-in steps " +
    "and layers, arrays or a source with a fingerprint";
  const found = "a custom function, or data without a fingerprint";
  const hint = "leave out .cache()";
  throw new TypeError(cannot("cache features", rule, found, hint));
}
