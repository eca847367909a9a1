/**
 * The identity of a run: strings that are equal for equal runs and differ
 * otherwise. Used to resume a run and to look up caches.
 *
 * @module
 */
import { batchesOf } from "../datasets/batches.ts";
import { datasetFingerprint } from "../datasets/fingerprint.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { VERSION } from "../store/part.ts";
import type { Dataset, FeatureSource, RunOptions } from "../types.ts";
import { chooseEngine, withDevice } from "./choose_engine.ts";
import { resolve } from "./compile.ts";
import { datasetSpecs } from "./feeds.ts";
import { type Plan, planOf } from "./plan.ts";
import { prepared } from "./run_batches.ts";
import { hasCustomSteps, type Settings } from "./settings.ts";

/** The identity of a run. */
export interface RunIdentity {
  /** The model's weights and graph, and the resolved settings. */
  readonly source: FeatureSource;
  /** The engine. */
  readonly plan: Plan;
  /**
   * Fingerprint of the data; undefined if the data, the model or the settings
   * have none.
   */
  readonly data: string | undefined;
  /** Number of samples of the dataset, if known. */
  readonly total: number | undefined;
}

/**
 * Whether model and settings have a fingerprint: a function that the caller
 * passed has none.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns True if both have one.
 */
export function isNamed(graph: ModelGraph, settings: Settings): boolean {
  return !graph.hasCustomCode && !hasCustomSteps(settings);
}

/**
 * Determines the identity of a run, without opening a session.
 *
 * @param graph The model.
 * @param settings The settings.
 * @param dataset The dataset; it is prepared.
 * @param options Signal.
 * @returns The identity.
 */
export async function identifyRun(
  graph: ModelGraph,
  settings: Settings,
  dataset: Dataset,
  options: RunOptions,
): Promise<RunIdentity> {
  graph.checkUsable("run");
  const program = resolve(graph, settings);
  const choice = await chooseEngine(program, settings);
  const plan = await planOf(graph, program, settings, choice);
  await prepared(dataset, options);
  const inputs = datasetSpecs(program.feeds, graph);
  const data = isNamed(graph, settings)
    ? await datasetFingerprint(dataset, inputs, options.signal)
    : undefined;
  const { length: total } = batchesOf(dataset, { size: 1, inputs });
  const model = await graph.fingerprint();
  const source = { model, settings: withDevice(program.settings, choice) };
  return { source, plan, data, total };
}

/**
 * Everything that the values of a run depend on, under names for messages.
 *
 * @param settings The settings.
 * @param identity The identity of the run.
 * @returns The record.
 */
export function identityRecord(
  { batchSize, threads }: Settings,
  { source, plan: { engine, backend }, data }: RunIdentity,
): Readonly<Record<string, string | number>> {
  return {
    version: VERSION,
    model: source.model,
    data: data ?? "unknown",
    settings: source.settings,
    batch: batchSize,
    engine: backend === undefined ? engine : `${engine}:${backend}`,
    threads: threads ?? "default",
  };
}
