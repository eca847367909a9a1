import { prestartWorker } from "./idle_workers.ts";
import { missingPermission } from "./missing_permission.ts";

/**
 * Starts to load ONNX Runtime in a worker, which the next session takes. Does
 * nothing if a permission is missing, which only a session requests.
 */
export async function prestartRuntime(): Promise<void> {
  if (await missingPermission() === undefined) prestartWorker();
}
