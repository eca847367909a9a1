import { assert, assertEquals } from "@std/assert";
import { half, pool } from "@sonde/sonde";
import { DEFAULTS, stepsOf } from "../../lib/extractor/settings.ts";

Deno.test("DEFAULTS are frozen, as far as they go", () => {
  assert(Object.isFrozen(DEFAULTS));
  assert(Object.isFrozen(DEFAULTS.layers));
  assert(Object.isFrozen(DEFAULTS.postprocess));
});

Deno.test("stepsOf() gives the same steps for every layer, or each layer's own", () => {
  const [all, own] = [pool("mean"), half()];
  assertEquals(stepsOf({ postprocess: [all] }, "a"), [all]);
  const postprocess = new Map([["a", [all]], ["b[1]", [own]]]);
  assertEquals(stepsOf({ postprocess }, "a"), [all]);
  assertEquals(stepsOf({ postprocess }, "c"), []);
  assertEquals(stepsOf({ postprocess }, "b", "b[1]"), [own]);
  assertEquals(stepsOf({ postprocess }, "b", "b[0]"), []);
  assertEquals(stepsOf({ postprocess }, "a", "a[1]"), [all]);
});
