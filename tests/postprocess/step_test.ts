import { assert, assertEquals, assertThrows } from "@std/assert";
import { builtInStep, isBuiltInStep } from "../../lib/postprocess/step.ts";
import { flatten } from "../../lib/postprocess/flatten.ts";
import { gramStatistics } from "../../lib/postprocess/gram_statistics.ts";
import { half } from "../../lib/postprocess/half.ts";
import { normalize } from "../../lib/postprocess/normalize.ts";
import { pool } from "../../lib/postprocess/pool.ts";

const ALL = [pool("mean"), flatten(), normalize(), half(), gramStatistics()];

Deno.test("isBuiltInStep() distinguishes built-in steps from others of the same form", () => {
  for (const step of ALL) assert(isBuiltInStep(step));
  assertEquals(isBuiltInStep((feature: unknown) => feature), false);
  assertEquals(isBuiltInStep({ ...pool("mean") }), false);
});

Deno.test("builtInStep() freezes the step", () => {
  const step = builtInStep({
    name: "same",
    keepsChannels: true,
    apply: (_ops, feature) => feature,
  });
  assertThrows(() => {
    (step as { name: string }).name = "other";
  }, TypeError);
});

Deno.test("steps are named with their options, as they stand in a set's source", () => {
  assertEquals(ALL.map(({ name }) => name), [
    "pool(mean)",
    "flatten",
    "normalize",
    "half",
    "gramStatistics(1, 2, 3, 4, 5)",
  ]);
  assertEquals(pool("max", { channels: "first" }).name, "pool(max, first)");
  assertEquals(normalize({ epsilon: 1 }).name, "normalize(1)");
});
