import { assert, assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { onnxBytes } from "../support/onnx_bytes.ts";

function rows(...shape: number[]) {
  const size = shape.reduce((a, b) => a * b, 1);
  return { data: new Float32Array(size).fill(1), shape };
}

/** Adds two inputs whose second axes have these names. */
function sumBytes(first: string, second: string): Uint8Array {
  return onnxBytes({
    nodes: [{ op: "Add", name: "sum", in: ["x", "mask"], out: ["y"] }],
    inputs: [
      { name: "x", shape: ["N", first] },
      { name: "mask", shape: ["N", second] },
    ],
    outputs: [{ name: "y", shape: ["N", first] }],
  });
}

Deno.test("predict() names inputs whose axes of one name differ in size, if the runtime fails", async () => {
  await using model = await loadModel(sumBytes("steps", "steps"));
  const extractor = new FeatureExtractor(model).layers("sum");
  const error = await assertRejects(
    () => extractor.predict({ x: rows(2, 5), mask: rows(2, 4) }),
    TypeError,
  );
  assertEquals(
    error.message,
    'Cannot run as inputs must have the same size on axis "steps", "x" [2, 5] and "mask" [2, 4]: current value is [5, 4]',
  );
  // Another error is not replaced, and what the runtime broadcasts is right.
  const aborted = AbortSignal.abort(new Error("stopped"));
  await assertRejects(
    () =>
      extractor.predict({ x: rows(2, 5), mask: rows(2, 4) }, {
        signal: aborted,
      }),
    Error,
    "stopped",
  );
  const set = await extractor.predict({ x: rows(2, 5), mask: rows(2, 1) });
  assertEquals(set.features[0]!.shape, [2, 5]);
});

Deno.test("predict() passes the runtime's error on if the names of the axes differ", async () => {
  await using model = await loadModel(sumBytes("steps", "others"));
  const extractor = new FeatureExtractor(model).layers("sum");
  const error = await assertRejects(
    () => extractor.predict({ x: rows(2, 5), mask: rows(2, 4) }),
    Error,
  );
  const why = "must have inputs of equal sizes, or 1, not 4 and 5";
  assert(error.message.includes(why), error.message);
});
