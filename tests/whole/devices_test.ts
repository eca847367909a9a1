import { assert, assertEquals } from "@std/assert";
import { RUNS_ALL } from "../support/extent.ts";
import { ROOT } from "../support/fresh_process.ts";

/**
 * The software adapter of Chromium, which needs no card. The WebGPU of ONNX
 * Runtime refuses that of Mesa. The variable selects another driver.
 */
const DRIVER = Deno.env.get("SONDE_VULKAN_DRIVER") ??
  "/usr/lib/chromium/vk_swiftshader_icd.json";

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs a program with the driver, or with none. */
async function runWith(
  driver: string,
  program: string,
  ...args: string[]
): Promise<{ readonly text: string; readonly errors: string }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", `${ROOT}${program}`, ...args],
    env: {
      VK_ICD_FILENAMES: driver,
      VK_DRIVER_FILES: driver,
      XDG_RUNTIME_DIR: Deno.env.get("TMPDIR") ?? "/tmp",
      NO_COLOR: "1",
    },
  });
  const { stdout, stderr } = await process.output();
  const [text, errors] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { text: text!, errors: errors! };
}

/** What a run on the device says, besides what is wrong. */
interface Report {
  readonly wrong: readonly string[];
  readonly device: string;
  readonly adapter: string;
  readonly onCpu: readonly string[];
  readonly settings: string;
  /** What "auto" takes with this adapter, and with a card. */
  readonly auto: readonly string[];
}

function onDevice(
  name: string,
  families: string,
  golden: string,
  files = "",
): void {
  Deno.test({
    name: `${name} are as on the processor on device "webgpu"`,
    ignore: !RUNS_ALL || !isThere(DRIVER),
    async fn() {
      const program = "tests/support/programs/run_on_device.ts";
      const { text, errors } = await runWith(
        DRIVER,
        program,
        families,
        golden,
        files,
      );
      assert(text !== "", errors);
      const report: Report = JSON.parse(text.trim().split("\n").at(-1)!);
      assertEquals(report.wrong, []);
      assertEquals(report.device, "webgpu");
      const isSoftware = /swiftshader/i.test(report.adapter);
      assertEquals(report.auto, [isSoftware ? "cpu" : "webgpu", "webgpu"]);
      assert(report.adapter.length > 0);
      assert(report.settings.includes('"device":"webgpu"'), report.settings);
      assertEquals(report.onCpu, ["IsNaN (1)"]);
    },
  });
}

onDevice("convolutions and pools", "convolutions,global_pooling", "conv3dT");
onDevice(
  "activations, normalisations, embeddings, masks",
  "activation_layers,normalization,embeddings,core",
  "masking",
);
onDevice(
  "elementwise operations and ONNX files",
  "tf_operations,merging",
  "",
  "opset7:logits,sklearn_mlp:out_activations_result,torch_cnn:output",
);
onDevice("sequences and attention", "regularization", "lstm,gru,mha");

Deno.test("a device that is not there is an error before data are read", async () => {
  const { text, errors } = await runWith(
    "/none",
    "tests/support/programs/refuse_device.ts",
  );
  assertEquals(JSON.parse(text || "null"), {
    webgpu:
      'Cannot run on device "webgpu" as its device must be there, and ONNX Runtime says "Failed to get a WebGPU adapter: No supported adapters"; install a driver of Vulkan, Direct3D 12 or Metal, or use { device: "cpu" }: current engine is "onnx"',
    batches: 0,
    auto:
      'engine "onnx" was requested; "cpu" because ONNX Runtime cannot use the card, "a card"',
  }, errors);
});
