import {
  cannot,
  checkAwaited,
  checkInteger,
  checkOneOf,
  checkOptions,
} from "../check.ts";
import type { EngineOptions } from "./options.ts";
import type { Settings } from "./settings.ts";

const ACTION = "set engine";

/**
 * Checks what `engine()` was given.
 *
 * @param kind The engine.
 * @param options Its options.
 * @returns The settings.
 * @throws {RangeError} If there is no such engine or backend, or `threads` is
 * no positive integer.
 * @throws {TypeError} If an option is another engine's.
 */
export function engineSettings(
  kind: "auto" | "onnx" | "tfjs",
  options: EngineOptions,
): Pick<Settings, "engine" | "backend" | "threads"> {
  checkAwaited(kind, ACTION, `"kind"`);
  const engine = checkOneOf(kind, ACTION, "kind", ["auto", "onnx", "tfjs"]);
  checkOptions(options, ACTION, ["backend", "threads"]);
  const { backend, threads } = options;
  if (threads !== undefined) checkInteger(threads, ACTION, "threads");
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
  return { engine, backend, threads };
}
