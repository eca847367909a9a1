import { assertEquals, assertRejects } from "@std/assert";
import {
  configOf,
  openOptimized,
} from "../../../../lib/engines/onnx/runtime/session_config.ts";

const ACCURATE = ["session.qdq_matmulnbits_accuracy_level", "1"];

Deno.test("configOf() requests exact 8-bit products only where there may be some", () => {
  assertEquals([...configOf({})], [ACCURATE]);
  assertEquals([...configOf({ exactProducts: true })], [
    ACCURATE,
    ["session.x64quantprecision", "1"],
  ]);
});

Deno.test("configOf() disables spinning beside exact products", () => {
  assertEquals([...configOf({ exactProducts: true, spins: false })], [
    ACCURATE,
    ["session.x64quantprecision", "1"],
    ["session.intra_op.allow_spinning", "0"],
  ]);
});

Deno.test("configOf() disables an optimisation that is wrong on devices", () => {
  assertEquals([...configOf({ device: "webgpu" })], [
    ACCURATE,
    ["optimization.disable_specified_optimizers", "GemmTransposeFusion"],
  ]);
  assertEquals([...configOf({ device: "cpu" })], [ACCURATE]);
});

Deno.test("openOptimized() opens a model as it is if an optimisation fails on it", async () => {
  const requested: boolean[] = [];
  const open = (opensPlain: boolean) => (optimizes: boolean) => {
    requested.push(optimizes);
    return optimizes || !opensPlain
      ? Promise.reject(new Error(`optimizes: ${optimizes}`))
      : Promise.resolve("a session");
  };
  assertEquals(await openOptimized(open(true)), "a session");
  assertEquals(requested, [true, false]);
  // The first error is the one to report.
  await assertRejects(
    () => openOptimized(open(false)),
    Error,
    "optimizes: true",
  );
});
