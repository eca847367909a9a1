import { assertRejects } from "@std/assert";
import { checkDevice } from "../../../lib/engines/onnx/check_device.ts";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";

Deno.test("checkDevice() finds the processor", async () => {
  await checkDevice("cpu");
});

Deno.test({
  name:
    "checkDevice() refuses a device of other platforms, and says where it is",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await assertRejects(
      () => checkDevice("coreml"),
      UnsupportedByEngineError,
      'Cannot run on device "coreml" as its device must be one of ONNX Runtime on this platform, "cpu", "webgpu"',
    );
    await assertRejects(
      () => checkDevice("directml"),
      UnsupportedByEngineError,
      'run on Windows, or use { device: "cpu" }',
    );
  },
});
