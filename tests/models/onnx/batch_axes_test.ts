import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BatchAxes } from "../../../lib/models/onnx/batch_axes.ts";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";
import type { OnnxValueInfo } from "../../../lib/formats/onnx_model.ts";

function info(name: string, sizes?: readonly (number | string | null)[]) {
  return {
    name,
    type: 1,
    shape: sizes?.map((size) => typeof size === "number" ? size : null),
    sizeNames: sizes?.map((size) =>
      typeof size === "string" ? size : undefined
    ),
    isOther: false,
  } satisfies OnnxValueInfo;
}

function axesOf(...infos: readonly OnnxValueInfo[]) {
  return axesWith(infos, []);
}

function axesWith(
  infos: readonly OnnxValueInfo[],
  outputs: readonly OnnxValueInfo[],
) {
  const axes = new BatchAxes(infos, outputs, (rule, value) => {
    throw new TypeError(`${rule}: ${value}`);
  });
  return { axes: infos.map((one) => axes.of(one)), batch: axes.batch };
}

Deno.test("BatchAxes takes the first axis, unless the file tells otherwise", () => {
  const free = { batch: undefined };
  assertEquals(axesOf(info("x", ["n", 3])), { axes: [0], ...free });
  assertEquals(axesOf(info("x")), { axes: [0], ...free });
  assertEquals(axesOf(info("x", [4, 3]), info("y", [4])), {
    axes: [0, 0],
    batch: 4,
  });
  assertEquals(axesOf(info("x", ["a", 3]), info("y", ["b"])), {
    axes: [0, 0],
    ...free,
  });
});

Deno.test("BatchAxes finds the batch of a state by the name that inputs share", () => {
  const x = info("x", ["n", "t", 3]);
  assertEquals(axesOf(x, info("h", [2, "n", 4])).axes, [0, 1]);
  assertEquals(axesOf(info("h", [2, 4, "n"]), x).axes, [2, 0]);
});

Deno.test("BatchAxes takes inputs without a batch axis, or with a fixed one where others are free, for shared ones", () => {
  const x = info("x", ["n", "t", 3]);
  assertEquals(axesOf(x, info("rate", [])).axes, [0, null]);
  assertEquals(axesOf(x, info("mask", [1, "t"])).axes, [0, null]);
  assertEquals(axesOf(x, info("state", [2, 1, 4])), {
    axes: [0, null],
    batch: undefined,
  });
  assertEquals(axesOf(info("x", [1, 3]), info("rate", [])), {
    axes: [0, null],
    batch: 1,
  });
});

Deno.test("BatchAxes takes the batch of fixed first sizes that differ: of arrays, outputs, or 1", () => {
  const x = info("x", [1, 576]);
  const state = info("state", [2, 1, 128]);
  // A voice activity detector: input, state; its outputs, the next state.
  const outputs = [info("y", [1, 1]), info("next", [2, 1, 128])];
  for (const found of [axesWith([x, state], outputs), axesOf(x, state)]) {
    assertEquals(found, { axes: [0, null], batch: 1 });
  }
  // Only the last state comes out.
  assertEquals(axesWith([x, state], [info("last", [2, 1, 128])]).batch, 1);
  const image = info("image", [8, 3, 4, 4]);
  assertEquals(axesOf(image, info("threshold", [1]), info("size", [2])), {
    axes: [0, null, null],
    batch: 8,
  });
  const anchors = info("anchors", [1, 100, 4]);
  assertEquals(axesWith([image, anchors], [info("y", [8, 2])]), {
    axes: [0, null],
    batch: 8,
  });
  const wide = [info("a", [5, 5]), info("b", [3, 4, 5])];
  assertEquals(axesWith(wide, [info("y", [3, 4, 5])]), {
    axes: [null, 0],
    batch: 3,
  });
  const none = [[3, 5], [4, 5]].map((sizes) => info("y", sizes));
  for (const outputs of [[], none.slice(1), none]) {
    assertThrows(
      () => axesWith(wide, outputs),
      TypeError,
      "the same number of rows: a [5, 5], b [3, 4, 5]; name the batch axis of the inputs in Python",
    );
  }
  // As is advised.
  assertEquals(axesOf(wide[0]!, info("b", ["batch", 4, 5])).axes, [null, 0]);
});

Deno.test("a file of one sample at a time is passed a state of another first size once", async () => {
  const bytes = onnxBytes({
    inputs: [
      { name: "x", shape: [1, 2] },
      { name: "state", shape: [2, 1] },
    ],
    outputs: [{ name: "y", shape: [1, 1] }],
    nodes: [{ op: "MatMul", name: "head", in: ["x", "state"], out: ["y"] }],
  });
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).layers("head").logits(false);
  const set = await extractor.predict({
    x: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] },
    state: { data: Float32Array.of(1, 10), shape: [2, 1] },
  });
  assertEquals([...set.layer("head").data], [21, 43, 65]);
});

Deno.test("BatchAxes refuses where nothing tells which axis is the batch", () => {
  const x = info("x", ["n", "t", 3]);
  assertThrows(
    () => axesOf(x, info("h", [2, null, 4])),
    TypeError,
    'input "h" must name its batch axis, "n": [2, ?, 4]',
  );
  assertThrows(() => axesOf(x, info("h", [2, "m", 4])), TypeError, "[2, m, 4]");
  assertThrows(
    () => axesOf(x, info("h", [2, "n", "n"])),
    TypeError,
    "[2, n, n]",
  );
  assertThrows(
    () => axesOf(info("x", [null, 3]), info("h", [2, null, 4])),
    TypeError,
    "must name its batch axis: [2, ?, 4]; name the batch axis of the inputs in Python",
  );
  // As is advised.
  assertEquals(
    axesOf(info("x", ["batch", 3]), info("h", [2, "batch", 4])).axes,
    [0, 1],
  );
  assertThrows(
    () => axesOf(info("rate", [])),
    TypeError,
    "some input must have a batch axis",
  );
  assertThrows(
    () => axesOf(info("x", [2, "m", null]), info("y", [3, 3])),
    TypeError,
    "the same number of rows: x [2, m, ?], y [3, 3]",
  );
});

Deno.test("BatchAxes finds an axis named batch behind the time steps, with its states", () => {
  const x = info("x", ["seq", "batch", 3]);
  const h = info("h", [2, "batch", 4]);
  assertEquals(axesOf(x), { axes: [1], batch: undefined });
  assertEquals(axesOf(x, h, info("mask", ["seq", "seq"])).axes, [1, 1, null]);
  assertEquals(axesOf(info("x", [10, "batch_size", 3])).axes, [1]);
  // Names that only contain the word are no batch.
  assertEquals(axesOf(info("x", ["n", "num_batches"])).axes, [0]);
  // Where inputs begin with it, others have it elsewhere.
  assertEquals(axesOf(info("x", ["batch", "seq"]), h).axes, [0, 1]);
  assertEquals(axesOf(x, info("lengths", ["batch"])).axes, [1, 0]);
  assertEquals(axesOf(info("lengths", ["batch"]), x, h).axes, [0, 1, 1]);
});

Deno.test("BatchAxes finds the axis that every output begins with, if the first one is reduced", () => {
  const x = info("x", ["t", "n", 3]);
  assertEquals(axesWith([x], [info("y", ["n", 2])]).axes, [1]);
  assertEquals(
    axesWith([x, info("h", [1, "n", 4])], [info("y", ["n", 2])]).axes,
    [1, 1],
  );
  // Outputs over time steps, in either order, keep the first axis.
  for (const sizes of [["t", "n", 2], ["n", "t", 2], ["m", 2]]) {
    assertEquals(axesWith([x], [info("y", sizes)]).axes, [0]);
  }
  const fixed = info("x", [1, "t", 3]);
  assertEquals(axesWith([fixed], [info("y", ["t", 2])]).axes, [0]);
});

Deno.test("a model with its time steps first is cut along the samples", async () => {
  const bytes = onnxBytes({
    inputs: [{ name: "x", shape: ["seq", "batch", 2] }],
    outputs: [{ name: "y", shape: ["batch", 1] }],
    constants: [
      { name: "last", type: 7, ints: [-1] },
      { name: "w", shape: [2, 1], floats: [1, 10] },
    ],
    nodes: [
      { op: "Gather", in: ["x", "last"], out: ["h"] },
      { op: "MatMul", name: "head", in: ["h", "w"], out: ["y"] },
    ],
  });
  await using model = await loadModel(bytes);
  assertEquals(model.inputs[0]?.batchAxis, 1);
  // 2 time steps of 3 samples, in batches of 2.
  const data = Float32Array.from({ length: 12 }, (_, i) => i);
  const set = await new FeatureExtractor(model).batch(2).penultimate()
    .predict({ data, shape: [2, 3, 2], dtype: "float32" });
  assertEquals([...set.logits!.data], [76, 98, 120]);
  assertEquals([...set.penultimate!.data], [6, 7, 8, 9, 10, 11]);
});

Deno.test("a file that was exported for one sample gives features one by one, as is advised", async () => {
  const int = { type: 7, shape: [1] };
  const bytes = onnxBytes({
    inputs: [{ name: "x", shape: ["batch", 2, 2] }],
    outputs: [{ name: "y", shape: ["batch", 1] }],
    constants: [
      { name: "sizes", type: 7, shape: [2], ints: [1, -1] },
      { ...int, name: "first", ints: [0] },
      { ...int, name: "end", ints: [4] },
      { ...int, name: "axis", ints: [1] },
      { name: "w", shape: [4, 1], floats: [1, 10, 100, 1000] },
    ],
    nodes: [
      { op: "Reshape", in: ["x", "sizes"], out: ["flat"] },
      // Of several samples, the first.
      { op: "Slice", in: ["flat", "first", "end", "axis"], out: ["cut"] },
      { op: "MatMul", name: "head", in: ["cut", "w"], out: ["y"] },
    ],
  });
  await using model = await loadModel(bytes);
  const extractor = new FeatureExtractor(model).layers("head").logits(false);
  const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const x = { data, shape: [2, 2, 2] };
  await assertRejects(
    () => extractor.predict(x),
    TypeError,
    "one row for each of the 2 samples: current value is [1, 1]; use .batch(1), for a model that computes one sample at a time",
  );
  const set = await extractor.batch(1).predict(x);
  assertEquals([...set.layer("head").data], [4321, 8765]);
});
