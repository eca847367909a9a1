/**
 * Compiles settings to a program: the input tensors, the output tensors, and
 * the steps applied to them.
 *
 * {@linkcode resolve} needs no weights and no engine, and reports every error
 * that can be found before a run; {@linkcode compile} adds the current weights
 * of the head.
 *
 * @module
 */
import { calledAgain, cannot } from "../check.ts";
import {
  type LogitsTarget,
  makeProgram,
  type Program,
  usesHead,
} from "../engines/program.ts";
import type { Pacer } from "../formats/pacer.ts";
import { canonicalJson } from "../models/graph/fingerprint.ts";
import { type GraphNode, origin, specOf } from "../models/graph/graph.ts";
import type { Logits } from "../models/graph/head.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { areRows, isLocated } from "../ops/samples.ts";
import type { FeatureSpec, LinearHead, NdArray } from "../types.ts";
import {
  because,
  checkHead,
  type FoundLogits,
  hasHead,
  readHead,
  selectedLogits,
} from "./logits.ts";
import { type ResolvedTarget, targetsOf } from "./feature_targets.ts";
import { feedsOf, tensorName } from "./feeds.ts";
import { checkSampleAxes } from "./sample_axis.ts";
import type { Settings } from "./settings.ts";

/** A program, with facts about its results that are known before it runs. */
export interface ExtractorProgram extends Program {
  /** The logits of the model, and how they were found. */
  readonly found: FoundLogits;
  readonly specs: readonly FeatureSpec[];
  /** The settings, as in the source of a feature set. */
  readonly settings: string;
  /**
   * Weights of the head; undefined if there is no head, or they are not read
   * yet.
   */
  readonly head?: LinearHead | undefined;
  /** The weight storage of the model before any weight was read. */
  readonly weightData?: readonly object[];
}

const ACTION = "extract features";
const NO_WEIGHTS: LinearHead = {
  kernel: { data: new Float32Array(0), shape: [0, 0], dtype: "float32" },
  bias: { data: new Float32Array(0), shape: [0], dtype: "float32" },
};

/**
 * Resolves settings against a model.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns The program, without weights.
 * @throws {TypeError} If a requested output cannot be computed.
 */
export function resolve(
  graph: ModelGraph,
  settings: Settings,
): ExtractorProgram {
  checkHead(graph, settings, ACTION);
  checkSelection(settings);
  const found = selectedLogits(graph, settings);
  const { logits, search } = found;
  if (settings.layers.length === 0 && logits === undefined) {
    const rule = "a layer must be selected, or the model have logits";
    const hint = !settings.wantsLogits
      ? "use .layers([…]) or .logits(true)"
      : hasHead(graph)
      ? "use .layers([…]) or .head(id)"
      : "use .layers([…])";
    const why = search?.why ?? "logits are left out";
    throw new TypeError(cannot(ACTION, rule, undefined, because(why, hint)));
  }
  const targets = settings.layers.flatMap((node) => targetsOf(node, settings));
  const program = programOf(graph, settings, targets, logits);
  checkNodes(graph, program.schedule.nodes);
  if (settings.input === undefined) checkSampleAxes(graph, program.features);
  checkSamples(program);
  return {
    ...program,
    found,
    specs: targets.map(({ spec }) => spec),
    settings: settingsText(settings, program, targets, logits),
  };
}

/**
 * Resolves settings and reads the current weights of the head.
 *
 * @param graph The model.
 * @param settings The settings.
 * @param pacer Yields the thread at intervals, and aborts.
 * @returns The program, ready for an engine.
 */
export async function compile(
  graph: ModelGraph,
  settings: Settings,
  pacer?: Pacer,
): Promise<ExtractorProgram> {
  graph.checkUsable(ACTION);
  const program = resolve(graph, settings);
  const { logits } = program.found;
  const weightData = graph.weightData();
  // This reads all weights, so that weights on a graphics card are on the host
  // too.
  const isInFile = weightData.every((data) => "read" in data);
  if (!isInFile) await graph.fingerprint(pacer);
  const head = logits?.head === undefined
    ? undefined
    : await readHead(logits.head);
  if (program.logits === undefined || head === undefined) {
    return { ...program, head, weightData };
  }
  // Users may change the head of a set. Engines therefore compute with another
  // copy, also in sessions opened later.
  const weights = usesHead(program) ? copyOf(head) : NO_WEIGHTS;
  const target = logitsTarget(logits!, weights, settings);
  return { ...program, logits: target, head, weightData };
}

function copyOf({ kernel, bias }: LinearHead): LinearHead {
  const copied = (array: NdArray) => ({ ...array, data: array.data.slice() });
  return { kernel: copied(kernel), bias: copied(bias) };
}

function programOf(
  graph: ModelGraph,
  settings: Settings,
  targets: readonly ResolvedTarget[],
  logits: Logits | undefined,
): Program {
  const { perturbation, penultimate, wantsLogits } = settings;
  const isBinary = logits?.activation === "sigmoid";
  return makeProgram({
    graph,
    feeds: feedsOf(graph, settings.input),
    features: targets.map(({ target }) => target),
    wantsPenultimate: penultimate !== undefined,
    ...(penultimate === "shaped" ? { isPenultimateShaped: true } : {}),
    ...(wantsLogits ? {} : { omitsLogits: true }),
    ...(logits === undefined
      ? {}
      : { logits: logitsTarget(logits, NO_WEIGHTS, settings) }),
    ...(perturbation === undefined
      ? {}
      : { perturbation: { ...perturbation, isBinary } }),
  });
}

function logitsTarget(
  { head, direct }: Logits,
  weights: LinearHead,
  settings: Settings,
): LogitsTarget {
  const { shaping } = settings;
  return {
    ...(isOptional(settings) ? { isOptional: true } : {}),
    ...(head === undefined ? {} : {
      head: {
        name: head.node.row.name,
        penultimate: head.penultimate,
        weights,
        isConvolution: head.isConvolution,
        ...(head.channels === undefined ? {} : { channels: head.channels }),
      },
    }),
    ...(direct === undefined ? {} : { direct }),
    ...(shaping === undefined
      ? {}
      : { shaping: shaping.apply.bind(shaping) as typeof shaping.apply }),
  };
}

/** Whether logits are optional: found by a search, and needed by no setting. */
function isOptional(settings: Settings): boolean {
  const { head, layers, shaping, penultimate, perturbation } = settings;
  return head === undefined && layers.length > 0 && shaping === undefined &&
    penultimate === undefined && perturbation === undefined;
}

/** Checks that the shaping affects a selected output. */
function checkSelection({ shaping, penultimate, wantsLogits }: Settings): void {
  if (shaping === undefined && penultimate === "shaped") {
    const rule = "a shaping must be set for .penultimate({ shaped: true })";
    throw new TypeError(cannot(ACTION, rule, "none", "call .penultimate()"));
  }
  if (shaping === undefined || wantsLogits || penultimate === "shaped") return;
  const rule = `what ${shaping.name} changes must be selected`;
  const hint = "call .logits(true) or .penultimate({ shaped: true })";
  throw new TypeError(cannot(ACTION, rule, "logits left out", hint));
}

/** Canonical JSON: equal settings give equal strings. */
function settingsText(
  settings: Settings,
  program: Program,
  targets: readonly ResolvedTarget[],
  logits: Logits | undefined,
): string {
  const { shaping, perturbation, penultimate, input, device } = settings;
  const isWhole = input === undefined ||
    program.feeds.every(({ spec }) => program.graph.inputs.includes(spec)) &&
      program.feeds.length === program.graph.inputs.length;
  return canonicalJson({
    layers: targets.map(({ target }) => target.name),
    postprocess: targets.map(({ steps }) => steps),
    input: isWhole
      ? undefined
      : program.feeds.map(({ ref }) => tensorName(ref)),
    head: logits?.head?.node.row.name,
    logits: logits?.direct && tensorName(logits.direct),
    shaping: shaping && [shaping.name, shaping.settings],
    perturbation,
    penultimate: penultimate === "shaped"
      ? penultimate
      : penultimate === "plain",
    ...(settings.wantsLogits ? {} : { withoutLogits: true }),
    ...(device === undefined || device === "cpu" ? {} : { device }),
  });
}

/**
 * Checks that no feature of a Keras model has something else than samples on
 * its first axis, such as the time steps after a transpose: a batch of as many
 * samples would take them for samples.
 */
function checkSamples({ features, feeds, rows }: Program): void {
  const isFree = feeds.every(({ spec }) => spec.shape[0] === null);
  for (const { name, ref } of features) {
    const { samples } = rows.valueOf(ref);
    const shape = specOf(ref)?.shape ?? [];
    const isBuiltIn = origin(ref).node.call.kind === "builtIn";
    const isNumber = isFree && isBuiltIn && typeof shape[0] === "number";
    if (!isNumber && (!isLocated(samples) || areRows(samples))) continue;
    const isFolded = isLocated(samples) && samples.axis === 0;
    const rule = isFolded
      ? "a sample must be one row, not several"
      : "its first axis must be that of the samples";
    throw new TypeError(cannot(`take layer "${name}"`, rule, shape));
  }
}

/**
 * Checks that no layer in memory is stateful: its state, and so the caller's
 * model, would change with every batch. A stateful layer of a file must be
 * called once: Keras starts a later call from the state of the first.
 */
function checkNodes(graph: ModelGraph, nodes: readonly GraphNode[]): void {
  for (const { call, row } of nodes) {
    if (call.kind === "builtIn" && call.layer.keepsState) {
      const calls = graph.listed.filter((other) =>
        other.call.kind === "builtIn" && other.call.layer === call.layer
      );
      if (calls.length === 1) continue;
      throw calledAgain(calls[0]!.row.name);
    }
    if (call.kind !== "inMemory" || !call.layer.stateful) continue;
    throw new TypeError(
      cannot(
        `run layer "${row.name}"`,
        "it must not be stateful: its rows would depend on the batches before",
        row.kind,
        "make the model with stateful: false",
      ),
    );
  }
}
