import { assert, assertEquals, assertRejects } from "@std/assert";
import { LastingStages } from "../../../lib/engines/onnx/lasting_stages.ts";
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
    ...["second closed", "first closed"],
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
