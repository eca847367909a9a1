import type { Session } from "../engines/session.ts";
import { chooseEngine } from "./choose_engine.ts";
import type { Compiled } from "./compile.ts";
import type { Settings } from "./settings.ts";

/**
 * Opens a compiled program on the engine that is chosen for it.
 *
 * @param compiled The program.
 * @param settings What was asked for.
 * @returns The session.
 * @throws {UnsupportedByEngineError} If the engine cannot be had, or cannot run it.
 */
export async function openSession(
  compiled: Compiled,
  settings: Pick<Settings, "backend" | "engine">,
): Promise<Session> {
  const { backend } = chooseEngine(compiled, settings);
  // An engine is loaded when it is chosen: importing this library stays quick.
  const { openTfjs } = await import("../engines/tfjs/tfjs_session.ts");
  return await openTfjs(compiled.program, backend);
}
