import { assert, assertEquals, assertRejects } from "@std/assert";
import { LastingStages } from "../../../lib/engines/onnx/lasting_stages.ts";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { logRequests } from "../../support/logged_requests.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";
import type { RuntimePipeline } from "../../../lib/engines/onnx/runtime/open_pipeline.ts";

/** Stages that record what they are asked; runs end when they are told. */
function recorded(log: string[], name: string, isDirect: boolean) {
  const ends: (() => void)[] = [];
  const stages: RuntimePipeline = {
    isDirect,
    outputs: [],
    add: () => Promise.resolve(),
    run(_feeds, what) {
      log.push(`${name} ${what}`);
      return new Promise((resolve) => ends.push(() => resolve({})));
    },
    close() {
      log.push(`${name} closed`);
      return Promise.resolve();
    },
  };
  return { stages, ends };
}

/** Two runs, of which the second waits for the first. */
async function runTwo(stages: LastingStages, ends: (() => void)[]) {
  const runs = ["1", "2"].map((what) => stages.run({}, what, {}));
  for (const end of ends.splice(0)) end();
  await Promise.all(runs);
}

Deno.test("LastingStages move to a worker after queued runs, and free the first ones when their runs have ended", async () => {
  const log: string[] = [];
  const first = recorded(log, "first", true);
  const second = recorded(log, "second", false);
  const opened = Promise.withResolvers<RuntimePipeline>();
  const stages = new LastingStages(first.stages, () => opened.promise, 0);
  await runTwo(stages, first.ends);
  const last = stages.run({}, "3", {}); // it is not there yet
  opened.resolve(second.stages);
  while (!stages.isMoved) await Promise.resolve();
  const next = stages.run({}, "4", {});
  second.ends[0]!();
  await next;
  assert(!log.includes("first closed"));
  first.ends[0]!();
  await last;
  await stages.close();
  assertEquals(log, [
    ...["first 1", "first 2", "first 3", "second 4"],
    ...["first closed", "second closed"],
  ]);
});

Deno.test("LastingStages stay where they are without queued runs, and if they cannot be opened in a worker", async () => {
  const log: string[] = [];
  const { stages: first, ends } = recorded(log, "first", true);
  let numOpened = 0;
  const stages = new LastingStages(first, () => {
    numOpened++;
    return Promise.reject(new Error("no memory"));
  }, 0);
  const alone = stages.run({}, "0", {});
  ends.splice(0)[0]!();
  await alone;
  assertEquals(numOpened, 0);
  await runTwo(stages, ends);
  await runTwo(stages, ends);
  assertEquals([numOpened, stages.isMoved], [1, false]);
  await stages.close();
  assertEquals(log.at(-1), "first closed");
});

Deno.test("LastingStages that are closed after they moved do not wait for a run of the first ones", async () => {
  const log: string[] = [];
  const first = recorded(log, "first", true);
  const second = recorded(log, "second", false);
  const opened = Promise.withResolvers<RuntimePipeline>();
  const stages = new LastingStages(first.stages, () => opened.promise, 0);
  await runTwo(stages, first.ends);
  const last = stages.run({}, "3", {});
  opened.resolve(second.stages);
  while (!stages.isMoved) await Promise.resolve();
  await stages.close();
  assertEquals(log.slice(3), ["first closed", "second closed"]);
  first.ends[0]!();
  await last;
});

Deno.test("LastingStages that are closed while they move free both", async () => {
  const log: string[] = [];
  const first = recorded(log, "first", true);
  const second = recorded(log, "second", false);
  const opened = Promise.withResolvers<RuntimePipeline>();
  const stages = new LastingStages(first.stages, () => opened.promise, 0);
  await runTwo(stages, first.ends);
  const closed = stages.close();
  opened.resolve(second.stages);
  await closed;
  assertEquals(log.slice(2), ["first closed", "second closed"]);
});

Deno.test("a run that fails in LastingStages rejects, and others go on", async () => {
  const { stages: first } = recorded([], "first", true);
  const failing = { ...first, run: () => Promise.reject(new Error("torn")) };
  const stages = new LastingStages(failing, () => Promise.reject(), 0);
  await assertRejects(() => stages.run({}, "0", {}), Error, "torn");
  await stages.close();
});

Deno.test({
  name: "openOnnxFile() opens nothing twice without the permission for workers",
  permissions: { ffi: true },
  fn: async () => {
    using log = logRequests();
    using _clock = manualClock(100); // runs seem to take long
    const nodes = [{ op: "Relu", in: ["x"], out: ["y"] }];
    await using model = await loadModel(onnxBytes({ nodes }));
    const open = await new FeatureExtractor(model).layers(-1).batch(1).open();
    const x = { data: new Float32Array(16), shape: [8, 2] };
    for (let i = 0; i < 3; i++) await open.predict(x, { progress: false });
    await open.close();
    const opened = log.events.filter((event) => event === "opened");
    assertEquals(opened.length, 1);
  },
});
