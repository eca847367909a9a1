import { assertEquals } from "@std/assert";
import {
  deviceAdvice,
  deviceOptions,
  DEVICES,
  providerOf,
} from "../../../../lib/engines/onnx/runtime/device.ts";

Deno.test("deviceOptions() names the provider, and no provider for the processor", () => {
  assertEquals(deviceOptions("cpu"), {});
  assertEquals(deviceOptions("cpu", ["node"]), {});
  assertEquals(deviceOptions("directml").executionProviders, ["dml"]);
  assertEquals(DEVICES.map(providerOf), [
    ...["cpu", "webgpu", "cuda", "coreml", "dml"],
  ]);
});

Deno.test("deviceOptions() keeps nodes on the processor that WebGPU fails on", () => {
  assertEquals(deviceOptions("webgpu", ["node"]).executionProviders, [
    { name: "webgpu", forceCpuNodeNames: ["node"] },
  ]);
  assertEquals(deviceOptions("cuda", ["node"]).executionProviders, ["cuda"]);
});

Deno.test("deviceAdvice() advises smaller batches where memory does not suffice", () => {
  for (
    const message of [
      "Failed to allocate memory for requested buffer of size 99",
      "CUDA error: out of memory",
      "std::bad_alloc",
      "Device was lost",
    ]
  ) {
    assertEquals(
      deviceAdvice("webgpu", message),
      '; set a smaller .batch(…), or use { device: "cpu" }',
    );
    assertEquals(deviceAdvice("cpu", message), "");
  }
  assertEquals(
    deviceAdvice("webgpu", "Invalid shape"),
    '; use { device: "cpu" }',
  );
});
