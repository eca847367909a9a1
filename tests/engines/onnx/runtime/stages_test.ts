import { assertEquals, assertRejects } from "@std/assert";
import { encodeModel } from "../../../../lib/engines/onnx/graph/encode_model.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { Stages } from "../../../../lib/engines/onnx/runtime/stages.ts";
import { castTo } from "../../../../lib/engines/onnx/graph/onnx_value.ts";

Deno.test("Stages run one after another, and give what is wanted of each", async () => {
  const first = new OnnxGraph();
  const x = first.input("x", "float32", [null, 2]);
  const half = castTo(first, first.node("Neg", [x]), "float16");
  const negative = first.output("negative", half, "float16");
  const shape = first.output("shape", first.node("Shape", [x]), "int64");
  const second = new OnnxGraph();
  const taken = second.input("taken", "float32", [null, 2]); // float16 comes so
  const absolute = second.output("y", second.node("Abs", [taken]), "float32");

  const stages = new Stages();
  const outputs = await stages.add(encodeModel(first), { threads: 1 });
  assertEquals(outputs.map(({ type, shape }) => [type, shape]), [
    ["float16", [null, 2]],
    ["int64", [2]],
  ]);
  const options = { threads: 1, from: { [taken]: negative } };
  await stages.add(encodeModel(second), options);
  const array = {
    data: Float32Array.of(1, -2),
    shape: [1, 2],
    dtype: "float32",
  } as const;
  const feeds = { [x]: { type: "float32", array } } as const;
  const all = await stages.run(feeds, { wanted: [shape, absolute] });
  assertEquals([...all[absolute]!.data], [1, 2]);
  assertEquals(all[shape]!.type, "int64");
  assertEquals(Object.keys(await stages.run(feeds)), [absolute]);
  await stages.close();
  await assertRejects(() => stages.run(feeds), TypeError, "no graph is open");
});
