/**
 * One test on every available backend.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { tf } from "@sonde/sonde";
import type { BackendName } from "../../lib/engines/tfjs/backend.ts";
import { RUNS_ALL } from "./extent.ts";

/** A backend, and how close it must come to TF.js' own numbers on `cpu`. */
export interface Backend {
  readonly name: BackendName;
  /** Relative to the largest value of a row. */
  readonly rtol: number;
}

/** Tolerances, with their reasons. */
const BACKENDS: readonly Backend[] = [
  // The same kernels in the same order: only the batch size differs, and
  // with it the blocks over which sums are computed.
  { name: "cpu", rtol: 1e-6 },
  // Sums in another order, with fused multiply-adds.
  { name: "wasm", rtol: 1e-5 },
  // Shaders may round exp, division and tanh to some units in the last place.
  { name: "webgpu", rtol: 1e-4 },
];

const adapter = await navigator.gpu?.requestAdapter() ?? null;

/** Whether there is a WebGPU adapter, of hardware or software. */
export const hasAdapter: boolean = adapter !== null;

/** Whether tests run on it; in `test:all` only, as shaders compile slowly. */
export const hasWebgpu: boolean = hasAdapter && RUNS_ALL;

if (hasAdapter) {
  // The software adapter may crash a process that ends with a device open.
  Deno.test.afterAll(() => {
    const { webgpu } = tf.engine().registry;
    (webgpu as unknown as { device: GPUDevice } | undefined)?.device.destroy();
  });
}

/**
 * A test that fails if the number of tensors changes.
 *
 * @param name The test's name.
 * @param body The test; before it, the backend is `cpu`.
 */
export function counted(name: string, body: () => Promise<void> | void): void {
  Deno.test(name, () => countedRun(body));
}

/**
 * The same test on each backend.
 *
 * @param name The test's name, to which that of the backend is added.
 * @param body The test; before it, the backend is `cpu`.
 */
export function onBackends(
  name: string,
  body: (backend: Backend) => Promise<void>,
): void {
  for (const backend of BACKENDS) {
    const isWebgpu = backend.name === "webgpu";
    Deno.test({
      name: `${name} (${backend.name})`,
      ignore: isWebgpu && !hasWebgpu,
      // TF.js keeps its WebGPU device open.
      sanitizeResources: !isWebgpu,
      sanitizeOps: !isWebgpu,
      fn: () => countedRun(() => body(backend)),
    });
  }
}

async function countedRun(body: () => Promise<void> | void): Promise<void> {
  await tf.setBackend("cpu");
  const before = tf.memory().numTensors;
  await body();
  assertEquals(tf.getBackend(), "cpu");
  assertEquals(tf.memory().numTensors, before, "live tensors");
}
