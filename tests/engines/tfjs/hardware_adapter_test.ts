import { assertEquals } from "@std/assert";
import {
  type AdapterInfo,
  adapterName,
  hardwareAdapter,
} from "../../../lib/engines/tfjs/hardware_adapter.ts";

const CARD: AdapterInfo = {
  vendor: "4318",
  architecture: "",
  device: "9013",
  description: "NVIDIA H100 80GB HBM3",
  isFallbackAdapter: false,
};

function giving(info: AdapterInfo | null) {
  return {
    requestAdapter: () => Promise.resolve(info === null ? null : { info }),
  };
}

Deno.test("hardwareAdapter() returns the name of a graphics card", async () => {
  assertEquals(await hardwareAdapter(giving(CARD)), CARD.description);
});

Deno.test("hardwareAdapter() ignores software adapters", async () => {
  const none: (AdapterInfo | null)[] = [
    null,
    { ...CARD, isFallbackAdapter: true },
    { ...CARD, description: "llvmpipe (LLVM 15.0.6, 256 bits)" },
    { ...CARD, description: "SwiftShader Device (Subzero)" },
    { ...CARD, description: "Microsoft Basic Render Driver" },
    { ...CARD, description: "" },
  ];
  for (const info of none) {
    assertEquals(await hardwareAdapter(giving(info)), undefined);
  }
});

Deno.test("hardwareAdapter() waits for no driver that fails or never answers", async () => {
  const failing = { requestAdapter: () => Promise.reject(new Error("lost")) };
  assertEquals(await hardwareAdapter(failing), undefined);
  const silent = { requestAdapter: () => new Promise<null>(() => {}) };
  assertEquals(await hardwareAdapter(silent, 5), undefined);
});

Deno.test("adapterName() returns the name of any adapter", async () => {
  const software = { ...CARD, description: "SwiftShader Device (Subzero)" };
  assertEquals(await adapterName(giving(CARD)), CARD.description);
  assertEquals(await adapterName(giving(software)), software.description);
  assertEquals(await adapterName(giving(null)), undefined);
});
