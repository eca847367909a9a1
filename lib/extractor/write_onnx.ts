import { cannot, STATELESS } from "../check.ts";
import { statefulLayer } from "../engines/fixed_batches.ts";
import { record } from "../engines/onnx/recording.ts";
import { writeFileProgram } from "../engines/onnx/write_file_program.ts";
import { writeProgram } from "../engines/onnx/write_program.ts";
import type { Program } from "../engines/program.ts";
import { UnsupportedByEngineError } from "../errors.ts";

/**
 * Exports a program as an ONNX model, for models of any source format.
 *
 * @param program The program.
 * @param metadata Further metadata.
 * @returns The model's bytes.
 * @throws {TypeError} If a layer is stateful.
 * @throws {UnsupportedByEngineError} If a part of it cannot be expressed in
 * ONNX.
 */
export async function writeOnnx(
  program: Program,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  if (program.graph.onnx !== undefined) {
    return await writeFileProgram(program, metadata);
  }
  const stateful = statefulLayer(program);
  if (stateful !== undefined) {
    const { name } = stateful.node.row;
    const rule =
      `layer "${name}" must not be stateful: a file keeps no state between runs`;
    throw new TypeError(cannot("write ONNX", rule, true, STATELESS));
  }
  const recording = record(program);
  if ("obstacle" in recording) {
    const { obstacle } = recording;
    throw new UnsupportedByEngineError("write ONNX", "onnx", obstacle);
  }
  return await writeProgram(recording, metadata);
}
