/**
 * Options of an extractor's settings.
 *
 * @module
 */
import {
  cannot,
  checkAwaited,
  checkInteger,
  checkOneOf,
  checkOptions,
  checkRunOptions,
} from "../check.ts";
import { abortError, UnsupportedByEngineError } from "../errors.ts";
import type { Dataset, RunOptions } from "../types.ts";
import { DEVICES } from "../engines/onnx/runtime/device.ts";
import type { Settings } from "./settings.ts";

/**
 * Settings of {@linkcode FeatureExtractor.perturb}.
 *
 * @category Extraction
 */
export interface PerturbOptions {
  /** Length of the step on each input value, in its unit. Finite and >= 0. */
  readonly epsilon: number;
  /** Softmax temperature `T`. Finite and > 0. @default {1} */
  readonly temperature?: number;
}

/**
 * Settings of {@linkcode FeatureExtractor.penultimate}.
 *
 * @category Extraction
 */
export interface PenultimateOptions {
  /** Whether to return it after the shaping. @default {false} */
  readonly shaped?: boolean;
}

/**
 * Settings of {@linkcode FeatureExtractor.engine}.
 *
 * @category Extraction
 */
export interface EngineOptions {
  /**
   * The backend of TF.js; with `"auto"`, this selects TF.js.
   *
   * @default {the fastest that computes correctly}
   */
  readonly backend?: "wasm" | "cpu" | "webgpu";
  /**
   * Number of threads of the native engine; at most 64, or four per processor
   * if that is more.
   *
   * @default {as many as the process may use at once}
   */
  readonly threads?: number;
  /**
   * The device of the native engine. `"webgpu"` is any graphics card with a
   * driver of Vulkan, Direct3D 12 or Metal. `"cuda"`, `"coreml"` and
   * `"directml"` are passed on to ONNX Runtime, untested. `"auto"` is
   * `"webgpu"` if there is a card, not a software adapter, and a batch needs
   * 10^10 multiplications or more; otherwise `"cpu"`.
   *
   * @default {"cpu"}
   */
  readonly device?:
    | "auto"
    | "cpu"
    | "webgpu"
    | "cuda"
    | "coreml"
    | "directml";
  /**
   * The precision of the device. ONNX Runtime computes in the precision of the
   * model, so `"half"` is refused.
   *
   * @default {"single"}
   */
  readonly precision?: "single" | "half";
}

/**
 * Settings of {@linkcode FeatureExtractor.cache}.
 *
 * @category Extraction
 */
export interface CacheOptions {
  /**
   * Maximum size of all results in bytes; a positive integer. @default
   * {Infinity}
   */
  readonly maxBytes?: number;
}

/**
 * Settings of {@linkcode FeatureExtractor.fitReact}.
 *
 * @category Extraction
 */
export interface FitReactOptions extends RunOptions {
  /**
   * Fraction of the activations below the threshold, in (0, 1). @default {0.9}
   */
  readonly quantile?: number;
}

const ACTION = "set engine";

/**
 * Checks the arguments of `engine()`.
 *
 * @param kind The engine.
 * @param options Its options.
 * @returns The settings.
 * @throws {RangeError} If there is no such engine, backend, device or
 * precision, or `threads` is not a positive integer or is too large.
 * @throws {TypeError} If an option belongs to another engine.
 * @throws {UnsupportedByEngineError} If `precision` is `"half"`.
 */
export function engineSettings(
  kind: "auto" | "onnx" | "tfjs",
  options: EngineOptions,
): Pick<Settings, "engine" | "backend" | "threads" | "device"> {
  checkAwaited(kind, ACTION, `"kind"`);
  const engine = checkOneOf(kind, ACTION, "kind", ["auto", "onnx", "tfjs"]);
  const names = ["backend", "threads", "device", "precision"];
  checkOptions(options, ACTION, names);
  const { backend, threads, device, precision } = options;
  if (threads !== undefined) checkThreads(threads);
  if (backend !== undefined) {
    checkOneOf(backend, ACTION, "backend", ["wasm", "cpu", "webgpu"]);
  }
  if (backend !== undefined && (engine === "onnx" || threads !== undefined)) {
    const rule = '"backend" must be left out: it is an option of TF.js alone';
    throw new TypeError(cannot(ACTION, rule, backend, 'use "tfjs"'));
  }
  if (threads !== undefined && engine === "tfjs") {
    const rule = '"threads" must be left out: it is an option of ONNX alone';
    throw new TypeError(cannot(ACTION, rule, threads, 'use "onnx"'));
  }
  if (device !== undefined) {
    checkOneOf(device, ACTION, "device", ["auto", ...DEVICES]);
  }
  if (precision !== undefined) {
    checkOneOf(precision, ACTION, "precision", ["single", "half"]);
  }
  for (const [name, value] of Object.entries({ device, precision })) {
    if (value === undefined || engine === "onnx") continue;
    const rule = `"${name}" must be left out: it is an option of ONNX alone`;
    throw new TypeError(cannot(ACTION, rule, value, 'use "onnx"'));
  }
  if (precision === "half") {
    throw new UnsupportedByEngineError(
      "set precision",
      "onnx",
      'its "precision" must be "single", as ONNX Runtime computes in the precision of the weights; leave it out, or postprocess features with half()',
    );
  }
  return { engine, backend, threads, device };
}

/**
 * Threads that wait for work spin: on two cores, 32 of them take 5 s for five
 * rows of a small network, 128 take 15 s and 1,024 more than a minute.
 */
const MOST_THREADS = 64;

function checkThreads(threads: number): void {
  checkInteger(threads, ACTION, "threads");
  const most = Math.max(MOST_THREADS, 4 * navigator.hardwareConcurrency);
  if (threads <= most) return;
  const rule = `"threads" must be at most ${most} on this machine`;
  const hint = "leave it out to use all its processors";
  throw new RangeError(cannot(ACTION, rule, threads, hint));
}

/** Settings of the extractor that look like options of a run. */
const SETTINGS: Readonly<Record<string, string>> = {
  ...{ batch: "batch(…)", batchsize: "batch(…)", engine: "engine(…)" },
  ...{ backend: 'engine("tfjs", { backend })', layers: "layers(…)" },
  ...{ threads: 'engine("onnx", { threads })', device: "engine(…)" },
  ...{ postprocess: "postprocess(…)", penultimate: "penultimate()" },
  ...{ logits: "logits(…)", input: "input(…)", head: "head(…)" },
  ...{ layer: "layers(…)", react: "react(…)", perturb: "perturb(…)" },
};

function settingHint(key: string): string | undefined {
  const call = SETTINGS[key.toLowerCase().replaceAll("_", "")];
  return call && `set it on the extractor, with .${call}`;
}

/** The options of a run. */
const RUN_OPTIONS = ["signal", "onProgress", "progress"] as const;

/**
 * Checks the arguments of a run over a dataset, before anything is prepared.
 *
 * @param action The action, for messages.
 * @param dataset The dataset.
 * @param options Its options.
 * @param more Names of further options.
 * @throws {TypeError} If an option is unknown or of the wrong type, or the
 * dataset is a promise.
 * @throws {DOMException} If the run is already aborted.
 */
export function checkRun(
  action: string,
  dataset: Dataset,
  options: RunOptions,
  more: readonly string[] = [],
): void {
  checkAwaited(options, action, "the options");
  const known = [...RUN_OPTIONS, ...more];
  const hint = "labels are a part of the dataset, as in [x, y]";
  checkOptions(options, action, known, settingHint, hint);
  checkRunOptions(options, action);
  const { signal } = options;
  if (signal?.aborted) throw abortError(signal, "before it began");
  checkAwaited(dataset, action, "the dataset");
}
