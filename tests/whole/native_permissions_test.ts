import { assert, assertEquals } from "@std/assert";
import { MODEL, ROOT, runModel } from "../support/fresh_process.ts";

const LIB = `${ROOT}lib`;
const RUNTIME = decodeURIComponent(
  new URL("../", import.meta.resolve("onnxruntime-node")).pathname,
);

Deno.test("a model on the disk runs natively with permissions for it and for the runtime", async () => {
  const permissions = [
    ["--allow-ffi", `--allow-read=${MODEL}`],
    // A worker, which reads its modules.
    [`--allow-ffi=${RUNTIME}`, `--allow-read=${MODEL},${LIB}`],
  ];
  for (const allowed of permissions) {
    const { engine } = await runModel({ allowed });
    assertEquals(engine, "onnx");
  }
});

Deno.test("a model runs on TF.js where a permission is missing, and the plan names it", async () => {
  const cases = [
    [["--allow-read"], "--allow-ffi"],
    [
      ["--allow-read", `--deny-read=${LIB}`, `--allow-ffi=${RUNTIME}`],
      `--allow-read=${LIB}`,
    ],
  ] as const;
  for (const [allowed, missing] of cases) {
    const { engine, reason } = await runModel({ allowed });
    assertEquals(engine, "tfjs");
    assert(reason.includes(missing), reason);
  }
});

Deno.test("a model runs natively with a command line of 100,000 characters", async () => {
  const path = `/data/${"a".repeat(132)}.png`;
  const args = Array.from({ length: 700 }, () => path);
  assert(args.join(" ").length >= 100_000);
  const allowed = [`--allow-read=${MODEL},${LIB}`, "--allow-ffi"];
  const { engine } = await runModel({ allowed, args });
  assertEquals(engine, "onnx");
});
