import { assert, assertEquals, assertMatch } from "@std/assert";
import { FeatureExtractor, half, pool, tf } from "@sonde/sonde";
import { counted } from "../support/backends.ts";
import {
  branched,
  convnet,
  filled,
  free,
  nested,
  shared,
  twoOutputs,
} from "./_models.ts";

counted(
  "plan() says what will run, which head and what is left off",
  async () => {
    const model = convnet();
    const plan = await new FeatureExtractor(model).layers(["pool"]).plan();
    assertEquals({ ...plan }, {
      engine: "onnx",
      reason: "every layer can run on the native engine, which is the fastest",
      layerNames: ["pool"],
      head: "head",
      penultimate: "drop",
      removed: "head",
      activation: "softmax",
      changes: {},
      looked: [],
      skipped: [],
      warnings: [],
      numParameters: 3 * 3 * 2 * 4 + 4 + 4 * 4 + 36 * 3 + 3,
    });
    assert(Object.isFrozen(plan) && Object.isFrozen(plan.layerNames));
    free(model);
  },
);

counted("plan() shows itself", async () => {
  const model = branched();
  const plan = await new FeatureExtractor(model).layers(["left"])
    .head("left").engine("tfjs", { backend: "cpu" }).plan();
  assertEquals(
    Deno.inspect(plan).split("\n").map((line) => line.trimEnd()),
    [
      "Plan",
      "",
      "             what will run",
      "-----------  ---------------------------",
      "engine       tfjs:cpu",
      'why          backend "cpu" was requested',
      "features     left",
      "head         left",
      "penultimate  stem",
      "left off     activation of left",
      "skipped      right, sum, head",
      "parameters   36",
    ],
  );
  free(model);
});

counted("plan() names shaping, perturbation and postprocessing", async () => {
  const model = convnet();
  const plan = await new FeatureExtractor(model).layers(["pool"]).react(0.9)
    .perturb({ epsilon: 0.1 }).postprocess(pool("mean"), half()).plan();
  assertEquals(plan.changes, {
    react: "threshold 0.9",
    perturb: "epsilon 0.1, temperature 1",
    postprocess: "pool(mean), half",
  });
  const text = Deno.inspect(plan);
  for (
    const line of [
      /^head +head *$/m,
      /^left off +softmax of head *$/m,
      /^react +threshold 0.9 *$/m,
      /^postprocess +pool\(mean\), half *$/m,
    ]
  ) assertMatch(text, line);
  free(model);
});

counted(
  "plan() says where no head can be told, and what was looked at",
  async () => {
    const model = twoOutputs();
    const plan = await new FeatureExtractor(model).layers(["stem"]).plan();
    assertEquals(plan.head, undefined);
    assertEquals(plan.looked, ["left", "right"]);
    const text = Deno.inspect(plan);
    assertMatch(text, /head +none found/);
    assert(text.includes("layers searched  left, right"), text);
    free(model);
  },
);

counted("plan() counts the weights of a shared layer once", async () => {
  const model = shared();
  const plan = await new FeatureExtractor(model).plan();
  // widen 2·3+3, twice 3·4+4, head 8·3+3
  assertEquals(plan.numParameters, 9 + 16 + 27);
  free(model);
});

counted("plan() skips what a cut leaves out, and lists no models", async () => {
  const model = nested();
  const plan = await new FeatureExtractor(model).layers(["outer"])
    .input("outer/inner").plan();
  assertEquals(plan.skipped, ["stem", "outer/before"]);
  assertEquals(plan.penultimate, "outer");
  free(model);
});

counted("plan() names the softmax over something else", async () => {
  const model = filled(tf.sequential({
    layers: [
      tf.layers.conv2d({
        name: "conv",
        filters: 3,
        kernelSize: 2,
        inputShape: [5, 5, 1],
      }),
      tf.layers.globalAveragePooling2d({ name: "pool" }),
      tf.layers.softmax({ name: "soft" }),
    ],
  }));
  const plan = await new FeatureExtractor(model).plan();
  assertEquals([plan.head, plan.penultimate, plan.removed], [
    "pool",
    undefined,
    "soft",
  ]);
  assertEquals(plan.skipped, ["soft"]);
  free(model);
});
