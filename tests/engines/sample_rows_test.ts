import { assertEquals, assertRejects } from "@std/assert";
import { openOnnx } from "../../lib/engines/onnx/onnx_session.ts";
import { Pacer } from "../../lib/formats/pacer.ts";
import type { Layer } from "../../lib/layers/layer.ts";
import type { GraphNode } from "../../lib/models/graph/graph.ts";
import {
  array,
  builtInNode,
  feature,
  first,
  input,
  layer,
  program,
  recordingOf,
} from "./onnx/_program.ts";

const X = input(0, "x", [null, 3]);
const FIXED = input(0, "x", [2, 3]);

/** A custom layer on a node. */
function on(
  before: GraphNode,
  name: string,
  call: Layer["call"],
  id = before.id + 1,
): GraphNode {
  return builtInNode(id, name, layer(call), [first(before)]);
}

const sum: Layer["call"] = (ops, [x]) => [
  ops.subtract(x!, ops.sum(x!, { axis: 0, keepdims: true })),
];
const twice: Layer["call"] = (ops, [x]) => [ops.add(x!, x!)];

Deno.test("makeProgram() finds the first layers that compute over samples", () => {
  const before = on(X, "before", twice);
  const mixed = on(before, "mixed", sum);
  const again = on(mixed, "again", sum);
  const other = on(before, "other", sum, 9);
  const { rows } = program([X], [feature(again), feature(other)]);
  assertEquals(rows.mixing.map(({ row }) => row.name), ["mixed", "other"]);
  assertEquals(rows.valueOf(first(before)).samples, { axis: 0 });
  assertEquals(rows.valueOf(first(mixed)).samples, undefined);
});

Deno.test("a recording splits batches only if no output mixes samples", () => {
  const plain = recordingOf(program([X], [feature(on(X, "y", twice))]));
  assertEquals(plain.outputs.bytesPerRow, 24);
  const mixing = recordingOf(program([X], [feature(on(X, "y", sum))]));
  assertEquals(mixing.outputs.bytesPerRow, undefined);
  const step = recordingOf(program([X], [
    feature(X, (ops, x) => ops.subtract(x, ops.max(x))),
  ]));
  assertEquals(step.outputs.bytesPerRow, undefined);
});

Deno.test("a fixed batch size counts only if rows may depend on each other", () => {
  const batchOf = (call: Layer["call"]) =>
    program([FIXED], [feature(on(FIXED, "y", call))]).rows.batch;
  assertEquals(batchOf(twice), undefined);
  assertEquals(batchOf(sum), 2);
  const literal: Layer["call"] = (ops, [x]) => [ops.reshape(x!, [2, 3])];
  assertEquals(batchOf(literal), 2);
  const needsRows: Layer["call"] = (ops, [x]) => {
    if (ops.shape(x!)[0] === null) throw new TypeError("it wants its rows");
    return [x!];
  };
  assertEquals(batchOf(needsRows), 2);
});

Deno.test("a session names the layer that does not accept the number of samples", async () => {
  const pairs = on(X, "pairs", (ops, [x]) => [
    ops.merge(ops.reshape(x!, [-1, 2, 3]), 1, 2),
  ]);
  const recording = recordingOf(program([X], [feature(pairs)]));
  await using session = await openOnnx(recording, { threads: 1 });
  const rows = (count: number) => [
    array([count, 3], Array(3 * count).fill(1)),
  ];
  const { features } = await session.run(rows(4), new Pacer());
  assertEquals(features[0]!.shape, [2, 6]);
  await assertRejects(
    () => session.run(rows(3), new Pacer()),
    RangeError,
    'Cannot run 3 samples of [3] as each layer must suit their sizes: "pairs" (Test) does not: Cannot reshape',
  );
});

Deno.test("a batch of one sample mixes nothing", () => {
  const one = input(0, "x", [1, 3]);
  const { rows } = program([one], [feature(on(one, "y", sum))]);
  assertEquals(rows.mixing, []);
  assertEquals(rows.batch, 1);
});
