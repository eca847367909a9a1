import { UnsupportedByEngineError } from "../../errors.ts";
import { encodeModel } from "./graph/encode_model.ts";
import { OnnxGraph, ROWS } from "./graph/onnx_graph.ts";
import { type DeviceName, DEVICES, providerOf } from "./runtime/device.ts";
import { openPipeline } from "./runtime/open_pipeline.ts";
import { messageOf } from "./runtime/runtime.ts";

/** Advice for each device that this build supports but does not find. */
const ADVICE: Readonly<Record<DeviceName, string>> = {
  cpu: "",
  webgpu: "install a driver of Vulkan, Direct3D 12 or Metal",
  cuda: "put the CUDA libraries of ONNX Runtime beside it",
  coreml: "run on macOS",
  directml: "run on Windows",
};

/**
 * Checks that a device is available, by opening a model of one operation on it.
 *
 * @param device The device.
 * @throws {UnsupportedByEngineError} If this build of ONNX Runtime does not
 * support the device, or finds no adapter or library for it.
 */
export async function checkDevice(device: DeviceName): Promise<void> {
  if (device === "cpu") return;
  const { listSupportedBackends } = await import("onnxruntime-node");
  const names: string[] = listSupportedBackends().map(({ name }) => name);
  const refuse = (rule: string, advice: string) =>
    new UnsupportedByEngineError(
      `run on device "${device}"`,
      "onnx",
      `${rule}; ${advice}, or use { device: "cpu" }`,
    );
  if (!names.includes(providerOf(device))) {
    const there = DEVICES.filter((name) => names.includes(providerOf(name)));
    const list = there.map((name) => `"${name}"`).join(", ");
    throw refuse(
      `its device must be one of ONNX Runtime on this platform, ${list}`,
      ADVICE[device],
    );
  }
  const graph = new OnnxGraph();
  const input = graph.input("x", "float32", [ROWS]);
  const sum = graph.node("Add", [input, input]);
  graph.output("y", sum, "float32", [ROWS]);
  let opened;
  try {
    opened = await openPipeline(encodeModel(graph), { threads: 1, device });
  } catch (cause) {
    const message = messageOf((cause as Error).cause ?? cause);
    const error = refuse(
      `its device must be there, and ONNX Runtime says "${message}"`,
      ADVICE[device],
    );
    error.cause = cause;
    throw error;
  }
  await opened.close();
}
