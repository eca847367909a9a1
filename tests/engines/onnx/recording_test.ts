import { assert, assertEquals, assertRejects } from "@std/assert";
import { record } from "../../../lib/engines/onnx/recording.ts";
import { openModel } from "../../support/open_graph.ts";
import { makeProgram, type Program } from "../../../lib/engines/program.ts";
import type { Layer } from "../../../lib/layers/layer.ts";
import type { GraphNode } from "../../../lib/models/graph/graph.ts";
import {
  array,
  builtInNode,
  feature,
  first,
  input,
  layer,
  node,
  program,
  recordingOf,
} from "./_program.ts";

const X = input(0, "x", [null, 2]);
const twice = layer((ops, [x]) => [ops.add(x!, x!)]);
const SCALED: Layer = {
  weights: ["factor", "unused"],
  call: (ops, [x], { factor }) => [ops.multiply(x!, factor!)],
};
const SCALED_NODE = builtInNode(1, "scaled", SCALED, [first(X)], {
  factor: array([2], [2, 3]),
  unused: array([9], Array(9).fill(1)),
});

function obstacleOf(program: Program): string | undefined {
  const recording = record(program);
  return "obstacle" in recording ? recording.obstacle : undefined;
}

Deno.test("record() names operators after their layers, and leaves the rows open", async () => {
  const x = input(0, "x", [4, 3]);
  const block = builtInNode(1, "block/twice", twice, [first(x)]);
  const recording = recordingOf(program([x], [feature(block), feature(x)]));
  const { graph, outputs } = await recording.filled();
  const [add, ...rest] = graph.nodes;
  assertEquals(add!.operator, "Add");
  assert(add!.outputs[0]!.startsWith("block/twice/"));
  assertEquals(rest.map(({ operator }) => operator), ["Identity", "Identity"]);
  assertEquals(graph.inputs.map(({ shape }) => shape), [["N", 3]]);
  assertEquals(
    outputs.values.features.map(({ shape }) => shape),
    [[null, 3], [null, 3]],
  );
});

Deno.test("record() feeds integers of 64 bits and bytes as int32", () => {
  const inputs = [
    input(0, "ids", [null], "int64"),
    input(1, "image", [null, 2], "uint8"),
    input(2, "wide", [null], "float64"),
  ];
  const { feeds, outputs } = recordingOf(
    program(inputs, inputs.map((x) => feature(x))),
  );
  assertEquals(feeds.map(({ type }) => type), ["int64", "uint8", "float64"]);
  assertEquals(outputs.values.features.map(({ dtype }) => dtype), [
    "int32",
    "int32",
    "float32",
  ]);
});

Deno.test("record() names the first node that is in the way, and reads no weights", () => {
  const unread = {
    name: "kernel",
    shape: [2, 3],
    read: () => Promise.reject(new Error("read")),
  };
  const dense = layer((ops, [x], { kernel }) => [ops.matmul(x!, kernel!)]);
  const made = builtInNode(1, "fine", { ...dense, weights: ["kernel"] }, [
    first(X),
  ]);
  const call = { ...made.call, sources: [unread] } as GraphNode["call"];
  const fine = { ...made, call };
  assertEquals(obstacleOf(program([X], [feature(fine)])), undefined);
  const wantsRows = layer((ops, [x]) => {
    if (ops.shape(x!)[0] === null) throw new TypeError("it wants its rows");
    return [x!];
  });
  const odd = builtInNode(2, "odd", wantsRows, [first(fine)]);
  assertEquals(
    obstacleOf(program([X], [feature(odd)])),
    '"odd" (Test) cannot be recorded: it wants its rows',
  );
  const raw = node(3, "MatMul_1", {
    kind: "raw",
    constants: new Map(),
  }, [first(X)]);
  assertEquals(
    obstacleOf(program([X], [feature(raw), feature(odd)])),
    '"MatMul_1" (Test) is an operation of TF.js',
  );
  const text = input(0, "text", [null], "string");
  assertEquals(
    obstacleOf(program([text], [feature(text)])),
    'input "text" holds string',
  );
});

Deno.test("record() names gradients and functions of the caller", () => {
  const perturbation = { epsilon: 0.1, temperature: 1, isBinary: false };
  const plain = program([X], [feature(SCALED_NODE)]);
  assertEquals(
    obstacleOf(makeProgram({ ...plain, perturbation })),
    "perturb() needs gradients",
  );
  const custom = [(x: Parameters<Program["features"][0]["custom"][0]>[0]) => x];
  assertEquals(
    obstacleOf(program([X], [{ ...feature(SCALED_NODE), custom }])),
    `a function of the caller's postprocesses "scaled"`,
  );
});

Deno.test("a recording counts what a row takes, and what the weights that are used take", async () => {
  const recording = recordingOf(
    program([X], [feature(SCALED_NODE), feature(X)]),
  );
  const { bytesPerRow, halves } = recording.outputs;
  assertEquals(bytesPerRow, 4 * (2 + 2 + 2)); // in, and twice out
  assertEquals(halves, [undefined, undefined]);
  assertEquals(recording.weightBytes, 4 * (2 + 9));
  assertEquals((await recording.encode("fast")).weightBytes, 4 * 2);
});

Deno.test("a recording has no size of a row if a size is unknown, or float16 is requested", () => {
  const map = input(0, "map", [null, null, 1]);
  const unknown = recordingOf(program([map], [feature(map)]));
  assertEquals(unknown.outputs.bytesPerRow, undefined);
  const half = { ...feature(X), readAs: "float16" } as const;
  const halved = recordingOf(program([X], [half]));
  assertEquals(halved.outputs.bytesPerRow, undefined);
});

Deno.test("a recording is used for several models, which read the weights anew and share no array", async () => {
  let factor = 2;
  const source = {
    name: "factor",
    shape: [2],
    read: () => Promise.resolve(array([2], [factor, factor])),
  };
  const call = { ...SCALED_NODE.call, sources: [source] } as GraphNode["call"];
  const scaled = { ...SCALED_NODE, call } as GraphNode;
  const layer: Layer = { ...SCALED, weights: ["factor"] };
  Object.assign(scaled.call, { layer });
  const recording = recordingOf(program([X], [feature(scaled)]));
  const run = async (kind: "fast" | "exact") => {
    const { model, transferable } = await recording.encode(kind);
    const open = await openModel(model, 1);
    const fed = { type: "float32", array: array([1, 2], [1, 10]) } as const;
    const results = await open.run({ [recording.feeds[0]!.name]: fed });
    await open.close();
    const [output] = recording.outputs.values.features;
    return { data: [...results[output!.name]!.data], transferable };
  };
  const before = await run("fast");
  for (const { buffer } of before.transferable) {
    (buffer as ArrayBuffer).transfer(0);
  }
  factor = 3;
  const after = await run("exact");
  assertEquals([before.data, after.data], [[2, 20], [3, 30]]);
});

Deno.test("a recording fails where a weight must be finite, and is not", async () => {
  const source = {
    name: "factor",
    shape: [2],
    mustBeFinite: true,
    read: () => Promise.resolve(array([2], [1, NaN])),
  };
  const call = { ...SCALED_NODE.call, sources: [source] } as GraphNode["call"];
  const recording = recordingOf(
    program([X], [feature({ ...SCALED_NODE, call })]),
  );
  await assertRejects(
    () => recording.encode("fast"),
    RangeError,
    'weight "factor" of layer "scaled" must be finite',
  );
});
