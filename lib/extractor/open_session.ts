import { withStop } from "../display/stop_signal.ts";
import type { OnnxOptions } from "../engines/onnx/onnx_session.ts";
import type { Program } from "../engines/program.ts";
import type { Session } from "../engines/session.ts";
import { Pacer } from "../formats/pacer.ts";
import type { EngineChoice } from "./choose_engine.ts";

/**
 * Opens a compiled program on the engine that was chosen for it.
 *
 * @param program The program.
 * @param choice The engine.
 * @param options Optional work of this thread while another one opens the
 * program; whether the weights are unchanged; signal.
 * @returns The session.
 * @throws {UnsupportedByEngineError} If the engine is not available, or cannot
 * run it.
 */
export async function openSession(
  program: Program,
  choice: EngineChoice,
  options: Pick<OnnxOptions, "meanwhile" | "isCurrent" | "pacer"> = {},
): Promise<Session> {
  // Engines are imported on demand, so that importing this library stays fast.
  if (choice.engine === "onnx" && program.graph.onnx !== undefined) {
    const { openOnnxFile } = await import(
      "../engines/onnx/onnx_file_session.ts"
    );
    return await openOnnxFile(
      program,
      choice.threads,
      options.pacer,
      choice.device,
    );
  }
  if (choice.engine === "onnx") {
    const { openOnnx } = await import("../engines/onnx/onnx_session.ts");
    return await openOnnx(choice.recording!, {
      ...options,
      threads: choice.threads,
      device: choice.device,
    });
  }
  const { openTfjs } = await import("../engines/tfjs/tfjs_session.ts");
  return await openTfjs(program, choice.backend, options.pacer);
}

/**
 * The pacer of the opening of a session, aborted by the caller or the Stop
 * button.
 *
 * @param signal The caller's signal.
 * @returns The pacer.
 */
export function openingPacer(signal: AbortSignal | undefined): Pacer {
  return new Pacer(withStop(signal), () => "while its session was opened");
}
