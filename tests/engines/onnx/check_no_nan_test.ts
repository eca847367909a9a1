import { assertEquals, assertRejects } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import { checkNoNaN } from "../../../lib/engines/onnx/check_no_nan.ts";
import { Pacer } from "../../../lib/formats/pacer.ts";
import { type File, onnxBytes } from "../../support/onnx_bytes.ts";

const X = {
  data: Float32Array.of(-1, 2),
  shape: [1, 2],
  dtype: "float32",
} as const;

function file(nodes: File["nodes"], floats: readonly number[]): Uint8Array {
  const shape = floats.length === 1 ? [] : [floats.length];
  return onnxBytes({
    nodes: [
      { op: "Less", in: ["x", "zero"], out: ["isLow"] },
      ...nodes!,
    ],
    constants: [
      { name: "zero", shape: [], floats: [0] },
      { name: "c", shape, floats },
    ],
  });
}

const chosen = { op: "Where", in: ["isLow", "c", "x"], out: ["y"] };
const copied = { op: "Identity", in: ["c"], out: ["d"] };

Deno.test("checkNoNaN() lets one NaN be what Where chooses", async () => {
  await using model = await loadModel(file([chosen], [NaN]));
  const set = await new FeatureExtractor(model).layers("y").predict(X);
  assertEquals([...set.features[0]!.data], [NaN, 2]);
});

Deno.test("checkNoNaN() refuses NaN that anything else takes, or that is one of several", async () => {
  const files = [
    file([chosen, { op: "Add", in: ["y", "c"], out: ["z"] }], [NaN]),
    file([
      chosen,
      copied,
      { op: "Add", in: ["y", "d"], out: ["z"] },
    ], [NaN]),
    file([chosen, { op: "Add", in: ["y", "y"], out: ["z"] }], [NaN, 1]),
  ];
  for (const bytes of files) {
    await using model = await loadModel(bytes);
    await assertRejects(
      () => new FeatureExtractor(model).layers("z").predict(X),
      RangeError,
      'weight "c" must hold no NaN',
    );
  }
});

Deno.test("checkNoNaN() reads nothing where no operation runs", async () => {
  const file = { functions: [] };
  const origin = { constants: new Map(), file } as never;
  await checkNoNaN(origin, [], new Pacer());
});
