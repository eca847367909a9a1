import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import {
  checkLimits,
  DEFAULT_LIMITS,
} from "../../../lib/models/graph/limits.ts";
import {
  call,
  functional,
  input,
  type Json,
  layer,
  tensor,
} from "../../support/keras_spec.ts";
import { RUNS_ALL } from "../../support/extent.ts";
import { kerasOf, modelOf, on } from "../../support/model_files.ts";

Deno.test("checkLimits() fills in what is not set, and refuses what is no limit", () => {
  assertEquals(checkLimits(), DEFAULT_LIMITS);
  assertEquals(checkLimits({ nodes: 7 }).nodes, 7);
  assertEquals(checkLimits({ nodes: 7 }).nesting, 64);
  assertThrows(() => checkLimits({ node: 7 } as never), TypeError, '"nodes"');
  for (const nodes of [0, 1.5, Infinity, "9"]) {
    assertThrows(() => checkLimits({ nodes } as never), RangeError, '"nodes"');
  }
});

/** A model that calls the one below it twice. */
function doubled(levels: number): Json {
  let model: Json = functional(
    "m0",
    [input("x", [2]), layer("r", "ReLU", {}, on("x"))],
    ["x", 0, 0],
    ["r", 0, 0],
  );
  for (let i = 1; i <= levels; i++) {
    const inner = {
      ...model,
      name: "inner",
      "inbound_nodes": [
        call([tensor("x")]),
        call([tensor("x")]),
      ],
    };
    model = functional(
      `m${i}`,
      [input("x", [2]), inner],
      ["x", 0, 0],
      ["inner", 2, 0],
    );
  }
  return model;
}

Deno.test("loadModel() counts layers as nested models unfold, while they do", async () => {
  await using model = await loadModel(kerasOf(doubled(3)));
  assert(model.layers.length > 8);
  const bomb = kerasOf(doubled(40)); // 2^40 layers
  assert(bomb.length < 50_000);
  // Up to the default limit takes seconds.
  const nodes = RUNS_ALL ? DEFAULT_LIMITS.nodes : 10_000;
  await assertRejects(
    () => loadModel(bomb, RUNS_ALL ? {} : { limits: { nodes } }),
    ModelFormatError,
    `it must become at most ${nodes} nodes: current value is more, by layer`,
  );
  const small = kerasOf(doubled(3));
  await assertRejects(
    () => loadModel(small, { limits: { nodes: 20 } }),
    ModelFormatError,
    "pass limits: { nodes: … }",
  );
  await using raised = await loadModel(small, { limits: { nodes: 200 } });
  assertEquals(raised.layers.length, model.layers.length);
});

Deno.test("loadModel() counts how deep models nest", async () => {
  const nest = (levels: number) => {
    let model: Json = modelOf(layer("r", "ReLU", {}, on("x")));
    for (let i = 0; i < levels; i++) {
      model = functional(
        "m",
        [input("x", [2]), {
          ...model,
          name: "inner",
          "inbound_nodes": [call([tensor("x")])],
        }],
        ["x", 0, 0],
        ["inner", 1, 0],
      );
    }
    return kerasOf(model);
  };
  await using model = await loadModel(nest(60));
  assert(model.layers.length > 60);
  await assertRejects(
    () => loadModel(nest(70)),
    ModelFormatError,
    "it must nest at most 64 deep",
  );
  await using deep = await loadModel(nest(70), { limits: { nesting: 80 } });
  assert(deep.layers.length > 70);
});

Deno.test("loadModel() bounds the tensors of layers", async () => {
  const doubling = (times: number) => {
    const layers = [layer("c0", "ReLU", {}, on("x"))];
    for (let i = 1; i <= times; i++) {
      const before = tensor(`c${i - 1}`);
      layers.push(layer(`c${i}`, "Concatenate", { axis: -1 }, [
        call([[before, before]]),
      ]));
    }
    return kerasOf(modelOf(...layers));
  };
  await using model = await loadModel(doubling(10));
  assertEquals(model.layers.at(-1)!.outputs[0]!.shape, [null, 2048]);
  await assertRejects(
    () => loadModel(doubling(40)),
    ModelFormatError,
    "it must return at most 536870912 values for one sample",
  );
  await assertRejects(
    () => loadModel(doubling(10), { limits: { tensorBytes: 8000 } }),
    ModelFormatError,
    "at most 2000 values",
  );
});

Deno.test("loadModel() reads a description as large as configBytes allows", async () => {
  const value = Array.from({ length: 300 }, (_, i) => i + 0.25);
  const config = {
    "kernel_initializer": { "class_name": "Constant", config: { value } },
  };
  const relu = layer("r", "ReLU", config, on("x"));
  const file = kerasOf(modelOf(relu));
  await assertRejects(
    () => loadModel(file, { limits: { configBytes: 2000 } }),
    ModelFormatError,
    "it must have at most 2000 bytes: current value is ",
  );
  await assertRejects(
    () => loadModel(file, { limits: { configBytes: 2000 } }),
    ModelFormatError,
    "if you trust it, pass limits: { configBytes: … }",
  );
  await using raised = await loadModel(file, { limits: { configBytes: 9000 } });
  assertEquals(raised.layers.length, 2);
});

for (
  const path of [
    "keras_models/k3_mlp.h5",
    "../../notebooks/models/digits/model.json",
  ]
) {
  Deno.test(`configBytes bounds the description in ${path}`, async () => {
    const url = new URL(`../../data/${path}`, import.meta.url);
    for (
      const rule of [
        "at most 500 bytes",
        "if you trust it, pass limits: { configBytes: … }",
      ]
    ) {
      await assertRejects(
        () => loadModel(url, { limits: { configBytes: 500 } }),
        ModelFormatError,
        rule,
      );
    }
    const limits = { configBytes: 100_000 };
    await using model = await loadModel(url, { limits });
    assert(model.layers.length > 1);
  });
}

Deno.test("loadModel() takes an undefined limit as absent, and refuses null", async () => {
  const file = kerasOf(modelOf(layer("r", "ReLU", {}, on("x"))));
  const undefinedLimits = Object.fromEntries(
    ["nodes", "nesting", "tensorBytes", "configBytes"].map((
      name,
    ) => [name, undefined]),
  );
  await using model = await loadModel(file, {
    limits: undefinedLimits as never,
  });
  assertEquals(model.layers.length, 2);
  for (
    const [limits, message] of [
      [null, 'Cannot load model as option "limits" must not be null'],
      [{ nodes: null }, 'Cannot set limits as option "nodes" must not be null'],
      [5, "Cannot set limits as its options must be an object"],
      [{ nodes: 0 }, 'Cannot set limits as "nodes" must be a positive integer'],
    ] as const
  ) {
    await assertRejects(
      () => loadModel(file, { limits: limits as never }),
      Error,
      message,
    );
  }
});
