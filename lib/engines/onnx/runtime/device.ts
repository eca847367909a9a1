/**
 * The devices of ONNX Runtime. Each is one of its execution providers; nodes
 * that a provider does not support run on the processor.
 *
 * @module
 */
import type { InferenceSession } from "onnxruntime-node";

/** The device of a session. */
export type DeviceName = "cpu" | "webgpu" | "cuda" | "coreml" | "directml";

/** All devices, in the order of messages. */
export const DEVICES: readonly DeviceName[] = Object.freeze([
  ...["cpu", "webgpu", "cuda", "coreml", "directml"] as const,
]);

/**
 * The name of a device's provider in ONNX Runtime.
 *
 * @param device The device.
 * @returns The name.
 */
export function providerOf(device: DeviceName): string {
  return device === "directml" ? "dml" : device;
}

/**
 * The options of a session that choose its device.
 *
 * @param device The device.
 * @param onCpu Names of nodes that must not run on WebGPU.
 * @returns The options; empty for the processor.
 */
export function deviceOptions(
  device: DeviceName,
  onCpu: readonly string[] = [],
): Pick<InferenceSession.SessionOptions, "executionProviders"> {
  if (device === "cpu") return {};
  const name = providerOf(device);
  const provider = device === "webgpu" && onCpu.length > 0
    ? { name, forceCpuNodeNames: [...onCpu] }
    : name;
  return { executionProviders: [provider] };
}

/** Messages of runtimes about insufficient device memory. */
const OUT_OF_MEMORY =
  /out of (device |video |gpu )?memory|failed to allocate|allocation failed|bad_alloc|device (was|is)? ?lost|CUDA_ERROR_OUT_OF_MEMORY|E_OUTOFMEMORY|buffer size .*exceeds|exceeds the max buffer size/i;

/**
 * Advice about an error of a session on a device.
 *
 * @param device The device.
 * @param message The message of the runtime.
 * @returns Advice, with a semicolon before it; empty if there is none.
 */
export function deviceAdvice(device: DeviceName, message: string): string {
  if (device === "cpu") return "";
  return OUT_OF_MEMORY.test(message)
    ? '; set a smaller .batch(…), or use { device: "cpu" }'
    : '; use { device: "cpu" }';
}
