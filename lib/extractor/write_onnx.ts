import { record } from "../engines/onnx/recording.ts";
import { writeFileProgram } from "../engines/onnx/write_file_program.ts";
import { writeProgram } from "../engines/onnx/write_program.ts";
import type { Program } from "../engines/program.ts";
import { UnsupportedByEngineError } from "../errors.ts";

/**
 * Writes a program as an ONNX model, whatever its model was made from.
 *
 * @param program The program.
 * @param metadata What else is to be known of it.
 * @returns The model's bytes.
 * @throws {UnsupportedByEngineError} If ONNX cannot say a part of it.
 */
export async function writeOnnx(
  program: Program,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  if (program.graph.onnx !== undefined) {
    return await writeFileProgram(program, metadata);
  }
  const recording = record(program);
  if ("obstacle" in recording) {
    const { obstacle } = recording;
    throw new UnsupportedByEngineError("write ONNX", "onnx", obstacle);
  }
  return await writeProgram(recording, metadata);
}
