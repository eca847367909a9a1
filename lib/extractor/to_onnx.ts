import { checkAwaited } from "../check.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { ModelGraph } from "../models/graph/model_graph.ts";
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
  const { record } = await import("../engines/onnx/recording.ts");
  const recording = record(program);
  if ("obstacle" in recording) {
    throw new UnsupportedByEngineError(
      "write ONNX",
      "onnx",
      recording.obstacle,
    );
  }
  const { writeProgram } = await import("../engines/onnx/write_program.ts");
  const bytes = await writeProgram(recording, {
    "sonde.model": await graph.fingerprint(),
    "sonde.settings": program.settings,
  });
  if (target !== undefined) await Deno.writeFile(target, bytes);
  return bytes;
}
