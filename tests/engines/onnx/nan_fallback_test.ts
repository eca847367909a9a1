import { assert, assertEquals } from "@std/assert";
import { NaNFallback } from "../../../lib/engines/onnx/nan_fallback.ts";
import type { Recording } from "../../../lib/engines/onnx/recording.ts";
import type { RuntimePipeline } from "../../../lib/engines/onnx/runtime/open_pipeline.ts";
import { openModel } from "../../support/open_graph.ts";
import type { Layer } from "../../../lib/layers/layer.ts";
import {
  builtInNode,
  feature,
  first,
  input,
  layer,
  program,
  recordingOf,
} from "./_program.ts";

const WINDOWS = { size: [2, 2], strides: [2, 2], padding: "valid" } as const;
const MAP = input(0, "map", [null, 4, 4, 3]);

function recorded(by: Layer): Recording {
  return recordingOf(
    program([MAP], [feature(builtInNode(1, "block", by, [first(MAP)]))]),
  );
}

/** Whether the text of an operator's name is among the bytes of a model. */
async function holds(
  recording: Recording,
  kind: "fast" | "exact",
  operator: string,
): Promise<boolean> {
  const { model } = await recording.encode(kind);
  return new TextDecoder("latin1").decode(model.bytes).includes(operator);
}

Deno.test("the fast graph has no checks, and the exact one no NaN output", async () => {
  const recording = recorded(
    layer((ops, [x]) => [ops.maxPool(x!, WINDOWS)]),
  );
  const { nanOutput } = recording.outputs;
  assert(nanOutput !== undefined);
  assert(await holds(recording, "fast", nanOutput));
  assert(!await holds(recording, "fast", "IsNaN"));
  assert(!await holds(recording, "exact", nanOutput));
  assert(await holds(recording, "exact", "IsNaN"));
});

Deno.test("a program without maxima over windows needs no NaN output", () => {
  const twice = layer((ops, [x]) => [ops.add(x!, x!)]);
  assertEquals(recorded(twice).outputs.nanOutput, undefined);
});

Deno.test("the NaN output is NaN for all samples, however layers merge their axes", async () => {
  const frames = input(0, "frames", [null, 3, 4, 4, 2]);
  const folded = layer((ops, [x]) => {
    const each = ops.reshape(x!, [-1, 4, 4, 2]); // as TimeDistributed does
    return [
      ops.reshape(ops.maxPool(each, WINDOWS), [-1, 3, 2, 2, 2]),
      ops.maxPool(ops.transpose(each, [3, 1, 2, 0]), WINDOWS),
    ];
  });
  const block = builtInNode(1, "block", folded, [first(frames)]);
  const both = { ...feature(block), ref: { node: block, index: 1 } };
  const recording = recordingOf(program([frames], [feature(block), both]));
  const { model } = await recording.encode("fast");
  const open = await openModel(model, 1);
  const nanOutput = async (nan?: number) => {
    const data = Float32Array.from({ length: 192 }, (_, i) => i % 5);
    if (nan !== undefined) data[nan] = NaN;
    const array = { data, shape: [2, 3, 4, 4, 2], dtype: "float32" } as const;
    const fed = { type: "float32", array } as const;
    const results = await open.run({ [recording.feeds[0]!.name]: fed });
    return [...results[recording.outputs.nanOutput!]!.data];
  };
  assertEquals((await nanOutput()).map(Number.isFinite), [true, true]);
  assertEquals(await nanOutput(0), [NaN, NaN]);
  assertEquals(await nanOutput(191), [NaN, NaN]);
  await open.close();
});

Deno.test("NaNFallback opens the exact graph once, when it is needed, and closes it", async () => {
  const events: string[] = [];
  const graph = {
    run: (_feeds: unknown, what: string) => {
      events.push(what);
      return Promise.resolve({});
    },
    close: () => {
      events.push("close");
      return Promise.resolve();
    },
  } as unknown as RuntimePipeline;
  const fallback = () =>
    new NaNFallback(() => {
      events.push("open");
      return Promise.resolve(graph);
    });
  await fallback().close();
  assertEquals(events, []);
  const used = fallback();
  await Promise.all([
    used.run({}, "sample 1", {}),
    used.run({}, "sample 2", {}),
  ]);
  await used.close();
  assertEquals(events, ["open", "sample 1", "sample 2", "close"]);
});
