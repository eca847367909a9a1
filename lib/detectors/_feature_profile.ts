/**
 * Which arrays of feature sets a detector uses, and whether those of another
 * set are the same: the layer, its sizes, the classes, the model, and what was
 * done to the arrays on the way.
 *
 * @module
 */
import { cannot, nearestNames, quote, shapeText } from "../check.ts";
import type { FeatureSet, FeatureSource } from "../types.ts";
import type { DetectorUses } from "./definition.ts";

/** What a fit used, so that other samples can be compared with it. */
export interface FeatureProfile {
  /** The layer's name, null for the penultimate; undefined where no features are used. */
  readonly layer?: string | null;
  /** Sizes of a sample's feature. */
  readonly featureShape?: readonly number[];
  /** How many classes the logits have. */
  readonly numClasses?: number;
  /** Names of the classes. */
  readonly classNames?: readonly string[];
  /** What made the features. */
  readonly source?: FeatureSource;
}

/**
 * The layer whose features a detector uses: the penultimate, or else the one
 * feature; of several, the one of the head's width, for detectors that need
 * what feeds the head.
 *
 * @param set The set.
 * @param uses What the detector uses.
 * @param action What is to be done, for messages.
 * @returns The layer's name, null for the penultimate.
 * @throws {TypeError} If there is none, or more than one.
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
    const shapes = set.features.map(({ shape }) => shapeText(shape));
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
 * @param action What is to be done, for messages.
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

/** The settings of a source; undefined where they are not those of an extractor. */
function settingsOf(source: FeatureSource): SourceSettings | undefined {
  try {
    let parsed: unknown = JSON.parse(source.settings);
    const pooled: unknown[] = [];
    while (isRecord(parsed) && "of" in parsed) { // of FeatureSet.pooled()
      pooled.push(parsed.pooled);
      parsed = JSON.parse(String(parsed.of));
    }
    return isRecord(parsed) ? { ...parsed, pooled } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // text of another tool
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Refuses logits that are shaped beside features that are not: a detector that
 * uses both would compare what does not belong together.
 *
 * @param set The set.
 * @param uses What the detector uses.
 * @param layer The layer that it uses, null for the penultimate.
 * @param action What is to be done, for messages.
 * @throws {TypeError} If they do not go together.
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
  const rule = "features must be shaped as the logits are";
  const value = JSON.stringify(settings.shaping);
  const hint = "extract with .penultimate({ shaped: true })";
  throw new TypeError(cannot(action, rule, value, hint));
}

/**
 * Refuses features of another model than that of the fit, or made by other
 * settings. A perturbation may differ, as detectors are fitted without it.
 * Sets that do not say what made them are not compared.
 *
 * @param profile What the fit used.
 * @param source What made the other features.
 * @param uses What the detector uses.
 * @param action What is to be done, for messages.
 * @throws {TypeError} If they differ.
 */
export function checkSource(
  profile: FeatureProfile,
  source: FeatureSource | undefined,
  uses: DetectorUses,
  action: string,
): void {
  if (profile.source === undefined || source === undefined) return;
  if (profile.source.model !== source.model) {
    const rule = `features must be of the model of the fit, ` +
      `"${profile.source.model}"`;
    const hint = "extract both with the same model";
    throw new TypeError(cannot(action, rule, source.model, hint));
  }
  const [fitted, found] = [settingsOf(profile.source), settingsOf(source)];
  if (fitted === undefined || found === undefined) return;
  const parts = partsOf(fitted, profile.layer, uses);
  const others = partsOf(found, profile.layer, uses);
  for (const [name, value] of Object.entries(parts)) {
    const [wanted, current] = [value, others[name]].map(textOf);
    if (wanted === current) continue;
    const rule = `${name} of the features must be that of the fit, ${wanted}`;
    const hint = "extract both with the same settings";
    throw new TypeError(cannot(action, rule, current, hint));
  }
}

/** What of the settings decides the arrays that a detector uses. */
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
