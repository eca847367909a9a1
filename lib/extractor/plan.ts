import { counted, quote } from "../check.ts";
import { attachView } from "../display/attach_view.ts";
import { namesText } from "../display/cell.ts";
import type { View } from "../display/view.ts";
import {
  fixedRows,
  statefulLayer,
  wholeBatches,
} from "../engines/fixed_batches.ts";
import { namesOf, usesHead } from "../engines/program.ts";
import type { Feed } from "../engines/schedule.ts";
import type { OnnxOperation } from "../formats/onnx_model.ts";
import { operationsWithin, RANDOM } from "../models/graph/onnx_operators.ts";
import { type GraphNode, origin } from "../models/graph/graph.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import type { EngineChoice } from "./choose_engine.ts";
import type { ExtractorProgram } from "./compile.ts";
import { droppedMasks } from "./dropped_masks.ts";
import { changesOf, type Settings } from "./settings.ts";

/**
 * A description of what will run, made before it runs. Shows itself.
 *
 * @category Extraction
 */
export interface Plan {
  /** The engine. */
  readonly engine: "onnx" | "tfjs";
  /** The backend of `tfjs`. */
  readonly backend?: string;
  /** The reason for this choice; names the node that decided, if any. */
  readonly reason: string;
  /** Names of the features, in order. */
  readonly layerNames: readonly string[];
  /** The node whose output is the logits. */
  readonly head?: string;
  /** The node whose output is the input of the head. */
  readonly penultimate?: string;
  /** The layer whose softmax or sigmoid was removed. */
  readonly removed?: string;
  /** The activation that was removed. */
  readonly activation?: "softmax" | "sigmoid";
  /**
   * Shaping, perturbation and postprocessing with their options, as in
   * `{ react: "threshold 0.9", postprocess: "pool(mean)" }`.
   */
  readonly changes: Readonly<Record<string, string>>;
  /** Layers visited in the search for a head, if none was found. */
  readonly looked: readonly string[];
  /** Layers that do not run. */
  readonly skipped: readonly string[];
  /** Number of weight values in the layers that run. */
  readonly numParameters: number;
  /**
   * Warnings about unexpected results: omitted logits, masks that are not
   * computed, results that depend on the batch, classes of models whose `call`
   * is not in the file.
   */
  readonly warnings: readonly string[];
  /** The device of the native engine, if one was set. */
  readonly device?: string;
  /** The name of the device's adapter, if known. */
  readonly adapter?: string;
  /** Operator types that the device does not run, with their counts. */
  readonly onCpu?: readonly string[];
}

/**
 * Makes the plan of a program.
 *
 * @param graph The model.
 * @param program The program.
 * @param settings The settings it was made from.
 * @param choice The engine.
 * @returns The plan, frozen.
 */
export async function planOf(
  graph: ModelGraph,
  program: ExtractorProgram,
  settings: Settings,
  choice: EngineChoice,
): Promise<Plan> {
  const { logits, search } = program.found;
  const runs = new Set(program.schedule.nodes);
  // Logits are computed from the penultimate, so the head's weights count too.
  const head = logits?.head?.node ?? logits?.direct?.node;
  if (usesHead(program)) {
    runs.add(logits!.head!.node);
  }
  const skipped = graph.listed.filter((node) =>
    !runs.has(node) && node.call.kind !== "alias" && node.call.kind !== "input"
  );
  const removed = logits?.removed.join(", ");
  const plan: Plan = {
    engine: choice.engine,
    ...(choice.engine === "tfjs"
      ? { backend: choice.backend }
      : deviceFields(choice)),
    reason: choice.reason,
    layerNames: Object.freeze(program.features.map(({ name }) => name)),
    ...(head === undefined ? {} : { head: head.row.name }),
    ...(logits?.head === undefined
      ? {}
      : { penultimate: logits.head.penultimate.node.row.name }),
    ...(removed ? { removed } : {}),
    ...(!removed || logits === undefined || logits.activation === "none"
      ? {}
      : { activation: logits.activation }),
    changes: Object.freeze(Object.fromEntries(changesOf(settings))),
    looked: Object.freeze(logits === undefined ? search?.looked ?? [] : []),
    skipped: Object.freeze(namesOf(skipped)),
    numParameters: numParameters([...runs]),
    warnings: Object.freeze([
      ...program.found.warnings,
      ...await batchDependence(graph, program),
      ...oneBatch(program),
      ...program.feeds.filter(isRagged).map(equallyLong),
      ...droppedMasks(program),
      ...graph.customClasses.map(notInFile),
    ]),
  };
  attachView(plan, planView);
  return Object.freeze(plan);
}

/**
 * Adds a warning to a plan.
 *
 * @param plan The plan.
 * @param line The warning.
 * @returns A new plan, frozen.
 */
export function warnedPlan(plan: Plan, line: string): Plan {
  const warnings = Object.freeze([...plan.warnings, line]);
  const warned = { ...plan, warnings };
  attachView(warned, planView);
  return Object.freeze(warned);
}

function deviceFields(
  { device, adapter, onCpu }: Extract<EngineChoice, { engine: "onnx" }>,
): Pick<Plan, "device" | "adapter" | "onCpu"> {
  return {
    ...(device === undefined ? {} : { device }),
    ...(adapter === undefined ? {} : { adapter }),
    ...(onCpu === undefined ? {} : { onCpu }),
  };
}

/** A shared layer counts once. */
function numParameters(nodes: readonly GraphNode[]): number {
  const counted = new Set<object>();
  let sum = 0;
  for (const { call, row } of nodes) {
    const owner = call.kind === "inMemory" ? call.layer : row;
    if (!counted.has(owner)) sum += row.numParameters;
    counted.add(owner);
  }
  return sum;
}

function planView(plan: Plan): View {
  const rows: [string, string][] = [
    ["engine", plan.backend ? `${plan.engine}:${plan.backend}` : plan.engine],
    ["why", plan.reason],
    ...deviceRows(plan),
    ["features", namesText(plan.layerNames) || "none"],
    [
      "head",
      plan.head ?? (plan.looked.length > 0 ? "none found" : "none needed"),
    ],
  ];
  if (plan.penultimate) rows.push(["penultimate", plan.penultimate]);
  if (plan.removed) {
    const kind = plan.activation ?? "activation";
    rows.push(["left off", `${kind} of ${plan.removed}`]);
  }
  rows.push(...Object.entries(plan.changes));
  if (plan.looked.length > 0) {
    rows.push(["layers searched", namesText(plan.looked)]);
  }
  rows.push(
    ["skipped", namesText(plan.skipped) || "nothing"],
    ["parameters", plan.numParameters.toLocaleString("en")],
    ...plan.warnings.map((line): [string, string] => ["warning", line]),
  );
  return {
    title: "Plan",
    blocks: [{
      kind: "table",
      columns: [{ name: "" }, { name: "what will run" }],
      rows,
    }],
  };
}

function deviceRows({ device, adapter, onCpu }: Plan): [string, string][] {
  if (device === undefined) return [];
  const named = adapter === undefined ? device : `${device}, ${adapter}`;
  const rows: [string, string][] = [["device", named]];
  if (onCpu) rows.push(["on the processor", namesText(onCpu) || "nothing"]);
  return rows;
}

/**
 * ONNX operators that quantise by the value range of the whole batch, so that
 * the result of a sample depends on the other samples of its batch.
 */
const DYNAMIC = new Set([
  ...["DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM"],
]);

function isDynamic({ kind }: OnnxOperation): boolean {
  return DYNAMIC.has(kind);
}

function isTraining({ kind, attributes }: OnnxOperation): boolean {
  return kind === "BatchNormalization" && attributes.get("training_mode") === 1;
}

/** Whether an operation draws numbers; a Dropout does if it trains. */
function isRandom(
  { kind, domain, inputs: [, , trains = ""] }: OnnxOperation,
  onnx: ModelGraph["onnx"],
): boolean {
  if (domain !== "" || kind !== "Dropout" || trains === "") {
    return domain === "" && RANDOM.test(kind);
  }
  return onnx?.constants.get(trains)?.storedBytes?.()[0] !== 0;
}

function isRagged({ ref }: Feed): boolean {
  return ref.node.row.kind === "InputLayer" &&
    ref.node.row.config.ragged === true;
}

/** Warns of an input whose samples have different lengths in Keras. */
function equallyLong({ spec }: Feed): string {
  return `input ${
    quote(spec.name)
  } is ragged in Keras: here the samples of a batch are equally long, and padding counts as values; pass batches of equally long samples`;
}

/** Warns of a state that Keras carries from batch to batch. */
function oneBatch(program: ExtractorProgram): string[] {
  const stateful = statefulLayer(program);
  if (stateful === undefined) return [];
  const { node: { row }, rows } = stateful;
  const most = rows === Infinity
    ? "one batch"
    : `one batch of ${counted(rows, "sample")}`;
  return [
    `layer ${
      quote(row.name)
    } is stateful: a run starts from zero states, and may have ${most}`,
  ];
}

/** Warns of a class that may compute something else than its layers. */
function notInFile(className: string): string {
  return `the model is of the class ${
    quote(className)
  }: its layers are computed, and a call() of its own is not in the file`;
}

/**
 * Warns of results that depend on `.batch()`, or on the order of the samples if
 * the batch size is fixed.
 *
 * @param graph The model.
 * @param program The inputs, and the nodes that run.
 * @returns One warning per reason, which names the operations; empty if there
 * are none.
 */
async function batchDependence(
  { onnx }: ModelGraph,
  program: ExtractorProgram,
): Promise<string[]> {
  const { feeds, features, schedule } = program;
  const nodes = [...feeds.map(({ ref }) => ref.node), ...schedule.nodes];
  const functions = onnx?.file.functions ?? [];
  const which = (isSuch: (operation: OnnxOperation) => boolean) =>
    nodes.filter(({ call }) =>
      call.kind === "raw" && call.onnx !== undefined &&
      [...operationsWithin([call.onnx.operation], functions)].some(isSuch)
    );
  const random = nodes.filter(({ call, row }) =>
    call.kind === "raw" && call.onnx === undefined && RANDOM.test(row.kind)
  );
  const padded = nodes.filter(({ call }) =>
    call.kind === "input" && call.host?.computation.padsToLongest === true
  );
  const indices = features.map(({ ref }) => origin(ref)).filter((
    { node, index },
  ) => index === 1 && node.row.kind === "MaxPool");
  return [
    ...warning(
      which(isDynamic),
      "",
      "quantise by the range of a whole batch; use .batch(1) for results that do not",
    ),
    ...warning(
      which(isTraining),
      "",
      "normalise by the mean and variance of a whole batch, as in training",
    ),
    ...warning(
      [...random, ...which((operation) => isRandom(operation, onnx))],
      "",
      "draw random numbers",
      "chance",
    ),
    ...await sampleDependence(onnx, program),
    ...warning(
      indices.map(({ node }) => node),
      "the indices of ",
      "count over all samples of a batch",
    ),
    ...warning(
      padded,
      "the length of ",
      "is that of the longest string of a batch, and what does not mask the padding sees it; use .batch(1), or save the layer with output_sequence_length",
    ),
  ];
}

/** Warns of nodes that depend on other samples, or on their positions. */
async function sampleDependence(
  onnx: ModelGraph["onnx"],
  program: ExtractorProgram,
): Promise<string[]> {
  const isSingle = (onnx?.batch ?? fixedRows(program)) === 1;
  const isRaw = program.schedule.nodes.some(({ call }) => call.kind === "raw");
  const { mixing, ordered } = isRaw && !isSingle
    ? await (await import("../engines/raw_rows.ts")).rawRows(program)
    : program.rows;
  const fixed = wholeBatches(1, program);
  const on = fixed === 1 ? undefined : "the order of the samples";
  return [
    ...warning(
      mixing,
      "",
      fixed === 1
        ? "compute over all samples of a batch"
        : `compute over all ${fixed} samples of a run`,
      on,
    ),
    ...warning(
      ordered,
      "",
      "treat samples by their position in a batch, as a constant with a row for each does",
      on,
    ),
  ];
}

function warning(
  nodes: readonly GraphNode[],
  before: string,
  what: string,
  on = ".batch()",
): string[] {
  if (nodes.length === 0) return [];
  const names = nodes.map(({ row }) => quote(row.name));
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  const isOne = names.length === 1 && before === "";
  const does = isOne ? what.replace(/^\w+/, "$&s") : what;
  return [`results depend on ${on}: ${before}${shown}${more} ${does}`];
}
