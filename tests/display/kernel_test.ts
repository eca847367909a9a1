import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  broadcast,
  checkDenoVersion,
  inNotebook,
  settle,
} from "../../lib/display/kernel.ts";
import { inFakeKernel } from "./_fake_kernel.ts";

Deno.test("inNotebook() is true in a kernel only, and never throws", async () => {
  assertEquals(inNotebook(), false);
  await inFakeKernel(() => assertEquals(inNotebook(), true));
  assertEquals(inNotebook(), false);
});

Deno.test("broadcast() has sent plain data when the call returns", async () => {
  const sent = await inFakeKernel(async () => {
    const first = broadcast("display_data", { data: { n: 1n } });
    const second = broadcast("display_data", { data: { x: Symbol("x") } });
    await Promise.all([first, second, settle()]);
  });
  assertEquals(sent.map(({ content }) => content.data), [{ n: "1" }, {}]);
});

Deno.test("broadcast() rejects outside a notebook", async () => {
  await assertRejects(() => broadcast("stream", {}), TypeError, "kernel");
});

Deno.test("checkDenoVersion() refuses kernels that lose outputs", () => {
  for (const version of ["2.9.1", "2.9.6", "2.10.0", "3.0.0", "2.9.1+abc"]) {
    checkDenoVersion(version);
  }
  for (const version of ["2.9.0", "2.8.9", "1.46.3"]) {
    assertThrows(
      () => checkDenoVersion(version),
      RangeError,
      `Cannot set up the notebook as Deno must be 2.9.1 or later: current value is "${version}"; run deno upgrade`,
    );
  }
});
