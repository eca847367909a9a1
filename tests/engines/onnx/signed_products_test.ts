import { assertEquals } from "@std/assert";
import {
  areSignedProductsExact,
  lacksKernel,
} from "../../../lib/engines/onnx/signed_products.ts";
import { openInWorker } from "../../../lib/engines/onnx/runtime/open_in_worker.ts";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";

const SIGNED = new URL(
  "../../data/faults/heads/signed_gemm.onnx",
  import.meta.url,
);

async function opens(exactProducts: boolean): Promise<unknown> {
  const bytes = await Deno.readFile(SIGNED);
  const model = { bytes, externalData: [] };
  try {
    const open = await openInWorker(model, { threads: 1, exactProducts });
    await open.close();
  } catch (error) {
    return error;
  }
}

Deno.test("lacksKernel() knows the refusal of signed products that must be exact", async () => {
  // Only x64 processors without VNNI saturate; the setting acts on x64 alone.
  const isX64 = Deno.build.arch === "x86_64";
  assertEquals(lacksKernel(await opens(true)), isX64);
  assertEquals(await opens(false), undefined);
  const other = new UnsupportedByEngineError("open", "onnx", "it must be so");
  assertEquals(lacksKernel(other), false);
  assertEquals(lacksKernel(new Error("Failed to find kernel")), false);
});

Deno.test("areSignedProductsExact() says the same each time, and leaves no session", async () => {
  const first = await areSignedProductsExact();
  assertEquals(await areSignedProductsExact(), first);
});
