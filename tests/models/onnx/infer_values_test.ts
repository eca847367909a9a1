import { assertEquals } from "@std/assert";
import {
  inferValues,
  type KnownValues,
} from "../../../lib/models/onnx/infer_values.ts";
import { loadModel } from "../../../lib/extractor/load_model.ts";
import { onnxBytes } from "../../support/onnx_bytes.ts";

const INT64 = 7;

function valuesOf(
  kind: string,
  all: readonly (KnownValues | undefined)[],
  attributes: Readonly<Record<string, unknown>> = {},
): KnownValues | undefined {
  const vector = (size: number) => ({ shape: [size], type: INT64 });
  const inputs = all.map((values) => values && vector(values.length));
  return inferValues({
    ...{ kind, attributes, inputs, fill: 1, numOutputs: 1 },
    sizes: (index) => all[index],
    values: () => undefined,
  });
}

Deno.test("inferValues() selects and joins values", () => {
  const x = [null, 3, 4, 5];
  assertEquals(valuesOf("Gather", [x, [1, -1]]), [3, 5]);
  assertEquals(valuesOf("Gather", [x, [0]]), [null]);
  assertEquals(valuesOf("Gather", [x, [9]]), undefined);
  assertEquals(valuesOf("Slice", [x, [1], [3]]), [3, 4]);
  assertEquals(valuesOf("Slice", [x, [-2], [2 ** 63]]), [4, 5]);
  assertEquals(valuesOf("Slice", [x, [0], [2]], {}), [null, 3]);
  assertEquals(valuesOf("Slice", [x], { starts: [2], ends: [9] }), [4, 5]);
  assertEquals(valuesOf("Slice", [x, [null], [3]]), undefined);
  assertEquals(valuesOf("Concat", [[null], [-1], [8, 2]]), [null, -1, 8, 2]);
  assertEquals(valuesOf("Concat", [[null], undefined]), undefined);
  for (const kind of ["Identity", "Squeeze", "Unsqueeze"]) {
    assertEquals(valuesOf(kind, [x]), x);
  }
  assertEquals(valuesOf("Cast", [x], { to: INT64 }), x);
  assertEquals(valuesOf("Cast", [x], { to: 1 }), undefined);
});

Deno.test("inferValues() computes with values, as far as they are known", () => {
  const x = [null, 7, -7];
  assertEquals(valuesOf("Add", [x, [1]]), [null, 8, -6]);
  assertEquals(valuesOf("Sub", [x, [1, 2, 3]]), [null, 5, -10]);
  assertEquals(valuesOf("Mul", [[2], x]), [null, 14, -14]);
  assertEquals(valuesOf("Div", [x, [2]]), [null, 3, -3]);
  assertEquals(valuesOf("Div", [x, [0]]), [null, null, null]);
  assertEquals(valuesOf("Mod", [x, [4]]), [null, 3, null]);
  assertEquals(valuesOf("Equal", [x, [7]]), [null, 1, 0]);
  assertEquals(valuesOf("Where", [[1, 0, null], [5, 5, 5], [6, 6, 6]]), [
    ...[5, 6, null],
  ]);
  assertEquals(valuesOf("Add", [x, [1, 2]]), undefined);
  assertEquals(valuesOf("ConstantOfShape", [[3]]), [1, 1, 1]);
  assertEquals(valuesOf("ConstantOfShape", [[1e6]]), undefined);
  assertEquals(valuesOf("Exp", [x]), undefined);
});

Deno.test("inferValues() gives the sizes of a tensor of known rank", () => {
  const shape = (sizes: readonly (number | null)[], attributes = {}) =>
    inferValues({
      ...{ kind: "Shape", attributes, numOutputs: 1 },
      sizes: () => undefined,
      inputs: [{ shape: sizes, type: 1 }],
      values: () => undefined,
    });
  assertEquals(shape([null, 3, 4]), [null, 3, 4]);
  assertEquals(shape([null, 3, 4], { start: 1 }), [3, 4]);
  assertEquals(shape([null, 3, 4], { start: -3, end: -1 }), [null, 3]);
});

Deno.test("loadModel() shows shapes that are computed from the shape of an input", async () => {
  const ints = (name: string, shape: number[], ...values: number[]) => ({
    ...{ name, type: INT64, shape, ints: values },
  });
  await using model = await loadModel(onnxBytes({
    nodes: [
      { op: "Shape", in: ["x"], out: ["sizes"] },
      { op: "Gather", in: ["sizes", "zero"], out: ["rows"] },
      { op: "Unsqueeze", in: ["rows", "axis"], out: ["row"] },
      {
        op: "Concat",
        in: ["row", "rest"],
        out: ["wanted"],
        attributes: { axis: 0 },
      },
      { op: "Reshape", in: ["x", "wanted"], out: ["y"] },
    ],
    constants: [
      ints("zero", [], 0),
      ints("axis", [1], 0),
      ints("rest", [2], 2, 6),
    ],
    inputs: [{ name: "x", shape: ["N", 3, 4] }],
    outputs: [{ name: "y", type: 0 }],
  }));
  assertEquals(model.findLayer("y").outputs[0]!.shape, [null, 2, 6]);
});
