import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { notebook } from "../../lib/display/notebook.ts";
import { currentRenderer, setRenderer } from "../../lib/display/renderer.ts";
import { forgetStop, stopSignal } from "../../lib/display/stop_signal.ts";
import { themeOf, THEMES } from "../../lib/display/theme.ts";
import { inFakeKernel } from "./_fake_kernel.ts";

Deno.test("notebook() sends the loader every time it is called", async () => {
  try {
    const sent = await inFakeKernel(async () => {
      await notebook();
      await notebook({ renderer: "html" });
    });
    assertEquals(sent.map(({ type }) => type), [
      "display_data",
      "display_data",
    ]);
    for (const { content } of sent) {
      assertMatch(String(content.data["text/html"]), /DecompressionStream/);
      assertEquals(content.data["text/plain"], "Sonde is set up");
    }
    assertEquals(stopSignal()?.aborted, false);
  } finally {
    forgetStop();
  }
});

for (const renderer of ["png", "mime"] as const) {
  Deno.test(`notebook() sends no loader for the renderer ${renderer}`, async () => {
    try {
      const sent = await inFakeKernel(() => notebook({ renderer }));
      assertEquals(sent, []);
      assertEquals(currentRenderer(), renderer);
      assertEquals(stopSignal()?.aborted, false);
    } finally {
      forgetStop();
      setRenderer("html");
    }
  });
}

Deno.test("notebook() only sets renderer and theme outside a notebook", async () => {
  await notebook({ renderer: "png", theme: "dark" });
  assertEquals(currentRenderer(), "png");
  assertEquals(themeOf(undefined), THEMES.dark);
  assertEquals(stopSignal(), undefined);
  await notebook();
  assertEquals([currentRenderer(), themeOf(undefined)], ["html", THEMES.light]);
});

Deno.test("notebook() refuses options that it does not know", async () => {
  await assertRejects(
    () => notebook({ renderer: "svg" as "png" }),
    RangeError,
    'Cannot set up the notebook as "renderer" must be one of "html", "png", "mime": current value is "svg"',
  );
  await assertRejects(
    () => notebook({ theme: "grey" as "dark" }),
    RangeError,
    '"theme" must be one of "light", "dark": current value is "grey"',
  );
  await assertRejects(
    () => notebook({ render: "png" } as object),
    TypeError,
    'did you mean "renderer"',
  );
});
