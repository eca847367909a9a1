/**
 * An engine opens a program and gives a session: the program made ready, with
 * its weights where they are needed. Arrays go in, arrays come out, batch by
 * batch; what the engine holds is freed when the session is closed.
 *
 * @module
 */
import type { NdArray } from "../types.ts";
import type { Pacer } from "./pacer.ts";
import type { RunOutputs } from "./program.ts";

/** A program that is ready to run. */
export interface Session extends AsyncDisposable {
  /** Runs one batch; the arrays given are only read. */
  run(
    inputs: readonly NdArray<ArrayBufferView>[],
    pacer: Pacer,
  ): Promise<RunOutputs>;
  /** Frees what the engine holds; a second time does nothing. */
  close(): Promise<void>;
}
