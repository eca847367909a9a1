// Numbers of Keras: tests/data/make_segment_cases.py.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FeatureExtractor, loadModel } from "@sonde/sonde";
import type { Inputs } from "@sonde/sonde";
import { inTurn } from "../support/extent.ts";
import type { CaseArray } from "../support/layer_case.ts";
import { difference, hostArray } from "../support/case_arrays.ts";
import { shapeOfCall } from "./_call_operation.ts";
import { testLayerCases } from "../support/layer_cases.ts";

testLayerCases("counting");

const FOLDER = new URL("../data/segments/", import.meta.url);
const EXPECTED: Readonly<
  Record<
    string,
    { readonly inputs: readonly CaseArray[]; readonly output: CaseArray }
  >
> = JSON.parse(await Deno.readTextFile(new URL("expected.json", FOLDER)));

const ENGINES = [
  ["onnx", undefined],
  ["tfjs", { backend: "cpu" }],
  ["tfjs", { backend: "wasm" }],
] as const;

async function outputOf(
  name: string,
  inputs: readonly CaseArray[],
  at: number,
) {
  await using model = await loadModel(new URL(name, FOLDER));
  const last = model.layers.at(-1)!.name;
  const [engine, options] = ENGINES[at]!;
  const base = new FeatureExtractor(model).layers([last]).logits(false);
  const extractor = engine === "onnx"
    ? base.engine(engine)
    : base.engine(engine, options);
  const arrays = inputs.map(hostArray) as unknown as Inputs;
  const set = await extractor.predict(arrays, { progress: false });
  const { data, shape, dtype } = set.features[0]!;
  return {
    found: { data: [...data] as number[], shape, dtype } as CaseArray,
    warnings: (await extractor.plan()).warnings,
  };
}

for (const [index, [name, each]] of Object.entries(EXPECTED).entries()) {
  Deno.test(`operations on segments compute ${name} as Keras does`, async () => {
    for (const at of inTurn([0, 1, 2], index)) {
      const { found, warnings } = await outputOf(name, each.inputs, at);
      assertEquals(difference(found, each.output, 1e-5), undefined);
      assertEquals(warnings.length, name === "bincount.keras" ? 0 : 1);
    }
  });
}

Deno.test("bincount() refuses an integer for which Keras gives a longer result", async () => {
  const none = '"none, for an unknown or a negative integer"';
  for (const [value, shown] of [[5, "5"], [-1, none]] as const) {
    const x: CaseArray = {
      data: [0, 1, value, 4],
      shape: [2, 2],
      dtype: "int32",
    };
    for (const at of ENGINES.keys()) {
      await assertRejects(
        () => outputOf("bincount.keras", [x], at),
        RangeError,
        `must be from 0 to 4: current value is ${shown}`,
      );
    }
  }
});

Deno.test("a negative segment counts in none, and one that is too large is refused, as in Keras", async () => {
  const data = Array.from({ length: 12 }, (_, i) => i + 1);
  const x: CaseArray = { data, shape: [6, 2], dtype: "int32" };
  const lowest = -(2 ** 31);
  const empty = [lowest, lowest];
  for (const at of ENGINES.keys()) {
    // Row i reads segment (i + 4) % 5.
    const maxima = (ids: number[]) => {
      const segments: CaseArray = { data: ids, shape: [6], dtype: "int32" };
      return outputOf("segment_empty.keras", [x, segments], at);
    };
    const { found } = await maxima([2, -1, 2, 1, 4, -9]);
    const row = [7, 8]; // of segment 1
    assertEquals(found.data, [row, empty, row, empty, empty, empty].flat());
    for (const wrong of [5, 700]) {
      await assertRejects(
        () => maxima([2, 0, wrong, 1, 4, 2]),
        RangeError,
        `from 0 to 4: current value is ${wrong}`,
      );
    }
  }
});

Deno.test("tf.math.bincount counts in the requested type: a mean of integers is one", () => {
  const x = { shape: [null, 3], dtype: "int32" } as const;
  const typeOf = (options: Record<string, unknown>) => {
    const kwargs = { minlength: 4, axis: -1, ...options };
    return shapeOfCall("tf.math.bincount", { kwargs }, [x]).dtype;
  };
  for (const options of [{}, { maxlength: 4 }, { "binary_output": true }]) {
    assertEquals(typeOf(options), "int32");
    assertEquals(typeOf({ ...options, dtype: "float32" }), "float32");
  }
});

Deno.test("operations of results whose size depends on the values are refused", () => {
  const x = { shape: [null, 3], dtype: "int32" } as const;
  const refused: [string, Record<string, unknown>, string][] = [
    ["SegmentSum", {}, '"num_segments" must be there'],
    ["SegmentMax", { sorted: true }, '"sorted" must be false'],
    ["Bincount", {}, '"minlength" must be 1 or more'],
    ["Bincount", { minlength: 3, sparse: true }, '"sparse" must be false'],
    ["tf.math.bincount", { kwargs: { minlength: 3 } }, '"axis" must be -1'],
    [
      "tf.math.bincount",
      { kwargs: { minlength: 3, maxlength: 4, axis: -1 } },
      '"maxlength" must be minlength, or left out',
    ],
  ];
  for (const [name, options, message] of refused) {
    const inputs = name.startsWith("Segment") ? [x, x] : [x];
    assertThrows(() => shapeOfCall(name, options, inputs), TypeError, message);
  }
});
