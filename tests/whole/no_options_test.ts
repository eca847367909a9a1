// Functions without options refuse them: they would be ignored silently.
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as sonde from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import { free, mlp } from "../extractor/_models.ts";

type Call = (...args: unknown[]) => unknown;

/** Names of the methods of an object, and of its classes. */
function methodsOf(owner: object): string[] {
  const names: string[] = [];
  let at: object = owner;
  while (at !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const { value } = Object.getOwnPropertyDescriptor(at, name)!;
      if (typeof value === "function" && name !== "constructor") {
        names.push(name);
      }
    }
    at = Object.getPrototypeOf(at);
  }
  return [...new Set(names)];
}

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
    [sonde, "loadModel", "a.keras", {}],
    [sonde, "saveFeatures", set, "a.npz", {}],
    [sonde, "show", set, {}],
    [sonde, "defineDetector", {}],
  ];
  for (const [owner, name, ...args] of cases) {
    const call = (owner as Record<string, Call>)[name]!.bind(owner);
    await assertRejects(
      async () => await call(...args, { signal: 1 }),
      TypeError,
      `must be called without options: current value is "signal"; write ${name}(`,
    );
  }
  // The methods of what users hold: each refuses what it would ignore.
  const keras = new sonde.KerasFeatureExtractor(model);
  const known = {
    logits: { data: Float32Array.of(1, 2, 2, 0), shape: [2, 2] },
  };
  const samples = sonde.featureSet(known as never);
  const scorer = await sonde.energy().fit(samples);
  const folder = await Deno.makeTempDir();
  await sonde.saveFeatures(samples, `${folder}/a.npz`);
  const stored = await sonde.openFeatures(`${folder}/a.npz`);
  await using opened = await extractor.open();
  const owners: [object, readonly string[]][] = [
    [sonde.KerasFeatureExtractor, ["findLayer"]],
    [extractor, ["layers", "postprocess"]],
    [keras, ["layers", "postprocess"]],
    [opened, []],
    [extractor.model, []],
    [samples, []],
    [scorer, []],
    [await scorer.calibrate(samples, { tpr: 0.5 }), []],
    [stored, []],
    [sonde.energy(), []],
    [sonde.mahalanobis(), ["score", "calibrate", "decide", "explain", "save"]],
    [await sonde.scoreHistogram({ a: [1, 2] } as never), []],
  ];
  for (const [owner, others] of owners) {
    const found = owner === sonde.KerasFeatureExtractor
      ? ["findLayer"]
      : methodsOf(owner).filter((name) => !others.includes(name));
    assert(found.length > 0);
    for (const name of found) {
      for (const extra of [{ other: 1 }, "b", true]) {
        const method = Reflect.get(owner, name) as Call;
        await assertRejects(
          async () => await method.call(owner, extra, extra, extra, extra),
          TypeError,
          "must be called without",
        );
      }
    }
  }
  await stored.close();
  await Deno.remove(folder, { recursive: true });
  // As callbacks of Array.map, which passes an index too.
  const sets = [{ logits }].map(sonde.featureSet);
  assertEquals(sets.length, 1);
  free(model);
});

Deno.test("a function that Array.map() calls says what it is called with", async () => {
  const each: [string, (source: string) => Promise<unknown>][] = [
    ["load model", sonde.loadModel],
    ["show", sonde.show],
  ];
  for (const [action, call] of each) {
    await assertRejects(
      () => Promise.all(["a.keras", "b.keras"].map(call)),
      TypeError,
      `Cannot ${action} as its options must be an object: current value is 0`,
    );
  }
  await assertRejects(
    async () => await (sonde.accuracy as Call)({}, ["a"]),
    TypeError,
    'accuracy(set) must be called without further arguments: current value is ["a"]',
  );
});
