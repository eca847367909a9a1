/**
 * Detection of the notebook's kernel, and messages to it. Deno's types for it
 * are unstable and are not named here.
 *
 * The kernel reports a cell as done without waiting for its outputs, and later
 * outputs appear under a later cell or are lost. So senders must call
 * {@linkcode settle} at the end.
 *
 * @module
 */
import { cannot } from "../check.ts";
import type { Json } from "./plotly_layout.ts";

interface KernelApi {
  broadcast(type: string, content: unknown): Promise<void>;
}

const OLDEST = [2, 9, 1] as const; // earlier versions lose results of cells
const LEAST_WAIT_MS = 30;
const WAIT_A_MESSAGE_MS = 2;

let sentSinceSettled = 0;

/**
 * Whether this runs in a notebook. Never throws.
 *
 * @returns True in the main thread of a Deno Jupyter kernel.
 */
export function inNotebook(): boolean {
  return kernel() !== undefined;
}

/**
 * Sends a message to the notebook. It is sent when the call returns, also in a
 * synchronous loop.
 *
 * @param type The message's type, such as `display_data`.
 * @param content Its contents; converted to plain data here.
 * @returns A promise that resolves when it is sent.
 * @throws {TypeError} If there is no notebook.
 */
export async function broadcast(
  type: string,
  content: { readonly [key: string]: unknown },
): Promise<void> {
  const api = kernel();
  if (api === undefined) {
    throw new TypeError(
      cannot("send to the notebook", "there must be a kernel", undefined),
    );
  }
  sentSinceSettled++;
  await api.broadcast(type, jsonSafe(content));
}

/**
 * Waits until sent messages have left the kernel.
 *
 * @returns A promise that resolves after 30 ms, or 2 ms per message since the
 * last call.
 */
export async function settle(): Promise<void> {
  const wait = Math.max(LEAST_WAIT_MS, WAIT_A_MESSAGE_MS * sentSinceSettled);
  sentSinceSettled = 0;
  await new Promise((resolve) => setTimeout(resolve, wait));
}

/**
 * Refuses Deno versions whose kernel loses outputs.
 *
 * @param version Deno's version.
 * @throws {RangeError} If it is older than 2.9.1.
 */
export function checkDenoVersion(version: string): void {
  const parts = version.split(/[.+-]/).map(Number);
  for (let i = 0; i < OLDEST.length; i++) {
    const part = parts[i] ?? 0;
    if (part > OLDEST[i]!) return;
    if (part < OLDEST[i]!) {
      throw new RangeError(
        cannot(
          "set up the notebook",
          `Deno must be ${OLDEST.join(".")} or later`,
          version,
          "run deno upgrade and start the kernel again",
        ),
      );
    }
  }
}

/**
 * Copies a value to JSON data, which the kernel requires: a symbol in a message
 * crashes it, and typed arrays, BigInts and cycles are errors. BigInts become
 * strings, typed arrays arrays, numbers that are not finite null; functions and
 * symbols are dropped.
 *
 * @param value Anything without cycles.
 * @returns JSON data; null for values without a JSON form.
 * @throws {TypeError} If the value has a cycle.
 */
export function jsonSafe(value: unknown): Json {
  const text: string | undefined = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return String(part);
    if (typeof part === "string") return part.toWellFormed();
    if (!ArrayBuffer.isView(part)) return part;
    return part instanceof DataView
      ? Array.from(
        new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
      )
      : Array.from(part as unknown as ArrayLike<unknown>);
  });
  return text === undefined ? null : JSON.parse(text);
}

function kernel(): KernelApi | undefined {
  try {
    // Outside a kernel the getter throws; in a worker it returns undefined.
    const { jupyter } = Deno as { readonly jupyter?: unknown };
    return isKernel(jupyter) ? jupyter : undefined;
  } catch {
    return undefined;
  }
}

function isKernel(value: unknown): value is KernelApi {
  return typeof value === "object" && value !== null &&
    "broadcast" in value && typeof value.broadcast === "function";
}
