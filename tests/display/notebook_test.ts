import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { notebook } from "../../lib/display/notebook.ts";
import { currentRenderer } from "../../lib/display/renderer.ts";
import { stopSignal } from "../../lib/display/stop_signal.ts";
import { themeOf, THEMES } from "../../lib/display/theme.ts";
import type { Sent } from "./_fake_kernel.ts";

/** In a process by itself, as `notebook()` listens to SIGINT from then on. */
const IN_KERNEL = `
import { notebook } from ${moduleAt("lib/display/notebook.ts")};
import { currentRenderer } from ${moduleAt("lib/display/renderer.ts")};
import { stopSignal } from ${moduleAt("lib/display/stop_signal.ts")};
import { inFakeKernel } from ${moduleAt("tests/display/_fake_kernel.ts")};
const runs = [];
for (const renderer of [undefined, "html", "png", "mime"]) {
  const sent = await inFakeKernel(() => notebook(renderer && { renderer }));
  runs.push([currentRenderer(), stopSignal().aborted, sent]);
}
console.log(JSON.stringify(runs));
Deno.exit();
`;

function moduleAt(path: string): string {
  return JSON.stringify(new URL(`../../${path}`, import.meta.url));
}

Deno.test("notebook() sends the loader for the renderer html every time it is called, and listens to the Stop button", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", IN_KERNEL],
    env: { NO_COLOR: "1" },
  });
  const { stdout, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  const runs: [string, boolean, Sent[]][] = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  assertEquals(
    runs.map(([renderer, aborted, sent]) => [
      ...[renderer, aborted, sent.length],
    ]),
    [
      ["html", false, 1],
      ["html", false, 1],
      ["png", false, 0],
      ["mime", false, 0],
    ],
  );
  for (const { type, content } of runs.flatMap(([, , sent]) => sent)) {
    assertEquals(type, "display_data");
    assertMatch(String(content.data["text/html"]), /DecompressionStream/);
    assertEquals(content.data["text/plain"], "Sonde is set up");
  }
});

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
