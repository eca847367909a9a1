/**
 * Error classes that a correct program may catch, and the one wording that all
 * messages share: *Cannot do as thing must be rule: current value is value;
 * what to do*.
 *
 * @module
 */

import { printableMessage } from "./check.ts";

/**
 * A layer id that finds nothing.
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
  /** The error's class, for programs that go by name. */
  override readonly name = "LayerNotFoundError";
  /** The id that found nothing, as text. */
  readonly id: string;
  /** Names that are nearest to it. */
  readonly nearest: readonly string[];

  /**
   * Words the message.
   *
   * @param id The id that found nothing, as text.
   * @param nearest Names that are nearest to it, best first.
   * @param reason What to know besides, as the range of the indices.
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
 * What is asked cannot run on the engine or backend that is in use.
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
  /** The error's class, for programs that go by name. */
  override readonly name = "UnsupportedByEngineError";
  /** The engine, with its backend after a colon. */
  readonly engine: string;

  /**
   * Words the message.
   *
   * @param what What was to be done.
   * @param engine The engine, with its backend after a colon.
   * @param rule What it must be or give, and what to do.
   */
  constructor(what: string, engine: string, rule: string) {
    const text = `Cannot ${what} as ${rule}: current engine is "${engine}"`;
    super(printableMessage(text));
    this.engine = engine;
  }
}

/**
 * A model file that cannot be read, or does not hold what it must.
 *
 * @category Errors
 *
 * @example Skip what is no model
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
  /** The error's class, for programs that go by name. */
  override readonly name = "ModelFormatError";
  /** The file, as a path or URL. */
  readonly source: string;

  /**
   * Words the message.
   *
   * @param source The file, as a path or URL.
   * @param rule What it must be or hold, with what it holds.
   * @param options The error underneath.
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
 * The error that an aborted run rejects with: the signal's own reason if it is
 * an error, otherwise an `AbortError` that says how far the run was.
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
