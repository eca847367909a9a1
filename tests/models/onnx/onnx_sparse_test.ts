import { assert, assertEquals, assertRejects } from "@std/assert";
import { ModelFormatError } from "../../../lib/errors.ts";
import { FeatureExtractor } from "../../../lib/extractor/feature_extractor.ts";
import { modelGraphOf } from "../../../lib/models/graph/model_graph.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import {
  type Constant,
  type File,
  onnxBytes,
  type Sparse,
} from "../../support/onnx_bytes.ts";

const PRODUCT = { op: "MatMul", in: ["x", "w"], out: ["y"] };
const VALUES = { name: "w", shape: [3], floats: [2, -3, 5] };
/** `[[0, 2, 0], [-3, 0, 5]]`. */
const WHOLE = [0, 2, 0, -3, 0, 5];
const X = {
  data: Float32Array.of(1, 10),
  shape: [1, 2],
  dtype: "float32",
} as const;

function indices(shape: readonly number[], ...ints: number[]): Constant {
  return { name: "at", type: 7, shape, ints };
}

const LINEAR: Sparse = {
  values: VALUES,
  indices: indices([3], 1, 3, 5),
  shape: [2, 3],
};
const BY_AXIS: Sparse = {
  values: VALUES,
  indices: indices([3, 2], 0, 1, 1, 0, 1, 2),
  shape: [2, 3],
};

async function opened(file: File) {
  const bytes = onnxBytes({ outputs: [{ name: "y" }], ...file });
  await using model = modelGraphOf(await loadModel(bytes))!;
  const { w } = await model.getWeights(0);
  const { features } = await new FeatureExtractor(model).layers(0).predict(X);
  const fingerprint = await model.fingerprint();
  return { w: w!, y: Array.from(features[0]!.data), fingerprint };
}

Deno.test("sparseConstant() is the whole weight, as an initializer and in a Constant", async () => {
  const constants = [{ name: "w", shape: [2, 3], floats: WHOLE }];
  const whole = await opened({ nodes: [PRODUCT], constants });
  for (const sparse of [LINEAR, BY_AXIS]) {
    const constant = {
      op: "Constant",
      out: ["w"],
      attributes: { sparse_value: { sparse } },
    };
    const files = [
      { nodes: [PRODUCT], sparse: [sparse] },
      { nodes: [constant, PRODUCT] },
    ];
    for (const file of files) {
      const found = await opened(file);
      assertEquals(found, whole);
      assertEquals(Array.from(found.w.data as Float32Array), WHOLE);
      assertEquals(found.y, [-30, 2, 50]);
    }
  }
});

Deno.test("sparseConstant() refuses what is inconsistent or too large", async () => {
  const refused: [Partial<Sparse>, string][] = [
    [{ indices: indices([2], 1, 3) }, "must have 3 int64 indices"],
    [{ indices: indices([3, 3], ...WHOLE, 0, 0, 0) }, "[3] or [3, 2]"],
    [{ indices: { ...indices([3], 1, 3, 5), type: 6 } }, "is int32 [3]"],
    [{ values: { ...VALUES, type: 8, strings: ["a"] } }, "is string"],
    [{ shape: [2 ** 20, 2 ** 20] }, "must have at most 2147483648 bytes"],
  ];
  for (const [change, text] of refused) {
    const sparse = [{ ...LINEAR, ...change }];
    const bytes = onnxBytes({ nodes: [PRODUCT], sparse });
    const error = await assertRejects(
      () => loadModel(bytes),
      ModelFormatError,
      text,
    );
    assert(error.message.includes('sparse constant "w"'));
  }
});

Deno.test("sparseConstant() refuses indices beyond the weight when it is read", async () => {
  const beyond: Sparse[] = [
    { ...LINEAR, indices: indices([3], 1, 3, 6) },
    { ...BY_AXIS, indices: indices([3, 2], 0, 1, 1, 0, 1, 3) },
    { ...LINEAR, indices: indices([3], -1, 3, 5) },
  ];
  for (const sparse of beyond) {
    const bytes = onnxBytes({ nodes: [PRODUCT], sparse: [sparse] });
    await using model = await loadModel(bytes);
    await assertRejects(
      () => model.getWeights(0),
      RangeError,
      'Cannot read sparse constant "w" as its indices must be from 0 to ',
    );
  }
});
