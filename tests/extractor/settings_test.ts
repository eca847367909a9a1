import { DEFAULTS, stepsOf } from "../../lib/extractor/settings.ts";
import { counted } from "../support/backends.ts";
import { branched, convnet, free } from "./_models.ts";
import { FeatureExtractor, half, pool } from "@sonde/sonde";
import { assert, assertEquals } from "@std/assert";

Deno.test("DEFAULTS are frozen, as far as they go", () => {
  assert(Object.isFrozen(DEFAULTS));
  assert(Object.isFrozen(DEFAULTS.layers));
  assert(Object.isFrozen(DEFAULTS.postprocess));
});

Deno.test("stepsOf() returns the same steps for every layer, or each layer's own", () => {
  const [all, own] = [pool("mean"), half()];
  assertEquals(stepsOf({ ...DEFAULTS, postprocess: [all] }, "a"), [all]);
  const postprocessByName = new Map([["a", [all]], ["b[1]", [own]]]);
  assertEquals(stepsOf({ postprocess: [], postprocessByName }, "a"), [all]);
  assertEquals(stepsOf({ postprocess: [], postprocessByName }, "c"), []);
  assertEquals(stepsOf({ postprocess: [], postprocessByName }, "b", "b[1]"), [
    own,
  ]);
  assertEquals(
    stepsOf({ postprocess: [], postprocessByName }, "b", "b[0]"),
    [],
  );
  assertEquals(stepsOf({ postprocess: [], postprocessByName }, "a", "a[1]"), [
    all,
  ]);
});

const lines = (value: unknown) =>
  Deno.inspect(value).split("\n").map((line) => line.trimEnd());

counted("an extractor shows its model and its settings", () => {
  const model = branched();
  assertEquals(lines(new FeatureExtractor(model)).slice(4), [
    `model    "${model.name}" (memory), 6 layers`,
    "layers   none: logits only",
    "batch    64",
    "engine   auto",
  ]);
  const set = new FeatureExtractor(model).layers(["stem", "sum"]).penultimate()
    .input("left").head("head").ash(0.9).perturb({ epsilon: 0.1 })
    .batch(8).engine("tfjs", { backend: "cpu" });
  assertEquals(lines(set), [
    "FeatureExtractor",
    "",
    "setting      value",
    `-----------  ${"-".repeat(48)}`,
    `model        "${model.name}" (memory), 6 layers`,
    "layers       stem, sum",
    "penultimate  plain",
    'input        what "left" receives',
    "head         head",
    "ash          percentile 0.9, interpolation nearest, variant s",
    "perturb      epsilon 0.1, temperature 1",
    "batch        8",
    "engine       tfjs:cpu",
  ]);
  free(model);
});

counted("an extractor shows its postprocessings", () => {
  const model = convnet();
  const base = new FeatureExtractor(model).layers(["conv", "flat"]);
  const shown = (extractor: FeatureExtractor) =>
    lines(extractor).find((line) => line.startsWith("postprocess"));
  const all = base.postprocess(pool("max"), half(), (x) => x.relu());
  assertEquals(shown(all), "postprocess  pool(max), half, custom function");
  const some = base.postprocess({ flat: half(), conv: [] });
  assertEquals(shown(some), "postprocess  flat: half; conv: none");
  free(model);
});
