// Functions without options refuse them: they would be ignored silently.
import { assertEquals, assertRejects } from "@std/assert";
import * as sonde from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import { free, mlp } from "../extractor/_models.ts";

type Call = (...args: unknown[]) => unknown;

counted("options of functions that have none are refused", async () => {
  const model = mlp();
  const extractor = new sonde.FeatureExtractor(model);
  const data = Float32Array.of(1, 2);
  const logits = { data, shape: [1, 2], dtype: "float32" } as const;
  const set = sonde.featureSet({ logits });
  const cases: [object, string, ...unknown[]][] = [
    [sonde, "auroc", [1], [2]],
    [sonde, "detectionError", [1], [2]],
    [sonde, "accuracy", set],
    [sonde, "clearCache", "cache"],
    [sonde, "mergeFeatures", "features.npz"],
    [sonde, "half"],
    [sonde, "flatten"],
    [sonde, "openFeatures", "features.npz"],
    [sonde, "fromLayersModel", model],
    [sonde, "fromGraphModel", model],
    [sonde, "featureSet", { logits }],
    [sonde, "recommend", extractor.model, set],
    [extractor, "plan"],
    [extractor, "open"],
    [extractor, "input", 0],
    [extractor, "head", -1],
    [extractor, "batch", 2],
    [extractor, "react", 1],
    [extractor, "vra", 0, 1],
    [extractor, "toOnnx", undefined],
  ];
  for (const [owner, name, ...args] of cases) {
    const call = (owner as Record<string, Call>)[name]!.bind(owner);
    await assertRejects(
      async () => await call(...args, { signal: 1 }),
      TypeError,
      `must be called without options: current value is "signal"; write ${name}(`,
    );
  }
  // As callbacks of Array.map, which passes an index too.
  const sets = [{ logits }].map(sonde.featureSet);
  assertEquals(sets.length, 1);
  free(model);
});
