/**
 * Error classes that a correct program may catch. All messages have one form:
 * *Cannot ACTION as ARGUMENT must be RULE: current value is VALUE; ADVICE*.
 *
 * @module
 */

import { printableMessage } from "./check.ts";

/**
 * Thrown if a layer id matches no layer.
 *
 * @category Errors
 *
 * @example Take the nearest name
 * ```ts
 * import { LayerNotFoundError, loadModel } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * await using model = await loadModel("notebooks/models/keras/digits.keras");
 * let row;
 * try {
 *   row = model.findLayer("pol");
 * } catch (error) {
 *   if (!(error instanceof LayerNotFoundError)) throw error;
 *   row = model.findLayer(error.nearest[0]!);
 * }
 * assert.equal(row.name, "pool");
 * ```
 */
export class LayerNotFoundError extends RangeError {
  /** The error's class name. */
  override readonly name = "LayerNotFoundError";
  /** The id that found nothing, as text. */
  readonly id: string;
  /** The nearest known names. */
  readonly nearest: readonly string[];

  /**
   * Creates the error and formats its message.
   *
   * @param id The id that found nothing, as text.
   * @param nearest Names that are nearest to it, best first.
   * @param reason Further information, such as the range of the indices.
   */
  constructor(id: string, nearest: readonly string[], reason?: string) {
    const names = nearest.map((name) => `"${name}"`).join(", ");
    const hints = [reason, names === "" ? "" : `nearest names are ${names}`]
      .filter((hint) => hint).join("; ");
    const text = hints === "" ? "" : `: ${hints}`;
    super(printableMessage(`Cannot find layer ${id} in the model${text}`));
    this.id = id;
    this.nearest = nearest;
  }
}

/**
 * Thrown if an operation cannot run on the engine or backend in use.
 *
 * @category Errors
 *
 * @example Fall back to another engine
 * ```ts
 * import { FeatureExtractor, loadModel, UnsupportedByEngineError } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * await using model = await loadModel("notebooks/models/keras/digits.keras");
 * const perturbed = new FeatureExtractor(model).perturb({ epsilon: 0.01 });
 * const plan = await perturbed.engine("onnx").plan().catch((error) => {
 *   if (!(error instanceof UnsupportedByEngineError)) throw error;
 *   return perturbed.engine("tfjs").plan();
 * });
 * assert.equal(plan.engine, "tfjs");
 * ```
 */
export class UnsupportedByEngineError extends TypeError {
  /** The error's class name. */
  override readonly name = "UnsupportedByEngineError";
  /** The engine, with its backend after a colon. */
  readonly engine: string;

  /**
   * Creates the error and formats its message.
   *
   * @param what The action that failed.
   * @param engine The engine, with its backend after a colon.
   * @param rule What the engine must be or support, and how to fix it.
   */
  constructor(what: string, engine: string, rule: string) {
    const text = `Cannot ${what} as ${rule}: current engine is "${engine}"`;
    super(printableMessage(text));
    this.engine = engine;
  }
}

/**
 * Thrown if a model file cannot be read or has invalid contents.
 *
 * @category Errors
 *
 * @example Skip files that are not models
 * ```ts
 * import { loadModel, ModelFormatError } from "@sonde/sonde";
 * import assert from "node:assert/strict";
 *
 * const opened: string[] = [];
 * for (const path of ["README.md", "notebooks/models/keras/digits.keras"]) {
 *   try {
 *     await using model = await loadModel(path);
 *     opened.push(model.name);
 *   } catch (error) {
 *     if (!(error instanceof ModelFormatError)) throw error;
 *   }
 * }
 * assert.deepEqual(opened, ["digits"]);
 * ```
 */
export class ModelFormatError extends SyntaxError {
  /** The error's class name. */
  override readonly name = "ModelFormatError";
  /** The file, as a path or URL. */
  readonly source: string;

  /**
   * Creates the error and formats its message.
   *
   * @param source The file, as a path or URL.
   * @param rule What the file must be or contain, and what it contains.
   * @param options The underlying error, as `cause`.
   */
  constructor(source: string, rule: string, options?: ErrorOptions) {
    super(
      printableMessage(`Cannot load model "${source}" as ${rule}`),
      options,
    );
    this.source = source;
  }
}

/**
 * The message of a thrown value.
 *
 * @param error What was thrown: an error, or any other value.
 * @returns Its text.
 */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The error that an aborted run rejects with: the signal's own reason if it is
 * an error, otherwise an `AbortError` that tells how far the run was.
 *
 * @param signal The signal, aborted.
 * @param where How far the run was, as in "after 320 of 1000 samples".
 * @returns The error to throw.
 */
export function abortError(signal: AbortSignal, where: string): Error {
  const reason: unknown = signal.reason;
  const isDefault = reason instanceof DOMException &&
    reason.name === "AbortError" &&
    /signal has been aborted/i.test(reason.message);
  if (reason instanceof Error && !isDefault) return reason;
  return new DOMException(`Run was stopped ${where}`, "AbortError");
}
