import { cannot } from "../check.ts";
import { wholeBatches } from "../engines/fixed_batches.ts";
import type { Pacer } from "../formats/pacer.ts";
import { QuantileSketch } from "../math/quantile.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import type { Dataset, RunOptions } from "../types.ts";
import { chooseEngine } from "./choose_engine.ts";
import { compile } from "./compile.ts";
import { openingPacer, openSession } from "./open_session.ts";
import { type Opened, prepared, runBatches } from "./run_batches.ts";
import type { Settings } from "./settings.ts";

/**
 * Computes a quantile of the penultimate, over all samples and units.
 *
 * @param graph The model.
 * @param settings The input and head; the other settings are ignored.
 * @param dataset The dataset to measure on.
 * @param options The quantile; signal, progress.
 * @returns The threshold, in the unit of the penultimate.
 * @throws {RangeError} If an activation is NaN.
 */
export async function fitThreshold(
  graph: ModelGraph,
  settings: Settings,
  dataset: Dataset,
  options: { readonly quantile: number; readonly run: RunOptions },
): Promise<number> {
  const plain = {
    ...settings,
    layers: [],
    postprocess: [],
    postprocessByName: undefined,
    shaping: undefined,
    penultimate: "plain" as const,
    wantsLogits: false,
  };
  const pacer = openingPacer(options.run.signal);
  const opening = openInSteps(graph, plain, pacer);
  const opened = await pacer.race(opening, (late) => late.session.close());
  await using _session = opened.session;
  const sketch = new QuantileSketch();
  const preparing = prepared(dataset, options.run);
  if (preparing) await preparing;
  const { batches } = runBatches(opened, dataset, options.run, {
    label: "fit ReAct",
    isJoined: true,
  });
  let first = 0;
  for await (const { penultimate, rows } of batches) {
    const { data } = penultimate!;
    const nan = data.findIndex(Number.isNaN);
    if (nan >= 0) {
      const row = first + Math.floor(nan / (data.length / rows));
      throw new RangeError(
        cannot(
          "fit react",
          `the penultimate must hold numbers, in row ${row} too`,
          NaN,
          "leave that sample out",
        ),
      );
    }
    sketch.add(data);
    first += rows;
  }
  return sketch.quantile(options.quantile);
}

async function openInSteps(
  graph: ModelGraph,
  settings: Settings,
  pacer: Pacer,
): Promise<Opened> {
  const program = await compile(graph, settings, pacer);
  await pacer.rest();
  const choice = await chooseEngine(program, settings);
  const session = await openSession(program, choice, { pacer });
  const batchSize = wholeBatches(settings.batchSize, program);
  return { program, session, batchSize };
}
