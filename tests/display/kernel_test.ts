import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  broadcast,
  checkDenoVersion,
  inNotebook,
  jsonSafe,
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

Deno.test("jsonSafe() turns everything that a kernel does not take into plain data", () => {
  const value = {
    big: 10n,
    floats: Float32Array.of(1, NaN),
    bytes: new DataView(Uint8Array.of(1, 2).buffer),
    symbol: Symbol("x"),
    list: [undefined, () => 1, -Infinity],
    gone: undefined,
    lone: "\ud800",
  };
  assertEquals(jsonSafe(value), {
    big: "10",
    floats: [1, null],
    bytes: [1, 2],
    list: [null, null, null],
    lone: "\ufffd",
  });
});

Deno.test("jsonSafe() gives null for what has no form in JSON", () => {
  assertEquals(jsonSafe(Symbol("x")), null);
  assertEquals(jsonSafe(undefined), null);
});

Deno.test("jsonSafe() refuses a value that holds itself", () => {
  const ring: { self?: unknown } = {};
  ring.self = ring;
  assertThrows(() => jsonSafe(ring), TypeError);
});
