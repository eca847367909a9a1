import { assertEquals, assertThrows } from "@std/assert";
import { checkRunOptions } from "../../lib/extractor/run_options.ts";
import type { RunOptions } from "../../lib/types.ts";

function refused(options: unknown): Error {
  return assertThrows(() => checkRunOptions(options as RunOptions, "predict"));
}

Deno.test("checkRunOptions() takes what a run knows, and what is added", () => {
  const { signal } = new AbortController();
  checkRunOptions({}, "predict");
  checkRunOptions({ signal, onProgress: () => {}, progress: false }, "predict");
  const more = { quantile: 0.5 } as RunOptions;
  checkRunOptions(more, "fit react", ["quantile"]);
});

Deno.test("checkRunOptions() refuses options of another type, and others", () => {
  for (
    const [options, rule] of [
      [{ signal: true }, '"signal" must be an AbortSignal'],
      [{ onProgress: 1 }, '"onProgress" must be a function'],
      [{ progress: "yes" }, '"progress" must be true or false'],
      [{ batch: 3 }, '"batch"'],
      [Promise.resolve({}), "await"],
    ] as const
  ) {
    const { name, message } = refused(options);
    assertEquals([name, message.includes(rule)], ["TypeError", true], message);
  }
});

Deno.test("checkRunOptions() throws where the run is stopped already", () => {
  const { name, message } = refused({ signal: AbortSignal.abort() });
  assertEquals([name, message.includes("before it began")], [
    ...["AbortError", true],
  ]);
});
