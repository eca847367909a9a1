import type { Program } from "../engines/program.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { EngineChoice } from "./choose_engine.ts";
import type { Settings } from "./settings.ts";

/**
 * The engine of a model that was made from an ONNX file: ONNX Runtime, which
 * alone can run its operations.
 *
 * @param program The program.
 * @param settings What was asked for.
 * @returns The choice.
 * @throws {UnsupportedByEngineError} If what is asked needs another engine, or
 * this one cannot be had.
 */
export async function chooseForFile(
  program: Program,
  { backend, engine, threads }: Pick<
    Settings,
    "backend" | "engine" | "threads"
  >,
): Promise<EngineChoice> {
  const refuse = (what: string, rule: string) =>
    new UnsupportedByEngineError(what, "onnx", rule);
  const hint = "take the Keras or TF.js model that the file was made from";
  if (engine === "tfjs") {
    const asked = backend === undefined ? "tfjs" : `tfjs:${backend}`;
    throw new UnsupportedByEngineError(
      "run the model",
      asked,
      `an ONNX file must be run by engine "onnx"; leave the engine out, or ${hint}`,
    );
  }
  if (program.perturbation !== undefined) {
    const rule = "its engine must give gradients, and ONNX Runtime gives none";
    throw refuse("perturb", `${rule}; ${hint}`);
  }
  const own = program.features.find(({ own }) => own.length > 0);
  if (own !== undefined) {
    const rule = "a function of one's own must get tensors of TF.js";
    throw refuse(
      `postprocess layer "${own.name}"`,
      `${rule}; apply it to the features afterwards, or ${hint}`,
    );
  }
  const { missingRuntime } = await import("../engines/onnx/runtime/runtime.ts");
  const missing = await missingRuntime(true);
  if (missing !== undefined) throw refuse("run the model", missing);
  return {
    engine: "onnx",
    threads,
    reason: "an ONNX file is run by ONNX Runtime",
  };
}
