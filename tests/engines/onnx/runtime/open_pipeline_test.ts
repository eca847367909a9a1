import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
} from "@std/assert";
import { encodeModel } from "../../../../lib/engines/onnx/graph/encode_model.ts";
import { OnnxGraph } from "../../../../lib/engines/onnx/graph/onnx_graph.ts";
import { cBinding } from "../../../../lib/engines/onnx/runtime/c_library.ts";
import { DirectLink } from "../../../../lib/engines/onnx/runtime/direct_link.ts";
import type { RuntimeLink } from "../../../../lib/engines/onnx/runtime/link.ts";
import {
  openPipeline,
  type PipelineOptions,
} from "../../../../lib/engines/onnx/runtime/open_pipeline.ts";
import { WorkerLink } from "../../../../lib/engines/onnx/runtime/worker_link.ts";
import { UnsupportedByEngineError } from "../../../../lib/errors.ts";
import { feed, product, SIZE, slow, unit } from "./_graphs.ts";

/** Ways to the runtime. */
const LINKS: Readonly<Record<string, () => Promise<RuntimeLink>>> = {
  "in this process": async () => new DirectLink((await cBinding())!),
  "in a worker": () => Promise.resolve(new WorkerLink()),
};

for (const [where, linkTo] of Object.entries(LINKS)) {
  const openHere = async (
    model: Parameters<typeof openPipeline>[0],
    options: PipelineOptions,
  ) => await openPipeline(model, { ...options, link: await linkTo() });

  Deno.test(`openPipeline() runs a graph, batch after batch, in order ${where}`, async () => {
    const { graph, x, y } = product();
    const pipeline = await openHere(encodeModel(graph), { threads: 1 });
    const runs = [3, 0, 599].map((position) =>
      pipeline.run(feed(x, unit(position)))
    );
    const results = await Promise.all(runs);
    assertEquals(results.map((result) => [...result[y]!.data]), [
      [6, 7],
      [0, 1],
      [1198, 1199],
    ]);
    await pipeline.close();
  });

  Deno.test(`openPipeline() leaves the caller's arrays as they are, views with offsets too ${where}`, async () => {
    const { graph, x, y, kernel } = product();
    const pipeline = await openHere(encodeModel(graph), { threads: 1 });
    assertEquals(kernel.length, SIZE * 2);
    const buffer = new Float32Array(3 * SIZE).fill(7);
    buffer.set(unit(1), SIZE);
    const view = buffer.subarray(SIZE, 2 * SIZE);
    const shared = new Float32Array(new SharedArrayBuffer(4 * SIZE));
    shared.set(unit(2));
    const before = buffer.slice();
    const running = pipeline.run(feed(x, view));
    view.fill(0); // what was given was taken when run() was called
    assertEquals([...(await running)[y]!.data], [2, 3]);
    const ofShared = await pipeline.run(feed(x, shared));
    assertEquals([...ofShared[y]!.data], [4, 5]);
    assertEquals([...buffer.subarray(0, SIZE)], [...before.subarray(0, SIZE)]);
    assertEquals(shared.length, SIZE);
    await pipeline.close();
  });

  Deno.test(`openPipeline() feeds from memory that it used before, and each time the right values ${where}`, async () => {
    const { graph, x, y } = product();
    const pipeline = await openHere(encodeModel(graph), { threads: 1 });
    const positions = [3, 0, 599, 7, 7, 1, 250];
    const found: number[] = [];
    for (const [i, position] of positions.entries()) {
      // Of one row or two, so that some memory fits and some does not.
      const rows = i % 3 === 2 ? [position, position] : [position];
      const data = Float32Array.from(rows.flatMap((row) => [...unit(row)]));
      const two = pipeline.run(feed(x, unit(42)));
      found.push((await pipeline.run(feed(x, data)))[y]!.data[0]!);
      assertEquals((await two)[y]!.data[0], 84);
    }
    assertEquals(found, positions.map((position) => 2 * position));
    await pipeline.close();
  });

  Deno.test(`openPipeline() transfers whole arrays, and copies views ${where}`, async () => {
    const { graph, kernel, x, y } = product();
    const pipeline = await openHere(encodeModel(graph), {
      threads: 1,
      transferable: [kernel],
    });
    assertEquals(kernel.length, 0);
    assertEquals([...(await pipeline.run(feed(x, unit(1))))[y]!.data], [2, 3]);
    await pipeline.close();
    const whole = new Float32Array(SIZE * 2 + 1);
    const view = whole.subarray(1);
    const other = new OnnxGraph();
    const input = other.input("x", "float32", [null, SIZE]);
    const constant = other.constant("float32", [SIZE, 2], view);
    other.output("y", other.node("MatMul", [input, constant]), "float32");
    await (await openHere(encodeModel(other), {
      threads: 1,
      transferable: [view],
    })).close();
    assertEquals(view.length, SIZE * 2);
  });

  Deno.test(`openPipeline() leaves the calling thread free while it runs ${where}`, async () => {
    const { graph, x, y } = slow();
    const pipeline = await openHere(encodeModel(graph), { threads: 1 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const data = new Float32Array(300 * SIZE).fill(2);
    const results = await pipeline.run(feed(x, data));
    clearInterval(timer);
    assertEquals(results[y]!.data[5], 2);
    assertGreater(ticks, 5); // a run of this thread's own would leave none
    await pipeline.close();
  });

  Deno.test(`openPipeline() closes without waiting for a run that is under way ${where}`, async () => {
    const { graph, x } = slow();
    const pipeline = await openHere(encodeModel(graph), { threads: 1 });
    const data = new Float32Array(300 * SIZE);
    const closed =
      'Cannot run samples 0 to 7 as the session must be open: current value is "closed"; open it again';
    const assertClosed = (data: Float32Array) =>
      assertRejects(
        () => pipeline.run(feed(x, data), "samples 0 to 7"),
        TypeError,
        closed,
      );
    const running = assertClosed(data);
    await pipeline.close();
    await running;
    await assertClosed(unit(0));
  });

  Deno.test(`openPipeline() reports the message of ONNX Runtime, and the batch ${where}`, async () => {
    const wrong = new OnnxGraph();
    wrong.output("y", wrong.node("NoSuchOperator", []), "float32");
    await assertRejects(
      () => openHere(encodeModel(wrong), { threads: 1 }),
      UnsupportedByEngineError,
      "NoSuchOperator",
    );
    const { graph, x, y } = product();
    const pipeline = await openHere(encodeModel(graph), { threads: 1 });
    const flat = { data: new Float32Array(3), shape: [1, 3], dtype: "float32" };
    const error = await assertRejects(
      () =>
        pipeline.run(
          { [x]: { type: "float32", array: flat as never } },
          "samples 64 to 127",
        ),
      UnsupportedByEngineError,
    );
    assert(
      error.message.startsWith(
        "Cannot run samples 64 to 127 as ",
      ),
    );
    assertEquals((await pipeline.run(feed(x, unit(0))))[y]!.shape, [1, 2]); // it lives on
    await pipeline.close();
  });
}
