import { assertEquals, assertRejects } from "@std/assert";
import { takeTurn } from "../../../lib/engines/tfjs/backend.ts";
import { drive } from "../../../lib/engines/tfjs/drive.ts";
import { Pacer } from "../../../lib/formats/pacer.ts";

Deno.test("drive() runs a generator to its end, and ends it early where it is stopped", async () => {
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
    takeTurn("cpu", (turn) => drive(steps(), turn, pacer), new Pacer());
  assertEquals(await run(pacer), "done");
  assertEquals(seen.splice(0), ["step 0", "step 1", "step 2", "freed"]);
  const stopped = new Pacer(AbortSignal.abort());
  Object.defineProperty(stopped, "isDue", { value: () => true });
  await assertRejects(() => run(stopped), DOMException);
  assertEquals(seen, ["step 0", "freed"]);
});
