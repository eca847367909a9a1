import { assert, assertEquals, assertRejects } from "@std/assert";
import * as runtime from "onnxruntime-node";
import { writeProgram } from "../../../lib/engines/onnx/write_program.ts";
import {
  array,
  builtInNode,
  feature,
  first,
  input,
  layer,
  program,
  recordingOf,
} from "./_program.ts";

Deno.test("writeProgram() writes names of layers, also where recorded names are equal", async () => {
  const x = input(0, "x", [null, 2]);
  const twice = layer((ops, [x]) => [ops.add(x!, x!)]);
  // Named as the recorder would name its own operators.
  const middle = builtInNode(1, "Add_1", twice, [first(x)]);
  const last = builtInNode(2, "Identity_4", twice, [first(middle)]);
  const bytes = await writeProgram(
    recordingOf(
      program([x], [feature(middle), feature(last), feature(middle)]),
    ),
  );
  const session = await runtime.InferenceSession.create(bytes);
  assertEquals(session.inputNames, ["x"]);
  const names = ["Add_1", "Identity_4", "Add_1:out"];
  assertEquals(session.outputNames, names);
  const tensor = new runtime.Tensor("float32", Float32Array.of(1, 2), [1, 2]);
  const results = await session.run({ x: tensor });
  assertEquals(names.map((name) => [...results[name]!.data as Float32Array]), [
    [2, 4],
    [4, 8],
    [2, 4],
  ]);
  await session.release();
});

Deno.test("writeProgram() holds its weights", async () => {
  const x = input(0, "x", [null, 2]);
  const kernel = array([2, 800], Array.from({ length: 1600 }, (_, i) => i));
  const dense = layer((ops, [x], { kernel }) => [ops.matmul(x!, kernel!)]);
  const node = builtInNode(1, "dense", { ...dense, weights: ["kernel"] }, [
    first(x),
  ], {
    kernel,
  });
  const bytes = await writeProgram(recordingOf(program([x], [feature(node)])));
  assert(bytes.length > kernel.data.byteLength);
  const session = await runtime.InferenceSession.create(bytes);
  const tensor = new runtime.Tensor("float32", Float32Array.of(0, 1), [1, 2]);
  const { dense: result } = await session.run({ x: tensor });
  assertEquals((result!.data as Float32Array)[7], 807);
  await session.release();
});

Deno.test("writeProgram() refuses weights that the format cannot hold", async () => {
  const x = input(0, "x", [null, 2]);
  const same = layer((_, [x]) => [x!]);
  const node = builtInNode(1, "large", { ...same, weights: ["kernel"] }, [
    first(x),
  ]);
  const source = {
    name: "kernel",
    shape: [2 ** 29],
    read: () => Promise.reject(new Error("read")),
  };
  const call = { ...node.call, sources: [source] } as never;
  await assertRejects(
    () => writeProgram(recordingOf(program([x], [feature({ ...node, call })]))),
    RangeError,
    "weights must be at most 2147483647 bytes",
  );
});
