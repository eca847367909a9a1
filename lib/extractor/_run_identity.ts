/**
 * What a run is, in texts that are the same for the same run and differ for
 * another: for going on with a run that was stopped, and for caches.
 *
 * @module
 */
import { batchesOf } from "../datasets/batches.ts";
import { datasetFingerprint } from "../datasets/fingerprint.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import type { Dataset, FeatureSource, RunOptions } from "../types.ts";
import { chooseEngine, withDevice } from "./choose_engine.ts";
import { resolve } from "./compile.ts";
import { datasetSpecs } from "./feeds.ts";
import { type Plan, planOf } from "./plan.ts";
import { prepared } from "./run_batches.ts";
import { hasCustomSteps, type Settings } from "./settings.ts";

/** What a run is. */
export interface RunIdentity {
  /** The model's weights and graph, and the resolved settings. */
  readonly source: FeatureSource;
  /** What computes. */
  readonly plan: Plan;
  /** The data; undefined if they, the model or the settings cannot be told from others. */
  readonly data: string | undefined;
  /** Samples of the dataset, where that is known. */
  readonly total: number | undefined;
}

/**
 * Whether model and settings can be told from others: a function that the
 * caller passed has no content to go by.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns Whether they can.
 */
export function isNamed(graph: ModelGraph, settings: Settings): boolean {
  return !graph.hasCustomCode && !hasCustomSteps(settings);
}

/**
 * Finds out what a run is, without opening a session.
 *
 * @param graph The model.
 * @param settings The settings.
 * @param dataset The dataset; it is prepared.
 * @param options What stops it.
 * @returns What the run is.
 */
export async function identify(
  graph: ModelGraph,
  settings: Settings,
  dataset: Dataset,
  options: RunOptions,
): Promise<RunIdentity> {
  graph.checkUsable("run");
  const program = resolve(graph, settings);
  const choice = await chooseEngine(program, settings);
  const plan = planOf(graph, program, settings, choice);
  await prepared(dataset, options);
  const inputs = datasetSpecs(program.feeds);
  const data = isNamed(graph, settings)
    ? await datasetFingerprint(dataset, inputs, options.signal)
    : undefined;
  const { length: total } = batchesOf(dataset, { size: 1, inputs });
  const model = await graph.fingerprint();
  const source = { model, settings: withDevice(program.settings, choice) };
  return { source, plan, data, total };
}

/**
 * Everything that the values of a run depend on, by names that a user knows.
 *
 * @param settings The settings.
 * @param identity What the run is.
 * @returns The record.
 */
export function identityRecord(
  { batchSize, threads }: Settings,
  { source, plan: { engine, backend }, data }: RunIdentity,
): Readonly<Record<string, string | number>> {
  return {
    model: source.model,
    data: data ?? "unknown",
    settings: source.settings,
    batch: batchSize,
    engine: backend === undefined ? engine : `${engine}:${backend}`,
    threads: threads ?? "default",
  };
}
