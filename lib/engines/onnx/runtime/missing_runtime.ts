import { hasIdleWorker } from "./idle_workers.ts";
import { missingPermission } from "./missing_permission.ts";
import { loadInWorker } from "./open_in_worker.ts";
import { messageOf } from "./runtime.ts";

/**
 * Why ONNX Runtime is not available, if so. It is loaded in a worker, which the
 * next session takes; this thread loads it only to request a permission.
 *
 * @param asks Whether the user may be requested a permission.
 * @returns The obstacle; undefined if it can be loaded.
 */
export async function missingRuntime(
  asks: boolean,
): Promise<string | undefined> {
  const missing = await missingPermission();
  if (missing !== undefined && !asks) return missing;
  if (missing === undefined && hasIdleWorker()) return undefined;
  const load = () => import("onnxruntime-node");
  try {
    await (missing === undefined ? loadInWorker() : load());
  } catch (cause) {
    return `ONNX Runtime cannot be loaded: ${messageOf(cause)}`;
  }
}
