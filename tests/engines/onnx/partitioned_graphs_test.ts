import { assert, assertEquals, assertRejects } from "@std/assert";
import { openPipeline } from "../../../lib/engines/onnx/runtime/open_pipeline.ts";
import {
  type GraphSettings,
  numPartitionsFor,
  PartitionedGraphs,
} from "../../../lib/engines/onnx/partitioned_graphs.ts";
import { UnsupportedByEngineError } from "../../../lib/errors.ts";
import type { Program } from "../../../lib/engines/program.ts";
import type { NdArray } from "../../../lib/types.ts";
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
import { logWorkers } from "../../support/logged_worker.ts";

const MAP = input(0, "map", [null, 4, 4, 8]);
const OPTIONS = { size: [2, 2], strides: [2, 2], padding: "valid" } as const;
const POOLED = builtInNode(
  1,
  "pool",
  layer((ops, [x]) => [ops.maxPool(x!, OPTIONS)]),
  [first(MAP)],
);
const POOL = program([MAP], [feature(POOLED), feature(MAP)]);

/** Rows of maps that look drawn. */
function maps(rows: number): NdArray<Float32Array<ArrayBuffer>> {
  const data = Array.from({ length: rows * 128 }, (_, i) => Math.sin(i * 12.9));
  return array([rows, 4, 4, 8], data) as NdArray<Float32Array<ArrayBuffer>>;
}

async function openGraphs(
  program: Program,
  settings: Partial<GraphSettings> = {},
): Promise<PartitionedGraphs & { readonly features: readonly string[] }> {
  const recording = recordingOf(program);
  const { threads = 2 } = settings;
  const { model, transferable, weightBytes } = await recording.encode(
    "fast",
  );
  const first = await openPipeline(model, { threads, transferable });
  const isCurrent = () => true;
  const rest = { threads, isCurrent, warmUpMs: 0, weightBytes, ...settings };
  const graphs = new PartitionedGraphs({ recording, first, ...rest });
  const { values } = recording.outputs;
  const features = values.features.map(({ name }) => name);
  return Object.assign(graphs, { features });
}

/** Runs, two at a time, until rows are partitioned. */
async function warmUp(
  graphs: PartitionedGraphs,
  batch: NdArray,
): Promise<boolean> {
  for (let i = 0; i < 5000 && graphs.numPartitions === 1; i++) {
    await Promise.all([graphs.run([batch]), graphs.run([batch])]);
  }
  return graphs.numPartitions > 1;
}

Deno.test("PartitionedGraphs partition rows after a warm-up, to the same numbers", async () => {
  const graphs = await openGraphs(POOL);
  const batch = maps(7);
  const before = await graphs.run([batch]);
  assertEquals(graphs.numPartitions, 1, "one run after another needs no more");
  assert(await warmUp(graphs, batch));
  assertEquals(graphs.numPartitions, 2);
  assertEquals(await graphs.run([batch], { batchSize: 2 }), before);
  assertEquals(await graphs.run([batch]), before);
  const [pooled] = graphs.features;
  const one = await graphs.run([maps(1)]);
  assertEquals(one[pooled!]!.data, before[pooled!]!.data.slice(0, 32));
  await graphs.close();
});

Deno.test("PartitionedGraphs with one thread move to a worker, to the same numbers", async () => {
  using log = logWorkers();
  const graphs = await openGraphs(POOL, { threads: 1 });
  const batch = maps(7);
  const before = await graphs.run([batch]);
  assertEquals(log.events, []);
  for (let i = 0; i < 5000 && !log.events.includes("run"); i++) {
    await Promise.all([graphs.run([batch]), graphs.run([batch])]);
  }
  assert(log.events.includes("run"));
  assertEquals(await graphs.run([batch]), before);
  assertEquals(graphs.numPartitions, 1);
  await graphs.close();
});

Deno.test("PartitionedGraphs stay one with one thread, and outputs that cannot be joined", async () => {
  const unknown = input(0, "map", [null, null, null, 8]);
  const half = { ...feature(POOLED), readAs: "float16" } as const;
  const open = program([unknown], [feature(unknown)]);
  for (
    const [program, settings] of [
      [POOL, { threads: 1 }],
      [POOL, { warmUpMs: Infinity }],
      [{ ...POOL, features: [half] }, {}],
      [open, {}],
    ] as const
  ) {
    const graphs = await openGraphs(program, settings);
    for (let i = 0; i < 20; i++) {
      await Promise.all([graphs.run([maps(2)]), graphs.run([maps(2)])]);
    }
    await graphs.close(); // waits for what is being opened
    assertEquals(graphs.numPartitions, 1);
  }
});

Deno.test("numPartitionsFor() uses all threads, and little memory", () => {
  const mobile = 14e6;
  assertEquals(
    [1, 2, 3, 4, 6].map((threads) => numPartitionsFor(threads, mobile)),
    [
      ...[1, 2, 3, 4, 6],
    ],
  );
  assertEquals(numPartitionsFor(16, mobile), 8); // nine would leave threads idle
  assertEquals(numPartitionsFor(7, 30e6), 1);
  assertEquals(numPartitionsFor(2, 102e6), 1); // ResNet-50
});

Deno.test("PartitionedGraphs say which samples failed, whoever had them", async () => {
  const ids = input(0, "ids", [null, 2], "int32");
  const table = array([3], [5, 6, 7]);
  const found = layer((ops, [x]) => [ops.take(ops.constant(table), x!, 0)]);
  const graphs = await openGraphs(
    program([ids], [feature(builtInNode(1, "found", found, [first(ids)]))]),
  );
  const batch = (values: number[]) => ({
    data: Int32Array.from(values),
    shape: [values.length / 2, 2],
    dtype: "int32",
  } as const);
  assert(await warmUp(graphs, batch([0, 1, 2, 0]) as unknown as NdArray));
  await assertRejects(
    () => graphs.run([batch([0, 1, 2, 2, 1, 1, 9, 0])], { first: 10 }),
    UnsupportedByEngineError,
    "run samples 12 to 13",
  );
  const results = await graphs.run([batch([0, 1, 2, 2, 1, 1, 1, 0])]);
  assertEquals([...results[graphs.features[0]!]!.data], [
    ...[5, 6, 7, 7],
    ...[6, 6, 6, 5],
  ]);
  await graphs.close();
});

Deno.test("PartitionedGraphs run batches with NaN again on the exact graph, also partitions", async () => {
  const graphs = await openGraphs(POOL);
  const batch = maps(5);
  const plain = await graphs.run([batch]);
  const withNaN = maps(5);
  withNaN.data[3 * 128] = NaN; // the first value of row 3, before others
  withNaN.data[4 * 128 + 1] = Infinity;
  const [pooled, map] = graphs.features;
  const expected = plain[pooled!]!.data.slice();
  expected[3 * 32] = NaN;
  expected[4 * 32 + 1] = Infinity;
  const kept = withNaN.data.slice();
  const check = async () => {
    const results = await graphs.run([withNaN], { batchSize: 2 });
    assertEquals(results[pooled!]!.data, expected);
    assertEquals(results[pooled!]!.shape, [5, 2, 2, 8]);
    assertEquals(results[map!]!.data, withNaN.data);
    assertEquals(withNaN.data, kept);
    assertEquals(
      Object.keys(results).length,
      2,
      "the NaN output is not returned",
    );
  };
  await check();
  assert(await warmUp(graphs, batch));
  await check();
  assertEquals(await graphs.run([batch]), plain);
  await graphs.close();
});

Deno.test("PartitionedGraphs on a device run only the batches with NaN on the processor, and read inputs at once", async () => {
  const graphs = await openGraphs(POOL, { device: "webgpu" }); // by name alone
  const [pooled, map] = graphs.features;
  const expected = (await graphs.run([maps(5)]))[pooled!]!.data.slice();
  expected[3 * 32] = NaN;
  const batch = maps(5);
  batch.data[3 * 128] = NaN;
  const kept = batch.data.slice();
  const running = graphs.run([batch], { batchSize: 2 });
  batch.data.fill(7); // as a generator may reuse its array
  const results = await running;
  assertEquals(results[pooled!]!.data, expected);
  assertEquals(results[pooled!]!.shape, [5, 2, 2, 8]);
  assertEquals(results[map!]!.data, kept);
  await graphs.close();
  // The exact graph cannot be opened: finite batches do without it.
  const changed = await openGraphs(POOL, {
    device: "webgpu",
    isCurrent: () => false,
  });
  await changed.run([maps(2)]);
  await assertRejects(
    () => changed.run([batchWithNaN()], { batchSize: 2 }),
    TypeError,
    "weights must be as they were",
  );
  await changed.close();
});

function batchWithNaN(): NdArray {
  const batch = maps(3);
  batch.data[0] = NaN;
  return batch;
}

Deno.test("PartitionedGraphs do not mix weights of two times", async () => {
  let isCurrent = true;
  const graphs = await openGraphs(POOL, { isCurrent: () => isCurrent });
  const plain = await graphs.run([maps(2)]);
  isCurrent = false;
  const withNaN = maps(2);
  withNaN.data[0] = NaN;
  await assertRejects(
    () => graphs.run([withNaN]),
    TypeError,
    "weights must be as they were when it was opened",
  );
  for (let i = 0; i < 20; i++) {
    await Promise.all([graphs.run([maps(2)]), graphs.run([maps(2)])]);
  }
  assertEquals(await graphs.run([maps(2)]), plain);
  await graphs.close();
  assertEquals(graphs.numPartitions, 1);
});

Deno.test("PartitionedGraphs close what is still being opened", async () => {
  const graphs = await openGraphs(POOL);
  await Promise.all([graphs.run([maps(2)]), graphs.run([maps(2)])]);
  await graphs.close();
  assertEquals(graphs.numPartitions, 1);
  await assertRejects(
    () => graphs.run([maps(2)]),
    TypeError,
    "the session must be open",
  );
  const withNaN = maps(2);
  withNaN.data[0] = NaN;
  const other = await openGraphs(POOL);
  const running = other.run([withNaN]);
  const closing = other.close();
  await assertRejects(() => running, TypeError, "must be open");
  await closing;
});
