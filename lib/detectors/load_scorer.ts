import {
  cannot,
  checkAwaited,
  checkOptions,
  nearestNames,
  quote,
} from "../check.ts";
import { missingPath } from "../formats/file_path.ts";
import type { DecidingScorer, Detector, Scorer } from "../types.ts";
import { restoreCore } from "./define_detector.ts";
import type { DetectorState } from "./definition.ts";
import { DETECTORS } from "./detectors.ts";
import { perLayer } from "./per_layer.ts";
import type { StoredCore } from "./_scorer_core.ts";

/**
 * Settings of {@linkcode loadScorer}.
 *
 * @category Detectors
 */
export interface LoadScorerOptions {
  /** Custom detectors, with the settings of the saved one. */
  readonly detectors?: readonly Detector[];
}

const ACTION = "load scorer";

/**
 * Loads a scorer written by `scorer.save`. Its scores are bitwise equal on the
 * same machine. A calibrated scorer is loaded with its threshold.
 *
 * @category Detectors
 * @param source A path, a `file:`, `http:` or `https:` URL, or the bytes.
 * @param options Detectors that are not part of this library.
 * @returns The scorer.
 * @throws {SyntaxError} If it is not a scorer's file, or was cut or altered.
 * @throws {RangeError} If its detector is unknown.
 * @throws {TypeError} If a detector has other settings than the saved one.
 * @throws {Deno.errors.NotFound} If the file does not exist.
 *
 * @example Save, and load again
 * ```ts
 * import { featureSet, loadScorer, deepKnn } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const data = Float32Array.of(1, 0, 0, 1, 1, 1);
 * const known = featureSet({ features: [{ data, shape: [3, 2], dtype: "float32" }] });
 * const scorer = await deepKnn({ neighbors: 1 }).fit(known);
 * const file = await Deno.makeTempFile({ suffix: ".safetensors" });
 * await scorer.save(file);
 * const loaded = await loadScorer(file);
 * assert.deepEqual(await loaded.score(known), await scorer.score(known));
 * await Deno.remove(file);
 * ```
 */
export async function loadScorer(
  source: string | URL | Uint8Array,
  options: LoadScorerOptions = {},
): Promise<Scorer | DecidingScorer> {
  checkOptions(options, ACTION, ["detectors"]);
  checkAwaited(source, ACTION, "the source");
  const { detectors = [] } = options;
  const name = source instanceof Uint8Array ? "bytes" : String(source);
  const bytes = await bytesOf(source);
  const { readScorer } = await import("./_scorer_file.ts");
  const { facts, arrays } = readScorer(bytes, name);
  const { CALIBRATION, FittedScorer, CalibratedScorer } = await import(
    "./scorer.ts"
  );
  const { [CALIBRATION]: known, ...rest } = arrays;
  const stored: StoredCore = {
    detector: facts.detector,
    settings: facts.settings as StoredCore["settings"],
    facts: facts.fit,
    arrays: rest as DetectorState,
  };
  const find = (name: string, settings: StoredCore["settings"]) =>
    findDetector(name, settings, detectors);
  const detector = find(stored.detector, stored.settings);
  const core = restoreCore(detector, stored, find);
  if (facts.calibration === undefined) return new FittedScorer(core);
  const { tpr, warnings } = facts.calibration;
  const scores = known!.data as Float64Array;
  const { calibration } = await import("./conformal.ts");
  const calibrated = calibration(scores, tpr, ACTION);
  return new CalibratedScorer(
    core,
    calibrated,
    warnings,
    facts.calibration.source,
  );
}

async function bytesOf(
  source: string | URL | Uint8Array,
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const isSource = typeof source === "string" || source instanceof URL;
  if (!isSource) {
    const rule = "its source must be a path, a URL or bytes";
    const isBuffer = (source as unknown) instanceof ArrayBuffer;
    const hint = isBuffer ? "pass new Uint8Array(buffer)" : undefined;
    throw new TypeError(cannot(ACTION, rule, source, hint));
  }
  if (!/^https?:/.test(String(source))) {
    const isUrl = typeof source === "string" && source.startsWith("file:");
    const path = isUrl ? new URL(source) : source;
    try {
      return await Deno.readFile(path);
    } catch (cause) {
      if (cause instanceof Deno.errors.IsADirectory) {
        const hint = "pass the file that scorer.save wrote";
        const text = cannot(ACTION, "it must be a file", String(path), hint);
        throw new Deno.errors.IsADirectory(text, { cause });
      }
      throw missingPath(cause, path, ACTION);
    }
  }
  const response = await fetch(source);
  if (response.ok) return await response.bytes();
  await response.body?.cancel();
  const rule = `${quote(String(source))} must be there`;
  throw new RangeError(cannot(ACTION, rule, response.status));
}

/** Custom detectors take precedence over built-in ones. */
function findDetector(
  name: string,
  settings: StoredCore["settings"],
  detectors: readonly Detector[],
): Detector {
  if (name === "perLayer") {
    const { aggregate, detector } = settings as {
      readonly aggregate: "standardized";
      readonly detector: {
        readonly name: string;
        readonly settings: typeof settings;
      };
    };
    const inner = findDetector(detector.name, detector.settings, detectors);
    return perLayer(inner, { aggregate });
  }
  const custom = detectors.find((detector) => detector.name === name);
  if (custom !== undefined) return custom;
  const factories: Readonly<
    Record<string, (options?: StoredCore["settings"]) => Detector>
  > = DETECTORS;
  const create = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (create !== undefined) return create(settings);
  const near = nearestNames(name, Object.keys(DETECTORS)).map(quote);
  const rule = "its detector must be one of this library or of " +
    "{ detectors: […] }";
  const hint = `pass { detectors: [${name}] }` +
    (near.length === 0 ? "" : `; near names are ${near.join(", ")}`);
  throw new RangeError(cannot(ACTION, rule, name, hint));
}
