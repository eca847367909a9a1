import { assertEquals, assertRejects } from "@std/assert";
import { run } from "../../lib/detectors/run.ts";

Deno.test("run() counts samples, and returns the result of the work", async () => {
  const seen: (readonly [number, number | undefined])[] = [];
  const options = {
    onProgress: (progress: { samples: number; total?: number }) =>
      seen.push([progress.samples, progress.total]),
  };
  const result = await run("fit test()", options, 5, ({ onRows }) => {
    onRows(2);
    onRows(3);
    return Promise.resolve("done");
  });
  assertEquals(result, "done");
  assertEquals(seen, [[2, 5], [5, 5]]);
});

Deno.test("run() rejects at once when it is aborted, while the work continues", async () => {
  const stop = new AbortController();
  const running = run("fit test()", { signal: stop.signal }, undefined, () => {
    stop.abort();
    return new Promise(() => {});
  });
  await assertRejects(() => running, DOMException, "stopped after 0 samples");
  const signal = AbortSignal.abort(new TypeError("no"));
  const work = () => Promise.reject(new Error("must not begin"));
  await assertRejects(() => run("a", { signal }, 1, work), TypeError, "no");
});
