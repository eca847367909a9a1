/**
 * The arrays of feature sets that a detector uses, and checks that another set
 * has the same ones: layer, sizes, classes, model, and settings that change the
 * arrays.
 *
 * @module
 */
import { cannot, isPlainObject, nearestNames, quote } from "../check.ts";
import type { FeatureSet, FeatureSource } from "../types.ts";
import type { DetectorUses } from "./definition.ts";

/** A description of the arrays of a fit, to compare with other sets. */
export interface FeatureProfile {
  /**
   * The layer's name, null for the penultimate; undefined if no features are
   * used.
   */
  readonly layer?: string | null;
  /** Sizes of a sample's feature. */
  readonly featureShape?: readonly number[];
  /** Number of classes of the logits. */
  readonly numClasses?: number;
  /** Names of the classes. */
  readonly classNames?: readonly string[];
  /** The source of the features. */
  readonly source?: FeatureSource;
}

/**
 * The layer that a detector uses: the penultimate, otherwise the only feature;
 * of several features, the one with the head's width, for detectors that need
 * the input of the head.
 *
 * @param set The set.
 * @param uses The parts of a set that the detector uses.
 * @param action The action, for messages.
 * @returns The layer's name, null for the penultimate.
 * @throws {TypeError} If there is not exactly one.
 */
export function chooseLayer(
  set: FeatureSet,
  uses: DetectorUses,
  action: string,
): string | null {
  if (uses.features !== "maps" && set.penultimate !== undefined) return null;
  const { layerNames } = set;
  const width = set.head?.kernel.shape[0];
  if (uses.features === "head" && width !== undefined) {
    const fits = layerNames.filter((_, i) => {
      const { shape } = set.features[i]!;
      return shape.length === 2 && shape[1] === width;
    });
    if (fits.length === 1) return fits[0]!;
    const rule = `one feature must be of the ${width} columns of the head`;
    const shapes = set.features.map(({ shape }) => shape);
    const hint = "extract with .penultimate()";
    throw new TypeError(cannot(action, rule, shapes, hint));
  }
  if (layerNames.length === 1) return layerNames[0]!;
  if (layerNames.length === 0) {
    if (set.penultimate !== undefined) return null;
    const rule = "the set must have features";
    const hint = "extract with .penultimate(), or with .layers([…])";
    throw new TypeError(cannot(action, rule, "none", hint));
  }
  const rule = "it must get features of one layer";
  const hint = uses.features === "head"
    ? "extract with .penultimate()"
    : "extract with .penultimate(), or use perLayer(detector) for all layers";
  throw new TypeError(cannot(action, rule, [...layerNames], hint));
}

/**
 * Checks that the layer of the fit is in a set.
 *
 * @param set The set.
 * @param layer The layer's name, null for the penultimate.
 * @param action The action, for messages.
 * @throws {TypeError} If it is not.
 */
export function checkLayer(
  set: FeatureSet,
  layer: string | null,
  action: string,
): void {
  const { layerNames } = set;
  if (layer === null) {
    if (set.penultimate !== undefined) return;
    const rule = "the set must have the penultimate, as that of the fit had";
    const hint = "extract with .penultimate()";
    throw new TypeError(cannot(action, rule, [...layerNames], hint));
  }
  if (layerNames.includes(layer)) return;
  const near = nearestNames(layer, layerNames).map(quote).join(", ");
  const rule = `the set must have layer ${quote(layer)} of the fit`;
  const hint = `extract with .layers([${quote(layer)}])` +
    (near === "" ? "" : `; nearest names are ${near}`);
  throw new TypeError(cannot(action, rule, [...layerNames], hint));
}

/** The parts of resolved settings that change arrays; see `FeatureSource.settings`. */
interface SourceSettings {
  readonly layers?: readonly string[];
  readonly postprocess?: readonly unknown[];
  readonly input?: unknown;
  readonly head?: unknown;
  readonly logits?: unknown;
  readonly shaping?: unknown;
  readonly perturbation?: unknown;
  readonly penultimate?: unknown;
  readonly pooled?: readonly unknown[];
}

/**
 * The settings of a source; undefined if they are not those of an extractor.
 */
function settingsOf(source: FeatureSource): SourceSettings | undefined {
  try {
    let parsed: unknown = JSON.parse(source.settings);
    const pooled: unknown[] = [];
    while (isPlainObject(parsed) && "of" in parsed) { // of FeatureSet.pooled()
      pooled.push(parsed.pooled);
      parsed = JSON.parse(String(parsed.of));
    }
    return isPlainObject(parsed) ? { ...parsed, pooled } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // text of another tool
    throw error;
  }
}

/**
 * Refuses shaped logits with unshaped features: a detector that uses both would
 * combine inconsistent values.
 *
 * @param set The set.
 * @param uses The parts of a set that the detector uses.
 * @param layer Its layer, null for the penultimate.
 * @param action The action, for messages.
 * @throws {TypeError} If they are inconsistent.
 */
export function checkShaping(
  set: FeatureSet,
  uses: DetectorUses,
  layer: string | null | undefined,
  action: string,
): void {
  if (uses.logits === undefined || layer === undefined) return;
  const settings = set.source && settingsOf(set.source);
  if (settings?.shaping === undefined) return;
  if (layer === null && settings.penultimate === "shaped") return;
  const rule = "features must have the same shaping as the logits";
  const value = JSON.stringify(settings.shaping);
  const hint = "extract with .penultimate({ shaped: true })";
  throw new TypeError(cannot(action, rule, value, hint));
}

/** Features that others are compared with. */
export interface ComparedFeatures {
  /** The layer's name, null for the penultimate. */
  readonly layer?: string | null;
  /** Their source. */
  readonly source?: FeatureSource;
  /** Their purpose. */
  readonly use: "fit" | "calibration" | "known samples";
}

/**
 * Refuses features of another model than that of other features, or with other
 * settings. Only perturbations may differ from those of a fit, because detectors
 * are fitted without. Sets without a source are not compared.
 *
 * @param expected The features to compare with.
 * @param source The source of the other features.
 * @param uses The parts of a set that the detector uses.
 * @param action The action, for messages.
 * @throws {TypeError} If they differ.
 */
export function checkSource(
  { layer, source: expected, use }: ComparedFeatures,
  source: FeatureSource | undefined,
  uses: DetectorUses,
  action: string,
): void {
  if (expected === undefined || source === undefined) return;
  if (expected.model !== source.model) {
    const rule = `features must be of the model of the ${use}, ` +
      `"${expected.model}"`;
    const hint = "extract both with the same model";
    throw new TypeError(cannot(action, rule, source.model, hint));
  }
  const [before, found] = [settingsOf(expected), settingsOf(source)];
  if (before === undefined || found === undefined) return;
  const partsOfUse = (settings: SourceSettings) => ({
    ...partsOf(settings, layer, uses),
    ...(use !== "fit" && { perturbation: settings.perturbation }),
  });
  const others: Readonly<Record<string, unknown>> = partsOfUse(found);
  for (const [name, value] of Object.entries(partsOfUse(before))) {
    const [wanted, current] = [value, others[name]].map(textOf);
    if (wanted === current) continue;
    const rule =
      `${name} of the features must be that of the ${use}, ${wanted}`;
    const hint = "extract both with the same settings";
    throw new TypeError(cannot(action, rule, current, hint));
  }
}

/** The settings that affect the arrays of a detector. */
function partsOf(
  settings: SourceSettings,
  layer: string | null | undefined,
  uses: DetectorUses,
): Record<string, unknown> {
  const { layers = [], postprocess = [], pooled = [] } = settings;
  const parts: Record<string, unknown> = { input: settings.input };
  if (uses.logits !== undefined) {
    parts.head = [settings.head, settings.logits];
    parts.shaping = settings.shaping;
  }
  if (layer === null) {
    parts.head = [settings.head];
    const isShaped = settings.penultimate === "shaped";
    parts.shaping = isShaped || uses.logits ? settings.shaping : undefined;
  } else if (layer !== undefined) {
    const steps = postprocess[layers.indexOf(layer)];
    parts.postprocessing = [steps ?? [], pooled];
  }
  return parts;
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "none";
}
