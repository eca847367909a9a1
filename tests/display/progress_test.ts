import { assert, assertEquals } from "@std/assert";
import {
  defaultProgress,
  progressBar,
  progressText,
} from "../../lib/display/progress.ts";
import { inFakeKernel } from "./_fake_kernel.ts";

Deno.test("progressText() writes a bar, counts, speed and what is left", () => {
  assertEquals(
    progressText({ label: "predict", total: 1000 }, {
      samples: 250,
      samplesPerSecond: 512.3,
    }),
    "predict █████░░░░░░░░░░░░░░░ 250 / 1000 samples, 512 samples/s, 2 s left",
  );
  assertEquals(
    progressText({ label: "predict", total: 100_000 }, {
      samples: 10_000,
      samplesPerSecond: 10,
    }),
    "predict ██░░░░░░░░░░░░░░░░░░ 10,000 / 100,000 samples, 10 samples/s, 2 h 30 min left",
  );
});

Deno.test("progressText() counts at most 59 seconds beside minutes", () => {
  const left = (samplesLeft: number) =>
    progressText({ label: "a", total: samplesLeft + 1 }, {
      samples: 1,
      samplesPerSecond: 1,
    }).split(", ").at(-1);
  assertEquals([59, 59.4, 119.7, 3599.5].map(left), [
    ...["59 s left", "1 min 0 s left", "2 min 0 s left", "1 h 0 min left"],
  ]);
});

Deno.test("progressText() does without a total", () => {
  const state = { samples: 0, samplesPerSecond: 0 };
  assertEquals(progressText({ label: "stream" }, state), "stream 0 samples");
});

Deno.test("progressBar() shows its first and its last state in a notebook", async () => {
  const sent = await inFakeKernel(async () => {
    const bar = progressBar({ label: "<predict>", total: 3 });
    bar.update(1, 100);
    bar.update(2, 100); // too soon to be shown
    await bar.finish(3, 100);
    bar.update(1, 1);
    await bar.finish(1, 1); // it has ended
  });
  assertEquals(sent.map(({ type }) => type), [
    "display_data",
    "update_display_data",
  ]);
  const [first, last] = sent.map(({ content }) => content);
  assertEquals(first!.transient, last!.transient);
  assertEquals(
    last!.data["text/html"],
    '<div>&lt;predict&gt; <progress value="3" max="3"></progress> 3 / 3 samples, 100 samples/s</div>',
  );
  assertEquals(
    last!.data["text/plain"],
    "<predict> ████████████████████ 3 / 3 samples, 100 samples/s",
  );
});

Deno.test("progressBar() says where and why it failed", async () => {
  const sent = await inFakeKernel(async () => {
    const bar = progressBar({ label: "stream" });
    bar.update(64, 0);
    await bar.fail("stopped");
  });
  assertEquals(sent.at(-1)!.content.data, {
    "text/html": "<div>stream 64 samples, stopped</div>",
    "text/plain": "stream 64 samples, stopped",
  });
});

Deno.test("progressBar() shows at most ten states a second", async () => {
  const sent = await inFakeKernel(async () => {
    const bar = progressBar({ label: "a", total: 1e6 });
    for (let i = 0; i < 2000; i++) bar.update(i, 1);
    await bar.finish(1e6, 1);
  });
  assert(sent.length <= 10);
});

Deno.test("progressBar() throws at its end what could not be sent", async () => {
  await inFakeKernel(async () => {
    const broken = {
      broadcast: () => Promise.reject(new Error("no connection")),
    };
    Object.assign(Deno, { jupyter: broken });
    const bar = progressBar({ label: "a" });
    const error = await bar.finish(1, 1).catch((reason) => reason);
    assertEquals(error.message, "no connection");
  });
});

Deno.test("defaultProgress() is true in a notebook", async () => {
  await inFakeKernel(() => assertEquals(defaultProgress(), true));
});

Deno.test("progressText() counts one sample as one", () => {
  const state = { samples: 1, samplesPerSecond: 0 };
  assertEquals(progressText({ label: "stream" }, state), "stream 1 sample");
  assertEquals(
    progressText({ label: "predict", total: 1 }, state),
    "predict ████████████████████ 1 / 1 sample",
  );
});
