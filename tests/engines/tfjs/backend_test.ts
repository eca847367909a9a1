import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { tf } from "../../../lib/tf.ts";
import {
  makeReady,
  takeTurn,
  Turn,
} from "../../../lib/engines/tfjs/backend.ts";
import { Pacer } from "../../../lib/formats/pacer.ts";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";
import { counted, hasAdapter, hasWebgpu } from "../../support/backends.ts";

counted("makeReady() leaves the caller's backend in place", async () => {
  await makeReady("wasm");
  assertEquals(tf.getBackend(), "cpu");
  await makeReady("wasm");
  await makeReady("cpu");
  assertEquals(tf.getBackend(), "cpu");
});

Deno.test("makeReady() leaves a caller without a backend the default of TF.js", async () => {
  const code = `
    import { makeReady } from "./lib/engines/tfjs/backend.ts";
    import * as tf from "@tensorflow/tfjs";
    await makeReady("wasm");
    console.log(tf.getBackend(), tf.findBackendFactory("wasm") !== null);
    tf.ones([2]).square().dispose();
    console.log(tf.getBackend());
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    cwd: new URL("../../..", import.meta.url),
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "cpu true\ncpu\n");
});

Deno.test("makeReady() names the permission that wasm needs", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--ext=ts", "-"],
    cwd: new URL("../../..", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`
    import { makeReady } from "./lib/engines/tfjs/backend.ts";
    await makeReady("wasm").catch((error) => console.log(error.message));`));
  await writer.close();
  const text = new TextDecoder().decode((await child.output()).stdout);
  assertStringIncludes(text, "give --allow-read for its files");
  assertEquals(text.includes("[object Object]"), false);
});

counted("makeReady() refuses webgpu where there is no adapter", async () => {
  if (hasAdapter) return await makeReady("webgpu");
  await assertRejects(
    () => makeReady("webgpu"),
    UnsupportedByEngineError,
    'a WebGPU adapter must be there; use .engine("tfjs", { backend: "wasm" })',
  );
  await makeReady("wasm");
});

counted(
  "sync() sets the backend, and restores the caller's",
  async () => {
    await makeReady("wasm");
    const turn = new Turn("wasm");
    assertEquals(turn.sync(() => tf.getBackend()), "wasm");
    assertEquals(tf.getBackend(), "cpu");
    assertThrows(
      () =>
        turn.sync(() => {
          throw new Error("within");
        }),
      Error,
      "within",
    );
    assertEquals(tf.getBackend(), "cpu");
    assertEquals(turn.sync(() => turn.sync(() => tf.getBackend())), "wasm");
  },
);

counted("sync() refuses a backend that is not there", () => {
  assertThrows(
    () => new Turn("none" as "cpu").sync(() => 0),
    UnsupportedByEngineError,
    'Cannot run as its backend must be ready: current engine is "tfjs:none"',
  );
  assertEquals(tf.getBackend(), "cpu");
});

counted(
  "takeTurn() runs one at a time, in the order of the calls",
  async () => {
    const log: string[] = [];
    const work = (name: string, fails = false) => async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve));
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
    await Promise.allSettled([
      takeTurn("cpu", work("a", true)),
      takeTurn("cpu", work("b")),
      takeTurn("cpu", work("c")),
    ]);
    assertEquals(
      log,
      ["a", "b", "c"].flatMap((n) => [`${n} begins`, `${n} ends`]),
    );
  },
);

counted(
  "takeTurn() can be aborted while it waits, and the queue keeps its order",
  async () => {
    const log: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const controller = new AbortController();
    const first = takeTurn("cpu", async () => {
      await promise;
      log.push("first");
    });
    const second = takeTurn(
      "cpu",
      () => Promise.resolve(log.push("second")),
      new Pacer(controller.signal),
    );
    const third = takeTurn("cpu", () => Promise.resolve(log.push("third")));
    controller.abort();
    await assertRejects(() => second, DOMException);
    assertEquals(log, []);
    resolve();
    await Promise.all([first, third]);
    assertEquals(log, ["first", "third"]);
  },
);

Deno.test({
  name: "takeTurn() says where a shader of webgpu does not compile",
  ignore: !hasWebgpu,
  sanitizeResources: false, // TF.js keeps its device open
  sanitizeOps: false,
  async fn() {
    const transposed = () =>
      takeTurn("webgpu", async (turn) => {
        const x = turn.sync(() =>
          tf.tidy(() => tf.transpose(tf.isNaN(tf.ones([3, 7, 3])), [0, 2, 1]))
        );
        await x.data();
        x.dispose();
      });
    for (let time = 0; time < 2; time++) {
      await assertRejects(
        transposed,
        UnsupportedByEngineError,
        "all its shaders must compile",
      );
    }
    await takeTurn("webgpu", () => Promise.resolve());
  },
});

Deno.test("Turn.drive() runs a generator to its end, and ends it early where it is stopped", async () => {
  const seen: string[] = [];
  function* steps(): Generator<void, string> {
    try {
      for (let i = 0; i < 3; i++) {
        seen.push(`step ${i}`);
        yield;
      }
      return "done";
    } finally {
      seen.push("freed");
    }
  }
  const pacer = new Pacer();
  const run = (pacer: Pacer) =>
    takeTurn("cpu", (turn) => turn.drive(steps(), pacer), new Pacer());
  assertEquals(await run(pacer), "done");
  assertEquals(seen.splice(0), ["step 0", "step 1", "step 2", "freed"]);
  const stopped = new Pacer(AbortSignal.abort());
  Object.defineProperty(stopped, "isDue", { value: () => true });
  await assertRejects(() => run(stopped), DOMException);
  assertEquals(seen, ["step 0", "freed"]);
});
