import { assertEquals, assertStrictEquals } from "@std/assert";
import { stopSignal, withStop } from "../../lib/display/stop_signal.ts";

// In a process of its own: `deno test` takes SIGINT for itself.
const SCRIPT = `
import { listenToStop, stopSignal, withStop } from ${
  JSON.stringify(new URL("../../lib/display/stop_signal.ts", import.meta.url))
};
async function pressStop(signal) {
  const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve));
  Deno.kill(Deno.pid, "SIGINT");
  await stopped;
}
listenToStop();
listenToStop(); // once is enough
const running = stopSignal();
const both = withStop(new AbortController().signal);
await pressStop(running);
const next = stopSignal();
console.log(running.aborted, running.reason.name, next !== running, next.aborted, both.aborted);
await pressStop(next);
console.log("alive");
Deno.exit();
`;

Deno.test("stopSignal() is undefined where nobody listens", () => {
  assertEquals(stopSignal(), undefined);
  assertEquals(withStop(), undefined);
  const { signal } = new AbortController();
  assertStrictEquals(withStop(signal), signal);
});

Deno.test("stopSignal() aborts what runs, and not what begins later", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", SCRIPT],
    env: { NO_COLOR: "1" },
  });
  const { stdout, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  assertEquals(
    new TextDecoder().decode(stdout),
    "true AbortError true false true\nalive\n",
  );
});
