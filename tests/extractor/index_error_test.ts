import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { FeatureExtractor, loadModel, type NdArray } from "@sonde/sonde";
import { indexError } from "../../lib/extractor/index_error.ts";
import { engineOf, OUR_ENGINES } from "../support/open_on.ts";
import { openOnnxModel } from "../support/onnx_models.ts";

const TABLE = new URL(
  "../data/old_layers/quantized_embedding.keras",
  import.meta.url,
);

Deno.test("a token out of range is named, with its value, its row and its input", async () => {
  await using model = await loadModel(TABLE);
  const data = Int32Array.from({ length: 30 }, (_, i) => i % 11);
  data[4 * 6 + 1] = 99;
  const x = { data, shape: [5, 6], dtype: "int32" } as const;
  for (const engine of OUR_ENGINES) {
    const extractor = new FeatureExtractor(model).layers("table").logits(false)
      .engine(...engineOf(engine)).batch(2);
    const error = await assertRejects(
      () => extractor.predict(x as unknown as NdArray),
      RangeError,
    );
    assertEquals(
      error.message,
      'Cannot run as every index of layer "table" must be from 0 to 10: current value is 99; it is in row 4 of input "x"',
    );
    assertEquals(error.cause instanceof Error, true);
  }
});

Deno.test("a token out of range of an ONNX file is named too", async () => {
  await using model = await openOnnxModel("torch_transformer");
  const data = new BigInt64Array(12);
  data[7] = 9999n;
  await assertRejects(
    () =>
      new FeatureExtractor(model).predict(
        { data, shape: [2, 6], dtype: "int64" },
      ),
    RangeError,
    'must be from 0 to 49: current value is 9999; it is in row 1 of input "ids"',
  );
});

Deno.test("indexError() leaves other errors as they are", () => {
  const batch = { feeds: [], inputs: [], first: 0 };
  for (const error of [new Error("out of memory"), "text", undefined]) {
    assertStrictEquals(indexError(error, batch), error);
  }
});
