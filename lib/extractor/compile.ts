/**
 * From settings to a program: which tensors go in, which are wanted, and what
 * is done with them.
 *
 * {@linkcode resolve} needs no weights and no engine, and finds every fault
 * that can be found before something runs; {@linkcode compile} adds the head's
 * weights as they are at that moment.
 *
 * @module
 */
import { cannot, shapeText } from "../check.ts";
import type { FeatureTarget, Feed, Program } from "../engines/program.ts";
import { wantedRefs } from "../engines/program.ts";
import { type Schedule, schedule } from "../engines/schedule.ts";
import { canonicalJson } from "../models/fingerprint.ts";
import { type GraphNode, origin, type Ref, specOf } from "../models/graph.ts";
import { type HeadSearch, type Logits, searchHead } from "../models/head.ts";
import type { ModelGraph } from "../models/model_graph.ts";
import type { Ops } from "../ops/ops.ts";
import { ShapeOps, type ShapeValue } from "../ops/shape_ops.ts";
import { type GivenStep, isGivenStep } from "../postprocess/step.ts";
import type {
  FeatureSource,
  FeatureSpec,
  LinearHead,
  TensorSpec,
} from "../types.ts";
import { readHead } from "./read_head.ts";
import { type Settings, stepsOf } from "./settings.ts";

/** A program, and what is known of what it will give. */
export interface Resolved {
  /** With empty weights in its head: those are read when it is compiled. */
  readonly program: Program;
  readonly schedule: Schedule;
  readonly specs: readonly FeatureSpec[];
  readonly logits: Logits | undefined;
  readonly search: HeadSearch | undefined;
  readonly settings: string;
}

/** A resolved program with the head's weights. */
export interface Compiled extends Resolved {
  readonly head: LinearHead | undefined;
  readonly source: FeatureSource;
}

const SHAPES = new ShapeOps();
const NO_WEIGHTS: LinearHead = {
  kernel: { data: new Float32Array(0), shape: [0, 0], dtype: "float32" },
  bias: { data: new Float32Array(0), shape: [0], dtype: "float32" },
};

/**
 * Finds the logits that some settings ask for.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns The logits, and what the walk looked at if there was one.
 */
export function findLogits(
  graph: ModelGraph,
  settings: Settings,
): { logits: Logits | undefined; search: HeadSearch | undefined } {
  if (settings.head !== undefined) {
    return { logits: settings.head.logits, search: undefined };
  }
  const search = searchHead(graph.outputRefs);
  return { logits: search.logits, search };
}

/**
 * Resolves settings against a model.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns The program, without weights.
 * @throws {TypeError} If something asked for cannot be computed.
 */
export function resolve(graph: ModelGraph, settings: Settings): Resolved {
  const { logits, search } = findLogits(graph, settings);
  if (settings.layers.length === 0 && logits === undefined) {
    throw new TypeError(
      cannot(
        "extract features",
        "a layer must be asked for, or the model have logits",
        search?.why ?? "no logits",
        "use .layers([…]) or .head(id)",
      ),
    );
  }
  const targets = settings.layers.flatMap((node) => targetsOf(node, settings));
  const { shaping, perturbation, wantsPenultimate } = settings;
  const program: Program = {
    graph,
    feeds: feedsOf(graph, settings.input),
    features: targets.map(({ target }) => target),
    wantsPenultimate,
    ...(logits === undefined
      ? {}
      : { logits: logitsTarget(logits, NO_WEIGHTS, settings) }),
    ...(perturbation === undefined ? {} : {
      perturbation: {
        ...perturbation,
        isBinary: logits?.activation === "sigmoid",
      },
    }),
  };
  checkHead(graph, settings, "extract features");
  const steps = schedule(program.feeds, wantedRefs(program));
  checkNodes(steps.nodes);
  const named = {
    layers: targets.map(({ target }) => target.name),
    input: settings.input?.row.name,
    head: logits?.head?.node.row.name ?? logits?.direct?.node.row.name,
    shaping: shaping && [shaping.name, shaping.settings],
    perturbation,
    postprocess: targets.map(({ steps }) => steps),
    penultimate: wantsPenultimate,
  };
  return {
    program,
    schedule: steps,
    specs: targets.map(({ spec }) => spec),
    logits,
    search,
    settings: canonicalJson(named),
  };
}

/**
 * Resolves settings and reads the head's weights, as they are now.
 *
 * @param graph The model.
 * @param settings The settings.
 * @returns The program, ready for an engine.
 */
export async function compile(
  graph: ModelGraph,
  settings: Settings,
): Promise<Compiled> {
  graph.checkUsable("extract features");
  const resolved = resolve(graph, settings);
  const { logits } = resolved;
  const head = logits?.head === undefined
    ? undefined
    : await readHead(logits.head);
  const program = logits === undefined ? resolved.program : {
    ...resolved.program,
    logits: logitsTarget(logits, head ?? NO_WEIGHTS, settings),
  };
  const model = await graph.fingerprint();
  const source = Object.freeze({ model, settings: resolved.settings });
  return { ...resolved, program, head, source };
}

/** Where the input is cut, that is what the layer receives. */
function feedsOf(graph: ModelGraph, cut: GraphNode | undefined): Feed[] {
  const isInput = cut === undefined || origin({ node: cut, index: 0 }).node.call
        .kind === "input" ||
    cut.inputs.length === 0;
  const refs = isInput ? graph.inputRefs : cut.inputs;
  return refs.map((ref, i) => {
    const { name } = origin(ref).node.row;
    const spec = specOf(ref) ?? { name, shape: [], dtype: "float32" as const };
    return { ref, spec: isInput ? graph.inputs[i]! : { ...spec, name } };
  });
}

/** The features of one layer: one for each of its outputs. */
function targetsOf(node: GraphNode, settings: Settings) {
  const count = Math.max(1, numOutputs(node));
  return Array.from({ length: count }, (_, index) => {
    const { name: layer } = node.row;
    const name = count === 1 ? layer : `${layer}[${index}]`;
    return targetOf({ node, index }, name, settings);
  });
}

function numOutputs({ row, call }: GraphNode): number {
  return call.kind === "alias" ? call.outputs.length : row.outputs.length;
}

function targetOf(ref: Ref, name: string, settings: Settings) {
  const all = stepsOf(settings, ref.node.row.name);
  const own = all.filter((step) => !isGivenStep(step));
  const given = all.filter((step) => isGivenStep(step));
  checkOrder(all, name);
  const spec = specOf(ref);
  const channels = spec?.channels;
  const readAs = given.some((step) => step.readAs) ? "float16" : undefined;
  const target: FeatureTarget = {
    name,
    ref,
    own: own as FeatureTarget["own"],
    given: (ops, feature) => runSteps(given, ops, feature, name, channels),
    ...(readAs === undefined ? {} : { readAs }),
  };
  if (spec !== undefined) checkSteps(target, spec);
  return {
    target,
    spec: featureSpec(name, channels, given, own.length > 0),
    steps: all.map((step) => isGivenStep(step) ? step.name : "own function"),
  };
}

function runSteps<T>(
  steps: readonly GivenStep[],
  ops: Ops<T>,
  feature: T,
  layer: string,
  channels: "first" | "last" | undefined,
): T {
  let place = channels;
  return steps.reduce((value, step) => {
    const next = step.apply<T>(ops, value, { layer, channels: place });
    if (!step.keepsChannels) place = undefined;
    return next;
  }, feature);
}

/** Given ones run inside the engine, so none can come after a user's own. */
function checkOrder(steps: ReturnType<typeof stepsOf>, name: string): void {
  const firstOwn = steps.findIndex((step) => !isGivenStep(step));
  const late = steps.slice(firstOwn).find((step) => isGivenStep(step));
  if (firstOwn < 0 || late === undefined) return;
  throw new TypeError(
    cannot(
      `postprocess layer "${name}"`,
      "given steps must come before functions of your own",
      (late as GivenStep).name,
    ),
  );
}

/** A step that cannot take the feature says so before anything runs. */
function checkSteps(
  { given }: FeatureTarget,
  { shape, dtype }: TensorSpec,
): void {
  const type = dtype === "int32" || dtype === "bool" ? dtype : "float32";
  given<ShapeValue>(SHAPES, { shape, dtype: type });
}

function featureSpec(
  name: string,
  channels: "first" | "last" | undefined,
  given: readonly GivenStep[],
  hasOwn: boolean,
): FeatureSpec {
  const keeps = !hasOwn && given.every((step) => step.keepsChannels);
  const form = hasOwn ? "own" : given.findLast((step) => step.form)?.form;
  return Object.freeze({
    name,
    ...(keeps && channels !== undefined ? { channels } : {}),
    form: form ?? "raw",
  });
}

function logitsTarget(
  logits: Logits,
  weights: LinearHead,
  { shaping }: Settings,
) {
  const { head, direct } = logits;
  return {
    ...(head === undefined ? {} : {
      head: {
        name: head.node.row.name,
        penultimate: head.penultimate,
        weights,
        isConvolution: head.isConvolution,
      },
    }),
    ...(direct === undefined ? {} : { direct }),
    ...(shaping === undefined
      ? {}
      : { shaping: shaping.apply.bind(shaping) as typeof shaping.apply }),
  };
}

/**
 * Checks what shaping, the penultimate and perturbation need of the model.
 *
 * @param graph The model.
 * @param settings The settings.
 * @param action What was to be done.
 * @throws {TypeError} If the model has no head, or not such a one.
 */
export function checkHead(
  graph: ModelGraph,
  settings: Settings,
  action: string,
): void {
  const { shaping, wantsPenultimate, perturbation } = settings;
  const { logits, search } = findLogits(graph, settings);
  if (perturbation !== undefined) checkPerturbed(logits, search);
  if (shaping === undefined && !wantsPenultimate) return;
  if (logits?.head === undefined) {
    throw new TypeError(
      cannot(
        action,
        "the model must have a linear head",
        `none, as ${search?.why ?? "the layer named is an activation"}`,
        "name it by .head(id) before",
      ),
    );
  }
  const shape = specOf(logits.head.penultimate)?.shape;
  if (!shaping?.needsVectors || shape === undefined) return;
  const isVector = shape.length === 2 ||
    shape.slice(1, -1).every((size) => size === 1);
  if (isVector) return;
  throw new TypeError(
    cannot(
      action,
      `what feeds head "${logits.head.node.row.name}" must be [N, D]`,
      shapeText(shape),
    ),
  );
}

function checkPerturbed(
  logits: Logits | undefined,
  search: HeadSearch | undefined,
): void {
  if (logits === undefined) {
    throw new TypeError(
      cannot(
        "set perturb",
        "the model must have logits",
        `none, as ${search?.why ?? "none were found"}`,
        "name its head by .head(id) before",
      ),
    );
  }
  const ref = logits.direct ?? { node: logits.head!.node, index: 0 };
  const units = specOf(ref)?.shape.at(-1) ?? null;
  if (logits.activation !== "sigmoid" || units === null || units === 1) return;
  throw new TypeError(
    cannot(
      "set perturb",
      "the logits must be classes, and several sigmoids are none",
      `${units} sigmoids`,
    ),
  );
}

/** What TF.js can fuse to a product; other activations it refuses when they run. */
const FUSED =
  /^(biasadd|linear|relu|relu6|leakyrelu|prelu|elu|sigmoid|fusedbatchnorm)$/i;

/** A stateful layer would change with every batch, and with it the caller's model. */
function checkNodes(nodes: readonly GraphNode[]): void {
  for (const { call, row } of nodes) {
    const { fusedOps } = row.config;
    const unknown = Array.isArray(fusedOps)
      ? fusedOps.find((op) => !FUSED.test(op))
      : undefined;
    if (unknown !== undefined) {
      throw new TypeError(
        cannot(
          `run operation "${row.name}"`,
          "what is fused to it must be known to TF.js",
          unknown,
          "ask for operations before it, or use the model as a layers model",
        ),
      );
    }
    if (call.kind !== "memory" || !call.layer.stateful) continue;
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
