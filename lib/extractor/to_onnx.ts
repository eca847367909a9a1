import { checkAwaited } from "../check.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
import { unrecordable } from "./choose_engine.ts";
import { compile } from "./compile.ts";
import type { Settings } from "./settings.ts";

/**
 * Writes what an extractor computes as an ONNX model. It says of itself what
 * a set's source says: the model's fingerprint and the settings.
 *
 * @param graph The model.
 * @param settings What is asked for.
 * @param target A file, if it is to be one.
 * @returns The model's bytes.
 * @throws {UnsupportedByEngineError} If something cannot be said in ONNX.
 */
export async function toOnnx(
  graph: ModelGraph,
  settings: Settings,
  target?: string | URL,
): Promise<Uint8Array<ArrayBuffer>> {
  checkAwaited(target, "write ONNX", "the target");
  const program = await compile(graph, settings);
  const obstacle = await unrecordable(program);
  if (obstacle !== undefined) {
    throw new UnsupportedByEngineError("write ONNX", "onnx", obstacle);
  }
  const { writeProgram } = await import("../engines/onnx/write_program.ts");
  const bytes = await writeProgram(program, {
    "sonde.model": await graph.fingerprint(),
    "sonde.settings": program.settings,
  });
  if (target !== undefined) await Deno.writeFile(target, bytes);
  return bytes;
}
