import { cannot } from "../check.ts";
import type { FeatureTarget } from "../engines/program.ts";
import {
  type GraphNode,
  origin,
  type Ref,
  shapeValue,
  specOf,
} from "../models/graph/graph.ts";
import type { Ops } from "../ops/ops.ts";
import { ShapeOps } from "../ops/shape_ops.ts";
import { type BuiltInStep, isBuiltInStep } from "../postprocess/step.ts";
import type { FeatureSpec, Postprocess } from "../types.ts";
import { type Settings, stepsOf } from "./settings.ts";

/** A selected feature, with facts about its values. */
export interface ResolvedTarget {
  readonly target: FeatureTarget;
  readonly spec: FeatureSpec;
  /** Names of its postprocessing steps, as in a set's settings. */
  readonly steps: readonly string[];
}

const SHAPES = new ShapeOps();

/**
 * Names of a layer's features: the layer's name, or one for each of its
 * outputs.
 *
 * @param node The layer.
 * @returns As in `["dense"]`, or `["split[0]", "split[1]"]`.
 */
export function featureNames({ row, call }: GraphNode): string[] {
  const count = call.kind === "alias"
    ? call.outputs.length
    : row.outputs.length;
  if (count <= 1) return [row.name];
  return Array.from({ length: count }, (_, index) => `${row.name}[${index}]`);
}

/**
 * The features of one layer, with their postprocessing.
 *
 * @param node The layer.
 * @param settings The settings.
 * @returns One for each of its outputs.
 * @throws {TypeError} If a step does not accept the feature.
 */
export function targetsOf(
  node: GraphNode,
  settings: Settings,
): ResolvedTarget[] {
  return featureNames(node).map((name, index) =>
    targetOf({ node, index }, name, stepsOf(settings, node.row.name, name))
  );
}

function targetOf(
  ref: Ref,
  name: string,
  all: readonly Postprocess[],
): ResolvedTarget {
  const custom = all.filter((step) => !isBuiltInStep(step));
  const builtIn = all.filter((step) => isBuiltInStep(step));
  checkOrder(all, name);
  const spec = specOf(ref);
  const channels = spec?.channels ?? origin(ref).node.channels;
  const readAs = builtIn.some((step) => step.readAs) ? "float16" : undefined;
  const target: FeatureTarget = {
    name,
    ref,
    custom: custom as FeatureTarget["custom"],
    builtIn: (ops, feature) => runSteps(builtIn, ops, feature, name, channels),
    isPlain: builtIn.every((step) => step.readAs !== undefined),
    ...(readAs === undefined ? {} : { readAs }),
  };
  // Throws if a step does not accept the shape.
  if (spec !== undefined) target.builtIn(SHAPES, shapeValue(spec));
  return {
    target,
    spec: featureSpec(name, channels, builtIn, custom.length > 0),
    steps: all.map((step) =>
      isBuiltInStep(step) ? step.name : customName(step)
    ),
  };
}

function runSteps<T>(
  steps: readonly BuiltInStep[],
  ops: Ops<T>,
  feature: T,
  layer: string,
  channels: "first" | "last" | undefined,
): T {
  let axis = channels;
  return steps.reduce((value, step) => {
    const next = step.apply<T>(ops, value, { layer, channels: axis });
    if (!step.keepsChannels) axis = undefined;
    return next;
  }, feature);
}

/** Built-in steps run inside the engine, so none can come after a custom function. */
function checkOrder(steps: readonly Postprocess[], name: string): void {
  const firstCustom = steps.findIndex((step) => !isBuiltInStep(step));
  const late = steps.slice(firstCustom).find((step) => isBuiltInStep(step));
  if (firstCustom < 0 || late === undefined) return;
  throw new TypeError(
    cannot(
      `postprocess layer "${name}"`,
      "built-in steps must come before custom functions",
      (late as BuiltInStep).name,
    ),
  );
}

function featureSpec(
  name: string,
  channels: "first" | "last" | undefined,
  builtIn: readonly BuiltInStep[],
  hasCustom: boolean,
): FeatureSpec {
  const keeps = !hasCustom && builtIn.every((step) => step.keepsChannels);
  const form = hasCustom ? "own" : builtIn.findLast((step) => step.form)?.form;
  return Object.freeze({
    name,
    ...(keeps && channels !== undefined ? { channels } : {}),
    form: form ?? "raw",
  });
}

const names = new WeakMap<object, string>();

/**
 * The name of a custom function in the settings of a feature set.
 *
 * The source code of a function does not include the variables it captures.
 * Each function therefore gets a unique name, across processes too, so that
 * only its own sets count as equal.
 *
 * @param step The function.
 * @returns The same name for the same function.
 */
function customName(step: object): string {
  const known = names.get(step);
  if (known !== undefined) return known;
  const name = `custom ${crypto.randomUUID()}`;
  names.set(step, name);
  return name;
}
